"""Orders handed over as data: a case's, a test's, the demo shop's file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from assistant.service.orders.home import RECENT, Order, mine, newest_first


class GivenOrders:
    """Orders handed over as data, all of them the asker's own: a case's, a test's. Implements `OrderBook`."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = {str(o.get("number", n)): o for n, o in enumerate(orders, 1)}

    @property
    def first(self) -> str | None:
        """The number of the first order, or None."""
        return next(iter(self._orders), None)

    def of(self, buyer: str | None) -> GivenOrders:
        """The same: whoever asks, these are theirs."""
        return self

    async def order(self, number: str) -> Order | None:
        """The order with this number, or None."""
        return self._orders.get(number)

    async def recent(self) -> Sequence[Order]:
        """All of them, newest first."""
        return newest_first(list(self._orders.values()))


class DatedOrders:
    """The demo shop's orders, dated from today. Whoever opens the demo page plays one shopper, `visitor`.

    Implements `Home` for every buyer of the file, and `OrderBook` for the one who is played.
    """

    def __init__(
        self,
        read: Callable[[datetime], Sequence[Order]],
        now: Callable[[], datetime],
        visitor: str | None = None,
        *,
        merchant: bool = False,
    ) -> None:
        self._read, self._now, self._visitor, self._merchant = read, now, visitor, merchant

    def at(self, now: Callable[[], datetime]) -> DatedOrders:
        """The same book on another day, as the merchant sees it: any order may be named."""
        return DatedOrders(self._read, now, merchant=True)

    def of(self, buyer: str | None) -> DatedOrders:
        """The same book as this buyer sees it; nobody in particular is the one who is played."""
        return self if buyer is None else DatedOrders(self._read, self._now, visitor=buyer)

    async def order(self, number: str) -> Order | None:
        """The order with this number if it is this shopper's, or None."""
        return next((o for o in self._mine() if str(o["number"]) == number), None)

    async def recent(self) -> Sequence[Order]:
        """The shopper's orders, newest first."""
        return newest_first(self._mine())

    async def order_of(self, buyer: str, number: str) -> Order | None:
        """This buyer's order with this number, or None."""
        return next((o for o in self._read(self._now()) if str(o["number"]) == number and mine(buyer, o)), None)

    async def recent_of(self, buyer: str) -> Sequence[Order]:
        """This buyer's orders, newest first."""
        return newest_first([o for o in self._read(self._now()) if mine(buyer, o)])[:RECENT]

    def _mine(self) -> list[Order]:
        return [o for o in self._read(self._now()) if self._merchant or self._visitor == o.get("buyer")]
