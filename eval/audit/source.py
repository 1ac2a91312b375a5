"""The conversations to inspect: read from the log as it stands, a shop's at a time. Nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.conversation.migrations import migrate
from assistant.conversation.store import Entry, NoSuchTalk
from assistant.conversation.tables import ENTRY, EVENTS, TALKS
from assistant.errors import HouseError
from assistant.settings import Settings
from assistant.turn.shop import Shop
from eval.audit.talk import SHANGHAI, Talk, lay_out
from knowledge.database import open_engine, reading


class BadDate(HouseError):
    """A date that cannot be read."""

    says = "日期 {given} 看不懂；请写成 2026-11-20 或 2026-11-20T08:00"


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database that holds the log, its tables there."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        await migrate(engine)
        yield engine
    finally:
        await engine.dispose()


def moment_of(given: str) -> datetime:
    """A day or a moment as people write it; without a zone it is Shanghai's. Raises `BadDate`."""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise BadDate(given=given) from None
    return moment if moment.tzinfo else datetime.combine(moment.date(), moment.time() or time(), SHANGHAI)


async def talks(
    engine: AsyncEngine,
    shop: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    opened: Shop | None = None,
) -> AsyncIterator[Talk]:
    """The shop's conversations with something in them since then, the earliest first, whole: what was said before is
    context. `until` is now: whoever still waits has waited until then.
    """
    wanted = select(TALKS.c.id).where(TALKS.c.shop == shop, TALKS.c.seq > 0).order_by(TALKS.c.opened_at, TALKS.c.id)
    if since is not None:
        utc = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        wanted = wanted.where(TALKS.c.last_at >= utc)
    async with reading(engine).connect() as connection:
        ids = list((await connection.execute(wanted)).scalars())
        for id_ in ids:
            rows = select(*ENTRY).where(EVENTS.c.talk == id_).order_by(EVENTS.c.seq)
            entries = [Entry(*row) for row in await connection.execute(rows)]
            yield lay_out(id_, shop, entries, until=until, opened=opened)


async def one(engine: AsyncEngine, talk: str, *, opened: Shop | None = None) -> Talk:
    """One conversation, whole. Raises `NoSuchTalk`."""
    async with reading(engine).connect() as connection:
        shop = (await connection.execute(select(TALKS.c.shop).where(TALKS.c.id == talk))).scalar()
        if shop is None:
            raise NoSuchTalk(talk=talk)
        rows = select(*ENTRY).where(EVENTS.c.talk == talk).order_by(EVENTS.c.seq)
        return lay_out(talk, shop, [Entry(*row) for row in await connection.execute(rows)], opened=opened)
