"""`judge`: how good a judge a model is, and what it makes of the answers rules cannot score."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from assistant.settings import read_settings
from assistant.wiring import open_model
from eval.audit.source import open_database
from eval.judge import Headline, Measured, NoJudge, headline, item_of, judge, known, measured, needs_judge, store
from eval.judge import read_labels as read
from eval.marks import open_marks
from eval.runfile import read_run
from prompts import words


def register(commands: Any) -> None:
    """What `judge` takes."""
    parser = commands.add_parser("judge", help=_word("help.judge"))
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("run", nargs="?", type=Path, help=_word("help.run"))
    what.add_argument("--labels", type=Path, metavar="FILE", help=_word("help.labels"))
    parser.add_argument("--shop", default="demo", help=_word("help.shop"))
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Measure the judge, or judge a run; 1 where the judge is below the gate."""
    return asyncio.run(_measure(args) if args.labels else _judge(args))


def _word(name: str, **slots: object) -> str:
    text: Any = words("judging")
    for step in name.split("."):
        text = text[step]
    return str(text).format(**slots) if slots else str(text)


async def _measure(args: argparse.Namespace) -> int:
    settings = read_settings()
    if (model := open_model(settings)) is None:
        raise NoJudge
    labelled = read(args.labels)
    found = measured(settings.LLM_MODEL, labelled, await judge(model, labelled))
    async with open_database(settings) as engine:
        await store(await open_marks(engine), args.shop, found, "eval")
    _show(args, asdict(found), _told(found))
    return int(bool(found.problems))


async def _judge(args: argparse.Namespace) -> int:
    settings, run = read_settings(), read_run(args.run)
    if (model := open_model(settings)) is None:
        raise NoJudge
    async with open_database(settings) as engine:
        judge_ = await known(await open_marks(engine), args.shop, settings.LLM_MODEL)
    items = [item_of(line) for line in run.as_written if needs_judge(line)]
    said = await judge(model, items) if judge_ and not judge_.problems else []
    opinions = {item.id: opinion for item, opinion in zip(items, said, strict=False)}
    if not said:
        lines = [line for line in run.as_written if not needs_judge(line)]
        plain = headline(lines)
        why = judge_.problems if judge_ else (_word("problems.unknown"),)
        found = Headline(None, None, plain.right, plain.of, 0, len(items), why) if items else plain
    else:
        found = headline(run.as_written, opinions, judge_)
    told = asdict(found) | {"opinions": {name: asdict(one) for name, one in opinions.items()}}
    _show(args, told, headline_text(found))
    return int(found.accuracy is None)


def _told(found: Measured) -> str:
    four = found.agreement
    shown = {name: "—" if value is None else f"{value:.2f}" for name, value in _rates(found).items()}
    line = _word("measured", model=found.model, digest=found.digest, of=four.of_all, unsure=found.unsure, **shown)
    return f"{line}\n{_word('failed', why='；'.join(found.problems)) if found.problems else _word('passed')}"


def _rates(found: Measured) -> dict[str, float | None]:
    return {"kappa": found.agreement.kappa, "tpr": found.agreement.tpr, "tnr": found.agreement.tnr}


def headline_text(found: Headline) -> str:
    """The headline, or why there is none."""
    if found.accuracy is None or found.interval is None:
        return _word("refused", why="；".join(found.refused), right=found.right, of=found.of)
    value, low, high = (f"{100 * x:.1f}" for x in (found.accuracy, found.interval.low, found.interval.high))
    return _word(
        "headline", value=value, low=low, high=high, right=found.right, of=found.of,
        judged=found.judged, said=found.said_right,
    )  # fmt: skip


def _show(args: argparse.Namespace, document: dict[str, Any], text: str) -> None:
    if args.json:
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        print(text)
