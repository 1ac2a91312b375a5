"""Units, bounds and false friends, from the word table `lexicon_figures`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from assistant.turn.figures.figure import Bound, Reading
from assistant.turn.figures.numerals import HAN, Number
from assistant.turn.lexicon import alternation
from prompts import words


@dataclass(frozen=True, slots=True)
class Units:
    """The word table, compiled."""

    kinds: dict[str, tuple[tuple[str, Number], ...]]
    """Unit → what it may stand for: a kind, and the factor to that kind's base unit."""
    unit: re.Pattern[str]
    not_unit: re.Pattern[str]
    """Words that begin like a unit (天猫, 元旦)."""
    idiom: re.Pattern[str]
    money_before: re.Pattern[str]
    listing: re.Pattern[str]
    before: tuple[tuple[Bound, re.Pattern[str]], ...]
    after: tuple[tuple[Bound, re.Pattern[str]], ...]

    def readings(self, value: Number, unit: str) -> tuple[Reading, ...]:
        """Everything `value` of `unit` may mean: 3分 is three minutes, points or fen."""
        found: list[Reading] = []
        for kind, factor in self.kinds.get(unit, ()):
            if kind == "months" and value * factor == Fraction(1, 2):
                found.append(("span", 15 * 86400))  # 半个月
            if kind == "day" and (value.denominator > 1 or not 1 <= value <= 31):
                continue
            found.append((kind, value * factor))
        return tuple(found)


@cache
def units() -> Units:
    """The units in force; read once."""
    table = words("lexicon_figures")
    kinds: dict[str, list[tuple[str, Number]]] = {}
    for kind, spellings in table["units"].items():
        for spelling, factor in spellings.items():
            number: Number = factor if isinstance(factor, int) else Fraction(factor)
            kinds.setdefault(spelling, []).append((kind, number))
    for group in table["counters"]:
        for counter in group:
            kinds.setdefault(counter, []).append((f"count:{group[0]}", 1))
    han = [unit for unit in kinds if not unit.isascii()]
    latin = [unit for unit in kinds if unit.isascii()]
    link = r"(?:[为是:在可能]|支持|需要|\s)*$"
    bounds: tuple[Bound, Bound] = ("most", "least")
    return Units(
        kinds={spelling: tuple(meanings) for spelling, meanings in kinds.items()},
        unit=re.compile(rf"\s*(?P<unit>{alternation(han)}|{alternation(latin)}(?![a-z0-9]))"),
        not_unit=re.compile(alternation(table["not_units"])),
        idiom=re.compile(rf"(?<!{HAN})(?:{alternation(str(i) for i in table['idioms'])}|十分(?![钟之]))"),
        money_before=re.compile(rf"(?:{alternation(table['money_before'])})(?:[为是:了约需应收付]|\s)*$"),
        listing=re.compile(rf"(?:大|类|项|种|个|条|点)?(?:主要|常见|可选|不同)?的?(?:{alternation(table['listing'])})"),
        before=tuple((b, re.compile(rf"(?:{alternation(table[b]['before'])}){link}")) for b in bounds),
        after=tuple((b, re.compile(rf"\s*的?(?:{alternation(table[b]['after'])})")) for b in bounds),
    )
