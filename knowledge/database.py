"""One way to open the database: SQLite by default, PostgreSQL by URL. What a caller may rely on is the same on both.

A transaction opened with `engine.begin()` may write: on SQLite it takes the write lock at once (`BEGIN IMMEDIATE`),
because a transaction that reads first and then wants to write fails with "database is locked" as soon as two do it
together. Code that only reads uses `reading(engine)`, whose transactions never wait for a writer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

BUSY_MS = 10_000
"""How long a SQLite writer waits for another before it gives up, in milliseconds."""

_READING = "dianban_reading"


class DatabaseUrlError(ValueError):
    """`DATABASE_URL` names no database we can open."""


def open_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite:///path`, `sqlite://` (in memory, one connection that all share in turn) or `postgresql://…`.

    SQLite runs in WAL mode with `synchronous=FULL`: an acknowledged message survives a power cut, not only a killed
    process. Group commit keeps that affordable. Raises `DatabaseUrlError` for any other URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUrlError(f"DATABASE_URL 无法识别：{url!r}；请写 sqlite:///路径 或 postgresql://…") from None
    match parsed.drivername.partition("+")[0]:
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return create_async_engine(
                parsed.set(drivername="postgresql+asyncpg"),
                pool_size=10,
                max_overflow=10,
                pool_pre_ping=True,
                hide_parameters=True,
            )
        case other:
            raise DatabaseUrlError(f"DATABASE_URL 不支持 {other!r}；请写 sqlite:///路径 或 postgresql://…")


def reading(engine: AsyncEngine) -> AsyncEngine:
    """The same engine (same pool) for transactions that only read: on SQLite they take no write lock."""
    return engine.execution_options(**{_READING: True})


def writing(engine: AsyncEngine) -> Engine | None:
    """A plain engine on the same SQLite file, for one thread that does all of somebody's writing: a transaction then
    costs one change of thread, not twenty. None where there is no such file (PostgreSQL, in memory).
    """
    if engine.dialect.name != "sqlite" or _in_memory(engine.url):
        return None
    direct = create_engine(engine.url.set(drivername="sqlite"), pool_size=1, max_overflow=0, hide_parameters=True)
    _by_our_rules(direct)
    return direct


def _in_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:")


def _sqlite(url: URL) -> AsyncEngine:
    in_memory = _in_memory(url)
    if not in_memory:
        Path(str(url.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
    # An in-memory database lives in its one connection, so everybody takes turns on it.
    size = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 5, "max_overflow": 5}
    # What shoppers write must not reach a log through an error message, hence hide_parameters.
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"), poolclass=AsyncAdaptedQueuePool, hide_parameters=True, **size
    )
    _by_our_rules(engine.sync_engine)
    return engine


def _by_our_rules(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)


def _prepare(connection: Any, _record: object) -> None:
    # The driver must not open transactions by its own rules; `_begin` does it by ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    lock = "DEFERRED" if connection.get_execution_options().get(_READING) else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {lock}")
