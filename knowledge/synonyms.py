"""A shop's own words: what shoppers and products call the same thing, made one word before anything is compared.

The same rewriting is done to the knowledge and to the question, so neither the words nor the embedding model need to
know the shop's language. What is shown is never rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from knowledge.errors import Unreadable
from knowledge.readers import Table, read
from knowledge.text import fold
from knowledge.types import Passage, Problem

MOST = 2_000
"""Groups a shop may have."""
_BETWEEN = re.compile(r"[|｜;；、,，/\n\t]+")
_NAMED = re.compile(r"[=＝:：]")
_HEADERS = frozenset(
    (
        "标准词",
        "词",
        "词语",
        "术语",
        "店铺用语",
        "同义词",
        "别名",
        "叫法",
        "其他叫法",
        "term",
        "word",
        "synonyms",
        "alias",
    )
)


@dataclass(frozen=True)
class Terms:
    """Groups of words that mean the same in this shop; the first of each is the one all become."""

    groups: tuple[tuple[str, ...], ...] = ()

    def said(self, text: str) -> str:
        """`text` with every word of a group in its first form; unchanged where it has none."""
        if not self.groups:
            return text
        if "\n" in text:  # folding would join the lines, and a line is where a sentence may end
            return "\n".join(map(self.said, text.split("\n")))
        folded = fold(text)
        changed = self._pattern.sub(lambda word: self._first[word[0]], folded)
        return text if changed == folded else changed

    def worded(self, passage: Passage) -> Passage:
        """The passage as it is indexed."""
        texts = (self.said(passage.question), self.said(passage.text))
        others = tuple(map(self.said, passage.similar)), tuple(map(self.said, passage.counter))
        if (*texts, *others) == (passage.question, passage.text, passage.similar, passage.counter):
            return passage
        return replace(passage, question=texts[0], text=texts[1], similar=others[0], counter=others[1])

    @cached_property
    def _first(self) -> Mapping[str, str]:
        return {word: group[0] for group in self.groups for word in group}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Longest first, the first forms among them: 运费 of a group must not be found inside 运费险.
        words = sorted(self._first, key=len, reverse=True)
        return re.compile("|".join(map(_bounded, words)))


def _bounded(word: str) -> str:
    """A Latin word or number is only itself when it stands alone."""
    before = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    after = r"(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return before + re.escape(word) + after


@dataclass(slots=True)
class ReadTerms:
    """What a file of terms held."""

    terms: Terms
    rejected: list[Problem] = field(default_factory=list)


def read_terms(path: Path) -> ReadTerms:
    """Terms of a file in any format that knowledge may come in: a row (or a line `词=叫法、叫法`) is a group.

    Raises `Unreadable`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(file=str(path), why=f"打不开（{error.strerror}）；请检查路径") from None
    groups: list[tuple[str, Sequence[str]]] = []
    for reading in read(path.name, data):
        for part in reading.parts:
            if isinstance(part, Table):
                groups += [(reading.file, part.header)] if part.header else []
                groups += [(row.place, row.cells) for row in part.rows]
            else:
                groups += [(part.place, [line]) for line in part.text.splitlines()]
    return gathered((place, _words(cells)) for place, cells in groups)


def _words(cells: Iterable[str]) -> list[str]:
    return [word for cell in cells for side in _NAMED.split(cell) for word in _BETWEEN.split(side)]


def gathered(groups: Iterable[tuple[str, Sequence[str]]]) -> ReadTerms:
    """Groups with their places as terms; what cannot be one is rejected with its reason."""
    found = ReadTerms(Terms())
    kept: list[tuple[str, ...]] = []
    owner: dict[str, str] = {}
    for place, given in groups:
        words = list(dict.fromkeys(folded for word in given if (folded := fold(word).strip("-*# "))))
        if not words or set(words) <= _HEADERS:
            continue
        if len(words) < 2:
            found.rejected.append(Problem(place, f"“{words[0]}”后面没有别的叫法"))
        elif short := next((w for w in words if len(w) < 2 or w.isdigit()), None):
            found.rejected.append(Problem(place, f"“{short}”太短，会误伤别的词；请写两个字以上"))
        elif taken := next((w for w in words if w in owner), None):
            found.rejected.append(Problem(place, f"“{taken}”已经属于“{owner[taken]}”这一组；请并成一行"))
        elif len(kept) >= MOST:
            found.rejected.append(Problem(place, f"超过 {MOST} 组"))
        else:
            owner |= dict.fromkeys(words, words[0])
            kept.append(tuple(words))
    found.terms = Terms(tuple(kept))
    return found
