"""A small run of kill -9; `make faults` runs the full one."""

from __future__ import annotations

import pytest

from tests.faults.kill9 import Plan, Report, kill_again_and_again
from tests.support.postgres import fresh_database


def kept(report: Report) -> None:
    assert report.acknowledged > 0
    assert report.answers > 0
    assert report.clean, report.table()


async def test_on_sqlite_nothing_acknowledged_is_lost_and_every_question_ends() -> None:
    kept(await kill_again_and_again(Plan(kills=3, shoppers=6, pace=0.05, seed=7)))


@pytest.mark.postgres
async def test_on_postgres_nothing_acknowledged_is_lost_and_every_question_ends() -> None:
    async with fresh_database() as url:
        kept(await kill_again_and_again(Plan(kills=2, shoppers=6, pace=0.05, seed=8, database=url)))
