"""Body measures in a shopper's words: “163 108斤”, “一米六三”, “腰围二尺一”, “脚长24.5”."""

from __future__ import annotations

import re
from collections.abc import Mapping

JIN_KG = 0.5
CHI_CM = 100 / 3
"""1 尺 = 33.3 cm; a waist of 二尺一 is 70 cm."""
LEAN, HEAVY = 15.5, 33.0
"""Body-mass index between which a bare number is believed as a weight: it tells 斤 from kg by the height beside it."""

_HAS_NUMBER = re.compile(r"\d|[一二三四五六七八九十百两]")
_HAN = "零一二三四五六七八九"
_DIGIT = {**{c: n for n, c in enumerate(_HAN)}, "两": 2, "〇": 0}
_METRES = re.compile(
    r"(?P<m>[一二1-2])\s*(?:米|m)\s*(?P<d>[零一二三四五六七八九\d]{1,2})(?!\d)|(?P<dot>[12]\.\d{1,2})\s*(?:米|m)?(?!\d)"
)
_SPELT = re.compile(r"(?<![零一二三四五六七八九十百])一[四五六七八九][零〇一二三四五六七八九](?![斤公千元块百十])")
_HEIGHT_SAID = re.compile(
    r"(?:身高|(?<!\d)高)\s*(?:是|大概|大约)?\s*(\d{2,3})(?![\d.]|\s*(?:斤|公斤|kg))(?:\s*(?:cm|厘米|公分))?"
)
_HEIGHT = re.compile(
    r"(?<![\d.])(1[3-9]\d|20\d)(?:\s*(?:cm|厘米|公分|高))?(?![\d.])(?!\s*(?:斤|kg|公斤|块|元|天|个|mm))"
)
_CM = re.compile(r"(?<![\d.])(\d{2,3})\s*(?:cm|厘米|公分)")
_WEIGHT = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d)?)\s*(斤|kg|公斤|千克)(?!\w*(?:绒|重的))")
_WEIGHT_HAN = re.compile(
    r"(?<![零一二三四五六七八九十百])([一二三四五六七八九两]?百(?:零[一二三四五六七八九]|[一二三四五六七八九]十?[一二三四五六七八九]?)?"
    r"|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?:点([一二三四五六七八九]))?(斤|公斤)"
)
_BARE = re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d)?)(?![\d.]|\s*(?:cm|厘米|公分|mm|块|元|天|码|号|个|件|片|米|w|瓦|升|l))")
_GIRTHS = {
    "bust_cm": re.compile(r"(?<!下)胸围?\s*(?:是|大概|大约)?\s*(\d{2,3})"),
    "underbust_cm": re.compile(r"下胸围?\s*(?:是|大概|大约)?\s*(\d{2,3})"),
    "waist_cm": re.compile(r"腰围?\s*(?:是|大概|大约)?\s*(\d{2,3})(?!\s*尺)"),
    "hip_cm": re.compile(r"(?:臀围?|屁股)\s*(?:是|大概|大约)?\s*(\d{2,3})"),
}
_WAIST_CHI = re.compile(r"(?:腰围?\s*(?:是|大概)?\s*)?([一二三两1-3])\s*尺\s*([零一二三四五六七八九\d])?(?:的?腰)?")
_FOOT_CM = re.compile(r"脚(?:长|是|大概|量|有)*\s*(2[0-9](?:\.\d)?)(?:\s*(?:cm|厘米|公分))?(?!\d)")
_FOOT_MM = re.compile(r"(?<!\d)(2[0-9][05])(?:\s*(?:mm|毫米|码|的?鞋))")


def measures(text: str, *, child: bool = False) -> Mapping[str, float]:
    """Body measures named in `text` (folded), by the unit-bearing keys of size charts (`height_cm`, `weight_kg` …).

    A bare number is taken as a weight only beside a height, in the unit that makes a plausible body; otherwise it
    stays out and is asked for. `child`: heights from 60 cm count.
    """
    found: dict[str, float] = {}
    if not _HAS_NUMBER.search(text):
        return found
    for name, pattern in _GIRTHS.items():
        if match := pattern.search(text):
            found[name] = float(match[1])
    if match := _WAIST_CHI.search(text):
        found["waist_cm"] = round((_digit(match[1]) + _digit(match[2] or "0") / 10) * CHI_CM, 1)
    if match := _FOOT_CM.search(text):
        found["foot_mm"] = float(match[1]) * 10
    elif match := _FOOT_MM.search(text):
        found["foot_mm"] = float(match[1])
    rest = text
    for pattern in (*_GIRTHS.values(), _WAIST_CHI, _FOOT_CM, _FOOT_MM):
        rest = pattern.sub(" ", rest)
    height, rest = _height(rest, child=child)
    if height:
        found["height_cm"] = height
    if weight := _weight(rest, height):
        found["weight_kg"] = weight
    return found


def _digit(text: str) -> int:
    return int(text) if text.isdigit() else _DIGIT[text]


def _height(text: str, *, child: bool) -> tuple[float | None, str]:
    if match := _SPELT.search(text):
        value = int("".join(str(_DIGIT[c]) for c in match[0]))
        return float(value), text.replace(match[0], " ", 1)
    if match := _METRES.search(text):
        if match["dot"]:
            value = round(float(match["dot"]) * 100)
        else:
            tail = "".join(str(_digit(c)) for c in match["d"])
            value = _digit(match["m"]) * 100 + int(tail.ljust(2, "0"))
        if (60 if child else 130) <= value <= 210:
            return float(value), text.replace(match[0], " ", 1)
    for pattern, low in ((_HEIGHT_SAID, 60), (_HEIGHT, 130), *(((_CM, 60),) if child else ())):
        if (match := pattern.search(text)) and low <= int(match[1]) <= 210:
            return float(match[1]), text.replace(match[0], " ", 1)
    return None, text


def _weight(text: str, height: float | None) -> float | None:
    if match := _WEIGHT.search(text):
        return float(match[1]) * (JIN_KG if match[2] == "斤" else 1)
    if match := _WEIGHT_HAN.search(text):
        spelt = _han_number(match[1]) + (_DIGIT[match[2]] / 10 if match[2] else 0)
        return spelt * (JIN_KG if match[3] == "斤" else 1)
    if height is None:
        return None
    for match in _BARE.finditer(text):
        value = float(match[1])
        plausible = [kg for kg in (value, value * JIN_KG) if LEAN <= kg / (height / 100) ** 2 <= HEAVY]
        if len(plausible) == 1:
            return plausible[0]
    return None


def _han_number(text: str) -> float:
    """一百零八 → 108, 百二 → 120, 九十五 → 95, 十六 → 16."""
    hundreds, _, rest = text.rpartition("百")
    total = 100 * (_DIGIT[hundreds] if hundreds else 1) if "百" in text else 0
    if rest.startswith("零"):
        return total + _DIGIT[rest[1]]
    tens, mark, ones = rest.partition("十")
    if mark:
        return total + 10 * (_DIGIT[tens] if tens else 1) + (_DIGIT[ones] if ones else 0)
    if rest:
        return total + _DIGIT[rest] * (10 if total else 1)
    return total
