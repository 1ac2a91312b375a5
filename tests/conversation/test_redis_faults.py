"""Redis killed, hung, flapping or never there: every event still arrives, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.conversation.bus import Bus, open_bus
from assistant.conversation.events import Message
from assistant.conversation.follow import Follow, follow
from assistant.conversation.sql import SqlStore, open_store
from assistant.conversation.store import Entry
from knowledge.database import open_engine, reading, writing
from tests.support.redis import OwnRedis, own_redis
from tests.support.wait import eventually

pytestmark = pytest.mark.redis


@pytest.fixture
async def redis() -> AsyncIterator[OwnRedis]:
    async with own_redis() as redis:
        yield redis


class Process:
    """What one process has: its end of the bus and its store."""

    def __init__(self, store: SqlStore, bus: Bus) -> None:
        self.store, self.bus = store, bus
        store.on_commit(bus.tell)

    @classmethod
    async def start(cls, path: Path, url: str) -> Process:
        engine = open_engine(f"sqlite:///{path}/log.db")
        return cls(await open_store(engine, reading(engine), writing(engine)), open_bus(url))

    async def stop(self) -> None:
        await self.bus.close()
        await self.store.close()


@pytest.fixture
async def two(redis: OwnRedis, tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    """One that writes and one that hears."""
    processes = [await Process.start(tmp_path, redis.url) for _ in range(2)]
    yield processes[0], processes[1]
    for process in processes:
        await process.stop()


class Reader:
    """Collects what a follower gets."""

    def __init__(self, reader: Follow) -> None:
        self.numbers: list[int] = []
        self._task = asyncio.create_task(self._read(reader))

    async def _read(self, reader: Follow) -> None:
        while True:
            await reader.wake.wait()
            self.numbers += [one.seq for one in await reader.ready() if isinstance(one, Entry)]

    async def upto(self, last: int) -> None:
        await eventually(lambda: self.numbers[-1:] == [last])
        assert self.numbers == list(range(1, last + 1))

    def stop(self) -> None:
        self._task.cancel()


async def say(process: Process, talk: str, count: int) -> None:
    for n in range(count):
        await process.store.append(talk, (Message(by="shopper", text=str(n)),))


async def test_killed_and_back(redis: OwnRedis, two: tuple[Process, Process]) -> None:
    writer, hearer = two
    talk, _ = await writer.store.open_talk("demo")
    reader = Reader(await follow(hearer.store, hearer.bus, talk, after=0, audience="staff"))
    await say(writer, talk, 10)
    await reader.upto(10)
    await redis.kill()
    await say(writer, talk, 10)
    await reader.upto(20)  # without Redis, by looking into the store
    assert not hearer.bus.healthy
    await redis.start()
    await eventually(lambda: hearer.bus.healthy and writer.bus.healthy)
    await say(writer, talk, 10)
    await reader.upto(30)
    reader.stop()


async def test_hung_and_back(redis: OwnRedis, two: tuple[Process, Process]) -> None:
    """Connections stay open, nothing comes: only the missing beat tells."""
    writer, hearer = two
    talk, _ = await writer.store.open_talk("demo")
    reader = Reader(await follow(hearer.store, hearer.bus, talk, after=0, audience="staff"))
    await say(writer, talk, 5)
    await reader.upto(5)
    redis.pause()
    await say(writer, talk, 5)
    await reader.upto(10)
    redis.go_on()
    await eventually(lambda: hearer.bus.healthy and writer.bus.healthy)
    await say(writer, talk, 5)
    await reader.upto(15)
    reader.stop()


async def test_flapping(redis: OwnRedis, two: tuple[Process, Process]) -> None:
    writer, hearer = two
    talk, _ = await writer.store.open_talk("demo")
    reader = Reader(await follow(hearer.store, hearer.bus, talk, after=0, audience="staff"))
    for _ in range(4):
        await redis.kill()
        await say(writer, talk, 5)
        await redis.start()
        await say(writer, talk, 5)
    await reader.upto(40)
    reader.stop()


async def test_not_there_when_a_reader_comes(redis: OwnRedis, two: tuple[Process, Process]) -> None:
    writer, hearer = two
    await redis.kill()
    talk, _ = await writer.store.open_talk("demo")
    reader = Reader(await follow(hearer.store, hearer.bus, talk, after=0, audience="staff"))
    await say(writer, talk, 5)
    await reader.upto(5)
    await redis.start()
    await eventually(lambda: hearer.bus.healthy)
    await say(writer, talk, 5)
    await reader.upto(10)
    reader.stop()


async def test_the_last_event_before_a_cut_is_not_forgotten(redis: OwnRedis, two: tuple[Process, Process]) -> None:
    """Nothing follows it that could show the gap. The cut is so short that the beat is hardly missed."""
    from redis.asyncio import Redis

    writer, hearer = two
    talk, _ = await writer.store.open_talk("demo")
    reader = Reader(await follow(hearer.store, hearer.bus, talk, after=0, audience="staff"))
    await eventually(lambda: hearer.bus.healthy)
    admin = Redis.from_url(redis.url)
    for n in range(1, 6):
        await admin.client_kill_filter(_type="pubsub")
        await say(writer, talk, 1)
        await reader.upto(n)
    await admin.aclose()
    reader.stop()
