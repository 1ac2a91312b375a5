"""Dates as shoppers say them. Today is Sunday, 22 November 2026."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.turn.when import said_moments

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("text", "event", "day"),
    [
        ("5号签收的鞋能退吗", "signed_at", "11-05"),
        ("25号签收的鞋能退吗", "signed_at", "10-25"),
        ("昨天签收的羽绒服不喜欢,能退吗", "signed_at", "11-21"),
        ("前天收到的", "signed_at", "11-20"),
        ("上周三收到的毛衣", "signed_at", "11-11"),
        ("周五签收的", "signed_at", "11-20"),
        ("签收八天了还能退吗", "signed_at", "11-14"),
        ("签收10天了", "signed_at", "11-12"),
        ("今天第八天了,签收的鞋子还能退不", "signed_at", "11-14"),
        ("11月5日签收", "signed_at", "11-05"),
        ("11.5收到的", "signed_at", "11-05"),
        ("半个月前买的", "ordered_at", "11-07"),
        ("三天前下的单", "ordered_at", "11-19"),
        ("十五号拍的", "ordered_at", "11-15"),
        ("刚收到就坏了", "signed_at", "11-22"),
        ("上个星期一买的", "ordered_at", "11-09"),
    ],
)
def test_what_happened_when(text: str, event: str, day: str) -> None:
    assert said_moments(text, NOW)[event].strftime("%m-%d") == day


def test_two_events_in_one_message() -> None:
    found = said_moments("10号下的单,15号签收", NOW)
    assert {name: at.day for name, at in found.items()} == {"ordered_at": 10, "signed_at": 15}


@pytest.mark.parametrize(
    "text", ["能退吗", "满300减50", "7天无理由", "3件", "价保30天", "几号发货", "两天能到吗", "穿36码"]
)
def test_no_date_is_made_up(text: str) -> None:
    assert said_moments(text, NOW) == {}
