"""`staff add | remove | list`: who may log in to the console and the staff API."""

from __future__ import annotations

import argparse
import getpass
import sys

from assistant.merchant.staff import StaffBook
from assistant.settings import read_settings
from prompts import wording


async def run(args: argparse.Namespace) -> int:
    """Add (or change), remove or list. The password is asked for, or read as one line where no terminal is."""
    book = StaffBook(read_settings().DATA_DIR / "staff.yaml")
    match args.action:
        case "add":
            asked = getpass.getpass(wording("merchant", "password")) if sys.stdin.isatty() else sys.stdin.readline()
            book.add(args.name, asked.rstrip("\r\n"), args.role, tuple(args.shop), args.shown)
            print(wording("merchant", "added", name=args.name, role=args.role, shops="、".join(args.shop)))
        case "remove":
            book.remove(args.name)
            print(wording("merchant", "removed", name=args.name))
        case _:
            for account in book.values():
                print(f"{account.name}\t{account.role}\t{'、'.join(account.shops)}\t{account.shown}".rstrip())
    return 0
