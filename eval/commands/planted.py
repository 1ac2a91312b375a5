"""`planted`: known errors put into right answers; the scorers must see them, and let harmless changes pass."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from assistant.settings import read_settings
from assistant.wiring import open_shops
from eval.case import CASES, EvalCase, read_cases
from eval.plan import moment
from eval.planted import by_kind, try_scorers
from eval.run import Result, run_case
from eval.runs import CLOCK
from eval.sealed import sealed
from eval.wording import label, say

CAUGHT = 0.98
FAILED = 0.02


def register(commands: Any) -> None:
    """What `planted` takes."""
    parser = commands.add_parser("planted", help=say("help.planted"))
    parser.add_argument("cases", nargs="*", type=Path, default=[CASES], help=say("help.cases"))
    parser.add_argument("--each", type=int, default=60, help=say("help.each"))
    parser.add_argument("--seed", type=int, default=0, help=say("help.seed"))
    parser.add_argument("--show", action="store_true", help=say("help.missed"))
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Print how many were caught; 1 where it is too few, or too many right answers fail."""
    results = asyncio.run(answered(read_cases(args.cases)))
    found = try_scorers(results, each=args.each, seed=args.seed)
    passed = found.caught_share >= CAUGHT and found.failed_share <= FAILED
    if args.json:
        told = {"caught": found.caught_share, "failed": found.failed_share, "passed": passed, "kinds": by_kind(found)}
        sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
        return int(not passed)
    if args.show:
        for one in found.missed:
            print(f"? {label('plants', one.kind)} {one.case.id} {one.what}\n    {one.script.answer.text!r}")
        for one, named in found.wronged:
            print(f"! {label('plants', one.kind)} {one.case.id} {named}\n    {one.script.answer.text!r}")
    for kind, counts in by_kind(found).items():
        which = "planted.line" if "planted" in counts else "planted.right"
        print(say(which, name=label("plants", kind), **{name: str(count) for name, count in counts.items()}))
    shares = (found.caught_share, CAUGHT, found.failed_share, FAILED)
    caught, least, failed, most = (f"{100 * share:.2f}" for share in shares)
    verdict = "OK" if passed else "FAIL"
    print(f"{verdict:5}" + say("planted.sum", caught=caught, least=least, failed=failed, most=most))
    return int(not passed)


async def answered(cases: Sequence[EvalCase], shop: str = "demo") -> list[Result]:
    """The cases answered by the demo shop as it ships, in this process."""
    async with sealed(read_settings(), shop) as apart, open_shops(apart.settings) as shops:
        opened = await shops.shop(shop)
        return [await run_case(opened, case, clock=moment(CLOCK)) for case in cases]
