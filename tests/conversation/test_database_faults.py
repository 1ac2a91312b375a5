"""A database that is locked, full or cut off: nothing acknowledged is lost, nothing refused is stored."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from assistant.conversation.events import Message
from assistant.conversation.sql import SqlStore, open_store
from assistant.conversation.store import StoreBusy
from knowledge import database
from knowledge.database import DatabaseUrlError, open_engine, reading, writing
from tests.support.postgres import fresh_database


def asked(text: str, client_id: str | None = None) -> Message:
    return Message(by="shopper", text=text, client_id=client_id)


async def opened(url: str) -> SqlStore:
    engine = open_engine(url)
    return await open_store(engine, reading(engine), writing(engine))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program holds the write lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


async def test_a_writer_waits_while_another_program_has_the_lock(tmp_path: Path) -> None:
    store = await opened(f"sqlite:///{tmp_path}/log.db")
    talk, _ = await store.open_talk("demo")
    with locked(tmp_path / "log.db") as other:
        waiting = [asyncio.create_task(store.append(talk, (asked(str(n), f"c{n}"),))) for n in range(20)]
        assert not (await asyncio.wait(waiting, timeout=0.5))[0]
        assert await store.read(talk) == []  # reading does not wait
        other.execute("COMMIT")
        assert sorted([(await one).entries[0].seq for one in waiting]) == list(range(1, 21))
    await store.close()


async def test_who_waits_too_long_is_told_and_a_resend_is_stored_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 100)
    store = await opened(f"sqlite:///{tmp_path}/log.db")
    talk, _ = await store.open_talk("demo")
    with locked(tmp_path / "log.db") as other:
        with pytest.raises(StoreBusy, match="请稍后重发"):
            await store.append(talk, (asked("能退吗", "c1"),))
        other.execute("COMMIT")
    assert await store.read(talk) == []
    await store.append(talk, (asked("能退吗", "c1"),))
    assert len(await store.read(talk)) == 1
    await store.close()


async def test_a_full_disk_refuses_writes_and_takes_them_again_when_there_is_room(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/log.db")
    direct = writing(engine)
    assert direct is not None
    store = await open_store(engine, reading(engine), direct)
    talk, _ = await store.open_talk("demo")
    with direct.connect() as connection:  # the limit belongs to the one connection that writes
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    acknowledged = 0
    with pytest.raises(StoreBusy):  # noqa: PT012 - how many fit is not ours to know
        while True:
            await store.append(talk, (asked("长" * 2000),))
            acknowledged += 1
    assert acknowledged > 3
    assert len(await store.read(talk)) == acknowledged  # reading goes on
    with direct.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2000}")
    assert (await store.append(talk, (asked("还在"),))).entries[0].seq == acknowledged + 1
    await store.close()


@pytest.fixture
async def postgres() -> AsyncIterator[str]:
    async with fresh_database() as url:
        yield url


@pytest.mark.postgres
async def test_connections_cut_again_and_again_lose_and_double_nothing(postgres: str) -> None:
    """Shoppers write, and resend what was not acknowledged, until connections have been cut ten times."""
    store, cutter = await opened(postgres), open_engine(postgres)
    talks = [(await store.open_talk("demo"))[0] for _ in range(5)]
    cuts = 0

    async def shopper(talk: str, number: int) -> list[tuple[str, int]]:
        acknowledged = list[tuple[str, int]]()
        while cuts < 10:
            client_id = f"s{number}-{len(acknowledged)}"
            with contextlib.suppress(StoreBusy):
                stored = await store.append(talk, (asked(client_id, client_id),))
                acknowledged.append((client_id, stored.entries[0].seq))
        return acknowledged

    async def cut() -> None:
        nonlocal cuts
        while cuts < 10:
            async with cutter.connect() as connection:
                cuts += (
                    await connection.execute(
                        text(
                            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        )
                    )
                ).scalar_one()
            await asyncio.sleep(0.03)

    *done, _ = await asyncio.gather(*(shopper(talk, n) for n in range(2) for talk in talks), cut())
    for at, talk in enumerate(talks):
        log = await store.read(talk)
        assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
        stored = [(entry.event.client_id, entry.seq) for entry in log if isinstance(entry.event, Message)]
        assert len({client_id for client_id, _ in stored}) == len(stored)
        assert {*(done[at] or ()), *(done[at + 5] or ())} <= set(stored)
    await cutter.dispose()
    await store.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "dianban.db", "", "sqlite", "redis://x"])
def test_a_database_we_do_not_know_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"DATABASE_URL.*sqlite:///路径") as refused:
        open_engine(url)
    assert "\n" not in str(refused.value)


async def test_what_shoppers_write_reaches_no_log_through_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 50)
    store = await opened(f"sqlite:///{tmp_path}/log.db")
    talk, _ = await store.open_talk("demo")
    with locked(tmp_path / "log.db"), pytest.raises(StoreBusy):
        await store.append(talk, (asked("我的电话 13800138000"),))
    with sqlite3.connect(tmp_path / "log.db") as other:
        other.execute("DROP TABLE events")
    with pytest.raises(StoreBusy):
        await store.append(talk, (asked("我的电话 13800138000"),))
    assert caplog.records
    assert "13800138000" not in caplog.text
    await store.close()
