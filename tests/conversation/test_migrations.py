"""The schema is brought up step by step, once, and never down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from assistant.conversation.events import Message
from assistant.conversation.migrations import ALL, SchemaTooNew, migrate
from assistant.conversation.sql import open_store
from assistant.conversation.tables import METADATA
from knowledge.database import open_engine
from tests.support.postgres import fresh_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/log.db"
    else:
        async with fresh_database() as url:
            yield url


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url)
    yield engine
    await engine.dispose()


async def with_language(connection: AsyncConnection) -> None:
    """A step as a later version might have it."""
    await connection.execute(text("ALTER TABLE talks ADD COLUMN language TEXT NOT NULL DEFAULT 'zh'"))


async def breaks_half_way(connection: AsyncConnection) -> None:
    await with_language(connection)
    await connection.execute(text("CREATE TABLE talks (id TEXT)"))


async def test_every_step_is_taken_once(engine: AsyncEngine) -> None:
    assert await migrate(engine) == len(ALL)
    assert await migrate(engine) == 0


async def test_the_steps_lead_to_the_tables_the_store_speaks_to(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: {
                name: {column["name"]: column["nullable"] for column in inspect(sync).get_columns(name)}
                for name in inspect(sync).get_table_names()
            }
        )
    for table in METADATA.sorted_tables:
        assert found[table.name] == {column.name: bool(column.nullable) for column in table.columns}


async def test_processes_that_start_together_take_turns(url: str) -> None:
    engines = [open_engine(url) for _ in range(4)]
    assert sorted(await asyncio.gather(*map(migrate, engines))) == [0, 0, 0, len(ALL)]
    for engine in engines:
        await engine.dispose()


async def test_a_later_step_keeps_what_is_there(url: str) -> None:
    store = await open_store(open_engine(url))
    talk, _ = await store.open_talk("demo")
    await store.append(talk, (Message(by="shopper", text="在吗"),))
    await store.close()
    engine = open_engine(url)
    assert await migrate(engine, (*ALL, with_language)) == 1
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT language FROM talks"))).scalar() == "zh"
        assert (await connection.execute(text("SELECT count(*) FROM events"))).scalar() == 1
    await engine.dispose()


async def test_an_older_program_refuses_a_newer_database_and_leaves_it_alone(engine: AsyncEngine) -> None:
    await migrate(engine, (*ALL, with_language))
    with pytest.raises(SchemaTooNew, match=f"第 {len(ALL) + 1} 步，本程序只认到第 {len(ALL)} 步"):
        await migrate(engine)
    assert await migrate(engine, (*ALL, with_language)) == 0


async def test_a_step_that_breaks_leaves_nothing_half_done(engine: AsyncEngine) -> None:
    await migrate(engine)
    with pytest.raises(Exception, match="talks"):
        await migrate(engine, (*ALL, breaks_half_way))
    assert await migrate(engine, (*ALL, with_language)) == 1
