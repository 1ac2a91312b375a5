"""`clock`: the service measures of a shop, recomputed from the raw log."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

import orjson

from assistant.errors import HouseError
from assistant.service.clock import ZONE, Reading, as_json, read_clock
from assistant.settings import read_settings
from assistant.wiring import open_log
from prompts import wording

_SHOWN = 5
"""Conversations named per measure on the screen; `--json` has them all."""


class BadSince(HouseError):
    """`--since` is no date."""

    code = "bad_since"
    says = "--since 的 {given!r} 不是日期；请写成 2026-11-01 或 2026-11-01T08:00（北京时间）"


async def run(args: argparse.Namespace) -> int:
    """Print every measure with the conversations that broke it."""
    since, now = _moment(args.since), datetime.now(UTC)
    async with open_log(read_settings()) as store:
        if args.json:
            told = await as_json(store, args.shop, since, now)
            sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
            return 0
        for reading in await read_clock(store, args.shop, since=since, now=now):
            _print(reading)
    return 0


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise BadSince(given=given) from None
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def _print(reading: Reading) -> None:
    shown, judged = _value(reading), ""
    if reading.met is not None:
        judged = wording("desk", "clock.met" if reading.met else "clock.missed", target=f"{reading.target:g}")
    print(f"{reading.platform} {reading.name} v{reading.version}  {shown}{judged}")
    if reading.by:
        print("    " + " · ".join(f"{label} {count}" for label, count in reading.by.items()))
    for one in reading.broken[:_SHOWN]:
        where = f"#{one.seq}" if one.seq else ""
        took = "" if one.seq is None else wording("desk", "clock.never") if one.seconds is None else f"{one.seconds:g}s"
        print(f"    {one.talk}{where} {took}".rstrip())
    if len(reading.broken) > _SHOWN:
        print("    " + wording("desk", "clock.more", count=str(len(reading.broken) - _SHOWN)))


def _value(reading: Reading) -> str:
    if reading.value is None:
        return wording("desk", "clock.nothing")
    if reading.value_kind == "mean_seconds":
        return wording("desk", "clock.seconds", seconds=f"{reading.value:g}")
    kept, of = str(reading.kept), str(reading.counted)
    return wording("desk", "clock.share", share=f"{reading.value:.1%}", kept=kept, of=of)
