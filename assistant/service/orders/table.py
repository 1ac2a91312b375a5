"""Orders in a SQL table, SQLite or PostgreSQL: what a shop's own job copies in, a turn reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from sqlalchemy import Column, Index, LargeBinary, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.service.orders.home import RECENT, Order
from assistant.turn.shop import OrdersAway
from knowledge.database import reading

_META = MetaData()
SHOP_ORDERS = Table(
    "shop_orders",
    _META,
    Column("shop", String(64), primary_key=True),
    Column("number", String(64), primary_key=True),
    Column("buyer", String(128), nullable=False),
    Column("ordered_at", String(40), nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Index("shop_orders_of_buyer", "shop", "buyer", "ordered_at"),
)
"""One row an order; `facts` is the order as JSON, in the shapes of the contract, section 5."""


class TableOrders:
    """The orders of one shop in the table `shop_orders`. Implements `Home`."""

    def __init__(self, engine: AsyncEngine, shop: str) -> None:
        self._engine, self._reading, self._shop = engine, reading(engine), shop

    async def open(self) -> None:
        """Make the table if it is not there."""
        async with self._engine.begin() as connection:
            await connection.run_sync(_META.create_all)

    async def put(self, orders: Iterable[Order]) -> None:
        """Store these orders; one that is there already is replaced."""
        rows = [
            {
                "shop": self._shop,
                "number": str(order["number"]),
                "buyer": str(order["buyer"]),
                "ordered_at": str(order["ordered_at"]),
                "facts": orjson.dumps(dict(order)),
            }
            for order in orders
        ]
        if not rows:
            return
        numbers = [row["number"] for row in rows]
        async with self._engine.begin() as connection:
            here = SHOP_ORDERS.c.shop == self._shop
            await connection.execute(delete(SHOP_ORDERS).where(here, SHOP_ORDERS.c.number.in_(numbers)))
            await connection.execute(insert(SHOP_ORDERS), rows)

    async def order_of(self, buyer: str, number: str) -> Order | None:
        """This buyer's order with this number, or None. Raises `OrdersAway`."""
        found = await self._read(SHOP_ORDERS.c.buyer == buyer, SHOP_ORDERS.c.number == number)
        return found[0] if found else None

    async def recent_of(self, buyer: str) -> Sequence[Order]:
        """This buyer's orders, newest first. Raises `OrdersAway`."""
        return await self._read(SHOP_ORDERS.c.buyer == buyer)

    async def _read(self, *where: object) -> list[Order]:
        wanted = select(SHOP_ORDERS.c.facts).where(SHOP_ORDERS.c.shop == self._shop, *where)  # type: ignore[arg-type]
        wanted = wanted.order_by(SHOP_ORDERS.c.ordered_at.desc()).limit(RECENT)
        try:
            async with self._reading.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        except (SQLAlchemyError, OSError) as why:
            raise OrdersAway(cause=type(why).__name__) from why
        return [orjson.loads(row.facts) for row in rows]
