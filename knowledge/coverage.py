"""How much of a question an entry does not speak of: “宠物能一起寄吗” is not answered by one that never says 宠物."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from knowledge.types import Passage
from knowledge.words import tokens

EMPTY = frozenset("的了吗呢么啊呀吧嘛哦哈我你您们是在有个这那就都也还要想请问一下怎什咋啥能可以不没会")
"""Characters of every question; whether they stand in an entry says nothing."""
LONGEST = 20
"""Words of a question that count towards its length."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as words: those that tell what it is about, and how many there are in all."""

    telling: frozenset[str]
    length: int

    @classmethod
    def of(cls, question: str) -> Asked:
        words = tokens(question)
        return cls(frozenset(words) - EMPTY, min(len(words), LONGEST))

    def missing(self, spoken: frozenset[str]) -> int:
        """How many telling words are not spoken."""
        return len(self.telling - spoken)


@lru_cache(maxsize=4_000)
def spoken(passage: Passage) -> frozenset[str]:
    """Every word an entry says: its question, similar questions and answer."""
    return said((passage.question, *passage.similar, passage.text))


def said(texts: Iterable[str]) -> frozenset[str]:
    """Every word of these texts."""
    return frozenset(tokens("\n".join(texts)))
