"""A fresh PostgreSQL database for a test, or a line that says why there is none."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from knowledge.database import open_engine

SERVER = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")


@contextlib.asynccontextmanager
async def fresh_database() -> AsyncIterator[str]:
    """The URL of an empty database that is dropped afterwards. Skips the test where no server answers."""
    admin = open_engine(f"{SERVER}/postgres").execution_options(isolation_level="AUTOCOMMIT")
    name = f"dianban_test_{secrets.token_hex(6)}"
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
    except (OSError, ImportError) as why:
        await admin.dispose()
        pytest.skip(f"PostgreSQL: no server at {SERVER} ({type(why).__name__})")
    try:
        yield f"{SERVER}/{name}"
    finally:
        async with admin.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.dispose()
