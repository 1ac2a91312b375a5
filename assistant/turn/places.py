"""Postal addresses in Chinese text: which stretch leads to somebody's door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from assistant.turn.lexicon import alternation
from prompts import words

_N = r"[0-9a-z一二三四五六七八九十百零〇甲乙丙丁]"
_HAN = re.compile(r"[\u4e00-\u9fff]")
_MARK = (
    rf"(?P<unit>{_N}{{1,5}}\s?(?:号楼|栋|幢|座(?!机)|单元|层|楼(?!层|下|上|盘|梯)|室(?!内|外|温)|户(?!外|型)|房(?!间|东|子)))"
    rf"|(?P<number>{_N}{{1,6}}(?:[-－之]{_N}{{1,5}})?号(?!线|店|码|链|楼|色|款)(?:院|大院)?)"
    rf"|(?P<room>(?<![\d./])\d{{1,4}}(?:[-－]\d{{1,5}}){{1,3}}(?![\d./年月日天元件个%]))"
    r"|(?P<town>街道办?|(?<=[\u4e00-\u9fff])(?:镇|乡(?!下)|社区|村(?!里)(?:\d{1,3}组)?))"
    r"|(?P<city>(?<=[\u4e00-\u9fff]{2})(?:市(?!场|面|区)|自治州|地区|盟))"
    r"|(?P<district>(?<=[\u4e00-\u9fff])(?:自治县|自治旗|新区|开发区|市?区(?!别|分|间|块)|县|旗(?!舰|袍|帜)))"
    r"|(?P<road>(?<=[\u4e00-\u9fff])(?:大道|大街|公路|环路|路(?!由|上|过|线|程|费|途)|街|巷|弄|胡同|道(?!具|歉|理))(?:[东南西北中]段?)?)"
    r"|(?P<estate>(?<=[\u4e00-\u9fffa-z0-9])(?:小区|花园|公寓|大厦|广场|(?<!市)中心|新村|家园|宿舍楼?|大学|学院|中学|小学|医院|写字楼|产业园|科技园|工业区|工业园|国际"
    r"|名城|豪庭|[苑府园庭湾里城院庄居轩阁邸寓厂](?:[一二三四五1-9][期区])?))"
)
_REACH = {
    "road": 10,
    "estate": 12,
    "district": 10,
    "town": 9,
    "city": 9,
    "number": 8,
    "unit": 8,
    "room": 4,
    "province": 9,
}
"""How many characters may stand between the end of one part and the mark of the next."""
_DOORS = ("number", "unit", "room")
_ROOM_AFTER = re.compile(r"\s?[-－]?\d{3,4}(?:[室房号])?(?![\d年月日天元块件个码%.])")
_JOINED = re.compile(r"[\u4e00-\u9fffa-z0-9()（）·\-－ ]*")


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    start: int
    end: int


@cache
def _marks() -> re.Pattern[str]:
    province = alternation(words("lexicon_mask")["provinces"])
    return re.compile(rf"(?P<province>(?:{province})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?)|{_MARK}")


@cache
def _before() -> re.Pattern[str]:
    lead = alternation(words("lexicon_mask")["address_before"])
    return re.compile(rf".*(?:{lead}|[:,。;!?、\s，；：！？])")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """The parts of addresses in `text` (level, lower case) that lead to a door; province and city are left standing."""
    for chain in _chains(text):
        if not _leads_to_a_door(text, chain):
            continue
        end = chain[-1].end
        if room := _ROOM_AFTER.match(text, end):
            end = room.end()
        yield _start(text, chain), end


def _chains(text: str) -> Iterator[list[_Part]]:
    """Marks that follow each other closely enough to be one address."""
    chain: list[_Part] = []
    for match in _marks().finditer(text):
        part = _Part(str(match.lastgroup), *match.span())
        if chain and not _goes_on(text, chain[-1], part):
            yield chain
            chain = []
        chain.append(part)
    if chain:
        yield chain


def _goes_on(text: str, last: _Part, part: _Part) -> bool:
    between = text[last.end : part.start]
    limit = _REACH[part.kind]
    if part.kind in _DOORS:
        limit = 1 if last.kind in ("road", "unit", "room", "number") else limit
        limit = 2 if last.kind == "estate" else limit
    return len(between) <= limit and bool(_JOINED.fullmatch(between))


def _leads_to_a_door(text: str, chain: list[_Part]) -> bool:
    kinds = {part.kind for part in chain}
    units = [text[part.start : part.end] for part in chain if part.kind == "unit"]
    named = any(part.kind == "estate" and part.end - part.start > 1 for part in chain)
    admin = len(kinds & {"province", "city", "district"})
    told = bool(admin and _TOLD.search(text[max(0, chain[0].start - 14) : chain[0].start]))
    room = "room" in kinds or bool((units or named or told) and _ROOM_AFTER.match(text, chain[-1].end))
    if "road" in kinds and "number" in kinds:
        return True
    if any(_has_door(text, chain[at], chain[at + 1 :], room) for at in range(len(chain))):
        return True
    if len({unit[-1] for unit in units}) >= 2 or (room and any(_BUILDING.search(unit) for unit in units)):
        return True
    if admin and (units or kinds & {"number", "room"}):
        return True
    return told and bool(named or kinds & {"road", "town"})


def _has_door(text: str, place: _Part, after: list[_Part], room: bool) -> bool:
    """Whether an estate or a village is followed by a door. A name of one character (里, 城) needs a building's."""
    if place.kind == "town" or (place.kind == "estate" and place.end - place.start > 1):
        return room or any(part.kind in _DOORS for part in after)
    if place.kind != "estate":
        return False
    return any(part.kind == "unit" and _BUILDING.search(text[part.start : part.end]) for part in after)


_TOLD = re.compile(r"地址|收货|寄到|送到|住在|改到|家在|寄往")
_BUILDING = re.compile(r"号楼|栋|幢|单元|座")


def _start(text: str, chain: list[_Part]) -> int:
    """Where the address below the city begins, the words that lead up to it (“麻烦改到…”) left out."""
    kept = [part for part in chain[:3] if part.kind in ("province", "city")]
    if kept:
        return kept[-1].end
    first = chain[0].start
    start = first
    if chain[0].kind not in _DOORS:
        while start and first - start < 9 and (_HAN.match(text[start - 1]) or text[start - 1].isalnum()):
            start -= 1
    lead = _before().match(text, start, first)
    return lead.end() if lead and lead.end() < first else start
