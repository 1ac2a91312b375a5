"""The worked cases of the field, every branch, exact in verdict, deadline, payer and amount."""

from __future__ import annotations

import pytest

from assistant.policy import decide, load_policies
from tests.policy.tables import Row, wrong, yaml_rows


@pytest.mark.parametrize("row", yaml_rows("worked.yaml"), ids=lambda row: row.name)
def test_worked_case(row: Row) -> None:
    verdict = decide(load_policies(), row.case)
    assert wrong(row, verdict) == [], verdict.trace
