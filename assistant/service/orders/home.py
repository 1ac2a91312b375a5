"""What every home of orders promises, and one shopper's view of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Order = Mapping[str, Any]
"""An order in the shapes of the contract, section 5, with `number`, `buyer`, `state` and `logistics` for people."""

RECENT = 20
"""Orders a shopper may choose from; older ones are named by their number."""


class Home(Protocol):
    """A shop's orders, asked for in the name of one buyer.

    A number that does not exist and one that is somebody else's are the same: None. Raises `OrdersAway` while the
    orders cannot be looked up.
    """

    async def order_of(self, buyer: str, number: str) -> Order | None:
        """This buyer's order with this number, or None."""
        ...

    async def recent_of(self, buyer: str) -> Sequence[Order]:
        """This buyer's orders, newest first, at most `RECENT`."""
        ...


class OwnOrders:
    """One shopper's view of a home. Who they are is what the server verified; whoever is nobody sees nothing."""

    def __init__(self, home: Home, buyer: str | None = None) -> None:
        self._home, self._buyer = home, buyer

    def of(self, buyer: str | None) -> OwnOrders:
        """The same home as this buyer sees it."""
        return OwnOrders(self._home, buyer)

    async def order(self, number: str) -> Order | None:
        """The order with this number if it is this shopper's, or None."""
        return None if self._buyer is None else mine(self._buyer, await self._home.order_of(self._buyer, number))

    async def recent(self) -> Sequence[Order]:
        """The shopper's orders, newest first."""
        if self._buyer is None:
            return ()
        found = await self._home.recent_of(self._buyer)
        return [order for order in found if mine(self._buyer, order)][:RECENT]


def mine(buyer: str, order: Order | None) -> Order | None:
    """The order if it is this buyer's: a home that answers with somebody else's is not believed."""
    return order if order is not None and str(order.get("buyer", "")) == buyer else None


def newest_first(orders: Sequence[Order]) -> list[Order]:
    """The orders by the day they were made."""
    return sorted(orders, key=lambda order: str(order.get("ordered_at", "")), reverse=True)
