"""What a shop has taught beside its files: its words, its fit, and what was said of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from knowledge.confidence import Confidence, Curves
from knowledge.database import reading
from knowledge.errors import NoSuchShop
from knowledge.feedback import Memory, Said, asked_as
from knowledge.synonyms import Terms
from knowledge.tables import FEEDBACK, HEARD, SHOPS, TERMS, TUNINGS, VERSIONS


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a shop's scores are mixed and read, for one embedding model."""

    faq_share: float
    curves: Curves

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, stored: Any) -> Tuning | None:
        """The stored fit; None where another release wrote it and it does not mean the same any more."""
        try:
            curves = {name: Confidence(**curve) for name, curve in stored["curves"].items()}
            return cls(float(stored["faq_share"]), Curves(**curves))
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


class Own:
    """Reads and writes them in the catalogue's database. Words and fit make a new version, so open shops notice."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def terms(self, shop: str) -> Terms:
        """The shop's words."""
        async with reading(self._engine).connect() as connection:
            found = (await connection.execute(select(TERMS.c.groups).where(TERMS.c.shop == shop))).scalar()
        return Terms(tuple(tuple(group) for group in found or ()))

    async def set_terms(self, shop: str, terms: Terms) -> None:
        """Make these the shop's words, in place of those before. Raises `NoSuchShop`."""
        groups = [list(group) for group in terms.groups]
        async with self._engine.begin() as connection:
            await _noted(connection, shop, f"terms {len(groups)}")
            await _put(connection, TERMS, {"shop": shop}, {"groups": groups})

    async def tuning(self, shop: str, model: str) -> Tuning | None:
        """The fit applied for this model's fingerprint, if there is one."""
        wanted = select(TUNINGS.c.fit).where(TUNINGS.c.shop == shop, TUNINGS.c.model == model)
        async with reading(self._engine).connect() as connection:
            found = (await connection.execute(wanted)).scalar()
        return None if found is None else Tuning.of(found)

    async def tune(self, shop: str, model: str, tuning: Tuning | None) -> None:
        """Apply a fit, or go back to fitting at each opening (None). Raises `NoSuchShop`."""
        async with self._engine.begin() as connection:
            await _noted(connection, shop, "tune" if tuning else "tune reset")
            await connection.execute(delete(TUNINGS).where(TUNINGS.c.shop == shop, TUNINGS.c.model == model))
            if tuning is not None:
                values = {"shop": shop, "model": model, "fit": tuning.as_json(), "at": _now()}
                await connection.execute(insert(TUNINGS).values(values))

    async def judge(self, shop: str, question: str, entries: Sequence[str], helpful: bool, *, weight: int = 1) -> None:
        """Count that these entries helped, or did not, for a question."""
        column = "helped" if helpful else "failed"
        async with self._engine.begin() as connection:
            for entry in entries:
                key = {"shop": shop, "question": asked_as(question), "entry": entry}
                await _put(connection, FEEDBACK, key, {"helped": 0, "failed": 0}, add={column: weight})
            await _put(connection, HEARD, {"shop": shop}, {"count": 0}, add={"count": 1})

    async def memory(self, shop: str) -> Memory:
        """What was said of the shop's answers, as a push to their order."""
        return Memory.of(await self.said(shop))

    async def said(self, shop: str) -> list[Said]:
        """What was said of the shop's answers, most spoken of first."""
        columns = FEEDBACK.c
        wanted = select(columns.question, columns.entry, columns.helped, columns.failed).where(columns.shop == shop)
        async with reading(self._engine).connect() as connection:
            rows = await connection.execute(wanted.order_by((columns.helped + columns.failed).desc(), columns.question))
            return [Said(*row) for row in rows]

    async def forget(self, shop: str) -> int:
        """Forget everything said of the shop's answers; how many (question, entry) pairs that were."""
        async with self._engine.begin() as connection:
            gone = (await connection.execute(delete(FEEDBACK).where(FEEDBACK.c.shop == shop))).rowcount
            await _put(connection, HEARD, {"shop": shop}, {"count": 0}, add={"count": 1})
            return int(gone)

    async def heard(self) -> dict[str, int]:
        """How often each shop's memory has changed."""
        async with reading(self._engine).connect() as connection:
            return {shop: int(count) for shop, count in await connection.execute(select(HEARD.c.shop, HEARD.c.count))}


NOTHING: dict[str, int] = {}


async def _put(
    connection: AsyncConnection,
    table: Any,
    key: dict[str, Any],
    values: dict[str, Any],
    add: dict[str, int] = NOTHING,
) -> None:
    """The row of `key` with `values` (kept as they are where it exists and only `add` is wanted), `add` added."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    changes = {name: table.c[name] + by for name, by in add.items()} if add else values
    first = values | (add or {})
    upsert = dialect.insert(table).values(key | first).on_conflict_do_update(index_elements=list(key), set_=changes)
    await connection.execute(upsert)


async def _noted(connection: AsyncConnection, shop: str, what: str) -> None:
    """One more version of the shop, with the same passages."""
    mine = SHOPS.c.shop == shop
    version = (await connection.execute(select(SHOPS.c.version).where(mine).with_for_update())).scalar()
    if not version:
        raise NoSuchShop(shop=shop)
    last = select(VERSIONS.c.passages).where(VERSIONS.c.shop == shop).order_by(VERSIONS.c.version.desc()).limit(1)
    passages = (await connection.execute(last)).scalar() or 0
    row = {"version": version + 1, "at": _now(), "what": what, "added": 0, "changed": 0, "removed": 0}
    await connection.execute(insert(VERSIONS).values(shop=shop, passages=passages, **row))
    await connection.execute(update(SHOPS).where(mine).values(version=version + 1))


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def stand(engine: AsyncEngine) -> tuple[int, int, int]:
    """Three numbers that change whenever anything of any shop does: cheap to ask, twice a second."""
    async with reading(engine).connect() as connection:
        wanted = select(func.count(), func.coalesce(func.sum(SHOPS.c.version), 0)).select_from(SHOPS)
        shops, versions = (await connection.execute(wanted)).one()
        heard = (await connection.execute(select(func.coalesce(func.sum(HEARD.c.count), 0)))).scalar_one()
        return int(shops), int(versions), int(heard)
