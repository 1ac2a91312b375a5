"""`ask`: one question, or a file of conversations, through the very turn the server runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import orjson

from assistant.errors import HouseError
from assistant.service.orders import DatedOrders, GivenOrders
from assistant.service.rehearsal import Rehearsal, Reply
from assistant.settings import read_settings
from assistant.turn.shop import Shop
from assistant.wiring import open_shops

SHANGHAI = ZoneInfo("Asia/Shanghai")


class BadInput(HouseError):
    """A line of the input file, or an argument, cannot be used."""

    says = "{place}：{why}。{fix}。"


async def run(args: argparse.Namespace) -> int:
    """Ask one question or a whole file."""
    if bool(args.question) == bool(args.file):
        raise BadInput(place="ask", why="问题和 --file 要给一个，也只能给一个", fix='例如 ask --shop demo "能开发票吗"')
    cases = _cases(Path(args.file)) if args.file else []
    async with open_shops(read_settings()) as shops:
        shop = await shops.shop(args.shop)
        if args.file:
            with _target(args.out) as target:
                return await _ask_file(shop, cases, target, args.now, args.order)
        reply = await _ask(shop, [args.question], args.order, args.now).__anext__()
        _print(reply, as_json=args.json)
    return 0


async def _ask(shop: Shop, turns: list[str], order: object, now: str | None) -> AsyncIterator[Reply]:
    if now:
        moment = _moment(now)
        shop = replace(shop, now=lambda: moment)
    number: str | None = None
    if isinstance(order, Mapping):
        given = GivenOrders([dict(order)])
        number = given.first
        shop = replace(shop, orders=given)
    elif order:
        number = str(order)
        if isinstance(shop.orders, DatedOrders):
            shop = replace(shop, orders=shop.orders.at(shop.now))
    talk = Rehearsal(shop)
    if number:
        talk.visit(order=number)
    for text in turns:
        yield await talk.say(text)


async def _ask_file(shop: Shop, cases: list[dict[str, Any]], target: TextIO, now: str | None, order: str | None) -> int:
    for number, case in enumerate(cases, 1):
        replies = _ask(shop, case["turns"], case.get("order") or order, case.get("now") or now)
        answered = {"id": case["id"], "turns": [turn_json(reply) async for reply in replies]}
        target.write(orjson.dumps(answered).decode() + "\n")
        if number % 100 == 0:
            print(f"{number}/{len(cases)}", file=sys.stderr)
    return 0


def _cases(source: Path) -> list[dict[str, Any]]:
    if not source.is_file():
        raise BadInput(place=str(source), why="没有这个文件", fix="请检查 --file 的路径")
    return [_case(line, f"{source.name}#{n}") for n, line in enumerate(_lines(source), 1) if line.strip()]


def _target(out: str | None) -> AbstractContextManager[TextIO]:
    return open(out, "w", encoding="utf-8") if out else nullcontext(sys.stdout)


def _lines(source: Path) -> list[str]:
    try:
        return source.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as bad:
        raise BadInput(place=source.name, why=f"不是 UTF-8（第 {bad.start} 字节）", fix="请另存为 UTF-8") from None


def _case(line: str, place: str) -> dict[str, Any]:
    fix = '每行要像 {"id": "1", "turns": ["能开发票吗"], "order": null, "now": null}'
    try:
        case = orjson.loads(line)
    except orjson.JSONDecodeError as bad:
        raise BadInput(place=place, why=f"不是 JSON（{bad}）", fix=fix) from None
    given: dict[str, Any] = case if isinstance(case, dict) else {}
    turns = given.get("turns")
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) and t.strip() for t in turns):
        raise BadInput(place=place, why="缺少 turns，或里面有空话", fix=fix)
    if "id" not in given:
        raise BadInput(place=place, why="缺少 id", fix=fix)
    return given


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(place="now", why=f"看不懂时间 {text!r}", fix="请写成 2026-11-12T23:59:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def turn_json(reply: Reply) -> dict[str, Any]:
    """One turn in the shape the contract promises."""
    message = reply.message
    if message is None:
        return {
            "text": "",
            "action": "handoff",
            "reason": reply.talk.reason,
            "cites": [],
            "verdict": None,
            "confidence": 1.0,
            "engine": "offline",
            "ms": 0.0,
        }
    return {
        "text": message.text,
        "action": message.action,
        "reason": message.reason,
        "cites": [{"id": c.id, "source": c.source} for c in message.cites],
        "verdict": message.verdict,
        "confidence": message.confidence or 0.0,
        "engine": message.engine,
        "ms": round(reply.ms, 2),
    }


def _print(reply: Reply, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(turn_json(reply), option=orjson.OPT_INDENT_2) + b"\n")
        return
    message = reply.message
    assert message is not None
    print(message.text)
    for number, source in enumerate(message.cites, 1):
        print(f"  [{number}] {source.source}  {source.title}")
    for option in message.suggestions:
        print(f"  · {option.label}")
