"""Dates in a shopper's words: “5号签收的”, “上周三收到”, “签收八天了”, “昨天买的”."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assistant.turn.figures.numerals import HAN

_N = rf"(\d{{1,3}}|{HAN}+|半)"
_HAN_DAY_NUMBER = r"二?十[一二三四五六七八九]?|[一二三四五六七八九]|三十一?"
_EVENTS = {
    "signed_at": re.compile(
        r"签(?:收|的)|收到|收的?货|收的|拿到|到货|到手|取(?:的|件|到)|(?<![买不感得])到(?:的|了)|送到"
    ),
    "ordered_at": re.compile(r"下的?单|拍(?:的|下)|买(?!家|贵|一送|大|小|多|错)|订(?:的|购)|购买"),
    "paid_at": re.compile(r"付(?:的|了)?(?:款|钱)"),
}
_ABSOLUTE = re.compile(
    r"(?:(\d{4})\s*年\s*)?(\d{1,2})\s*(?:月|[./-])\s*(\d{1,2})\s*(?:日|号)?(?!\d|\s*(?:天|元|块|件|折|码|cm|斤))"
)
_DAY = re.compile(rf"(?<![\d月第满])(\d{{1,2}}|{_HAN_DAY_NUMBER})\s*[号日](?!码|线)")
_NEAR = (
    ("大前天", 3),
    ("(?<!大)前天", 2),
    ("前晚", 2),
    ("昨", 1),
    ("今(?:天|早|晚|日|儿)(?!.{0,2}第)", 0),
    ("刚刚?(?:才)?(?:签收|收到|买|拿到|下单|到(?!期)|取)", 0),
)
_ABOUT = r"(?:来|多|几|好几)"
_AGO = re.compile(
    rf"(?P<n>{_N})(?P<rough>来|多|几)?\s*个?(?P<unit>天|日|星期|周|礼拜|月)(?P<more>多|左右)?(?:之?前|以前|了(?!解)|有余)|前(?P<m>{_N})(?P<days>天)"
)
_SINCE = re.compile(
    rf"(?:签收|收到|收货|到手|拿到|到货|买(?:来|了)?|下单)(?:都|已经?|快|刚好|正好|才|有|也)*"
    rf"(?P<n>{_N})(?P<rough>来|多|几)?\s*个?(?P<unit>天|日|星期|周|礼拜|月)(?P<more>多|左右)?"
    r"(?!\s*(?:内|以内|之内|无理由|包退|只换|换新|保|才|之?后|以后|就|的?价保|退货期))"
)
_LAST_MONTH = re.compile(
    r"上个?月\s*(\d{1,2}|二?十[一二三四五六七八九]?|[一二三四五六七八九]|三十一?)\s*[号日]?(?!\d|个)"
)
_HAN_DATE = re.compile(
    r"([一二三四五六七八九十]{1,2})月(二?十[一二三四五六七八九]?|[一二三四五六七八九]|三十一?)[号日]?"
)
_WEEKDAY = re.compile(r"(上上|大上|上|这|本)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_NTH = re.compile(rf"第\s*{_N}\s*天")
_HAN_DAY = {c: n for n, c in enumerate("一二三四五六日", 1)} | {"天": 7}


@dataclass(frozen=True, slots=True)
class Moments:
    """Days a shopper named, by what happened on them: `signed_at`, `ordered_at`, `paid_at`."""

    days: Mapping[str, datetime] = field(default_factory=dict)
    rough: frozenset[str] = frozenset()
    """Those that were only said roughly (三个月前, 十来天了): too vague to count a window from."""

    def then(self, later: Moments) -> Moments:
        """These, corrected by what was said later."""
        kept = self.rough - set(later.days)
        return Moments({**self.days, **later.days}, kept | later.rough)


def said_moments(text: str, now: datetime) -> Moments:
    """What happened when, as far as `text` (folded) says, at noon of that day.

    Rules count whole days, so noon is as good as any hour; a day is never in the future. A date without an event
    word is the signing's where the text speaks of receiving, else it is left out.
    """
    found: dict[str, datetime] = {}
    rough: set[str] = set()
    for day, at, vague in _days(text, now):
        event = _event_near(text, at)
        if event and event not in found:
            found[event] = day
            if vague:
                rough.add(event)
    return Moments(found, frozenset(rough))


def bare_day(text: str, now: datetime) -> datetime | None:
    """The first exact day in a text that names no event: the answer to “您是哪天签收的”."""
    return next((day for day, _, vague in _days(text, now) if not vague), None)


def _days(text: str, now: datetime) -> Iterator[tuple[datetime, int, bool]]:
    """Each day named, with where in the text and whether it is only roughly that day."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    left = text

    def done(match: re.Match[str]) -> None:
        nonlocal left
        left = left.replace(match[0], " " * len(match[0]), 1)

    for match in _ABSOLUTE.finditer(text):
        year, month, day = int(match[1] or now.year), int(match[2]), int(match[3])
        if (moment := _real(noon, year, month, day)) is not None:
            yield moment if moment <= now or match[1] else moment.replace(year=year - 1), match.start(), False
            done(match)
    for match in _HAN_DATE.finditer(left):
        if (moment := _real(noon, now.year, int(_number(match[1])), int(_number(match[2])))) is not None:
            yield moment if moment <= now else moment.replace(year=now.year - 1), match.start(), False
            done(match)
    for match in _LAST_MONTH.finditer(left):
        before = now.replace(day=1) - timedelta(days=1)
        if (moment := _real(noon, before.year, before.month, int(_number(match[1])))) is not None:
            yield moment, match.start(), False
            done(match)
    for match in _NTH.finditer(left):
        # “今天第八天”: day one is the day after the event.
        yield noon - timedelta(days=_number(match[1])), match.start(), False
        done(match)
    for pattern in (_AGO, _SINCE):
        for match in pattern.finditer(left):
            back, vague = _length(match)
            yield noon - timedelta(days=back), match.start(), vague
            done(match)
    for match in _WEEKDAY.finditer(left):
        monday = noon - timedelta(days=now.weekday())
        weekday = monday + timedelta(
            days=_HAN_DAY[match[2]] - 1 - {"上上": 14, "大上": 14, "上": 7}.get(match[1] or "", 0)
        )
        yield weekday if weekday.date() <= now.date() else weekday - timedelta(days=7), match.start(), False
    for match in _DAY.finditer(left):
        day_number = int(_number(match[1]))
        moment = _real(noon, now.year, now.month, day_number)
        if moment is None or moment.date() > now.date():
            before = now.replace(day=1) - timedelta(days=1)
            moment = _real(noon, before.year, before.month, day_number)
        if moment is not None:
            yield moment, match.start(), False
    near = [(found.start(), days) for word, days in _NEAR if (found := re.search(word, left)) is not None]
    for at, days in sorted(near):
        yield noon - timedelta(days=days), at, False


def _length(match: re.Match[str]) -> tuple[int, bool]:
    """Days back, and whether that is only roughly so: months always are, and what has a “来”, “多” or “左右”."""
    groups = match.groupdict()
    if groups.get("days"):
        return round(_number(groups["m"])), False
    many, unit = _number(groups["n"]), groups["unit"]
    days = many * {"天": 1, "日": 1, "月": 30}.get(unit, 7)
    return round(days), unit == "月" or bool(groups["rough"] or groups["more"])


def _real(noon: datetime, year: int, month: int, day: int) -> datetime | None:
    try:
        return noon.replace(year=year, month=month, day=day)
    except ValueError:
        return None


def _event_near(text: str, at: int) -> str | None:
    """The event word nearest to a date, within a dozen characters; of two, the one behind it (“前天买的今天到的”)."""
    near = [
        (abs(match.start() - at) + (0 if match.start() >= at else 1), name)
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
