"""Each ticket from its opening to its end: a pure fold over the log of its conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from assistant.conversation.events import (
    Claimed,
    Event,
    HandedOver,
    Kept,
    Message,
    Promised,
    Raised,
    Rated,
    Released,
    Reopened,
    Resolved,
    Transferred,
    Waiting,
)
from assistant.conversation.store import Entry
from assistant.turn.smalltalk import small_talk
from knowledge.text import fold
from prompts import words

Stage = Literal["open", "acknowledged", "waiting", "resolved", "confirmed", "reopened", "released"]
"""Nobody has it · somebody has it · it waits for somebody outside the chat · solved, says the agent · solved, says the
shopper · not solved after all · given back to the assistant."""
HAPPY = 4
"""Stars from which a rating says that it is solved."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A promise as the log tells it."""

    id: str
    by: str
    text: str
    due: str
    about: str
    state: Literal["open", "kept", "dropped"] = "open"


@dataclass(frozen=True, slots=True)
class Story:
    """One ticket."""

    ticket: str
    reason: str
    level: str
    opened_at: str
    seq: int
    """Log number of the hand-over."""
    stage: Stage = "open"
    holder: str | None = None
    holder_name: str | None = None
    waiting_on: str | None = None
    """Whose move it is: `shopper` after our word, `staff` after theirs, or who an agent named."""
    acknowledged_at: str | None = None
    """When a person first took it."""
    answered_at: str | None = None
    """When a person first spoke."""
    resolved_at: str | None = None
    confirmed_at: str | None = None
    stars: int | None = None
    summary: str = ""
    reopened: int = 0
    """How often it was not solved after all; any at all, and it was not solved by the first answer."""
    moves: tuple[tuple[str, str, str], ...] = ()
    """(when, event, who) of each step on its way."""
    promises: tuple[Owed, ...] = field(default=())


def stories(entries: Sequence[Entry]) -> tuple[Story, ...]:
    """The tickets of one conversation, oldest first."""
    told: list[Story] = []
    for entry in entries:
        event = entry.event
        if isinstance(event, HandedOver) and not event.back:
            told.append(Story(event.ticket, event.reason, event.level, entry.at, entry.seq))
        elif told:
            which = _which(told, event)
            told[which] = _after(told[which], entry, event)
    return tuple(told)


def _which(told: Sequence[Story], event: Event) -> int:
    """The story an event belongs to: the last, unless it names another."""
    named = event.ticket if isinstance(event, Reopened | HandedOver) else None
    return next((n for n, story in enumerate(told) if story.ticket == named), len(told) - 1)


def _after(story: Story, entry: Entry, event: Event) -> Story:
    at = entry.at
    match event:
        case HandedOver():
            step = replace(story, stage="open", holder=None, holder_name=None, waiting_on=None)
        case Claimed():
            first = story.acknowledged_at or at
            step = replace(story, stage="acknowledged", holder=event.by, holder_name=event.name, acknowledged_at=first)
        case Waiting():
            step = replace(story, stage="waiting", waiting_on=event.on)
        case Resolved():
            step = replace(story, stage="resolved", resolved_at=at, summary=event.summary, waiting_on=None)
        case Reopened():
            step = replace(story, stage="reopened", reopened=story.reopened + 1, confirmed_at=None)
        case Released():
            step = replace(story, stage="released", waiting_on=None)
        case Promised():
            owed = Owed(event.promise, event.by, event.text, event.due, event.about)
            step = replace(story, promises=(*story.promises, owed))
        case Kept():
            ended: Literal["kept", "dropped"] = "dropped" if event.dropped else "kept"
            promises = tuple(replace(o, state=ended) if o.id == event.promise else o for o in story.promises)
            step = replace(story, promises=promises)
        case Rated():
            step = replace(story, stars=event.stars)
            if event.stars >= HAPPY:
                step = _confirmed(step, at)
        case Message():
            return _said(story, at, event)
        case Transferred() | Raised():
            step = story
        case _:
            return story
    return replace(step, moves=(*step.moves, (at, event.kind, getattr(event, "by", "") or "")))


def _said(story: Story, at: str, event: Message) -> Story:
    if story.stage in ("acknowledged", "waiting"):
        if event.by == "staff":
            return replace(story, answered_at=story.answered_at or at, waiting_on="shopper", stage="acknowledged")
        on_others = story.stage == "waiting" and story.waiting_on not in ("shopper", "staff", None)
        return story if on_others else replace(story, waiting_on="staff", stage="acknowledged")
    if event.by == "shopper" and story.stage == "resolved" and after_solving(event.text) == "confirmed":
        return _confirmed(story, at)
    return story


def _confirmed(story: Story, at: str) -> Story:
    return replace(story, stage="confirmed", confirmed_at=at) if story.stage == "resolved" else story


def after_solving(text: str) -> Literal["confirmed", "neutral", "reopens"]:
    """What a shopper's message says about a ticket that was just resolved."""
    said = fold(text).strip()
    solved, unsolved, courtesy, neutral = _after_words()
    kind = small_talk(said)
    bare = re.sub(r"[\s,。.!~,、]+", "", said)
    if kind in courtesy:
        return "confirmed"
    if kind in neutral:
        return "neutral"
    if not unsolved.fullmatch(bare) and solved.fullmatch(bare):
        return "confirmed"
    return "reopens"


@cache
def _after_words() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str], frozenset[str]]:
    table = words("desk")

    def either(name: str) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{one})" for one in table[name]))

    return either("solved"), either("unsolved"), frozenset(table["courtesy"]), frozenset(table["neutral"])
