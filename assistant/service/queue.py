"""Who waits for a person: most urgent first, then longest waiting. A pure order over the tickets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistant.conversation.store import LIVE, Store, Ticket
from assistant.turn.escalate import urgency


@dataclass(frozen=True, slots=True)
class Waiting:
    """One conversation that people owe something. A conversation with two tickets is one line here."""

    ticket: str
    talk: str
    shop: str
    reason: str
    level: str
    state: str
    """`open` nobody has it · `reopened` it was not solved after all · `claimed` somebody has it."""
    holder: str | None
    holder_name: str | None
    opened_at: str
    seconds: int
    """How long it has waited in this state."""
    waiting_on: str | None = None
    position: int | None = None
    """Place among those nobody has, from 1."""


async def queue(
    store: Store,
    shops: Collection[str] | None = None,
    *,
    holder: str | None = None,
    level: str | None = None,
    reason: str | None = None,
    now: datetime | None = None,
) -> list[Waiting]:
    """What waits and what people have, in order; with `holder`, only what that person has."""
    found = await store.tickets(shops=shops, states=LIVE, holder=holder, limit=5000)
    return [
        one
        for one in line_up(found, now or datetime.now(UTC))
        if level in (None, one.level) and reason in (None, one.reason)
    ]


async def position(store: Store, shop: str, talk: str) -> int | None:
    """The place of `talk` in its shop's queue, or None if it does not wait there."""
    return next((one.position for one in await queue(store, (shop,)) if one.talk == talk), None)


def line_up(tickets: Sequence[Ticket], now: datetime) -> list[Waiting]:
    """Tickets in the order in which they should be taken; those somebody has come last."""
    by_talk: dict[str, Ticket] = {}
    for ticket in tickets:
        by_talk[ticket.talk] = min(by_talk.get(ticket.talk, ticket), ticket, key=_order)
    rows, place = [], 0
    for ticket in sorted(by_talk.values(), key=_order):
        row = _row(ticket, now)
        if ticket.state != "claimed":
            place += 1
            row = replace(row, position=place)
        rows.append(row)
    return rows


def _order(ticket: Ticket) -> tuple[bool, int, int, str, str]:
    return (
        ticket.state == "claimed",
        -int(ticket.level[1:]),
        urgency(ticket.reason),
        ticket.opened_at,
        ticket.id,
    )


def _row(ticket: Ticket, now: datetime) -> Waiting:
    since = datetime.fromisoformat(ticket.changed_at)
    return Waiting(
        ticket=ticket.id,
        talk=ticket.talk,
        shop=ticket.shop,
        reason=ticket.reason,
        level=ticket.level,
        state=ticket.state,
        holder=ticket.holder,
        holder_name=ticket.holder_name,
        opened_at=ticket.opened_at,
        seconds=max(int((now - since).total_seconds()), 0),
        waiting_on=ticket.waiting_on,
    )
