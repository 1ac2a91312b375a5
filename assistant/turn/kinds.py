"""Things of one kind that are not each other: an answer about 羽绒服 does not answer a question about 鞋子."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from knowledge.text import fold
from knowledge.types import Hit, Passage
from prompts import words

OTHER_THING = 0.3
"""What is left of the confidence in an entry that speaks of another thing of the same kind."""

A_MATTER_OF = 1 / 3
"""Share of an entry's wordings that must name a thing for the entry to be about that thing, if its title does not."""


@dataclass(frozen=True, slots=True)
class _Kind:
    every: tuple[str, ...]
    """Words for the whole kind; they conflict with none of it."""
    each: tuple[tuple[str, str], ...]
    """(word, the thing it means), longest word first."""


@cache
def _kinds() -> tuple[_Kind, ...]:
    table = words("lexicon_kinds")
    aliases: dict[str, str] = table["aliases"]
    kinds = []
    for group in table["groups"]:
        things = {str(t): str(t) for t in group["each"]}
        things |= {alias: thing for alias, thing in aliases.items() if thing in things}
        each = tuple(sorted(((fold(w), t) for w, t in things.items()), key=lambda pair: -len(pair[0])))
        kinds.append(_Kind(tuple(map(fold, group["all"])), each))
    return tuple(kinds)


@cache
def _things(text: str) -> tuple[frozenset[str] | None, ...]:
    """For each kind, the things `text` names; None where it names the whole kind."""
    named: list[frozenset[str] | None] = []
    for kind in _kinds():
        if any(word in text for word in kind.every):
            named.append(None)
            continue
        left, found = text, set()
        for word, thing in kind.each:
            if word in left:
                found.add(thing)
                left = left.replace(word, " ")
        named.append(frozenset(found))
    return tuple(named)


@cache
def _spoken_of(passage: Passage) -> tuple[frozenset[str] | None, ...]:
    if passage.kind != "faq":
        return _things(fold(f"{passage.question} {passage.text}"))
    title, each = _things(fold(passage.question)), [_things(fold(similar)) for similar in passage.similar]
    return tuple(_of_entry(title[kind], [named[kind] for named in each]) for kind in range(len(title)))


def _of_entry(title: frozenset[str] | None, similar: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """The things of one kind an entry is about. One wording in many that names a thing (“单件卫衣包邮吗”) is an
    example: the entry is then for all."""
    if title is None or None in similar:
        return None
    naming = sum(1 for things in similar if things)
    if not title and naming < len(similar) * A_MATTER_OF:
        return frozenset()
    return title.union(*(things for things in similar if things))


def other_thing(question: str, passage: Passage) -> bool:
    """Whether `question` (folded) names a thing and the passage only others of its kind."""
    for asked, told in zip(_things(question), _spoken_of(passage), strict=True):
        if asked and told is not None and told and not (asked & told):
            return True
    return False


def fitting(question: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits with those about another thing trusted less and put behind, otherwise in their order."""
    doubted = [
        replace(hit, confidence=hit.confidence * OTHER_THING) if other_thing(question, hit.passage) else hit
        for hit in hits
    ]
    return tuple(sorted(doubted, key=lambda hit: other_thing(question, hit.passage)))
