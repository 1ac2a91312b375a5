"""Figures that are a form of their own rather than a number with a unit: shares, odds, sizes, codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from assistant.turn.figures.figure import Reading, Readings, same
from assistant.turn.figures.numerals import HAN, NUMERAL, value_of
from assistant.turn.figures.units import units

_SIZES = ["xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl", "xxxxl", "xxxxxl"]
_SIZE_OF = {name: name for name in _SIZES} | {f"{n}xl": "x" * n + "l" for n in range(2, 6)}
_ONE = "[一二三四五六七八九]"
_S = r"(?:[2-5]xl|x{0,5}l|x{0,3}s|m)"
_NOT_A_DISCOUNT = r"(?![叠扣返旧损痕线断边腾磨中射])"
_NOT_A_TENTH = r"(?![人分品年员本功为立交熟长果就套衣型])"

SHAPES = re.compile(
    rf"""
    (?=[\da-z{HAN[1:-1]}对半均假退少错缺损坏])(?:
      (?P<code>(?<![a-z\d])(?:[a-z]{{1,6}}[-_]?\d{{6,}}[a-z\d-]*|(?:\d{{3,4}}-){{1,2}}\d{{4,8}}|\d{{8,}})(?![a-z\d]|\.\d))
    | (?P<size>(?<![a-z\d])(?P<s1>{_S})(?:\s*[-~–—到至]\s*(?P<s2>{_S}))?(?![a-z\d])(?=\s*(?P<ma>[码号])?))
    | (?P<onesize>均码)
    | (?P<share>(?P<of>百|千|万|{HAN}{{1,3}})分之(?P<share_n>{NUMERAL}))
    | (?P<points>(?P<points_n>{NUMERAL})个百分点)
    | (?P<whole>百分百)
    | (?P<percent>(?P<percent_n>{NUMERAL})\s*%(?:\s*[-~–—到至]\s*(?P<percent_m>{NUMERAL})\s*%)?)
    | (?P<off>(?P<off_n>\d{{1,2}}(?:\.\d)?|{_ONE}(?:点?{_ONE})?|{_ONE}?[十百]{_ONE}?|对)\s*折{_NOT_A_DISCOUNT})
    | (?P<tenth>(?P<tenth_n>\d{{1,2}}|{HAN}{{1,3}})成{_NOT_A_TENTH})
    | (?P<half>半价|一半)
    | (?P<fold>(?P<fold_n>{NUMERAL})合[一1])
    | (?P<odds>(?<![\d:])(?P<odds_a>\d{{1,3}})\s*:\s*(?P<odds_b>\d{{1,3}})(?![\d:])
              |(?P<odds_c>{NUMERAL})比(?P<odds_d>{NUMERAL})(?![.:]))
    | (?P<pays>(?P<pays_a>[假退少错缺损坏])[一1]赔(?P<pays_n>{NUMERAL}))
    | (?P<jiao>(?P<jiao_a>{NUMERAL})块(?P<jiao_b>[一二三四五六七八九\d])(?!\d|{HAN}|个|件))
    | (?P<metre>(?P<metre_a>[12一两])米(?P<metre_b>{HAN}{{1,3}}|\d{{1,2}})(?!\d|{HAN}))
    | (?P<label>(?<!\d)\d{{2,3}}/\d{{2,3}}[abcy](?![a-z\d])))
    """,
    re.VERBOSE,
)
_SIZE_AROUND = re.compile(r"[穿选拍换要码号、/,]|建议|推荐|合适|尺")


def is_size(word: str) -> bool:
    """Whether a Latin word is a clothing size (XL, 2XL)."""
    return word in _SIZE_OF


def _size(match: re.Match[str]) -> Readings | None:
    """M码, 2XL, S-XXL (every size between). A lone letter counts only among words about sizes."""
    first = _SIZE_OF[match["s1"]]
    if match["s2"]:
        last = _SIZE_OF[match["s2"]]
        between = _SIZES[_SIZES.index(first) : _SIZES.index(last) + 1]
        span: Reading = ("range", ("size", first, last))
        return frozenset({span}), frozenset({span, *(("size", size) for size in between)})
    around = match.string[max(0, match.start() - 3) : match.end() + 2]
    return same(("size", first)) if match["ma"] or _SIZE_AROUND.search(around) else None


def _share(match: re.Match[str]) -> Readings | None:
    part, whole = value_of(match["share_n"]), value_of(match["of"])
    return same(("rate", Fraction(part) / whole)) if part is not None and whole else None


def _percent(match: re.Match[str]) -> Readings | None:
    low, high = (value_of(n) if n else None for n in (match["percent_n"], match["percent_m"]))
    if low is None:
        return None
    share = Fraction(low) / 100
    return same(("rate", share)) if high is None else same(("range", ("rate", share, Fraction(high) / 100)))


def _off(match: re.Match[str]) -> Readings | None:
    """八折 = 8折 = 80%; 85折 and 八五折 = 85%; 对折 = 50%."""
    value = 5 if match["off_n"] == "对" else value_of(match["off_n"])
    return same(("rate", Fraction(value) / (10 if value < 10 else 100))) if value else None


def _odds(match: re.Match[str]) -> Readings | None:
    left, right = value_of(match["odds_a"] or match["odds_c"]), value_of(match["odds_b"] or match["odds_d"])
    return same(("odds", (left, right))) if left is not None and right is not None else None


def _pays(match: re.Match[str]) -> Readings | None:
    times = value_of(match["pays_n"])
    return same((f"pays:{match['pays_a']}", times)) if times else None


def _jiao(match: re.Match[str]) -> Readings | None:
    """三块五, 9块9; “6块一份” is six yuan for one."""
    if units().unit.match(match.string, match.end()):
        return None
    yuan, jiao = value_of(match["jiao_a"]), value_of(match["jiao_b"])
    return same(("money", yuan * 100 + jiao * 10)) if yuan is not None and jiao is not None else None


def _metre(match: re.Match[str]) -> Readings | None:
    """1米8, 一米六三."""
    whole, rest = value_of(match["metre_a"]), value_of(match["metre_b"])
    if whole is None or rest is None:
        return None
    return same(("length", (whole + Fraction(rest) / 10 ** len(str(rest))) * 1000))


def _tenths(match: re.Match[str]) -> Readings:
    return same(("rate", Fraction(value_of(match["tenth_n"]) or 0) / 10))


def _points(match: re.Match[str]) -> Readings:
    return same(("rate", Fraction(value_of(match["points_n"]) or 0) / 100))


_READ: dict[str, Callable[[re.Match[str]], Readings | None]] = {
    "code": lambda match: same(("code", re.sub(r"[-_]", "", match["code"]).upper())),
    "size": _size,
    "onesize": lambda match: same(("size", "均")),
    "share": _share,
    "points": _points,
    "whole": lambda match: same(("rate", 1)),
    "percent": _percent,
    "off": _off,
    "tenth": _tenths,
    "fold": lambda match: same(("fold", value_of(match["fold_n"]))),
    "half": lambda match: same(("rate", Fraction(1, 2))),
    "odds": _odds,
    "pays": _pays,
    "jiao": _jiao,
    "metre": _metre,
    "label": lambda match: same(("size", match["label"])),
}


def read_shape(match: re.Match[str]) -> Readings | None:
    """What a match of `SHAPES` says; None where it turns out to be no figure."""
    return next(read for name, read in _READ.items() if match[name])(match)
