"""One conversation as the service clock sees it: its rounds and how it went. A pure fold over the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from assistant.conversation.events import (
    HandedOver,
    Judged,
    Message,
    Rated,
    Released,
    Reopened,
    Resolved,
)
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry
from assistant.service.stories import after_solving


@dataclass(frozen=True, slots=True)
class Round:
    """A wait of the shopper, from the first word nobody had answered to the reply."""

    seq: int
    """Log number of what began it."""
    at: datetime
    people: bool
    """Whether it was people who were waited for."""
    replied: datetime | None = None
    """The first reply, by anybody who counts."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a conversation went."""

    talk: str
    began: datetime | None
    """The shopper's first word."""
    by_people: tuple[Round, ...]
    """Waits for people, ended by a person's word."""
    by_any: tuple[Round, ...]
    """All waits, ended by whoever spoke first."""
    by_person_only: tuple[Round, ...]
    """All waits, ended by a person's word alone."""
    reasons: tuple[str, ...]
    robot_answered: bool
    resolved: int
    reopened: int
    stars: int | None
    disliked: bool
    """A word of displeasure: an answer judged unhelpful, or one or two stars."""
    confirmed: bool
    """The shopper said that it is well: judged helpful, four stars or more, or thanks as the last word."""
    answered_last: bool
    """Nothing the shopper said is left unanswered."""


def course(talk: str, entries: Sequence[Entry]) -> Course:
    """The course of one conversation; `entries` is its whole log."""
    events = [(entry, entry.event) for entry in entries]
    said = [(entry, event) for entry, event in events if isinstance(event, Message)]
    shopper = [(entry, event) for entry, event in said if event.by == "shopper"]
    stars = next((event.stars for _, event in reversed(events) if isinstance(event, Rated)), None)
    judged = [event.helpful for _, event in events if isinstance(event, Judged)]
    thanked = bool(shopper) and after_solving(shopper[-1][1].text) == "confirmed"
    return Course(
        talk=talk,
        began=_moment(shopper[0][0]) if shopper else None,
        by_people=_rounds(entries, people=True, by=("staff",)),
        by_any=_rounds(entries, people=False, by=("staff", "assistant")),
        by_person_only=_rounds(entries, people=False, by=("staff",)),
        reasons=tuple(event.reason for _, event in events if isinstance(event, HandedOver) and not event.back),
        robot_answered=any(event.by == "assistant" and event.action == "answer" for _, event in said),
        resolved=sum(isinstance(event, Resolved) for _, event in events),
        reopened=sum(isinstance(event, Reopened) for _, event in events),
        stars=stars,
        disliked=False in judged or (stars or 3) <= 2,
        confirmed=True in judged or (stars or 0) >= 4 or thanked,
        answered_last=not said or said[-1][1].by != "shopper" or thanked,
    )


def _rounds(
    entries: Sequence[Entry], *, people: bool, by: Sequence[Literal["staff", "assistant"]]
) -> tuple[Round, ...]:
    """The waits ended by a word of `by`; with `people`, only from when people are waited for.

    A wait for people begins with the hand-over, or with the shopper's word while they have the line. Giving the line
    back to the assistant ends it without a reply.
    """
    done: list[Round] = []
    waits: Round | None = None
    talk = Conversation()
    for entry in entries:
        event = entry.event
        before, talk = talk, talk.after(entry.seq, event)
        if isinstance(event, Message) and event.by == "shopper":
            if waits is None and (not people or before.held_by != "assistant"):
                waits = Round(entry.seq, _moment(entry), before.held_by != "assistant")
        elif isinstance(event, HandedOver) and people and waits is None:
            waits = Round(entry.seq, _moment(entry), people=True)
        elif isinstance(event, Message) and event.by in by and waits is not None:
            done.append(replace(waits, replied=_moment(entry)))
            waits = None
        elif isinstance(event, Released | Resolved) and people and waits is not None:
            done.append(waits)
            waits = None
    return tuple([*done, waits] if waits is not None else done)


def _moment(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.at)
