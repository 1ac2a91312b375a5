"""`simulate`: do the intervals and the comparison keep their word, on runs whose truth is known?"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson

from eval.simulate import as_json, simulate
from eval.wording import label, say


def register(commands: Any) -> None:
    """What `simulate` takes."""
    parser = commands.add_parser("simulate", help=say("help.simulate"))
    parser.add_argument("--runs", type=int, default=1000, help=say("help.runs"))
    parser.add_argument("--seed", type=int, default=0, help=say("help.seed"))
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Print every share beside what it should be; 1 where one is not."""
    shares = simulate(args.runs, args.seed)
    if args.json:
        sys.stdout.buffer.write(orjson.dumps(as_json(shares), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        for share in shares:
            kind, _, about = share.name.partition(" ")
            numbers = {
                name: f"{100 * value:.1f}"
                for name, value in (("got", share.got), ("least", share.least), ("most", share.most))
            }
            verdict = "OK" if share.holds else "FAIL"
            print(f"{verdict:5}" + say("simulate.line", name=label("simulated", kind), about=about, **numbers))
    return int(not all(share.holds for share in shares))
