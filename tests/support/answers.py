"""An answerer that is honest and small: it says back what it was asked, sentence by sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from assistant.conversation.events import Cite, Event, HandedOver, Message, Part, Traced
from assistant.conversation.state import Conversation
from assistant.turn.shop import Shop


class NoKnowledge:
    """A retriever of a shop that knows nothing."""

    async def asearch(self, question: str, *, k: int, valid_on: datetime) -> list[object]:
        return []


def shop(name: str = "demo") -> Shop:
    """A shop that is always open."""
    return Shop(
        id=name,
        name="示例店",
        retriever=NoKnowledge(),  # type: ignore[arg-type]
        now=lambda: datetime(2026, 11, 22, 10, tzinfo=UTC),
        settings={"hours": {"open": "00:00", "close": "23:59"}},
    )


def sentences(asked: tuple[str, ...]) -> list[str]:
    """What `echo` says to these questions."""
    return [f"您问的是：{'；'.join(asked)}。", "我都记下了。", "这是回答。"]


def paced(seconds: float) -> Callable[[Shop, Conversation], AsyncIterator[Event]]:
    """`echo`, with a pause before each sentence."""

    async def answer(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        async for event in echo(shop, talk):
            if isinstance(event, Part):
                await asyncio.sleep(seconds)
            yield event

    return answer


async def echo(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    """Says back what was asked, goes on where an interrupted answer stopped, and calls a person when asked to."""
    asked = talk.asked_at
    if any("人工" in text for text in talk.pending):
        yield Message(by="assistant", text=talk.speaking + "为您转人工。", action="handoff", answers=asked)
        yield HandedOver(reason="asked_for_person")
        return
    whole = "".join(sentences(talk.pending))
    if not whole.startswith(talk.speaking):  # more was asked while we spoke: what was shown stays
        whole = talk.speaking + whole
    said = talk.speaking
    while said != whole:
        part = whole[len(said) :].partition("。")[0] + "。"
        yield Part(text=part, answers=asked)
        said += part
    cite = Cite(id="p1", source="faq.csv#1", title="示例", quote="我都记下了。")
    yield Message(by="assistant", text=said, action="answer", cites=(cite,), answers=asked, engine="offline")
    yield Traced(answers=asked)
