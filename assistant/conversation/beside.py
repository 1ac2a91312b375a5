"""What is kept beside the log: promises, small records, what goes out; and looking through the log."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

import orjson
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from assistant.conversation.store import Delivery, Promise, Record, RecordMoved, Said, StoreBusy, Ticket, now_text
from assistant.conversation.tables import DELIVERIES, EVENTS, OUTBOX, PROMISES, RECORDS, TALKS, TICKETS

log = logging.getLogger(__name__)


class Beside:
    """The part of the store that is no log. `Store` says what the methods mean."""

    _engine: AsyncEngine
    _reads: AsyncEngine

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._reads.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as why:
            log.warning("read failed: %r", getattr(why, "orig", why))
            raise StoreBusy(why="数据库暂时不可读") from why

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as why:
            log.warning("write failed: %r", getattr(why, "orig", why))
            raise StoreBusy(why="数据库暂时不可写") from why

    # — looking through the log —

    async def talks(
        self, shop: str | None = None, *, since: str = "", after: str = "", limit: int = 500
    ) -> list[tuple[str, str]]:
        wanted = select(TALKS.c.id, TALKS.c.shop).where(TALKS.c.last_at >= since, TALKS.c.id > after)
        if shop is not None:
            wanted = wanted.where(TALKS.c.shop == shop)
        async with self._reading() as connection:
            return [(row[0], row[1]) for row in await connection.execute(wanted.order_by(TALKS.c.id).limit(limit))]

    async def search(self, words: str, *, shops: Collection[str] | None = None, limit: int = 50) -> list[Said]:
        if not (words := words.strip()):
            return []
        # The body is JSON: what is looked for is written as it stands there, quotes and all.
        inside = orjson.dumps(words).decode()[1:-1]
        wanted = (
            select(EVENTS.c.talk, TALKS.c.shop, EVENTS.c.seq, EVENTS.c.at, EVENTS.c.body)
            .join(TALKS, TALKS.c.id == EVENTS.c.talk)
            .where(EVENTS.c.kind == "message", EVENTS.c.body.contains(inside, autoescape=True))
            .order_by(EVENTS.c.at.desc(), EVENTS.c.talk, EVENTS.c.seq.desc())
            .limit(limit * 2)
        )
        if shops is not None:
            wanted = wanted.where(TALKS.c.shop.in_(shops))
        async with self._reading() as connection:
            rows = (await connection.execute(wanted)).all()
        found = [(row, orjson.loads(row.body)) for row in rows]
        return [
            Said(row.talk, row.shop, row.seq, row.at, str(body["by"]), str(body["text"]))
            for row, body in found
            if words in body["text"]
        ][:limit]

    async def resolved_since_spoken(self, since: str, limit: int = 500) -> list[Ticket]:
        wanted = (
            select(TICKETS)
            .join(TALKS, TALKS.c.id == TICKETS.c.talk)
            .where(TICKETS.c.state == "resolved", TICKETS.c.changed_at >= since, TALKS.c.last_at > TICKETS.c.changed_at)
            .order_by(TICKETS.c.changed_at.desc())
            .limit(limit)
        )
        async with self._reading() as connection:
            return [Ticket(**row) for row in (await connection.execute(wanted)).mappings()]

    # — promises —

    async def promises(
        self,
        *,
        shops: Collection[str] | None = None,
        talk: str | None = None,
        by: str | None = None,
        due_before: str | None = None,
        open_only: bool = True,
        limit: int = 500,
    ) -> list[Promise]:
        wanted = select(PROMISES).order_by(PROMISES.c.due, PROMISES.c.id).limit(limit)
        if open_only:
            wanted = wanted.where(PROMISES.c.state == "open")
        if shops is not None:
            wanted = wanted.where(PROMISES.c.shop.in_(shops))
        if talk is not None:
            wanted = wanted.where(PROMISES.c.talk == talk)
        if by is not None:
            wanted = wanted.where(PROMISES.c.by == by)
        if due_before is not None:
            wanted = wanted.where(PROMISES.c.due < due_before)
        async with self._reading() as connection:
            return [Promise(**row) for row in (await connection.execute(wanted)).mappings()]

    # — small records —

    async def record(self, kind: str, shop: str, name: str) -> Record | None:
        found = await self._records(
            select(RECORDS).where(RECORDS.c.kind == kind, RECORDS.c.shop == shop, RECORDS.c.id == name)
        )
        return found[0] if found else None

    async def records(self, kind: str, shops: Collection[str] | None = None) -> list[Record]:
        wanted = select(RECORDS).where(RECORDS.c.kind == kind).order_by(RECORDS.c.shop, RECORDS.c.id)
        return await self._records(wanted if shops is None else wanted.where(RECORDS.c.shop.in_(shops)))

    async def _records(self, wanted: Select[Any]) -> list[Record]:
        async with self._reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [Record(**{**row, "body": orjson.loads(row["body"])}) for row in rows]

    async def put(self, kind: str, shop: str, name: str, body: Any, *, version: int | None = None) -> Record:
        at, written = now_text(), orjson.dumps(body).decode()
        key = (RECORDS.c.kind == kind, RECORDS.c.shop == shop, RECORDS.c.id == name)
        for _ in range(20):
            found = await self.record(kind, shop, name)
            before = found.version if found else 0
            if version is not None and version != before:
                break
            values = {"version": before + 1, "at": at, "body": written}
            try:
                async with self._writing() as connection:
                    if found is None:
                        await connection.execute(insert(RECORDS).values(kind=kind, shop=shop, id=name, **values))
                        done = 1
                    else:
                        change = update(RECORDS).where(*key, RECORDS.c.version == before).values(**values)
                        done = (await connection.execute(change)).rowcount
            except IntegrityError:
                done = 0
            if done:
                return Record(kind, shop, name, before + 1, at, body)
        raise RecordMoved(kind=kind, name=name)

    async def drop(self, kind: str, shop: str, name: str) -> bool:
        key = (RECORDS.c.kind == kind, RECORDS.c.shop == shop, RECORDS.c.id == name)
        async with self._writing() as connection:
            return (await connection.execute(delete(RECORDS).where(*key))).rowcount > 0

    # — what goes out —

    async def share_out(self, endpoints: Callable[[str], Collection[str]], now: float, limit: int = 500) -> int:
        async with self._reading() as connection:
            rows = (await connection.execute(select(OUTBOX).order_by(OUTBOX.c.talk, OUTBOX.c.seq).limit(limit))).all()
        for row in rows:
            news = [
                {"endpoint": endpoint, "talk": row.talk, "seq": row.seq, "tries": 0, "next_at": now}
                for endpoint in endpoints(row.shop)
            ]
            async with self._writing() as connection:
                mine = delete(OUTBOX).where(OUTBOX.c.talk == row.talk, OUTBOX.c.seq == row.seq)
                if (await connection.execute(mine)).rowcount and news:  # of two processes one shares it out
                    await connection.execute(insert(DELIVERIES), news)
        return len(rows)

    async def due(self, now: float, limit: int = 100) -> list[Delivery]:
        wanted = select(DELIVERIES).where(DELIVERIES.c.next_at <= now).order_by(DELIVERIES.c.next_at).limit(limit)
        async with self._reading() as connection:
            return [Delivery(**row) for row in (await connection.execute(wanted)).mappings()]

    async def tried(self, delivery: Delivery, *, next_at: float | None, problem: str | None = None) -> bool:
        mine = (
            DELIVERIES.c.endpoint == delivery.endpoint,
            DELIVERIES.c.talk == delivery.talk,
            DELIVERIES.c.seq == delivery.seq,
            DELIVERIES.c.tries == delivery.tries,
        )
        async with self._writing() as connection:
            if next_at is None:
                return (await connection.execute(delete(DELIVERIES).where(*mine))).rowcount > 0
            again = update(DELIVERIES).where(*mine)
            values = {"tries": delivery.tries + 1, "next_at": next_at, "problem": problem}
            return (await connection.execute(again.values(**values))).rowcount > 0
