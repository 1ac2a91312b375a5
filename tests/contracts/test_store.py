"""The log keeps its promises in every home it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.conversation.events import Message
from assistant.conversation.sql import SqlStore, open_store
from knowledge.database import open_engine, reading, writing
from tests.contracts.beside import BesideContract
from tests.contracts.store import StoreContract
from tests.support.postgres import fresh_database


async def opened(url: str) -> SqlStore:
    engine = open_engine(url)
    return await open_store(engine, reading(engine), writing(engine))


class TestOnSqlite(StoreContract, BesideContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqlStore]:
        store = await opened(f"sqlite:///{tmp_path}/log.db")
        yield store
        await store.close()

    @pytest.fixture
    async def again(self, store: SqlStore, tmp_path: Path) -> AsyncIterator[SqlStore]:
        again = await opened(f"sqlite:///{tmp_path}/log.db")
        yield again
        await again.close()

    async def test_the_token_is_in_no_file(self, store: SqlStore, tmp_path: Path) -> None:
        _, token = await store.open_talk("demo")
        assert token.encode() not in everything_in(tmp_path)

    async def test_what_is_forgotten_is_in_no_file(self, store: SqlStore, tmp_path: Path) -> None:
        kept, forgotten = [(await store.open_talk("demo"))[0] for _ in range(2)]
        for talk, text in ((kept, "保留的话"), (forgotten, "要忘掉的话")):
            await store.append(talk, (Message(by="shopper", text=text),) * 50)
        assert "要忘掉的话".encode() in everything_in(tmp_path)
        await store.forget(forgotten)
        assert "要忘掉的话".encode() not in everything_in(tmp_path)
        assert "保留的话".encode() in everything_in(tmp_path)


def everything_in(folder: Path) -> bytes:
    """Every byte of the database and the files beside it."""
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


class TestInMemory(StoreContract):
    """A store in memory has nobody beside it: its second opening is itself."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[SqlStore]:
        store = await opened("sqlite://")
        yield store
        await store.close()

    @pytest.fixture
    async def again(self, store: SqlStore) -> SqlStore:
        return store


@pytest.mark.postgres
class TestOnPostgres(StoreContract, BesideContract):
    @pytest.fixture
    async def url(self) -> AsyncIterator[str]:
        async with fresh_database() as url:
            yield url

    @pytest.fixture
    async def store(self, url: str) -> AsyncIterator[SqlStore]:
        store = await opened(url)
        yield store
        await store.close()

    @pytest.fixture
    async def again(self, store: SqlStore, url: str) -> AsyncIterator[SqlStore]:
        again = await opened(url)
        yield again
        await again.close()
