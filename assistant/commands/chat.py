"""`chat`: a conversation in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys

from assistant.conversation.events import Message
from assistant.service.rehearsal import Rehearsal
from assistant.settings import read_settings
from assistant.wiring import open_shops
from prompts import phrase


async def run(args: argparse.Namespace) -> int:
    """Read a line, print the answer, until the input ends."""
    async with open_shops(read_settings()) as shops:
        talk = Rehearsal(await shops.shop(args.shop))
        print(phrase("smalltalk.greeting", shop=talk.shop.name), file=sys.stderr)
        while line := await asyncio.to_thread(sys.stdin.readline):
            if not line.strip():
                continue
            reply = await talk.say(line.strip())
            _show(reply.message)
    return 0


def _show(message: Message | None) -> None:
    if message is None:
        print(phrase("handoff.again"))
        return
    print(message.text)
    for number, source in enumerate(message.cites, 1):
        print(f"  [{number}] {source.source}  {source.title}")
    for option in message.suggestions:
        print(f"  · {option.label}")
