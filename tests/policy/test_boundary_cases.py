"""Hundreds of cases on the edge of a rule, in tables a merchant can read."""

from __future__ import annotations

import pytest

from assistant.policy import decide, load_policies
from tests.policy.tables import Row, csv_rows, wrong, yaml_rows

TABLES = ("seven_days.csv", "intact.csv", "exclusions.csv", "faults.csv", "promises.csv")
ROWS = [row for name in TABLES for row in csv_rows(name)] + yaml_rows("partial_returns.yaml")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_boundary_case(row: Row) -> None:
    verdict = decide(load_policies(), row.case)
    assert wrong(row, verdict) == [], verdict.trace


def test_there_are_at_least_two_hundred_of_them() -> None:
    assert len(ROWS) >= 200
