"""Numbers with a unit, ranges of them, and bare numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from assistant.turn.figures.figure import Reading, Readings, same
from assistant.turn.figures.numerals import NUMERAL, Number, neighbours, value_of
from assistant.turn.figures.shapes import is_size
from assistant.turn.figures.units import units

PER = re.compile(r"每个?(?P<unit>天|日|晚|周|星期|月|季度|年|小时|分钟)")
NEXT_DAY = re.compile(r"次日|翌日|隔[天日]")
_NEXT_DAY: Reading = ("next day", 1)
NTH = re.compile(rf"第\s*(?P<n>{NUMERAL})\s*(?P<unit>个?(?:工作日|自然日|[天日周件单年期笔双次]|个?月|星期))")
_NUMERAL = re.compile(rf"(?:(?P<currency>¥|\$|rmb|cny|人民币)\s*)?(?P<n>{NUMERAL}|半)")
_RANGE = re.compile(r"\s*(?:[-~–—]{1,2}|到|至)\s*")
_CROSS = re.compile(r"\s*[*×x/]\s*")
_ABOUT = re.compile(r"(?:多|余|几|来)(?=\s*[^\s\d])")
_AND_A_HALF = re.compile(r"\s*个半(?=\s*(?:小时|钟头|月|星期|工作日))")
_HALF = re.compile(r"半(?![价成袋包年月天])")
_NAME_BEFORE = re.compile(r"[a-z][a-z0-9]*[ \-]?$")
_LIST_BEFORE = re.compile(r"(?:^|[\s。;:,!?])$")
_HAN_LETTER = re.compile(r"[\u4e00-\u9fff]")
_NETWORK = re.compile(r"\s*(?:网|手机|信号|全网|版|wifi|频)")
_EXPLICIT = re.compile(r"[限仅只多少每可能享送赠减换修退补满共购买拍前后第](?:[单人件次位笔个])?$")
_ARTICLES = frozenset(f"count:{c}" for c in "个种张条位人台份套单项双批家层点步把组")
_TIMES = frozenset(["span", "months", "workdays"])


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Number
    readings: tuple[Reading, ...]
    unit: str
    end: int


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure found by its number, with where it stands."""

    start: int
    end: int
    readings: Readings
    weak: bool = False


def read_nth(match: re.Match[str]) -> Readings | None:
    """第7天 is the seventh, and so the last of seven; 第2件 is only the second."""
    value, unit = value_of(match["n"]), match["unit"].lstrip("个")
    if value is None:
        return None
    lasts = [r for r in units().readings(value, unit) if r[0] in ("span", "months", "workdays")]
    nth: Reading = (f"nth:{unit}", value)
    if value == 2 and unit in ("天", "日"):
        lasts.append(_NEXT_DAY)
    return frozenset({nth, *lasts}), frozenset({nth, ("number", value)})


def read_next_day(match: re.Match[str]) -> Readings:
    """次日 is the second day."""
    return frozenset({_NEXT_DAY}), frozenset({_NEXT_DAY, ("nth:天", 2)})


def read_per(match: re.Match[str]) -> Readings:
    """每天 is a rate: wrong only where the source names another."""
    return same(("per", units().readings(1, match["unit"])[0]))


def quantities(text: str) -> Iterator[Quantity]:
    """Every number of `text` that is a figure. `text` is level, lower case, other figures blanked out."""
    position = 0
    while match := _NUMERAL.search(text, position):
        amounts = _amounts(text, match)
        position = max([match.end(), *(amount.end for amount in amounts)])
        if amounts and (quantity := _quantity(text, match, amounts)):
            yield quantity


def _amounts(text: str, match: re.Match[str]) -> list[_Amount]:
    """The number at `match`, or the two ends of a range, or every side of a size (30×40cm)."""
    numeral, currency = match["n"], match["currency"] or ""
    if not currency and (ends := neighbours(numeral)):
        amounts = [_amount(text, end, match.end(), "") for end in ends]
    else:
        value = Fraction(1, 2) if numeral == "半" else value_of(numeral)
        if value is None:
            return []
        amounts = [_amount(text, value, match.end(), currency)]
        amounts += _up_to(text, amounts[0], currency) or _sides(text, amounts[0])
    last = amounts[-1]
    # “3-5天”: the unit stands once, behind the last number.
    return [
        a if a.unit or not last.unit else replace(a, readings=units().readings(a.value, last.unit), unit=last.unit)
        for a in amounts
    ]


def _up_to(text: str, first: _Amount, currency: str) -> list[_Amount]:
    joint = _RANGE.match(text, first.end)
    following = _NUMERAL.match(text, joint.end()) if joint else None
    value = value_of(following["n"]) if following else None
    if following is None or value is None or (first.unit and value <= first.value):
        return []
    last = _amount(text, value, following.end(), following["currency"] or currency)
    if not first.unit and not last.unit and value <= first.value:
        return []
    alike = not first.unit or {r[0] for r in first.readings} & {r[0] for r in last.readings}
    return [last] if alike else []


def _sides(text: str, first: _Amount) -> list[_Amount]:
    found: list[_Amount] = []
    end = first.end
    while (joint := _CROSS.match(text, end)) and (following := _NUMERAL.match(text, joint.end())):
        value = value_of(following["n"])
        if value is None:
            break
        found.append(_amount(text, value, following.end(), ""))
        end = found[-1].end
    return found


def _amount(text: str, value: Number, end: int, currency: str) -> _Amount:
    table = units()
    if currency:
        unit = table.unit.match(text, end)
        end = unit.end() if unit and table.kinds[unit["unit"]][0] == ("money", 100) else end
        return _Amount(value, (("dollar" if currency == "$" else "money", value * 100),), "元", end)
    if half := _AND_A_HALF.match(text, end):
        value, end = value + Fraction(1, 2), half.end()
    elif about := _ABOUT.match(text, end):
        end = about.end()
    begins = (end + 1, end) if text.startswith("个", end) else (end,)
    for begin in begins:
        unit = table.unit.match(text, begin)
        if unit and not _misread(text, unit, begin > end):
            half = _HALF.match(text, unit.end())
            value += Fraction(1, 2) if half else 0
            stop = half.end() if half else unit.end()
            return _Amount(value, table.readings(value, unit["unit"]), unit["unit"], stop)
    return _Amount(value, (), "", end)


def _misread(text: str, unit: re.Match[str], after_ge: bool) -> bool:
    """Whether the unit found is the start of another word (3 + 天猫), or not the one 个 calls for (3个月)."""
    spelling, start = unit["unit"], unit.start("unit")
    if spelling.isascii():
        if text[start - 1].isascii() and text[start - 1].isalpha():
            return True
        # 5g手机 names a network; 5g of tea is a weight.
        return (
            spelling == "g"
            and bool(_NETWORK.match(text, unit.end()))
            and text[max(0, start - 2) : start].strip() in "23456"
        )
    if after_ge and units().kinds[spelling][0][0] not in _TIMES:
        return True
    if spelling == "月" and not after_ge:
        return True
    return bool(units().not_unit.match(text, start))


def _quantity(text: str, match: re.Match[str], amounts: list[_Amount]) -> Quantity | None:
    """The figure the amounts make, or None where they are none at all: a model name, an article, an adverb."""
    first, end = amounts[0], max(a.end for a in amounts)
    spoken = not match["n"][0].isdigit() and not match["currency"]
    before = text[: match.start()]
    if not first.readings:
        # 满三百减五十: spoken numbers stand alone only as money.
        if spoken and not (first.value >= 10 and units().money_before.search(before)):
            return None
        return _bare(text, match, amounts, end)
    kind = first.readings[0][0]
    counts = kind.startswith("count:")
    if counts and not spoken and before[-1:].isascii() and before[-1:].isalpha():
        return None
    weak = False
    if counts or kind in ("score", "star"):
        weak = bool(units().listing.match(text, end)) or first.unit in ("点", "步")
        if spoken and first.value == 1 and len(amounts) == 1 and not _EXPLICIT.search(before):
            # “一个建议” has an article; still “一个仓” contradicts “两个仓”, and “一次” contradicts “三次”.
            weak = True
            if kind in _ARTICLES:
                one: frozenset[Reading] = frozenset({(f"{kind}+{text[end : end + 1]}", 1)})
                return Quantity(match.start(), end, (one, one), weak)
    if len(amounts) > 1:
        return Quantity(match.start(), end, _together(text, match, amounts))
    values = frozenset(first.readings)
    gives = values | {("number", first.value)}
    if kind in _ARTICLES and (noun := text[end : end + 1]).isalpha():
        gives |= {(f"{kind}+{noun}", first.value)}
    return Quantity(match.start(), end, (values, gives), weak)


def _bare(text: str, match: re.Match[str], amounts: list[_Amount], end: int) -> Quantity | None:
    """A number without a unit: money after 满/减/实付 …, nothing inside a name (iPhone 15, A3纸, 4K), else itself."""
    before, after = text[: match.start()], text[end : end + 1]
    if after.isascii() and after.isalpha():
        return None
    if (name := _NAME_BEFORE.search(before)) and not is_size(name[0].strip(" -")):
        return None
    if len(amounts) > 1:
        return Quantity(match.start(), end, _together(text, match, amounts))
    if len(match["n"]) == 1 and _LIST_BEFORE.search(before) and _HAN_LETTER.match(after):
        return None  # “1打开我的订单”: what folding leaves of ①
    number: Reading = ("number", amounts[0].value)
    if units().money_before.search(before):
        money: Reading = ("money", amounts[0].value * 100)
        return Quantity(match.start(), end, (frozenset({money}), frozenset({money, number})))
    return Quantity(match.start(), end, (frozenset({number}), frozenset({number})))


def _together(text: str, match: re.Match[str], amounts: list[_Amount]) -> Readings:
    """A range supports itself and its ends as ends; the sides of a size support each other and themselves."""
    alone = [a.readings or (("number", a.value),) for a in amounts]
    numbers = {("number", a.value) for a in amounts}
    if _CROSS.search(text[match.start() : amounts[-1].end]):
        whole: Reading = ("sides", tuple(readings[0] for readings in alone))
        return frozenset({whole}), frozenset({whole, *numbers, *(r for readings in alone for r in readings)})
    pairs = [(low, high) for low in alone[0] for high in alone[-1] if low[0] == high[0]]
    spans: set[Reading] = {("range", (low[0], low[1], high[1])) for low, high in pairs}
    ends: set[Reading] = {("low", low) for low, _ in pairs} | {("high", high) for _, high in pairs}
    return frozenset(spans), frozenset(spans | ends | numbers)
