"""The files a report can go into: `--html`, `--junit`, `--xlsx`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.runfile import Run
from eval.wording import say


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """The three options."""
    for name in ("html", "junit", "xlsx"):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=say(f"help.{name}"))


def write_outputs(args: argparse.Namespace, run: Run) -> None:
    """Write what was asked for."""
    if args.html:
        from eval.html import page

        args.html.write_text(page(run), "utf-8")
    if args.junit:
        from eval.junit import junit

        args.junit.write_bytes(junit(run))
    if args.xlsx:
        from eval.boss import workbook

        workbook(run).save(args.xlsx)
    for path in (args.html, args.junit, args.xlsx):
        if path:
            print(say("run.written", file=str(path)), file=sys.stderr)
