"""Promises: what is owed, to whom, by when; what is overdue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assistant.conversation.store import Promise, Store

SOON = timedelta(minutes=30)
"""How long before its time a promise is shown as due soon."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Open promises, soonest due first."""

    overdue: tuple[Promise, ...]
    soon: tuple[Promise, ...]
    later: tuple[Promise, ...]

    @property
    def all(self) -> tuple[Promise, ...]:
        """Every open promise, soonest due first."""
        return (*self.overdue, *self.soon, *self.later)


async def ledger(
    store: Store, shops: Collection[str] | None = None, *, by: str | None = None, now: datetime | None = None
) -> Ledger:
    """What is owed in these shops, by one person or by all."""
    return sort_out(await store.promises(shops=shops, by=by), now or datetime.now(UTC))


def sort_out(promises: Collection[Promise], now: datetime) -> Ledger:
    """Promises by how near their time is."""
    overdue: list[Promise] = []
    soon: list[Promise] = []
    later: list[Promise] = []
    for promise in sorted(promises, key=lambda one: (one.due, one.id)):
        left = datetime.fromisoformat(promise.due) - now
        (overdue if left <= timedelta() else soon if left <= SOON else later).append(promise)
    return Ledger(tuple(overdue), tuple(soon), tuple(later))
