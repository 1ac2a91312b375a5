"""Dates in a shopper's words: “5号签收的”, “上周三收到”, “签收八天了”, “昨天买的”."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from assistant.turn.figures.numerals import HAN

_N = rf"(\d{{1,3}}|{HAN}+|半)"
_EVENTS = {
    "signed_at": re.compile(r"签收|收到|收的?货|拿到|到货|到手|取(?:的|件|到)"),
    "ordered_at": re.compile(r"下的?单|拍(?:的|下)|买(?!家|贵|一送)|订(?:的|购)|购买"),
    "paid_at": re.compile(r"付(?:的|了)?(?:款|钱)"),
}
_ABSOLUTE = re.compile(
    r"(?:(\d{4})\s*年\s*)?(\d{1,2})\s*(?:月|[./-])\s*(\d{1,2})\s*(?:日|号)?(?!\d|\s*(?:天|元|块|件|折|码|cm|斤))"
)
_DAY = re.compile(r"(?<![\d月第满])(\d{1,2}|二?十[一二三四五六七八九]?|[一二三四五六七八九]|三十一?)\s*[号日](?!码|线)")
_NEAR = (
    ("大前天", 3),
    ("前天", 2),
    ("前晚", 2),
    ("昨", 1),
    ("今天", 0),
    ("今早", 0),
    ("今晚", 0),
    ("刚刚?(?:才)?(?:签收|收到|买|拿到|下单|到)", 0),
)
_AGO = re.compile(rf"(?:{_N}\s*(?:个)?(天|日|星期|周|礼拜|月)(?:之?前|以前|了|多了|多)|前{_N}(天))")
_WEEKDAY = re.compile(r"(上上|上|这|本)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_NTH = re.compile(rf"第\s*{_N}\s*天")
_HAN_DAY = {c: n for n, c in enumerate("一二三四五六日", 1)} | {"天": 7}


def said_moments(text: str, now: datetime) -> Mapping[str, datetime]:
    """What happened when, as far as `text` (folded) says: `signed_at`, `ordered_at`, `paid_at`, at noon of that day.

    Rules count whole days, so noon is as good as any hour; a day is never in the future. A date without an event
    word is the signing's where the text speaks of receiving, else it is left out.
    """
    found: dict[str, datetime] = {}
    for day, at in _days(text, now):
        event = _event_near(text, at)
        if event and event not in found:
            found[event] = day
    return found


def _days(text: str, now: datetime) -> Iterator[tuple[datetime, int]]:
    """Each day named, with where in the text."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    left = text
    for match in _ABSOLUTE.finditer(text):
        year, month, day = int(match[1] or now.year), int(match[2]), int(match[3])
        if (moment := _real(noon, year, month, day)) is not None:
            yield moment if moment <= now or match[1] else moment.replace(year=year - 1), match.start()
            left = left.replace(match[0], " " * len(match[0]), 1)
    for match in _NTH.finditer(left):
        # “今天第八天”: day one is the day after the event.
        yield noon - timedelta(days=_number(match[1])), match.start()
        left = left.replace(match[0], " " * len(match[0]), 1)
    for match in _AGO.finditer(left):
        many = _number(match[1] or match[3])
        unit = {"天": 1, "日": 1, "月": 30}.get(match[2] or match[4], 7)
        if unit == 30 and match[1] == "半":
            many = 0.5
        yield noon - timedelta(days=round(many * unit)), match.start()
        left = left.replace(match[0], " " * len(match[0]), 1)
    for match in _WEEKDAY.finditer(left):
        monday = noon - timedelta(days=now.weekday())
        back = {"上上": 14, "上": 7}.get(match[1] or "", 0)
        weekday = monday + timedelta(days=_HAN_DAY[match[2]] - 1 - back)
        yield weekday if weekday <= now else weekday - timedelta(days=7), match.start()
    for match in _DAY.finditer(left):
        day_number = int(_number(match[1]))
        moment = _real(noon, now.year, now.month, day_number)
        if moment is None or moment.date() > now.date():
            before = now.replace(day=1) - timedelta(days=1)
            moment = _real(noon, before.year, before.month, day_number)
        if moment is not None:
            yield moment, match.start()
    for word, days in _NEAR:
        if (near := re.search(word, left)) is not None:
            yield noon - timedelta(days=days), near.start()
            break


def _real(noon: datetime, year: int, month: int, day: int) -> datetime | None:
    try:
        return noon.replace(year=year, month=month, day=day)
    except ValueError:
        return None


def _event_near(text: str, at: int) -> str | None:
    """The event word nearest to a date, within a dozen characters."""
    near = [
        (abs(match.start() - at), name)
        for name, pattern in _EVENTS.items()
        for match in pattern.finditer(text)
        if abs(match.start() - at) <= 12
    ]
    return min(near)[1] if near else None


def _number(text: str) -> float:
    if text == "半":
        return 0.5
    if text.isdigit():
        return int(text)
    digits = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
    tens, mark, ones = text.partition("十")
    if mark:
        return 10 * digits.get(tens, 1) + digits.get(ones, 0)
    return digits.get(text, 0)
