"""`record TALK`: a real conversation becomes a case, masked, for a person to correct and keep."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from assistant.conversation.events import Event, Visited
from assistant.service.orders import DatedOrders
from assistant.settings import read_settings
from assistant.wiring import open_log, open_shops
from eval.plan import moment
from eval.record import recorded
from eval.wording import say


def register(commands: Any) -> None:
    """What `record` takes."""
    parser = commands.add_parser("record", help=say("help.record"))
    parser.add_argument("talk", metavar="TALK")
    parser.add_argument("--answer", type=int, help=say("help.answer"))
    parser.add_argument("--out", type=Path, help=say("help.append"))
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Print the case, or put it behind the others of a file."""
    case = asyncio.run(_recorded(args.talk, args.answer))
    line = orjson.dumps(case) + b"\n"
    if args.out:
        with args.out.open("ab") as file:
            file.write(line)
        print(say("run.written", file=str(args.out)), file=sys.stderr)
    else:
        sys.stdout.buffer.write(line)
    print(say("record.check"), file=sys.stderr)
    return 0


async def _recorded(talk: str, answer: int | None) -> dict[str, Any]:
    settings = read_settings()
    async with open_log(settings) as store:
        head = await store.head(talk)
        entries = await store.read(talk, audience="staff")
    happened: list[tuple[str, Event]] = [(entry.at, entry.event) for entry in entries]
    order = await _order(str(head.shop), happened)
    return recorded(talk, happened, answer=answer, order=order)


async def _order(shop: str, happened: Sequence[tuple[str, Event]]) -> Mapping[str, Any] | None:
    """The order the shopper asked about, as the shop's book has it at that moment."""
    visits = [(at, e.order) for at, e in happened if isinstance(e, Visited) and e.order]
    if not visits:
        return None
    at, number = visits[-1]
    async with open_shops(read_settings()) as shops:
        book = (await shops.shop(shop)).orders
        if isinstance(book, DatedOrders):
            book = book.at(lambda: moment(at))
        return await book.order(str(number)) if book else None
