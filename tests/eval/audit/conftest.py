"""A database with conversations in it, as the product stores them, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from eval.audit.rules import Rules, load_rules
from knowledge.database import open_engine
from tests.support.postgres import fresh_database


@pytest.fixture(scope="session")
def rules() -> Rules:
    """The shipped rules."""
    return load_rules()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        opened = open_engine(f"sqlite:///{tmp_path / 'log.db'}")
        yield opened
        await opened.dispose()
        return
    async with fresh_database() as url:
        opened = open_engine(url)
        yield opened
        await opened.dispose()
