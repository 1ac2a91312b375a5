"""`gate`: does a run keep what `expected.yaml` promises? CI reads the exit status."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from eval import report
from eval.gate import EXPECTED, judged
from eval.runfile import read_run
from eval.wording import say


def register(commands: Any) -> None:
    """What `gate` takes."""
    parser = commands.add_parser("gate", help=say("help.gate"))
    parser.add_argument("run", type=Path)
    parser.add_argument("--expected", type=Path, default=EXPECTED, help=say("help.expected"))
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Print every promise with its verdict; 1 where one is broken, or the run is not all there."""
    run = read_run(args.run)
    if not run.complete:
        print(say("gate.incomplete", done=str(len(run.lines)), of=str(run.wanted)))
        return 1
    promises = judged(report.summary(run.lines), args.expected)
    failed = not promises or any(promise.verdict == "FAIL" for promise in promises)
    if args.json:
        told = {"passed": not failed, "promises": [asdict(promise) for promise in promises]}
        sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        print("\n".join(promise.line() for promise in promises))
    return int(failed)
