"""Nobody is told the same thing, or asked back, a third time in a row: then a person answers.

The rules of the turn see what was asked; only here it is known what would be said. What is held back is the third of
three, and nothing else: every other answer goes through as it comes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from assistant.conversation.events import Event, HandedOver, Message, Traced
from assistant.conversation.state import Conversation
from assistant.service.running import Answer, Farewell, last_words
from assistant.turn.escalate import level_of
from assistant.turn.shop import Shop
from assistant.turn.smalltalk import small_talk
from knowledge.text import fold


def no_third_time(answer: Answer, farewell: Farewell) -> Answer:
    """`answer`, but for the third time of the same."""

    async def answered(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        before, asked_back = _said_twice(talk), talk.clarified >= 2
        if (before is None and not asked_back) or small_talk(fold("\n".join(talk.pending))):
            async for event in answer(shop, talk):
                yield event
            return
        events = [event async for event in answer(shop, talk)]
        said = next((event for event in events if isinstance(event, Message)), None)
        if said is None or not (said.text == before or (asked_back and said.action == "clarify")):
            for event in events:
                yield event
            return
        for told in last_words(talk, farewell(shop, "not_understood", False), "not_understood"):
            yield told
        for event in events:
            if isinstance(event, Traced):
                yield event
        yield HandedOver(reason="not_understood", level=level_of("not_understood"))

    return answered


def _said_twice(talk: Conversation) -> str | None:
    """What the assistant has just said twice in a row, with nobody else's answer in between."""
    said: list[str] = []
    for message in reversed(talk.messages):
        if message.by == "staff":
            break
        if message.by == "assistant":
            said.append(message.text)
            if len(said) == 2:
                return said[0] if said[0] == said[1] else None
    return None
