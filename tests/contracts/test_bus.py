"""The bus tells in every home it has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from assistant.conversation.bus import Bus, MemoryBus, open_bus
from tests.contracts.bus import BusContract
from tests.support.redis import OwnRedis, own_redis


class TestInProcess(BusContract):
    @pytest.fixture
    def teller(self) -> Bus:
        return MemoryBus()

    @pytest.fixture
    def hearer(self, teller: Bus) -> Bus:
        return teller


@pytest.fixture
async def redis() -> AsyncIterator[OwnRedis]:
    async with own_redis() as redis:
        yield redis


@pytest.mark.redis
class TestInOneOfSeveralProcesses(BusContract):
    """Teller and hearer are the same end: a process hears itself at once, and once only."""

    @pytest.fixture
    async def teller(self, redis: OwnRedis) -> AsyncIterator[Bus]:
        bus = open_bus(redis.url)
        yield bus
        await bus.close()

    @pytest.fixture
    def hearer(self, teller: Bus) -> Bus:
        return teller


@pytest.mark.redis
class TestOverRedis(BusContract):
    """Teller and hearer are two processes' ends."""

    @pytest.fixture
    async def teller(self, redis: OwnRedis) -> AsyncIterator[Bus]:
        bus = open_bus(redis.url)
        yield bus
        await bus.close()

    @pytest.fixture
    async def hearer(self, redis: OwnRedis) -> AsyncIterator[Bus]:
        bus = open_bus(redis.url)
        yield bus
        await bus.close()


@pytest.mark.parametrize("url", ["kafka://x", "", "memory:"])
def test_an_unknown_bus_is_refused_with_the_ones_we_know(url: str) -> None:
    with pytest.raises(ValueError, match="memory:// 或 redis://"):
        open_bus(url)
