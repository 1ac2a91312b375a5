"""How the log's tables came to be: numbered steps, each applied once and in order, on SQLite and PostgreSQL alike.

To change the schema: add a function to the end of `ALL`, and the same change to `tables.py`. Never edit an old step.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from assistant.conversation.tables import STEPS
from assistant.errors import HouseError

Step = Callable[[AsyncConnection], Awaitable[None]]

_LOCK = 0x64696E62  # any fixed number: two processes that start together migrate one after the other


class SchemaTooNew(HouseError):
    """The database was written by a later version of the product; an older one must not touch it."""

    status = 500
    code = "schema_too_new"
    says = "数据库已经升级到第 {found} 步，本程序只认到第 {known} 步；请换回新版程序，或者恢复升级之前的备份"


async def first_tables(connection: AsyncConnection) -> None:
    """Conversations, their events and their tickets."""
    sqlite = connection.dialect.name == "sqlite"
    # An event's key is (talk, seq): keeping the rows in that order makes reading a conversation one sequential read.
    clustered = " WITHOUT ROWID" if sqlite else ""
    blob = "BLOB" if sqlite else "BYTEA"
    for statement in (
        f"""CREATE TABLE talks (
            id TEXT NOT NULL PRIMARY KEY, shop TEXT NOT NULL, token_hash {blob} NOT NULL UNIQUE,
            opened_at TEXT NOT NULL, last_at TEXT NOT NULL, seq BIGINT NOT NULL, shopper_seq BIGINT NOT NULL,
            held_by TEXT NOT NULL, asked_seq BIGINT, lease_owner TEXT, lease_until DOUBLE PRECISION,
            fence BIGINT NOT NULL, tries INTEGER NOT NULL){clustered}""",
        "CREATE INDEX talks_unanswered ON talks (asked_seq) WHERE asked_seq IS NOT NULL",
        "CREATE INDEX talks_of_shop ON talks (shop, last_at)",
        f"""CREATE TABLE events (
            talk TEXT NOT NULL, seq BIGINT NOT NULL, shopper_seq BIGINT, once TEXT, at TEXT NOT NULL,
            kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (talk, seq)){clustered}""",
        "CREATE UNIQUE INDEX events_seen ON events (talk, shopper_seq) WHERE shopper_seq IS NOT NULL",
        "CREATE UNIQUE INDEX events_once ON events (talk, once) WHERE once IS NOT NULL",
        """CREATE TABLE tickets (
            id TEXT NOT NULL PRIMARY KEY, talk TEXT NOT NULL, shop TEXT NOT NULL, reason TEXT NOT NULL,
            level TEXT NOT NULL, state TEXT NOT NULL, holder TEXT, seq BIGINT NOT NULL,
            opened_at TEXT NOT NULL, changed_at TEXT NOT NULL)""",
        "CREATE INDEX tickets_of_shop ON tickets (shop, state, opened_at)",
        "CREATE INDEX tickets_of_talk ON tickets (talk)",
    ):
        await connection.execute(text(statement))


async def for_the_desk(connection: AsyncConnection) -> None:
    """Who holds a ticket by the name the shopper knows, promises, what goes out to other programs, small records."""
    clustered = " WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""
    for statement in (
        "ALTER TABLE tickets ADD COLUMN holder_name TEXT",
        "ALTER TABLE tickets ADD COLUMN waiting_on TEXT",
        """CREATE TABLE promises (
            id TEXT NOT NULL PRIMARY KEY, talk TEXT NOT NULL, shop TEXT NOT NULL, "by" TEXT NOT NULL,
            text TEXT NOT NULL, due TEXT NOT NULL, about TEXT NOT NULL, state TEXT NOT NULL,
            made_at TEXT NOT NULL, raised_at TEXT, ended_at TEXT)""",
        "CREATE INDEX promises_due ON promises (state, due)",
        "CREATE INDEX promises_of_talk ON promises (talk)",
        f"""CREATE TABLE outbox (
            talk TEXT NOT NULL, seq BIGINT NOT NULL, shop TEXT NOT NULL, PRIMARY KEY (talk, seq)){clustered}""",
        f"""CREATE TABLE deliveries (
            endpoint TEXT NOT NULL, talk TEXT NOT NULL, seq BIGINT NOT NULL, tries INTEGER NOT NULL,
            next_at DOUBLE PRECISION NOT NULL, problem TEXT, PRIMARY KEY (endpoint, talk, seq)){clustered}""",
        "CREATE INDEX deliveries_due ON deliveries (next_at)",
        """CREATE TABLE records (
            kind TEXT NOT NULL, shop TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL,
            at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, shop, id))""",
    ):
        await connection.execute(text(statement))


ALL: Sequence[Step] = (first_tables, for_the_desk)


async def migrate(engine: AsyncEngine, steps: Sequence[Step] = ALL) -> int:
    """Bring the database up to the last of `steps`; returns how many were applied now.

    All of it happens in one transaction, under a lock when several processes start together. Raises `SchemaTooNew`
    when the database knows more steps than we do.
    """
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(lambda sync: STEPS.create(sync, checkfirst=True))
        found = (await connection.execute(select(func.max(STEPS.c.number)))).scalar() or 0
        if found > len(steps):
            raise SchemaTooNew(found=found, known=len(steps))
        for number, step in enumerate(steps[found:], start=found + 1):
            await step(connection)
            done = {"number": number, "name": step.__name__, "done_at": datetime.now(UTC).isoformat()}
            await connection.execute(insert(STEPS), done)
        return len(steps) - found
