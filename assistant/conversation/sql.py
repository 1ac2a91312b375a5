"""The store on SQLite and PostgreSQL: reading, tickets and forgetting here, appending in `writer.py`."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Collection, Sequence

from sqlalchemy import Engine, and_, delete, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.conversation.beside import Beside
from assistant.conversation.events import Audience, Event
from assistant.conversation.group import Write
from assistant.conversation.migrations import migrate
from assistant.conversation.store import (
    LEASE_SECONDS,
    Appended,
    Entry,
    Head,
    Hook,
    Lease,
    NoSuchTalk,
    StoreBusy,
    Ticket,
    TicketState,
    token_digest,
)
from assistant.conversation.tables import DELIVERIES, ENTRY, EVENTS, HEAD, OUTBOX, PROMISES, TALKS, TICKETS
from assistant.conversation.writer import Writer

log = logging.getLogger(__name__)


async def open_store(engine: AsyncEngine, reads: AsyncEngine | None = None, direct: Engine | None = None) -> SqlStore:
    """The store in this database, brought to the newest schema.

    `reads`: the engine for transactions that only read. `direct`: see `Writer`.
    """
    await migrate(engine)
    return SqlStore(engine, reads, direct)


class SqlStore(Beside):
    """`Store` on SQLAlchemy Core. One writer a process; any number of processes on one PostgreSQL."""

    def __init__(self, engine: AsyncEngine, reads: AsyncEngine | None = None, direct: Engine | None = None) -> None:
        self._engine = engine
        self._reads = reads or engine
        self._hooks: list[Hook] = []
        self._writer = Writer(engine, direct, self._tell)

    def on_commit(self, hook: Hook) -> None:
        self._hooks.append(hook)

    def _tell(self, talk: str, entries: Sequence[Entry]) -> None:
        for hook in self._hooks:
            try:
                hook(talk, entries)
            except Exception:  # what is stored is stored, and the others must hear of it
                log.exception("a commit hook broke")

    # — writing —

    async def open_talk(self, shop: str) -> tuple[str, str]:
        talk, token = "t" + secrets.token_urlsafe(12), secrets.token_urlsafe(32)
        await self._writer.put(Write.opening(talk, shop, token_digest(token)))
        return talk, token

    async def append(
        self,
        talk: str,
        events: Sequence[Event],
        *,
        after: int | None = None,
        lease: Lease | None = None,
        take: str | None = None,
        done: bool = False,
    ) -> Appended:
        return await self._writer.put(Write.of(talk, events, after=after, lease=lease, take=take, done=done))

    # — reading —

    async def by_token(self, shop: str, token: str) -> Head | None:
        wanted = select(*HEAD).where(TALKS.c.token_hash == token_digest(token), TALKS.c.shop == shop)
        async with self._reading() as connection:
            row = (await connection.execute(wanted)).first()
        return None if row is None else Head(*row)

    async def head(self, talk: str) -> Head:
        async with self._reading() as connection:
            row = (await connection.execute(select(*HEAD).where(TALKS.c.id == talk))).first()
        if row is None:
            raise NoSuchTalk(talk=talk)
        return Head(*row)

    async def read(
        self, talk: str, *, after: int = 0, audience: Audience = "staff", limit: int | None = None
    ) -> list[Entry]:
        number = EVENTS.c.seq if audience == "staff" else EVENTS.c.shopper_seq
        wanted = select(*ENTRY).where(EVENTS.c.talk == talk, number > after).order_by(number)
        async with self._reading() as connection:
            return [Entry(*row) for row in await connection.execute(wanted if limit is None else wanted.limit(limit))]

    async def unanswered(self) -> list[str]:
        now = time.time()
        # A lease that ends later than any could was written by a clock that has since been put back.
        lapsed = or_(
            TALKS.c.lease_until.is_(None), TALKS.c.lease_until < now, TALKS.c.lease_until > now + LEASE_SECONDS + 1
        )
        wanted = select(TALKS.c.id).where(TALKS.c.asked_seq.is_not(None), lapsed).order_by(TALKS.c.last_at).limit(1000)
        async with self._reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def tickets(
        self,
        *,
        shop: str | None = None,
        shops: Collection[str] | None = None,
        state: TicketState | None = None,
        states: Collection[TicketState] | None = None,
        talk: str | None = None,
        holder: str | None = None,
        ticket: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Ticket]:
        wanted = select(TICKETS).order_by(TICKETS.c.opened_at, TICKETS.c.id).limit(limit)
        given = {"shop": shop, "state": state, "talk": talk, "holder": holder, "id": ticket}
        for name, value in given.items():
            if value is not None:
                wanted = wanted.where(TICKETS.c[name] == value)
        for name, values in (("shop", shops), ("state", states)):
            if values is not None:
                wanted = wanted.where(TICKETS.c[name].in_(values))
        if after is not None:
            last = select(TICKETS.c.opened_at).where(TICKETS.c.id == after).scalar_subquery()
            wanted = wanted.where(
                or_(TICKETS.c.opened_at > last, and_(TICKETS.c.opened_at == last, TICKETS.c.id > after))
            )
        async with self._reading() as connection:
            return [Ticket(**row) for row in (await connection.execute(wanted)).mappings()]

    # — the rest —

    async def forget(self, talk: str) -> bool:
        try:
            async with self._engine.begin() as connection:
                for table in (EVENTS, TICKETS, PROMISES, OUTBOX, DELIVERIES):
                    await connection.execute(delete(table).where(table.c.talk == talk))
                gone = (await connection.execute(delete(TALKS).where(TALKS.c.id == talk))).rowcount > 0
            if self._engine.dialect.name == "sqlite":
                async with self._engine.connect() as connection:
                    # Deleted pages are overwritten (secure_delete); the write-ahead file still has the old ones.
                    raw = await connection.get_raw_connection()
                    cursor = await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
                    await cursor.close()
            return gone
        except (SQLAlchemyError, OSError) as why:
            raise StoreBusy(why="数据库暂时不可写") from why

    async def ping(self) -> None:
        async with self._reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._writer.close()
        await self._engine.dispose()
