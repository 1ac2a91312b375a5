"""`show`: a finished (or stopped) run again, on the terminal or in a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from eval.commands.outputs import add_outputs, write_outputs
from eval.commands.run import show
from eval.runfile import read_run
from eval.wording import say


def register(commands: Any) -> None:
    """What `show` takes."""
    parser = commands.add_parser("show", help=say("help.show"))
    parser.add_argument("run", type=Path)
    parser.add_argument("--json", action="store_true")
    add_outputs(parser)
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Print the report of a run."""
    run = read_run(args.run)
    if not run.complete:
        print(say("run.incomplete", done=str(len(run.lines)), of=str(run.wanted)), file=sys.stderr)
    show(run, as_json=args.json)
    write_outputs(args, run)
    return 0
