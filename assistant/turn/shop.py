"""What a turn may use: the shop's knowledge, rules, orders, model and clock. A test builds one in three lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import HouseError
from assistant.turn.breaker import Breaker
from knowledge.text import fold
from knowledge.types import Hit

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Retriever(Protocol):
    """Finds what the shop knows about a question; `knowledge.search.HybridRetriever` is the real one."""

    async def asearch(self, question: str, *, k: int, valid_on: datetime) -> Sequence[Hit]:
        """The best `k` passages valid at `valid_on`, best first."""
        ...


class OrdersAway(HouseError):
    """The orders cannot be looked up right now. That is never the same as “no such order”."""

    status = 503
    code = "orders_away"
    says = "订单暂时查不到（{cause}）"


class OrderBook(Protocol):
    """What the shop knows about an order. Shapes as in the contract, section 5. Raises `OrdersAway`."""

    def of(self, buyer: str | None) -> OrderBook:
        """The same orders as this buyer sees them: only their own. None is a visitor nobody vouched for."""
        ...

    async def order(self, number: str) -> Mapping[str, Any] | None:
        """The order with this number, or None if this shopper has no such order."""
        ...

    async def recent(self) -> Sequence[Mapping[str, Any]]:
        """The shopper's own orders, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Product:
    """One thing the shop sells: verified attributes and, where it has one, its size chart."""

    sku: str
    title: str
    category: str
    price_fen: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, Any] = field(default_factory=dict)
    stock: Mapping[str, int] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shop:
    """One shop, opened. `now` lets any day be replayed."""

    id: str
    name: str
    retriever: Retriever
    now: Callable[[], datetime]
    products: Sequence[Product] = ()
    orders: OrderBook | None = None
    policies: Sequence[Any] = ()
    model: BaseChatModel | None = None
    breaker: Breaker = field(default_factory=Breaker)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The merchant's own choices: working hours, tone, thresholds."""

    def seen_by(self, buyer: str | None) -> Shop:
        """The shop as this shopper may see it: with their own orders and nobody else's."""
        if self.orders is None or buyer is None:
            return self
        theirs = replace(self, orders=self.orders.of(buyer))
        theirs.__dict__["product_names"] = self.product_names  # made once a shop, not once a turn
        return theirs

    @cached_property
    def product_names(self) -> Sequence[tuple[Product, tuple[str, ...]]]:
        """Each product with what shoppers call it, one spelling for matching, longest first."""
        named = [(p, {n for n in map(fold, (p.title, *p.aliases)) if len(n) > 1}) for p in self.products]
        return tuple((product, tuple(sorted(names, key=len, reverse=True))) for product, names in named)
