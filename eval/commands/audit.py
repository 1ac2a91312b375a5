"""`audit`: the inspection rules over live conversations, bots and people alike (接待质检)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from assistant.errors import HouseError
from assistant.settings import Settings, read_settings
from assistant.turn.shop import Shop
from assistant.wiring import open_shops
from eval.audit import report
from eval.audit.alert import Hook, NotDelivered, alert, due, read_key
from eval.audit.appeal import sample
from eval.audit.case import case_of, keep
from eval.audit.inspect import inspect, sound
from eval.audit.lint import examples_of, problems
from eval.audit.report import Inspection
from eval.audit.rules import Rules, rules_of
from eval.audit.source import moment_of, one, open_database
from eval.marks import open_marks
from prompts import words


class NoKey(HouseError):
    """An address for alerts without a key to sign them with."""

    says = "{why}"


def register(commands: Any) -> None:
    """What `audit` takes."""
    parser = commands.add_parser("audit", help=_help("audit"))
    parser.add_argument("--shop", default="demo", help=_help("shop"))
    parser.add_argument("--since", metavar="D", help=_help("since"))
    parser.add_argument("--rules", type=Path, metavar="DIR", help=_help("rules"))
    parser.add_argument("--lint", action="store_true", help=_help("lint"))
    parser.add_argument("--most", type=int, default=50, help=_help("most"))
    parser.add_argument("--alert", metavar="URL", help=_help("alert"))
    parser.add_argument("--alert-key", type=Path, metavar="FILE", help=_help("key"))
    parser.add_argument("--cases", type=Path, metavar="FILE", help=_help("cases"))
    parser.add_argument("--sample", action="store_true", help=_help("sample"))
    parser.add_argument("--seed", type=int, default=0, help=_help("seed"))
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Inspect and print; 1 where the rules fail their own examples or an alert was not taken."""
    rules = rules_of(read_settings(), args.rules)
    if args.lint:
        return _lint(rules)
    if args.alert and not args.alert_key:
        raise NoKey(why=_help("need_key"))
    return asyncio.run(_inspect(args, rules))


def _help(name: str) -> str:
    return str(words("inspection_words")["help"][name])


def _say(name: str, /, **slots: object) -> str:
    return str(words("inspection_words")["report"][name]).format(**slots)


def _lint(rules: Rules) -> int:
    found = problems(rules)
    if not found:
        print(_say("lint_ok", rules=len(rules.each), examples=sum(1 for _ in examples_of(rules))))
    for problem in found:
        print(problem)
    return int(bool(found))


async def _inspect(args: argparse.Namespace, rules: Rules) -> int:
    settings = read_settings()
    since = moment_of(args.since) if args.since else None
    hook = Hook(args.alert, read_key(args.alert_key)) if args.alert else None
    failed = False
    async with _shop(settings, args.shop) as opened, open_database(settings) as engine:
        found = await inspect(engine, args.shop, sound(rules), since=since, opened=opened)
        _show(args, found)
        marks = await open_marks(engine)
        if hook:
            try:
                told = await alert(hook, marks, due(report.standing(found), await marks.all(args.shop, "alerted")))
                print(_say("alerted", count=len(told)), file=sys.stderr)
            except NotDelivered as problem:
                print(problem, file=sys.stderr)
                failed = True
        if args.cases:
            upheld = [f for f in found.findings if found.states.get(f.id) == "upheld"]
            cases = [case_of(f, await one(engine, f.talk, opened=opened)) for f in upheld]
            print(_say("kept", count=keep(cases, args.cases), path=args.cases), file=sys.stderr)
    return int(failed)


def _show(args: argparse.Namespace, found: Inspection) -> None:
    drawn = sample(found.seen, report.standing(found), seed=args.seed) if args.sample else None
    if args.json:
        document = report.summary(found)
        if drawn:
            document["sample"] = {"findings": [f.id for f in drawn.findings], "talks": list(drawn.talks)}
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        return
    print(report.text(found, most=args.most))
    if drawn:
        print(_say("sample", seed=args.seed))
        for finding in drawn.findings:
            print(_say("sample_finding", **finding.as_json()))
        for talk in drawn.talks:
            print(_say("sample_talk", talk=talk))


@contextlib.asynccontextmanager
async def _shop(settings: Settings, name: str) -> AsyncIterator[Shop]:
    """The shop with its catalogue. Raises `NoSuchShop`."""
    async with open_shops(settings) as shops:
        yield await shops.shop(name)
