"""Numbers as Chinese shops write them: 1,200 · 1.2千 · 一千二百 · 三点五 · 二〇二六 · 一百五."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

ARABIC = r"(?:\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,8})?|\d{1,16}(?:\.\d{1,8})?)"
HAN = r"[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟廿]"
NUMERAL = rf"(?:{ARABIC}[百千万亿]{{0,2}}|{HAN}{{1,20}}(?:点[零〇一二三四五六七八九]{{1,8}})?)"
"""One number, unit not included."""

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")}
_DIGIT |= {c: i + 1 for i, c in enumerate("壹贰叁肆伍陆柒捌玖")} | {"〇": 0, "两": 2}
_STEP = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LEAP = {"万": 10**4, "亿": 10**8}
_NUMERAL = re.compile(NUMERAL)
_MIXED = re.compile(rf"({ARABIC})([百千万亿]{{0,2}})")


Number = int | Fraction
"""An exact value; whole ones are `int`, which compares and hashes like the same `Fraction`, only faster."""


@lru_cache(maxsize=4096)
def value_of(numeral: str) -> Number | None:
    """The value of one numeral, exactly; None where the characters make no number (“十百”)."""
    value = _value(numeral)
    return value.numerator if value is not None and value.denominator == 1 else value


def _value(numeral: str) -> Fraction | None:
    if mixed := _MIXED.fullmatch(numeral):
        value = Fraction(mixed[1].replace(",", ""))
        for word in mixed[2]:
            value *= _STEP.get(word) or _LEAP[word]
        return value
    whole, _, decimals = numeral.partition("点")
    if not _NUMERAL.fullmatch(numeral):
        return None
    value_or_none = _positional(whole) if _is_positional(whole) else _spoken(whole)
    if value_or_none is None or not decimals:
        return value_or_none
    return value_or_none + Fraction(int("".join(str(_DIGIT[d]) for d in decimals)), 10 ** len(decimals))


def _is_positional(text: str) -> bool:
    return all(c in _DIGIT for c in text)


def _positional(text: str) -> Fraction | None:
    return Fraction(int("".join(str(_DIGIT[c]) for c in text))) if text else None


def _spoken(text: str) -> Fraction | None:
    """一千二百, 两万三 (a trailing digit counts in tenths of the unit before it)."""
    total, section, digit, unit = 0, 0, None, 0
    zero = False
    for char in text.replace("廿", "二十"):
        if char in _DIGIT:
            if digit:
                return None
            digit, zero = _DIGIT[char], zero or char in "零〇"
        elif char in _STEP:
            unit = _STEP[char]
            section += (1 if digit is None else digit or 1) * unit
            digit, zero = None, False
        else:
            unit, rest = _LEAP[char], section + (digit or 0)
            # 一万亿 multiplies what stands before it, 一亿两千万 adds to it.
            total = (total + rest) * unit if 0 < total < unit else total + (rest or 1) * unit
            section, digit, zero = 0, None, False
    # “一百五” is 150, “一百零五” is 105.
    tail = (digit or 0) * (unit // 10 if unit >= 100 and not zero else 1)
    return Fraction(total + section + tail)


def neighbours(numeral: str) -> tuple[int, int] | None:
    """The two ends of “两三”, “三五”, “七八”, “一二十”: about, not exactly; None for any other numeral."""
    match = re.fullmatch(r"([一二两三四五六七八九])([二两三四五六七八九])([十百千万]?)", numeral)
    if not match:
        return None
    low, high = _DIGIT[match[1]], _DIGIT[match[2]]
    if high - low != 1 and (low, high) != (3, 5):
        return None
    scale = _STEP.get(match[3]) or _LEAP.get(match[3]) or 1
    return low * scale, high * scale
