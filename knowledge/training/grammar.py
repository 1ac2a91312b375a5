"""Multiplies people's wordings a little: slots filled with things, days and cities, words put for one another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

_SLOT = re.compile(r"\{(\w+)\}")


class Grammar:
    """Templates with slots; every choice is drawn from one seeded generator."""

    def __init__(self, grammar: dict[str, Any], rng: np.random.Generator) -> None:
        self._slots: dict[str, list[str]] = {
            name: [str(value) for value in values] for name, values in grammar["slots"].items()
        }
        self._prose: list[str] = list(grammar["prose"])
        self._intents: dict[str, list[str]] = {item["intent"]: list(item["say"]) for item in grammar["intents"]}
        self._rng = rng

    def prose(self, each: int) -> Iterator[str]:
        """Every prose template filled `each` times, repeats dropped."""
        seen: set[str] = set()
        for template in self._prose:
            for _ in range(each):
                if (text := self.filled(template)) not in seen:
                    seen.add(text)
                    yield text

    def says(self, intent: str) -> str | None:
        """One more wording of an intent, or None where the grammar has no template of it."""
        templates = self._intents.get(intent)
        return self.filled(self._one(templates)) if templates else None

    def filled(self, template: str) -> str:
        """`template` with a value in every slot; values may hold slots themselves."""
        while slot := _SLOT.search(template):
            template = template[: slot.start()] + self._one(self._slots[slot[1]]) + template[slot.end() :]
        return template

    def _one(self, values: Sequence[str]) -> str:
        return values[int(self._rng.integers(len(values)))]


class Synonyms:
    """Words that may stand for one another."""

    def __init__(self, groups: Sequence[str], rng: np.random.Generator) -> None:
        self._others: dict[str, list[str]] = {}
        for group in groups:
            words = group.split()
            for word in words:
                self._others.setdefault(word, []).extend(other for other in words if other != word)
        longest_first = sorted(map(re.escape, self._others), key=lambda word: (-len(word), word))
        self._any = re.compile("|".join(longest_first))
        self._rng = rng

    def rewritten(self, text: str, share: float = 0.5) -> str:
        """`text` with about `share` of the words that have others replaced."""

        def other(found: re.Match[str]) -> str:
            if self._rng.random() >= share:
                return found[0]
            others = self._others[found[0]]
            return others[int(self._rng.integers(len(others)))]

        return self._any.sub(other, text)
