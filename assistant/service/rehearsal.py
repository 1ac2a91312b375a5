"""A conversation held in memory: the command line and the evaluation run the very turn that the server runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from assistant.conversation.events import Event, Message, Traced, Visited
from assistant.conversation.state import Conversation
from assistant.turn.shop import Shop
from assistant.turn.turn import take_turn


@dataclass(frozen=True, slots=True)
class Reply:
    """What one message led to."""

    message: Message | None
    """The assistant's answer; None while people hold the conversation and the assistant is silent."""
    trace: Traced | None
    talk: Conversation
    first_ms: float
    """Milliseconds to the first sentence."""
    ms: float
    """Milliseconds to the end."""


@dataclass(slots=True)
class Rehearsal:
    """One conversation with one shop; nothing is stored."""

    shop: Shop
    talk: Conversation = field(default_factory=Conversation)
    log: list[Event] = field(default_factory=list)

    def happen(self, event: Event) -> None:
        """Put one event behind the others."""
        self.log.append(event)
        self.talk = self.talk.after(self.talk.seq + 1, event)

    def visit(self, *, product: str | None = None, order: str | None = None) -> None:
        """The shopper asks from this page."""
        self.happen(Visited(product=product, order=order))

    async def say(self, text: str) -> Reply:
        """The shopper says `text`; the reply once it is complete."""
        began = time.perf_counter()
        self.happen(Message(by="shopper", text=text))
        if self.talk.held_by != "assistant":
            return Reply(None, None, self.talk, 0.0, 0.0)
        answer, trace, first = None, None, None
        async for event in take_turn(self.shop, self.talk):
            self.happen(event)
            first = first or time.perf_counter() - began
            if isinstance(event, Message):
                answer = event
            elif isinstance(event, Traced):
                trace = event
        took = time.perf_counter() - began
        return Reply(answer, trace, self.talk, (first or took) * 1000, took * 1000)
