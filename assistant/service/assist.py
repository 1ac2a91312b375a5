"""智能辅助: what the assistant would answer, for the person who has the line to send, change or leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from assistant.conversation.events import Cite, Message, Option, Traced
from assistant.conversation.state import Conversation
from assistant.turn.shop import Shop
from assistant.turn.turn import take_turn


@dataclass(frozen=True, slots=True)
class Recommended:
    """A reply the same retrieval and the same rules lead to. Nothing of it is stored or said."""

    text: str
    """Empty where nothing was found to say."""
    action: str | None
    cites: tuple[Cite, ...]
    verdict: dict[str, Any] | None
    suggestions: tuple[Option, ...]
    confidence: float | None
    passages: tuple[dict[str, Any], ...]
    """The best passages with source and confidence, whether or not they are in the text."""
    reason: str | None = None
    """Why the assistant would have called a person, if it would."""


async def recommend(shop: Shop, talk: Conversation, asked: str | None = None) -> Recommended | None:
    """A reply to what the shopper said since somebody last answered, or to `asked`; None if nothing waits."""
    pending = (asked,) if asked else _unanswered(talk)
    if not pending:
        return None
    # As if the assistant still had the line and this had just been said to it.
    messages = talk.messages if not asked else (*talk.messages, Message(by="shopper", text=asked))
    as_if = replace(
        talk, messages=messages, pending=pending, asked_at=talk.seq, held_by="assistant", speaking="", holder=None
    )
    said, trace = None, None
    async for event in take_turn(replace(shop, model=None), as_if):
        if isinstance(event, Message):
            said = event
        elif isinstance(event, Traced):
            trace = event
    if said is None:
        return None
    speaks = said.action in ("answer", "clarify", "decline")
    return Recommended(
        text=said.text if speaks else "",
        action=said.action,
        cites=said.cites,
        verdict=said.verdict,
        suggestions=said.suggestions,
        confidence=said.confidence,
        passages=trace.passages if trace else (),
        reason=said.reason,
    )


def _unanswered(talk: Conversation) -> tuple[str, ...]:
    """The shopper's words since a person, or the assistant with an answer, last spoke."""
    waiting: list[str] = []
    for message in talk.messages:
        if message.by == "shopper":
            waiting.append(message.text)
        elif message.by == "staff" or message.action in ("answer", "decline"):
            waiting = []
    return tuple(waiting[-5:])
