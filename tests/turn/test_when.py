"""Dates as shoppers say them. Today is Sunday, 22 November 2026."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.turn.when import bare_day, said_moments

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
        ("上礼拜四到的", "signed_at", "11-12"),
        ("上个月20号收到的炸锅", "signed_at", "10-20"),
        ("五月二十六号收的", "signed_at", "05-26"),
        ("收到四十天的包", "signed_at", "10-13"),
        ("大前天收的", "signed_at", "11-19"),
        ("今天是收货第七天", "signed_at", "11-15"),
    ],
)
def test_what_happened_when(text: str, event: str, day: str) -> None:
    assert said_moments(text, NOW).days[event].strftime("%m-%d") == day


def test_two_events_in_one_message() -> None:
    found = said_moments("10号下的单,15号签收", NOW).days
    assert {name: at.day for name, at in found.items()} == {"ordered_at": 10, "signed_at": 15}


@pytest.mark.parametrize(
    "text", ["能退吗", "满300减50", "7天无理由", "3件", "价保30天", "几号发货", "两天能到吗", "穿36码"]
)
def test_no_date_is_made_up(text: str) -> None:
    assert not said_moments(text, NOW).days


@pytest.mark.parametrize("text", ["三个月前收到的", "到手十来天", "半个月前签收", "收到二十多天了"])
def test_a_rough_time_is_no_day_to_count_from(text: str) -> None:
    moments = said_moments(text, NOW)
    assert moments.rough == {"signed_at"}


def test_a_day_said_later_corrects_the_one_said_before() -> None:
    earlier, later = said_moments("三个月前收到的", NOW), said_moments("是8月20号签收的", NOW)
    both = earlier.then(later)
    assert both.days["signed_at"].strftime("%m-%d") == "08-20"
    assert not both.rough


def test_a_bare_day_answers_the_question_when() -> None:
    day = bare_day("11月3号", NOW)
    assert day is not None
    assert day.strftime("%m-%d") == "11-03"
    assert bare_day("好久了", NOW) is None
