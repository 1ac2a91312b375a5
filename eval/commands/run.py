"""`run`: ask every case, score every answer, go on where a killed run stopped."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from assistant.settings import read_settings
from eval import report
from eval.case import CASES, read_cases
from eval.commands.outputs import add_outputs, write_outputs
from eval.perturb import VARIANTS
from eval.recording import Mode
from eval.runfile import Run
from eval.runs import Progress, Request, carry_out
from eval.statistics import smallest_change
from eval.wording import say


def register(commands: Any) -> None:
    """What `run` takes."""
    run = commands.add_parser("run", help=say("help.run"))
    run.add_argument("cases", nargs="*", type=Path, default=[CASES], help=say("help.cases"))
    run.add_argument("--shop", default="demo", help=say("help.shop"))
    run.add_argument("--trials", type=_count, default=1, help=say("help.trials"))
    run.add_argument("--perturb", action="append", choices=[*VARIANTS, "all"], default=[], help=say("help.perturb"))
    run.add_argument("--now", help=say("help.now"))
    run.add_argument("--seed", type=int, default=0, help=say("help.seed"))
    run.add_argument("--jobs", type=_count, help=say("help.jobs"))
    run.add_argument("--out", type=Path, help=say("help.out"))
    run.add_argument("--record", type=Path, metavar="DIR", help=say("help.record_model"))
    run.add_argument("--replay", type=Path, metavar="DIR", help=say("help.replay_model"))
    run.add_argument("--json", action="store_true")
    add_outputs(run)
    run.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Run, and print what came of it."""
    settings = read_settings()
    request = _request(args)
    _say_smallest(request)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        out = args.out or Path(folder) / "run.jsonl"
        run = carry_out(request, out, settings, _Ticker())
    show(run, as_json=args.json)
    print(say("run.took", count=str(len(run.lines)), seconds=f"{time.perf_counter() - began:.1f}"), file=sys.stderr)
    write_outputs(args, run)
    return 0


def show(run: Run, *, as_json: bool) -> None:
    """The report on standard output."""
    found = report.summary(run.lines)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps({**found, "head": run.head}, option=orjson.OPT_INDENT_2) + b"\n")
        return
    if told := report.failures(run.lines):
        print(told)
    print(report.table(found))


def _request(args: argparse.Namespace) -> Request:
    mode: Mode = "record" if args.record else "replay" if args.replay else "count"
    variants = list(VARIANTS) if "all" in args.perturb else list(dict.fromkeys(args.perturb))
    request = Request(tuple(args.cases), args.shop, args.trials, tuple(variants), args.seed, args.now, args.jobs)
    return replace(request, mode=mode, recordings=args.record or args.replay)


def _say_smallest(request: Request) -> None:
    """Before anything is run: the change these cases could show."""
    cases = read_cases(request.cases)
    groups = len({case.cluster for case in cases})
    smallest = smallest_change(len(cases), groups) if cases else None
    shown = {"cases": str(len(cases)), "groups": str(groups)}
    if smallest is None:
        print(say("run.too_few", **shown), file=sys.stderr)
    else:
        print(say("run.smallest", **shown, change=f"{100 * smallest:.1f}"), file=sys.stderr)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(say("help.at_least_one"))
    return count


class _Ticker:
    """Progress on standard error: one line that moves in a terminal, one line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._every, self._last = (0.2 if self._moves else 5.0), time.monotonic()

    def __call__(self, at: Progress) -> None:
        over = at.done >= at.of
        if time.monotonic() - self._last < self._every and not (over and self._moves):
            return
        self._last = time.monotonic()
        line = say(
            "run.progress",
            done=str(at.done),
            of=str(at.of),
            left=f"{at.left_seconds or 0:.0f}",
            right=f"{100 * at.right / at.fresh:.1f}",
        )
        print(f"\r{line} " if self._moves else line, end="\n" if over or not self._moves else "", file=sys.stderr)
        sys.stderr.flush()
