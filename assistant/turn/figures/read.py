"""Finds the figures of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from assistant.turn.figures.figure import Bound, Figure, Readings
from assistant.turn.figures.moments import FORMS, read_moment
from assistant.turn.figures.numerals import HAN
from assistant.turn.figures.quantities import NEXT_DAY, NTH, PER, quantities, read_next_day, read_nth, read_per
from assistant.turn.figures.shapes import SHAPES, read_shape
from assistant.turn.figures.units import units
from assistant.turn.lexicon import level

_HAS_FIGURE = re.compile(rf"\d|{HAN}|半|每|[次翌隔][天日]|对折|周|星期|礼拜|均码|(?<![a-z])(?:[2-5]?x*[sl]|m)(?![a-z])")
_LIST_MARK = re.compile(
    r"(?m)(?:(?<=[\s。;:,!?、)])|^)(?:\(\d{1,2}\)|\d{1,2}(?:[.、)](?!\d)))(?=\s*[^\d\s])"
    r"|第[一二三四五六七八九十\d]{1,3}(?:步|点|条|项|章|种|类|款|页|位|名|个(?!工作日|月|星期)|时间|节|方面|(?=[,:、是]))"
    r"|(?:步骤|方法|方案|方式|情况|选项|图|表)[一二三四五六七八九十\d]{1,2}(?![\d.]|\s*[元天个件%])"
)
_DENIES = re.compile(r"不(?!错|仅|但|同|论|管|过|好意思|锈)|无法|没|未(?!来)|概不|恕|谢绝|拒")
_CLAUSE_ENDS = ",。;!?\n"
_BLANK = "\x00"


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Readings | None]], ...] = (
    (FORMS, read_moment),
    (NTH, read_nth),
    (SHAPES, read_shape),
    (PER, read_per),
    (NEXT_DAY, read_next_day),
)


def _hide(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: _BLANK * len(match[0]), text)


@lru_cache(maxsize=4096)
def figures(text: str) -> tuple[Figure, ...]:
    """All figures of `text`, in order; positions are those of `text`."""
    plain = level(text)
    lower = plain.lower()
    if len(lower) != len(plain):
        lower = plain
    if not _HAS_FIGURE.search(lower):
        return ()
    rest = _hide(_LIST_MARK, _hide(units().idiom, lower))
    found: list[Figure] = []
    for pattern, read in _READERS:
        left = rest
        for match in pattern.finditer(rest):
            if readings := read(match):
                start, end = match.span()
                found.append(
                    _figure(plain, start, end, readings, weak=pattern in (PER, NEXT_DAY) or match[0].endswith("次"))
                )
                left = left[:start] + _BLANK * (end - start) + left[end:]
        rest = left
    found += [_figure(plain, q.start, q.end, q.readings, weak=q.weak) for q in quantities(rest)]
    return tuple(sorted(found, key=lambda figure: figure.start))


def _figure(plain: str, start: int, end: int, readings: Readings, *, weak: bool = False) -> Figure:
    before = plain[max(0, start - 8) : start]
    bound: Bound = next((b for b, pattern in units().after if pattern.match(plain, end)), "")
    bound = bound or next((b for b, pattern in units().before if pattern.search(before)), "")
    negated = bool(bound) and bool(_DENIES.search(plain, *_clause(plain, start, end)))
    means, gives = readings
    return Figure(plain[start:end], start, end, means, gives, bound, negated, weak)


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch between punctuation marks around `start` … `end`."""
    left = start
    while left and text[left - 1] not in _CLAUSE_ENDS:
        left -= 1
    right = end
    while right < len(text) and text[right] not in _CLAUSE_ENDS:
        right += 1
    return left, right
