"""Figures in an answer that promise something: how long, how much, how many; units made one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from knowledge.text import fold

_AROUND = 8
"""Characters on each side of a figure that tell what it is about."""

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_AMOUNT = r"(?P<n>\d{1,9}(?:,\d{3}){0,3}(?:\.\d{1,4})?|[零〇一二三四五六七八九十百千万两]{1,9}|半)"
_UNITS: dict[str, tuple[str, Fraction]] = {
    "分钟": ("时间", Fraction(1, 60)),
    "小时": ("时间", Fraction(1)),
    "天": ("时间", Fraction(24)),
    "日": ("时间", Fraction(24)),
    "工作日": ("时间", Fraction(24)),
    "自然日": ("时间", Fraction(24)),
    "周": ("时间", Fraction(168)),
    "星期": ("时间", Fraction(168)),
    "月": ("时间", Fraction(720)),
    "年": ("时间", Fraction(8760)),
    "元": ("金额", Fraction(1)),
    "块": ("金额", Fraction(1)),
    "块钱": ("金额", Fraction(1)),
    "角": ("金额", Fraction(1, 10)),
    "%": ("比例", Fraction(1)),
    "折": ("折扣", Fraction(1)),
} | {unit: (unit, Fraction(1)) for unit in ("件", "次", "倍", "张", "kg", "cm", "mm", "ml", "积分")}
_FIGURE = re.compile(
    rf"(?P<sign>[¥￥])?(?<![\d.一二三四五六七八九十百千万第]){_AMOUNT}\s?(?:个)?\s?"
    r"(?P<u>工作日|自然日|分钟|小时|星期|积分|块钱|kg|cm|mm|ml|[天日周月年元块角%折件次倍张])?(?P<after>[内之]?)"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its unit made one: `三十天`, `30 天` and `720小时` are equal."""

    measure: str
    """`时间`, `金额`, `比例` …: only figures of one measure are compared."""
    value: Fraction
    """In hours, yuan, per cent or pieces."""
    written: str
    """As the answer says it, folded."""
    around: frozenset[str]
    """The characters around it, which tell what it is about."""
    before: str
    """The words between the figure before it, or the start, and this one."""


def figures(text: str) -> list[Figure]:
    """The figures of `text` that say how long, how much or how many. Calendar dates are none."""
    found: list[Figure] = []
    end = 0
    for match in _FIGURE.finditer(fold(text).replace("￥", "¥")):
        unit = match["u"] or ("元" if match["sign"] else "")
        value = _value(match["n"])
        if not unit or value is None or _is_date(match, unit, value):
            continue
        measure, size = _UNITS[unit]
        written = f"{match['sign'] or ''}{match['n']}{'个' if unit == '月' else ''}{match['u'] or ''}"
        near = match.string[max(0, match.start() - _AROUND) : match.start()] + match.string[match.end() :][:_AROUND]
        before = re.sub(r"\W", "", match.string[end : match.start()])
        end = match.end()
        found.append(Figure(measure, value * size, written, frozenset(re.sub(r"[\W\d_]", "", near)), before))
    return found


def _value(written: str) -> Fraction | None:
    if written[0].isdigit():
        return Fraction(written.replace(",", ""))
    if written == "半":
        return Fraction(1, 2)
    total = section = digit = 0
    for char in written:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _TENS[char], 0
    return Fraction(total + section + digit)


def _is_date(match: re.Match[str], unit: str, value: Fraction) -> bool:
    """Whether `11月`, `2026年`, `11日` name a day of the calendar, not a length."""
    text, start = match.string, match.start()
    if unit == "月":
        return "个" not in match[0]
    if unit == "年":
        return value > 50
    if unit == "日":
        return start > 0 and text[start - 1] == "月"
    return unit in ("天", "次", "件") and start > 0 and text[start - 1] in "第每"
