"""Calendar dates, weekdays and times of day in Chinese text, read into comparable values."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from assistant.turn.figures.figure import Reading, Readings, same
from assistant.turn.figures.numerals import HAN, value_of
from assistant.turn.figures.units import units

_N = rf"(?:\d{{1,2}}|{HAN}{{1,3}})"
_Y = r"(?:\d{4}|\d{2}|[零〇一二三四五六七八九]{4})"
_PART = r"凌晨|清晨|早上|早晨|早|上午|中午|午后|下午|傍晚|晚上|晚间|晚|夜里|夜间|今晚|当晚|明早|明晚"
_NOT_OCLOCK = r"(?![赞评击心滴缀儿]|多元|左右的人)"
_AFTER_OCLOCK = (
    r"(?=\s*(?:前|后|整|半|钟|到|至|[-~–—]|开始|之前|之后|以前|以后|左右|准时|下单|截|发|结束|起|开|下班|上班))"
)

FORMS = re.compile(
    rf"""
    (?=[\d零〇一二两三四五六七八九十廿周星礼每凌清早上中午下傍晚夜今当明])(?:
      (?P<full>(?<![\d.]){_Y}\s*年\s*{_N}\s*月\s*{_N}\s*[日号])
    | (?P<iso>(?<![\d.-])(?:19|20)\d\d\s*[-/.]\s*\d{{1,2}}\s*[-/.]\s*\d{{1,2}}(?!\d))
    | (?P<yearmonth>(?<![\d.])(?:(?:19|20)\d\d|[零〇一二三四五六七八九]{{4}})\s*年\s*{_N}\s*月(?:份|底|初|末)?)
    | (?P<monthday>(?<![\d.]){_N}\s*月\s*{_N}\s*[日号])
    | (?P<clock>(?:(?P<part>{_PART})\s*)?(?<![\d:])(?P<hour>\d{{1,2}})\s*:\s*(?P<minute>[0-5]\d)
               (?::[0-5]\d(?:\.\d+)?)?(?![\d:]?\d))
    | (?P<oclock>(?:(?P<part2>{_PART})\s*(?:的)?\s*(?P<hour2>{_N})\s*[点时]
               |(?<![\d.])(?P<hour3>\d{{1,2}})\s*[点时](?!候|间|尚|装|常|效|刻|段|长|节|代)
               |(?P<hour4>(?<!{HAN})(?<![以注下几这那])(?:[一二两三四五六七八九]|十[一二]?|二十[一二三四]?))点{_AFTER_OCLOCK})
               {_NOT_OCLOCK}(?P<past>半|整|一刻|三刻|\s*{_N}\s*分(?!钟))?)
    | (?P<weekday>(?:每?周|星期|礼拜)(?P<day>[一二三四五六日天末]))(?!岁|年|个|期|次|件|周|天)
    | (?P<month>(?<![\d.个]){_N}\s*月(?:份|底|初|末|中旬|上旬|下旬)?(?!\d|无))
    | (?P<year>(?<!\d)(?:19|20)\d\d\s*年|(?<!{HAN})[一二][零〇九]{HAN}{{2}}年)
    | (?P<short>(?<![\d./:a-zA-Z¥-])\d{{1,2}}[-/.]\d{{1,2}}(?![\d./-]|\s*[%折*×x])))
    """,
    re.VERBOSE,
)

_NUMBERS = re.compile(rf"\d+|{HAN}+")


def _numbers(text: str) -> list[int]:
    return [int(value_of(n) or 0) for n in _NUMBERS.findall(text)]


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _full(match: re.Match[str]) -> Readings | None:
    year, month, day = _numbers(match[0])
    year += 2000 if year < 100 else 0
    if not _is_day(month, day):
        return None
    date: Reading = ("date", (year, month, day))
    return frozenset({date}), frozenset(
        {date, ("monthday", (month, day)), ("day", day), ("month", month), ("year", year)}
    )


def _yearmonth(match: re.Match[str]) -> Readings:
    year, month = _numbers(match[0])[:2]
    whole: Reading = ("yearmonth", (year, month))
    return frozenset({whole}), frozenset({whole, ("month", month), ("year", year)})


def _monthday(match: re.Match[str]) -> Readings | None:
    month, day = _numbers(match[0])
    if not _is_day(month, day):
        return None
    return frozenset({("monthday", (month, day))}), frozenset(
        {("monthday", (month, day)), ("day", day), ("month", month)}
    )


# A slash, dot or dash date must not go on as a quantity (“3-5天”, “11.12元”).
_QUANTITY_AFTER = re.compile(r"[百千万亿多余几来半]|个(?:工作日|自然日|月|小时|星期|钟)")


def _short(match: re.Match[str]) -> Readings | None:
    """11-12, 11/12 or 11.12: a date if it can be one; elsewhere two numbers, a score or a share."""
    if units().unit.match(match.string, match.end()) or _QUANTITY_AFTER.match(match.string, match.end()):
        return None
    left, right = _numbers(match[0])
    value = Fraction(match[0]) if "." in match[0] else None
    also: set[Reading] = {("number", value), ("money", value * 100)} if value else set()
    if "/" in match[0] and right:
        also.add(("rate", Fraction(left, right)))
    if "-" in match[0]:
        also.add(("range", ("number", Fraction(left), Fraction(right))))
    if not _is_day(left, right):
        return (frozenset(also), frozenset(also)) if also else None
    date: set[Reading] = {("monthday", (left, right))}
    return frozenset(date | also), frozenset(date | also | {("day", right), ("month", left)})


def _month(match: re.Match[str]) -> Readings | None:
    month = _numbers(match[0])[0]
    return same(("month", month)) if 1 <= month <= 12 else None


def _year(match: re.Match[str]) -> Readings:
    return same(("year", _numbers(match[0])[0]))


def _weekday(match: re.Match[str]) -> Readings:
    return same(("weekday", match["day"].replace("天", "日")))


_PAST = {"半": 30, "整": 0, "一刻": 15, "三刻": 45}
_LATE = ("午后", "下午", "傍晚", "晚", "夜")


def _clock(match: re.Match[str]) -> Readings:
    part = match["part"] or match["part2"] or ""
    spoken = match["hour2"] or match["hour3"] or match["hour4"]
    hour = int(match["hour"]) if match["hour"] else int(value_of(spoken) or 0)
    past = match["past"] or ""
    minute = int(match["minute"] or 0) or _PAST.get(past, 0) or (_numbers(past)[0] if _NUMBERS.search(past) else 0)
    late = hour < 12 and (any(word in part for word in _LATE) or (part == "中午" and hour < 10))
    exact: Reading = ("clock", (hour + (12 if late else 0)) * 60 + minute)
    if part or match["hour"] or hour > 12:
        # “晚上8点” may be called “8点” afterwards; “20:00” may not.
        spoken_of: set[Reading] = {("clock12", hour * 60 + minute)} if late else set()
        return frozenset({exact}), frozenset({exact} | spoken_of)
    return frozenset({exact, ("clock12", hour * 60 + minute)}), frozenset({exact})


_READ: dict[str, Callable[[re.Match[str]], Readings | None]] = {
    "full": _full,
    "iso": _full,
    "yearmonth": _yearmonth,
    "monthday": _monthday,
    "short": _short,
    "month": _month,
    "year": _year,
    "weekday": _weekday,
    "clock": _clock,
    "oclock": _clock,
}


def read_moment(match: re.Match[str]) -> Readings | None:
    """What a match of `FORMS` says; None where it turns out to be no date at all (“13月40日”)."""
    return next(read for name, read in _READ.items() if match[name])(match)
