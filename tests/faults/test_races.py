"""A small run of the races and of the cut sockets; `python -m tests.faults races` runs the full ones."""

from __future__ import annotations

import pytest

from tests.faults.cuts import cut
from tests.faults.races import race
from tests.support.postgres import fresh_database


async def test_on_sqlite_a_line_has_one_owner_and_the_assistant_is_silent() -> None:
    found = await race(120, seed=5)
    assert found.claims > 60
    assert found.moves > 30
    assert found.clean, found.table()


@pytest.mark.postgres
async def test_on_postgres_a_line_has_one_owner_and_the_assistant_is_silent() -> None:
    async with fresh_database() as url:
        found = await race(80, seed=6, url=url)
    assert found.claims > 40
    assert found.clean, found.table()


async def test_after_cuts_both_sides_show_the_log() -> None:
    found = await cut(240, seed=7, talks=6)
    assert found.messages >= 240
    assert found.cuts > 0
    assert found.clean, found.table()
