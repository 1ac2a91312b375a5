"""What shoppers and agents said of answers, as a small push to the order: no training, and taken back at any time.

Two memories of a shop: how an entry fared in all, and how it fared for one question. Both are bounded, so that no
crowd can lift an entry far; they only re-order what a search has found among entries valid now, so a disabled or
expired entry stays away whatever was said of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from knowledge.types import Hit
from knowledge.words import clean, tokens

ENTRY = 0.1
"""The most an entry's fame in all adds to its score: it parts near ties and nothing else."""
ASKED = 1.2
"""The most that what was said of an entry for this very question adds."""
DOUBT = 4.0
"""Votes that say nothing yet: one vote moves a fifth of what very many would."""
PICK = 3
"""An agent's choice of an entry counts like this many shoppers."""
REACH = 12
"""How many more hits than wanted are looked at."""


@dataclass(frozen=True, slots=True)
class Said:
    """How one entry fared for one question."""

    question: str
    entry: str
    helped: int
    failed: int


@dataclass(frozen=True)
class Memory:
    """What is remembered of a shop's answers."""

    asked: dict[tuple[str, str], float] = field(default_factory=dict)
    """(question, entry) → push, at most `ASKED` either way."""
    entries: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Iterable[Said]) -> Memory:
        """The memory of all that was said."""
        votes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        asked = {}
        for each in said:
            votes[each.entry][0] += each.helped
            votes[each.entry][1] += each.failed
            asked[each.question, each.entry] = ASKED * _leaning(each.helped, each.failed)
        return cls(asked, {entry: ENTRY * _leaning(*counts) for entry, counts in votes.items()})

    def __bool__(self) -> bool:
        return bool(self.entries)

    def ordered(self, question: str, hits: Sequence[Hit], k: int) -> list[Hit]:
        """The best `k` of `hits` with what was said of them; never one that is not among them."""
        asked, moved = asked_as(question), []
        for hit in hits:
            own = self.asked.get((asked, hit.passage.id), 0.0)
            push = own + self.entries.get(hit.passage.id, 0.0)
            # The push moves the odds as well: an answer that failed for this question is given less surely.
            sure = _pushed(hit.confidence, own) if own else hit.confidence
            moved.append(replace(hit, score=hit.score + push, confidence=sure) if push else hit)
        return sorted(moved, key=lambda hit: -hit.score)[:k]


def asked_as(question: str) -> str:
    """The question as it is remembered: a greeting, width or marks make no other question of it."""
    return " ".join(tokens(clean(question)))[:200]


def _leaning(helped: int, failed: int) -> float:
    """-1…1: which way the votes lean, drawn towards 0 while they are few."""
    return (helped - failed) / (helped + failed + DOUBT)


def _pushed(confidence: float, push: float) -> float:
    p = min(max(confidence, 1e-4), 1 - 1e-4)
    return 1 / (1 + math.exp(-(math.log(p / (1 - p)) + 3 * push)))
