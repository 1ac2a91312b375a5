"""Entries that contradict each other: the same question, other figures, or yes against no.

Two entries are only compared where both could be the answer to one shopper: the same products and the same kind of
validity. A campaign beside the everyday rule, or one product beside the whole shop, is no contradiction.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from knowledge.figures import Figure, figures
from knowledge.text import fold
from knowledge.types import Passage

ALIKE = 0.8
"""Share of characters two questions must have in common (Jaccard), one having all of the other's, to be alike."""
SAME_MATTER = 0.5
"""Share of the characters around two figures (Jaccard) from which they tell the same matter."""
_MOST_WORDINGS = 8
"""Wordings of one entry that are compared for likeness; all are compared for equality."""

_POLITE = re.compile(r"请问|您好|你好|我想问|想问|请教|谢谢|一下|在吗|亲亲?|[吗呢么啊呀吧哦哈嘛]|[\W_]+")
_FILLER = re.compile(r"你们|我们|咱们|应该|需要|[的了是要会有我你您店家请]")
_SYNONYMS = (
    (re.compile(r"怎么样|怎么办|怎样|如何|咋"), "怎么"),
    (re.compile(r"多长时间|多少天|几天|什么时候|啥时候|何时"), "多久"),
    (re.compile(r"多少钱|什么价格?|价格"), "多少"),
    (re.compile(r"能不能|可不可以|是否可以|是不是|有没有|是否|可以|能够"), "能"),
)
_NUMBERS = re.compile(r"[\d零一二三四五六七八九十百两]+")


@dataclass(frozen=True, slots=True)
class Clash:
    """Two entries that cannot both be right."""

    one: Passage
    other: Passage
    here: str
    """What the first says, in its own words, e.g. `30 天`."""
    there: str


def find_clashes(passages: Sequence[Passage]) -> list[Clash]:
    """Every pair among FAQ entries that asks the same and answers otherwise, each pair once, in order."""
    faq = [passage for passage in passages if passage.kind == "faq"]
    found: list[Clash] = []
    promised = [figures(passage.text) for passage in faq]
    same = set(_same_wording(faq))
    for one, other in sorted(same | set(_near(faq, [bool(each) for each in promised]))):
        first, second = faq[one], faq[other]
        if not _both_apply(first, second):
            continue
        words = _other_figure(promised[one], promised[other], exact=(one, other) in same)
        if not words and (one, other) in same:
            words = _other_verdict(first.text, second.text)
        if words:
            found.append(Clash(first, second, *words))
    return found


def same_question(passages: Sequence[Passage]) -> Iterator[tuple[Passage, Passage]]:
    """Pairs of FAQ entries that ask the same, in order."""
    faq = [passage for passage in passages if passage.kind == "faq"]
    pairs = sorted(_same_wording(faq))
    return ((faq[one], faq[other]) for one, other in pairs if _both_apply(faq[one], faq[other]))


def _both_apply(one: Passage, other: Passage) -> bool:
    dated = [bool(each.valid_from or each.valid_until) for each in (one, other)]
    if dated[0] != dated[1] or bool(one.products) != bool(other.products):
        return False
    if one.products and not {fold(each) for each in one.products} & {fold(each) for each in other.products}:
        return False
    starts = [each.valid_from for each in (one, other) if each.valid_from]
    ends = [each.valid_until for each in (one, other) if each.valid_until]
    return not starts or not ends or max(starts) < min(ends)


def _other_figure(mine: Sequence[Figure], theirs: Sequence[Figure], *, exact: bool) -> tuple[str, str] | None:
    """Two figures of one measure that stand in one answer only, or None.

    Where the questions are merely alike, the words around the figures must show that they are about the same matter.
    """
    if [(each.measure, each.before) for each in mine] == [(each.measure, each.before) for each in theirs]:
        # The same words with figures in the same places: place by place.
        changed = (pair for pair in zip(mine, theirs, strict=True) if pair[0].value != pair[1].value)
        return next(((here.written, there.written) for here, there in changed), None)
    best: tuple[float, str, str] | None = None
    for here in mine:
        for there in theirs:
            if here.measure != there.measure or here.value == there.value:
                continue
            alike = _same_matter(here, there)
            # What the other answer says too, about the same matter, is no contradiction.
            limit = SAME_MATTER if alike >= SAME_MATTER else 0.0
            if _repeats(here, theirs, limit) or _repeats(there, mine, limit):
                continue
            if (exact or alike >= SAME_MATTER) and (best is None or alike > best[0]):
                best = alike, here.written, there.written
    return best[1:] if best else None


def _same_matter(one: Figure, other: Figure) -> float:
    either = one.around | other.around
    return len(one.around & other.around) / len(either) if either else 1.0


def _repeats(figure: Figure, answer: Sequence[Figure], limit: float) -> bool:
    return any(
        (each.measure, each.value) == (figure.measure, figure.value) and _same_matter(figure, each) >= limit
        for each in answer
    )


_OPENING = r"(?:亲|您好|你好|抱歉|不好意思|[，,。!！~\s])*(?:本店|我们|目前|暂时|这款|商品|是|都)*"
_NEGATIVE = re.compile(_OPENING + r"(?P<w>暂?不(?:支持|能|可以?|会|提供|接受|包|送|是)|没有|无法|无需|不)")
_POSITIVE = re.compile(_OPENING + r"(?P<w>支持|可以|能|会|提供|接受|包|有|是的|需要)")


def _other_verdict(here: str, there: str) -> tuple[str, str] | None:
    """The opening words of a yes and a no, or None."""
    yes, no = _verdict(here), _verdict(there)
    return (yes[1], no[1]) if yes and no and yes[0] != no[0] else None


def _verdict(answer: str) -> tuple[bool, str] | None:
    text = fold(answer)
    if found := _NEGATIVE.match(text):
        return False, found["w"]
    found = _POSITIVE.match(text)
    return (True, found["w"]) if found else None


def _wordings(passage: Passage) -> list[str]:
    return [_POLITE.sub("", fold(wording)) for wording in (passage.question, *passage.similar)]


def _same_wording(faq: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """Pairs of entries with a wording in common, politeness aside. May name a pair twice."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(faq):
        for wording in set(_wordings(passage)):
            if len(wording) > 1:
                groups[wording].append(number)
    for group in groups.values():
        yield from _each_pair(group[:50])


def _each_pair(group: Sequence[int]) -> Iterator[tuple[int, int]]:
    return ((one, other) for place, one in enumerate(group) for other in group[place + 1 :])


def _near(faq: Sequence[Passage], wanted: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Pairs of `wanted` entries with wordings at or above `ALIKE`. May name a pair twice.

    Prefix filtering (Chaudhuri, Ganti, Kaushik, ICDE 2006): only sets that share a key are compared at all.
    """
    cores = [
        (number, core)
        for number, passage in enumerate(faq)
        if wanted[number]
        for core in dict.fromkeys(_core(wording) for wording in _wordings(passage)[:_MOST_WORDINGS])
        if len(core[0]) > 1
    ]
    often = Counter(char for _, (own, _) in cores for char in own)
    posted: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, (number, (own, numbers)) in enumerate(cores):
        for key in _keys(own, often):
            for before in posted[key]:
                other, (theirs, their_numbers) = cores[before]
                # 7天价保 and 30天价保 are two things.
                if other != number and _alike(own, theirs) and numbers == their_numbers:
                    yield other, number
            posted[key].append(place)


def _core(wording: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The characters a question is about, ways of asking made one, and its numbers."""
    for pattern, instead in _SYNONYMS:
        wording = pattern.sub(instead, wording)
    bare = _FILLER.sub("", wording)
    return frozenset(bare), tuple(_NUMBERS.findall(bare))


def _keys(own: frozenset[str], often: Counter[str]) -> Iterator[tuple[str, ...]]:
    """Pairs of the rarest characters of a set: sets at or above `ALIKE` share one (both share two of these few)."""
    ordered = sorted(own, key=lambda char: (often[char], char))
    shared = math.ceil(ALIKE * len(own))
    return combinations(sorted(ordered[: len(own) - shared + 2]), 2)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one set has all of the other and little more; otherwise they differ in subject (黑色, 白色)."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return len(small) >= ALIKE * len(large) and small <= large
