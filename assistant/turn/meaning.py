"""What the shopper means: the questions in one message, each able to stand alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.turn.escalate import Found

Script = Literal["simplified", "traditional"]


@dataclass(frozen=True, slots=True)
class Said:
    """The shopper's words, ready for matching, with their own words kept."""

    original: str
    """As typed, personal numbers masked: what a model, a log or an answer may repeat."""
    text: str
    """One spelling for matching: half-width, lower case, simplified."""
    script: Script


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of the message."""

    text: str
    """The shopper's own words of it."""
    question: str
    """The same, one spelling for matching."""
    completions: tuple[str, ...] = ()
    """A half-question (“那鞋子呢”) completed from the conversation, likeliest first. Search decides which fits."""
    topical: tuple[str, ...] = ()
    """A short question with the matter spoken of before, which it may lean on unsaid: (换码, 谁出) → 换码 谁出."""
    sure: bool = False
    """Whether the first completion is what was meant whatever else matches (the shopper picked it)."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Everything understood about one message. Rules come first; a model may only add to it."""

    said: Said
    asks: tuple[Ask, ...] = ()
    small: str | None = None
    """The kind of small talk, if the message is nothing else."""
    outside: str | None = None
    """The kind of request we decline (`out_of_scope`, `instruction`, `off_platform`, `private`)."""
    calls: tuple[Found, ...] = ()
    """Reasons to call a person, most urgent first."""
    order: str | None = None
    """The order number named in the message or on the page."""
    faults: tuple[str, ...] = field(default=())

    def as_trace(self) -> dict[str, Any]:
        """What the log keeps of it."""
        return {
            "text": self.said.text,
            "script": self.said.script,
            "asks": [{"text": a.text, "completions": list(a.completions)} for a in self.asks],
            "small": self.small,
            "outside": self.outside,
            "calls": [c.reason for c in self.calls],
            "order": self.order,
        }
