"""What a person needs to take over without asking again: a pure fold over the log, and the order it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.conversation.events import Cite, Message, Noted, Option, Traced, Visited
from assistant.conversation.store import Entry
from assistant.service.stories import Story, after_solving, stories
from assistant.turn.escalate import mood_of, reasons
from assistant.turn.shop import Shop

TURNS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said."""

    seq: int
    at: str
    by: str
    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A question the assistant answered, and from what."""

    seq: int
    asked: str
    text: str
    action: str | None
    cites: tuple[Cite, ...]
    confidence: float | None
    helpful: bool | None
    """What the shopper said of it, if anything."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Everything known when a person takes over. The agent never needs to re-ask what stands here."""

    talk: str
    last: int
    """Log number up to which this was folded."""
    story: Story | None
    """The ticket from its opening on; None where nobody called a person."""
    before: tuple[Story, ...]
    """Earlier tickets of this conversation."""
    why: str
    """The words that gave the reason, as the shopper wrote them."""
    open_question: str
    """What the shopper said last that nobody has answered; empty if all is answered."""
    wishes: tuple[str, ...]
    """What they asked for, as it was understood, oldest first."""
    product: str | None
    order_number: str | None
    order: Mapping[str, Any] | None
    """Facts of the order, for people: state, lines, logistics. None if none is known."""
    verdict: Mapping[str, Any] | None
    """What the rules said last, with reasons, working, what is missing and the alternatives."""
    options: tuple[Option, ...]
    """What the shopper was last offered."""
    answered: tuple[Answered, ...]
    promised: tuple[str, ...]
    """What people wrote to the shopper earlier: promises must not be contradicted."""
    mood: str
    """`calm`, `upset` or `angry`."""
    notes: tuple[Line, ...]
    faults: tuple[str, ...]
    """What went wrong with the assistant on the way."""
    turns: tuple[Line, ...]
    """The last 20 messages."""


def packet(talk: str, entries: Sequence[Entry], order: Mapping[str, Any] | None = None) -> Packet:
    """The packet of a conversation as its log stands."""
    told = stories(entries)
    story = told[-1] if told else None
    events = [(entry, entry.event) for entry in entries]
    said = [(e, m) for e, m in events if isinstance(m, Message)]
    traces = [t for _, t in events if isinstance(t, Traced)]
    visits = [v for _, v in events if isinstance(v, Visited)]
    return Packet(
        talk=talk,
        last=entries[-1].seq if entries else 0,
        story=story,
        before=told[:-1],
        why=_why(events, story),
        open_question=_open_question(said),
        wishes=_wishes(traces),
        product=next((v.product for v in reversed(visits) if v.product), None),
        order_number=order_number(entries),
        order=order,
        verdict=next((t.verdict for t in reversed(traces) if t.verdict), None),
        options=next((m.suggestions for _, m in reversed(said) if m.suggestions), ()),
        answered=_answered(events),
        promised=tuple(m.text for _, m in said if m.by == "staff"),
        mood=mood_of([m.text for _, m in said if m.by == "shopper"]),
        notes=tuple(Line(e.seq, e.at, n.by, None, n.text) for e, n in events if isinstance(n, Noted)),
        faults=tuple(fault for t in traces for fault in t.faults),
        turns=tuple(Line(e.seq, e.at, m.by, m.name, m.text) for e, m in said[-TURNS:]),
    )


def order_number(entries: Sequence[Entry]) -> str | None:
    """The order last spoken of, in words or by the page."""
    for entry in reversed(entries):
        event = entry.event
        if isinstance(event, Traced) and (number := event.meaning.get("order")):
            return str(number)
        if isinstance(event, Visited) and event.order:
            return event.order
    return None


async def packet_with_order(shop: Shop | None, talk: str, entries: Sequence[Entry]) -> Packet:
    """The packet with the facts of the order the shop's book knows."""
    number, order = order_number(entries), None
    if shop is not None and shop.orders is not None and number:
        order = await shop.orders.order(number)
    return packet(talk, entries, order)


def _why(events: Sequence[tuple[Entry, Any]], story: Story | None) -> str:
    if story is None:
        return ""
    before = [m.text for e, m in events if isinstance(m, Message) and m.by == "shopper" and e.seq < story.seq]
    return before[-1] if before else ""


def _open_question(said: Sequence[tuple[Entry, Message]]) -> str:
    """The shopper's words since a person, or the assistant with an answer, last spoke.

    A bare call for a person is no question: then it is what they asked before they called that is still open.
    """
    waiting: list[str] = []
    for _, message in said:
        if message.by == "shopper":
            if after_solving(message.text) != "confirmed":  # 谢谢 asks nothing
                waiting.append(message.text)
        elif message.by == "staff" or message.action in ("answer", "decline"):
            waiting = []
    asked = [text for text in waiting if not _bare_call(text)]
    if waiting and not asked:
        before = [m.text for _, m in said if m.by == "shopper" and not _bare_call(m.text)]
        asked = before[-1:] or waiting
    return "\n".join(asked)


def _wishes(traces: Sequence[Traced]) -> tuple[str, ...]:
    asked = [str(ask["question"]) for trace in traces for ask in trace.meaning.get("answered", ())]
    return tuple(dict.fromkeys(text for text in asked if not _bare_call(text)))


def _bare_call(text: str) -> bool:
    """Whether this asks for a person and for nothing else."""
    return any(found.reason == "asked_for_person" and len(found.span) + 4 >= len(text) for found in reasons(text))


def _answered(events: Sequence[tuple[Entry, Any]]) -> tuple[Answered, ...]:
    asked: dict[int, str] = {}
    judged: dict[int, bool] = {}
    for entry, event in events:
        if isinstance(event, Message) and event.by == "shopper":
            asked[entry.seq] = event.text
        elif event.kind == "judged":
            judged[event.seq] = event.helpful
    return tuple(
        Answered(
            seq=entry.seq,
            asked=asked.get(event.answers or 0, ""),
            text=event.text,
            action=event.action,
            cites=event.cites,
            confidence=event.confidence,
            helpful=judged.get(entry.shopper_seq or 0),
        )
        for entry, event in events
        if isinstance(event, Message) and event.by == "assistant" and event.action in ("answer", "decline")
    )
