"""What is true now: pure folds over the log. Replaying an event twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never

from assistant.conversation.events import (
    Claimed,
    Event,
    HandedOver,
    Judged,
    Kept,
    Level,
    Message,
    Noted,
    Part,
    Promised,
    Raised,
    Rated,
    Reason,
    Released,
    Reopened,
    Resolved,
    Traced,
    Transferred,
    Visited,
    Waiting,
)

Held = Literal["assistant", "queue", "staff"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the log says it stands."""

    seq: int = 0
    """Number of the last event folded in."""
    messages: tuple[Message, ...] = ()
    speaking: str = ""
    """What the assistant has already shown of an answer it has not finished."""
    pending: tuple[str, ...] = ()
    """What the shopper said since the last finished answer, oldest first."""
    asked_at: int | None = None
    """Log number of the last unanswered shopper message."""
    held_by: Held = "assistant"
    holder: str | None = None
    """Which member of staff holds the line."""
    ticket: str | None = None
    """The ticket that waits for people or is in their hands."""
    asked_to_rate: str | None = None
    """The ticket the shopper was last asked to rate."""
    reason: Reason | None = None
    """Why it was handed over, while it is with people."""
    level: Level = "L2"
    """How urgent that was."""
    clarified: int = 0
    """Clarifying questions asked in a row; two unanswered ones call a person."""
    traces: tuple[Traced, ...] = ()
    """The last few traces, so that a follow-up can build on what was understood before."""
    rated: int | None = None
    product: str | None = None
    """SKU of the product page the shopper asks from."""
    order: str | None = None
    """Number of the order the shopper asks about."""
    buyer: str | None = None
    """Who the shopper is, verified; None while nobody vouched for them."""

    def after(self, seq: int, event: Event) -> Conversation:
        """The conversation once `event`, numbered `seq`, has happened too."""
        if seq <= self.seq:
            return self
        held_by, asked_at = line_after(self.held_by, self.asked_at, seq, event)
        now: dict[str, Any] = {"seq": seq, "held_by": held_by, "asked_at": asked_at}
        match event:
            case Message():
                now["messages"] = (*self.messages, event)
                now["pending"] = (*self.pending, event.text) if asked_at == seq else ()
                if event.by == "assistant":
                    now["speaking"] = ""
                    now["clarified"] = self.clarified + 1 if event.action == "clarify" else 0
            case Part():
                now["speaking"] = self.speaking + event.text
            case Traced():
                now["traces"] = (*self.traces, event)[-6:]
            case HandedOver():
                now |= {"holder": None, "reason": event.reason, "pending": (), "clarified": 0}
                now |= {"ticket": event.ticket, "level": event.level}
            case Claimed():
                now |= {"holder": event.by, "pending": (), "speaking": ""}
            case Released() | Resolved():
                now |= {"holder": None, "reason": None, "ticket": None}
                if isinstance(event, Resolved) and event.ask:
                    now["asked_to_rate"] = self.ticket
            case Reopened():
                now["ticket"] = self.ticket or event.ticket
            case Rated():
                now["rated"] = event.stars
            case Visited():
                now |= {"product": event.product or self.product, "order": event.order or self.order}
                now["buyer"] = event.buyer or self.buyer
            case Noted() | Judged() | Transferred() | Waiting() | Promised() | Kept() | Raised():
                pass
            case _:
                assert_never(event)
        return replace(self, **now)


def line_after(held_by: Held, asked_at: int | None, seq: int, event: Event) -> tuple[Held, int | None]:
    """Who holds the line, and which question waits for the assistant, once `event` has happened.

    The part of the fold that the store keeps beside the log, so that an append needs no replay.
    """
    match event:
        case Message(by="shopper"):
            return held_by, seq if held_by == "assistant" else None
        case Message():
            return held_by, None
        case HandedOver():
            return "queue", None
        case Claimed():
            return "staff", None
        case Released() | Resolved():
            # A question that waits for the assistant goes on waiting where nobody else had the line.
            return "assistant", asked_at if held_by == "assistant" else None
        case _:
            return held_by, asked_at


def fold(numbered: list[tuple[int, Event]], start: Conversation | None = None) -> Conversation:
    """Fold numbered events, oldest first, onto `start`."""
    talk = start or Conversation()
    for seq, event in numbered:
        talk = talk.after(seq, event)
    return talk
