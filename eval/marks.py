"""What people say about quality: an append-only list beside the log, in the same database.

Appeals, re-checks, labels, measured judges, signatures. They are about answers and runs, not part of a conversation, so
they are no conversation events: nobody may be told in the widget that an agent has appealed, and a shopper's right to
be forgotten must not depend on them. A mark therefore names a conversation or a finding by id and carries no words of
the shopper's. Nothing is ever changed or removed; what is true now is a fold over the marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.conversation.store import now_text
from knowledge.database import reading

METADATA = MetaData()
MARKS = Table(
    "quality_marks",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("shop", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("body", Text, nullable=False),
)
_LOCK = 0x6D61726B


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing somebody said about one other thing."""

    number: int
    at: str
    shop: str
    kind: str
    about: str
    """Id of a finding, a conversation, an item to label, a judge or a change."""
    by: str
    body: Mapping[str, Any]


class Marks:
    """The list. `await open_marks(engine)` makes its table if it is not there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, shop: str, kind: str, about: str, by: str, **body: Any) -> Mark:
        """Add a mark; returns it once it is committed."""
        row = {"at": now_text(), "shop": shop, "kind": kind, "about": about, "by": by, "body": _text(body)}
        async with self._engine.begin() as connection:
            result = await connection.execute(insert(MARKS).values(row))
        number = result.inserted_primary_key
        assert number is not None
        return Mark(int(number[0]), row["at"], shop, kind, about, by, body)

    async def all(self, shop: str, *kinds: str, about: str | None = None) -> list[Mark]:
        """The shop's marks of these kinds (all, if none is named), in the order they were made."""
        wanted = select(MARKS).where(MARKS.c.shop == shop).order_by(MARKS.c.number)
        if kinds:
            wanted = wanted.where(MARKS.c.kind.in_(kinds))
        if about is not None:
            wanted = wanted.where(MARKS.c.about == about)
        async with reading(self._engine).connect() as connection:
            rows = (await connection.execute(wanted)).mappings()
            return [Mark(**{**row, "body": orjson.loads(row["body"])}) for row in rows]


def _text(body: Mapping[str, Any]) -> str:
    return orjson.dumps(body).decode()


async def open_marks(engine: AsyncEngine) -> Marks:
    """The list in this database."""
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # two processes that start together make the table one by one
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(lambda sync: METADATA.create_all(sync, checkfirst=True))
    return Marks(engine)
