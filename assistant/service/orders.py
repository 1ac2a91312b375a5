"""Where orders come from. A shopper sees only their own, and who they are is what the server verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

Order = Mapping[str, Any]
"""An order in the shapes of the contract, section 5, with `number`, `buyer`, `state` and `logistics` for people."""


class GivenOrders:
    """Orders handed over as data, all of them the asker's own: a case's, a test's. Implements `OrderBook`."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = {str(o.get("number", n)): o for n, o in enumerate(orders, 1)}

    @property
    def first(self) -> str | None:
        """The number of the first order, or None."""
        return next(iter(self._orders), None)

    async def order(self, number: str) -> Order | None:
        """The order with this number, or None."""
        return self._orders.get(number)

    async def recent(self) -> Sequence[Order]:
        """All of them, newest first."""
        return sorted(self._orders.values(), key=lambda o: str(o.get("ordered_at", "")), reverse=True)


class DatedOrders:
    """The demo shop's orders, dated from today. Whoever opens the demo page plays one shopper, `visitor`."""

    def __init__(
        self,
        read: Callable[[datetime], Sequence[Order]],
        now: Callable[[], datetime],
        visitor: str | None = None,
    ) -> None:
        self._read, self._now, self._visitor = read, now, visitor

    def at(self, now: Callable[[], datetime]) -> DatedOrders:
        """The same book on another day, as the merchant sees it: any order may be named."""
        return DatedOrders(self._read, now)

    async def order(self, number: str) -> Order | None:
        """The order with this number if it is this shopper's, or None."""
        return next((o for o in self._mine() if str(o["number"]) == number), None)

    async def recent(self) -> Sequence[Order]:
        """The shopper's orders, newest first."""
        return sorted(self._mine(), key=lambda o: str(o.get("ordered_at", "")), reverse=True)

    def _mine(self) -> list[Order]:
        return [o for o in self._read(self._now()) if self._visitor in (None, o.get("buyer"))]
