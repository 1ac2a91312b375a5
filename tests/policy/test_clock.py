"""When a window closes, for each way of counting."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from assistant.policy import Case, MissingHolidayYear, decide, load_policies
from assistant.policy.clock import Holidays, add_months, closes_at
from assistant.policy.model import Window

HOLIDAYS = load_policies().holidays


def window(**changes: Any) -> Window:
    base = {
        "trigger": "signed_at",
        "length": 7,
        "first_day": "next_day",
        "end": "end_of_day",
        "timezone": "Asia/Shanghai",
    }
    return Window.model_validate({**base, **changes})


@pytest.mark.parametrize(
    ("changes", "start", "closes"),
    [
        pytest.param({}, "2026-11-05T10:20", "2026-11-13T00:00", id="seven whole days after the day of signing"),
        pytest.param({"first_day": "same_day"}, "2026-11-05T10:20", "2026-11-12T00:00", id="the day itself is day one"),
        pytest.param({"length": 0}, "2026-11-05T10:20", "2026-11-06T00:00", id="only what is left of the day"),
        pytest.param({"length": 12, "unit": "month"}, "2026-06-20T09:00", "2027-06-21T00:00", id="a year to the day"),
        pytest.param({"length": 1, "unit": "month"}, "2026-01-31T09:00", "2026-03-01T00:00", id="no 31st in February"),
        pytest.param({"length": 12, "unit": "month"}, "2024-02-29T09:00", "2025-03-01T00:00", id="no 29th next year"),
        pytest.param({"length": 3, "unit": "workday"}, "2026-09-30T09:00", "2026-10-11T00:00", id="over a holiday"),
        pytest.param({"length": 2, "unit": "workday"}, "2026-11-06T09:00", "2026-11-11T00:00", id="over a weekend"),
        pytest.param(
            {"length": 48, "unit": "hour", "end": "exact_moment"},
            "2026-11-11T10:00",
            "2026-11-13T10:00:01",
            id="the forty-eighth hour itself is inside",
        ),
        pytest.param(
            {"length": 2, "end": "exact_moment"}, "2026-11-11T10:00", "2026-11-13T10:00:01", id="two days to the moment"
        ),
        pytest.param({"holiday_rollover": "statutory"}, "2026-09-25T10:00", "2026-10-09T00:00", id="past the holiday"),
        pytest.param({"holiday_rollover": "statutory"}, "2026-03-07T10:00", "2026-03-15T00:00", id="weekends no"),
        pytest.param(
            {"holiday_rollover": "statutory_and_weekend"}, "2026-03-07T10:00", "2026-03-17T00:00", id="weekends too"
        ),
        pytest.param(
            {"holiday_rollover": "statutory_and_weekend"}, "2026-02-07T10:00", "2026-02-15T00:00", id="worked Saturday"
        ),
    ],
)  # fmt: skip
def test_when_it_closes(changes: dict[str, Any], start: str, closes: str) -> None:
    found, _ = closes_at(datetime.fromisoformat(f"{start}+08:00"), window(**changes), HOLIDAYS)
    assert found == datetime.fromisoformat(f"{closes}+08:00")


def test_a_year_nobody_entered_fails_loudly() -> None:
    with pytest.raises(MissingHolidayYear, match="2027"):
        closes_at(datetime.fromisoformat("2026-12-28T10:00+08:00"), window(holiday_rollover="statutory"), HOLIDAYS)
    line = {"line": "1", "category": "家居", "paid_fen": 100}
    order = {"ordered_at": "2026-12-25", "signed_at": "2026-12-28", "lines": [line]}
    case = Case.from_json({"id": "1", "now": "2026-12-29", "wish": "return", "order": order, "said": {"intact": True}})
    with pytest.raises(MissingHolidayYear, match=r"holidays\.yaml"):
        decide(load_policies(), case)


def test_a_window_that_does_not_move_needs_no_table() -> None:
    closes, _ = closes_at(datetime.fromisoformat("2030-12-28T10:00+08:00"), window(), Holidays())
    assert closes == datetime.fromisoformat("2031-01-05T00:00+08:00")


def test_months_keep_to_the_calendar() -> None:
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)
    assert add_months(date(2026, 1, 15), 24) == date(2028, 1, 15)
