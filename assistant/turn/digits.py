"""Digits however they are written: ASCII, full-width, ①, 幺三八, 138 0013 8000, l38oo138ooo, with signs between."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_HAN = {c: str(n % 10) for n, c in enumerate("零一二三四五六七八九")}
_HAN |= {c: str(n + 1) for n, c in enumerate("壹贰叁肆伍陆柒捌玖")}
_HAN |= {"〇": "0", "幺": "1", "两": "2", "陸": "6", "貳": "2", "參": "3", "洞": "0", "拐": "7", "勾": "9"}
_ALIKE = {"o": "0", "O": "0", "Ο": "0", "l": "1", "I": "1", "|": "1"}
UNSEEN = re.compile(r"[\u200b-\u200f\u2060\ufeff\ufe0f\u20e3\u00ad]")
"""Signs that do not show: zero-width blanks and what turns a digit into a keycap."""
_BETWEEN = re.compile(r"[ \u3000\t\r\n\-–—－_.．·•,，、/\\~～*+＋#()（）\[\]]")
_FAR = 3
"""More signs than this between two digits part two numbers."""


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that stand together."""

    digits: str
    start: int
    end: int
    before: str
    """The signs between the group before and this one."""


def _digit(char: str) -> str | None:
    if char.isascii():
        return char if char.isdigit() else None
    if char in _HAN:
        return _HAN[char]
    value = unicodedata.digit(char, None)
    return None if value is None else str(value)


def _reads_as(text: str, place: int, inside: bool) -> str | None:
    """The digit at `place`; a letter that looks like one counts between digits."""
    digit = _digit(text[place])
    if digit is None and text[place] in _ALIKE:
        after = next((c for c in text[place + 1 : place + 4] if c not in _ALIKE), "")
        before = text[place - 1] if place else ""
        if (inside or not before.isalpha()) and after and _digit(after) is not None:
            return _ALIKE[text[place]]
        if inside and not after.isalpha():
            return _ALIKE[text[place]]
    return digit


def runs(text: str) -> Iterator[list[Group]]:
    """Every stretch of digits with signs between them, as its groups."""
    groups: list[Group] = []
    place = 0
    while place < len(text):
        if _reads_as(text, place, False) is None:
            place += 1
            continue
        group, place = _group(text, place)
        groups = [group]
        while (following := _next(text, place)) is not None:
            start, between = following
            group, place = _group(text, start, between, inside=True)
            groups.append(group)
        yield groups


def _group(text: str, start: int, between: str = "", *, inside: bool = False) -> tuple[Group, int]:
    """Digits of one kind: “13800138000一直” is a number and then a word, so Han digits are a group of their own.

    `inside`: digits stood before, so that the first sign is read as `_next` read it and every group has a digit.
    """
    digits, place, end = "", start, start
    han = text[start] in _HAN
    while place < len(text):
        digit = _reads_as(text, place, inside or bool(digits))
        if digit is not None:
            if (text[place] in _HAN) != han:
                break
            digits += digit
            end = place + 1
        elif not UNSEEN.match(text[place]):
            break
        place += 1
    return Group(digits, start, end, between), end


def _next(text: str, place: int) -> tuple[int, str] | None:
    """Where the next group of the same run begins, and the signs before it."""
    start, between = place, ""
    while start < len(text) and len(between) <= _FAR:
        char = text[start]
        if _reads_as(text, start, True) is not None:
            return start, between
        if _BETWEEN.match(char):
            between += char
        elif not UNSEEN.match(char):
            return None
        start += 1
    return None
