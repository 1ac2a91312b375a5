"""A small run of the conversations made by chance; `python -m tests.turn.loops` runs a thousand."""

from __future__ import annotations

from assistant.conversation.events import HandedOver, Message
from assistant.conversation.store import Entry
from tests.turn.loops import loops, run


async def test_no_conversation_loops() -> None:
    looped, found = await run(25, seed=3)
    assert looped == 0, found


def entries(*events: Message | HandedOver) -> list[Entry]:
    return [Entry(n, n, "", event.kind, event.model_dump_json()) for n, event in enumerate(events, 1)]


def test_the_loops_looked_for_are_found() -> None:
    asks = Message(by="shopper", text="转人工")
    back = Message(by="assistant", text="您问的是哪方面？", action="clarify")
    queued = Message(by="assistant", text="已经在排队", action="handoff")
    over = HandedOver(reason="anger", ticket="T")
    assert loops(entries(asks, back))["asked for a person in vain"] == 1
    assert loops(entries(back, back, back))["the same again and again"] == 1
    assert loops(entries(back, back, back))["asks back again and again"] == 1
    assert loops(entries(over, queued, queued))["told twice in the queue"] == 1
    first = Message(by="assistant", text="为您转人工", action="handoff")
    assert not any(loops(entries(asks, first, over, asks, queued)).values())
