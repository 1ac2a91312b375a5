"""`python -m eval …`: how accurately the shop's questions are answered. One file a command, in `eval/commands`."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Any

from assistant.errors import HouseError
from eval import retrieval
from eval.gate import EXPECTED
from eval.wording import say

__all__ = ["EXPECTED", "main"]

COMMANDS = ("run", "show", "compare", "gate", "audit", "judge", "cases", "record", "planted", "simulate")
"""Each is a module of `eval.commands` with `register(commands)`."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 the answer is no, 2 wrong use or bad input."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["retrieval"]:
        return retrieval.main(argv[1:])
    try:
        args = _parser(argv[:1]).parse_args(argv)
        handler: Any = args.handler
        return int(handler(args))
    except HouseError as error:
        print(error, file=sys.stderr)
        return 2


def _parser(asked: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=say("help.eval"))
    commands = parser.add_subparsers(required=True, metavar=say("help.command"))
    # A command that is named is read alone: the others' libraries stay unread.
    names = [name for name in COMMANDS if asked == [name]] or list(COMMANDS)
    for name in names:
        importlib.import_module(f"eval.commands.{name}").register(commands)
    commands.add_parser("retrieval", help=say("help.retrieval"), add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
