"""`cases`: check case files and turn them into another kind (jsonl, csv, xlsx) for people to edit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson

from eval.case import CASES, BadCase, EvalCase, read_cases
from eval.tables import write_table
from eval.wording import say


def register(commands: Any) -> None:
    """What `cases` takes."""
    parser = commands.add_parser("cases", help=say("help.cases_command"))
    parser.add_argument("cases", nargs="*", type=Path, default=[CASES], help=say("help.cases"))
    parser.add_argument("--out", type=Path, help=say("help.cases_out"))
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Check, count, and write where told."""
    cases = read_cases(args.cases)
    intents = {case.tags[0] for case in cases if case.tags}
    groups = len({case.cluster for case in cases})
    print(say("cases.counted", cases=str(len(cases)), groups=str(groups), intents=str(len(intents))))
    if args.out:
        write_cases(cases, args.out)
        print(say("run.written", file=str(args.out)), file=sys.stderr)
    return 0


def write_cases(cases: list[EvalCase], path: Path) -> None:
    """Write cases in the kind the file's name says. Raises `BadCase` for another kind."""
    plain = [case.model_dump(mode="json", exclude_defaults=True) for case in cases]
    match path.suffix.lower():
        case ".csv" | ".xlsx":
            write_table(plain, path)
        case ".jsonl":
            path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in plain))
        case _:
            raise BadCase(place=str(path), why=say("cases.kind"))
