"""The one writer of a process: appends that wait are committed together, in one transaction with one sync to disk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Executable, Update, bindparam, insert, select, tuple_, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from assistant.conversation.group import Batch, Move, Write
from assistant.conversation.store import Appended, Entry, StoreBusy, now_text
from assistant.conversation.tables import ENTRY, EVENTS, HEAD, OUTBOX, PROMISES, TALKS, TICKETS

log = logging.getLogger(__name__)

_BATCH = 512
_LOADED = (*HEAD, TALKS.c.lease_owner, TALKS.c.lease_until, TALKS.c.fence)
_HEADS = select(*_LOADED).where(TALKS.c.id.in_(bindparam("ids", expanding=True))).order_by(TALKS.c.id)
_LOCK_HEADS = _HEADS.with_for_update()
_SENT_BEFORE = select(EVENTS.c.talk, EVENTS.c.once, *ENTRY).where(
    tuple_(EVENTS.c.talk, EVENTS.c.once).in_(bindparam("sent", expanding=True))
)
_NEW_TALK, _NEW_EVENT, _NEW_TICKET = insert(TALKS), insert(EVENTS), insert(TICKETS)
_MOVE_HEAD = update(TALKS).where(TALKS.c.id == bindparam("talk_id"))  # sets the columns it is given
_NEW_PROMISE, _NEW_OUTBOX = insert(PROMISES), insert(OUTBOX)
_LIVE = update(TICKETS).where(
    TICKETS.c.talk == bindparam("of_talk"), TICKETS.c.state.in_(("open", "claimed", "reopened"))
)
_MOVES: Mapping[Move, Update] = {
    "ticket": _LIVE.values(
        state=bindparam("to"),
        holder=bindparam("who"),
        holder_name=bindparam("name"),
        waiting_on=bindparam("waits"),
        changed_at=bindparam("moment"),
    ),
    # Who ended it stays on the ticket.
    "end": _LIVE.values(state=bindparam("to"), waiting_on=None, changed_at=bindparam("moment")),
    "wait": _LIVE.values(waiting_on=bindparam("waits"), changed_at=bindparam("moment")),
    "reopen": update(TICKETS)
    .where(TICKETS.c.id == bindparam("ticket"), TICKETS.c.state == "resolved")
    .values(state="reopened", changed_at=bindparam("moment")),
    "kept": update(PROMISES)
    .where(PROMISES.c.id == bindparam("promise"), PROMISES.c.state == "open")
    .values(state=bindparam("to"), ended_at=bindparam("moment")),
    "raised": update(PROMISES).where(PROMISES.c.id == bindparam("promise")).values(raised_at=bindparam("moment")),
}

_Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def _steps(batch: Batch, *, locking: bool) -> Generator[tuple[Executable, _Parameters], Sequence[Any], None]:
    """What one transaction asks the database; it is sent the rows of each answer."""
    if ids := batch.talks():
        for row in (yield _LOCK_HEADS if locking else _HEADS, {"ids": ids}):
            batch.load(row)
    if sent := batch.resendable():
        for talk, once, *entry in (yield _SENT_BEFORE, {"sent": sent}):
            batch.sent_before(talk, once, Entry(*entry))
    batch.place()
    rows: tuple[tuple[Executable, list[dict[str, Any]]], ...] = (
        (_NEW_TALK, batch.new_talks),
        (_NEW_EVENT, batch.new_events),
        (_MOVE_HEAD, batch.moved_heads()),
        (_NEW_TICKET, batch.new_tickets),
        (_NEW_PROMISE, batch.new_promises),
        (_NEW_OUTBOX, batch.new_outbox),
        *((_MOVES[move], [row]) for move, row in batch.moved),  # few, and in the order of the log
    )
    for statement, parameters in rows:
        if parameters:
            yield statement, parameters


@dataclass(slots=True)
class _Attempt:
    committing: bool = False


class Writer:
    """Commits what is put to it and calls `tell` for every write that stored something, in the order of the log.

    `direct`: a plain engine on the same SQLite file. A transaction is then one visit to one thread; through the
    asynchronous driver it is about twenty, four times the processor time of the work itself.
    """

    def __init__(
        self, engine: AsyncEngine, direct: Engine | None, tell: Callable[[str, Sequence[Entry]], None]
    ) -> None:
        self._engine, self._direct, self._tell = engine, direct, tell
        self._locking = engine.dialect.name == "postgresql"
        self._thread = ThreadPoolExecutor(1, "store-writer") if direct else None
        self._waiting: list[Write] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def put(self, write: Write) -> Appended:
        """What became of `write`, once it is committed."""
        if self._closing:
            raise StoreBusy(why="服务正在重启")
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="store-writer")
        self._waiting.append(write)
        self._wake.set()
        return await write.result

    async def close(self) -> None:
        """Commit what waits and take no more."""
        self._closing = True
        if self._task is not None:
            self._wake.set()
            await self._task
        if self._thread is not None and self._direct is not None:
            self._thread.shutdown()
            self._direct.dispose()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                writes, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                await self._commit(writes)
            if self._closing:
                return

    async def _commit(self, writes: list[Write]) -> None:
        """Commit all of `writes` in one transaction and tell each what became of it."""
        try:
            batch = await self._transact(writes)
        except StoreBusy as busy:
            for write in writes:
                write.fail(busy)
        except Exception as why:
            if len(writes) > 1:  # one of them may be what the database cannot take; the others must not suffer
                for write in writes:
                    await self._commit([write])
            else:
                log.exception("append failed")
                writes[0].fail(StoreBusy(why=type(why).__name__))
        else:
            batch.settle()
            for talk, entries in batch.told():
                self._tell(talk, entries)

    async def _transact(self, writes: list[Write]) -> Batch:
        """One transaction, tried again while the connection is lost before its commit began.

        Past that point nobody knows whether it happened: the sender is told "not stored", and a resend is harmless.
        """
        for pause in (0.05, 0.2, 0.5, 1.0, None):
            attempt = _Attempt()
            try:
                if self._thread is None:
                    return await self._attempt(writes, attempt)
                return await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._attempt_directly, writes, attempt
                )
            except (SQLAlchemyError, OSError) as why:
                lost = isinstance(why, OSError) or (isinstance(why, DBAPIError) and why.connection_invalidated)
                if lost and not attempt.committing and pause is not None:
                    await asyncio.sleep(pause)
                    continue
                if lost or attempt.committing or _is_full_or_locked(why):
                    log.warning("append not stored: %r", getattr(why, "orig", why))
                    raise StoreBusy(why="数据库暂时不可写") from why
                raise
        raise AssertionError("unreachable")

    async def _attempt(self, writes: list[Write], attempt: _Attempt) -> Batch:
        batch = Batch(writes, time.time(), now_text())
        async with self._engine.connect() as connection:
            await connection.begin()
            steps, rows = _steps(batch, locking=self._locking), None
            while (step := _next(steps, rows)) is not None:
                answer = await connection.execute(*step)
                rows = answer.all() if answer.returns_rows else ()
            attempt.committing = True
            await connection.commit()
        return batch

    def _attempt_directly(self, writes: list[Write], attempt: _Attempt) -> Batch:
        assert self._direct is not None
        batch = Batch(writes, time.time(), now_text())
        with self._direct.connect() as connection:
            connection.begin()
            steps, rows = _steps(batch, locking=False), None
            while (step := _next(steps, rows)) is not None:
                answer = connection.execute(*step)
                rows = answer.all() if answer.returns_rows else ()
            attempt.committing = True
            connection.commit()
        return batch


def _next(
    steps: Generator[tuple[Executable, _Parameters], Sequence[Any], None], rows: Sequence[Any] | None
) -> tuple[Executable, _Parameters] | None:
    try:
        return next(steps) if rows is None else steps.send(rows)
    except StopIteration:
        return None


def _is_full_or_locked(why: BaseException) -> bool:
    """Whether the database itself cannot write now, as against one row it cannot take."""
    said = str(why.orig if isinstance(why, DBAPIError) else why).lower()
    return any(word in said for word in ("locked", "full", "readonly", "disk i/o", "too many", "shutting"))
