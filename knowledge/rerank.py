"""The order of the best entries, by more than their best wording.

An entry is judged by its best wording (`match`), by how near the question is to the middle of all its wordings
(`whole`), by what the question says that none of them says (`unsaid`), and by its answer. Worth, paired over
questions: +5 points hit@1 on a shop with ten wordings an entry, +3 to +4 with five to twelve real messages each,
nothing and no loss where an entry is one bare question. Everything comes from numbers the search has anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from knowledge.confidence import Evidence
from knowledge.postings import Postings
from knowledge.rows import Floats, Mask, Numbers, Rows
from knowledge.words import feature_ids

OUT = np.float32(-9)
"""Score of what must not be found."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each view of an entry counts beside its best wording. See `knowledge/model/README.md` for the figures."""

    whole: float = 1.0
    unsaid: float = 0.75
    answer: float = 0.2

    def named(self) -> tuple[tuple[str, float], ...]:
        """For reports."""
        return (("whole", self.whole), ("unsaid", -self.unsaid), ("answer", self.answer))

    def score(self, match: Floats, whole: Floats, unsaid: Floats, answer: Floats) -> Floats:
        """What orders entries."""
        both = match + self.whole * whole - self.unsaid * unsaid + self.answer * answer
        return np.asarray(both, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Looks:
    """The best entries for one question, each seen from every side. All arrays are parallel."""

    entries: Numbers
    match: Floats
    whole: Floats
    unsaid: Floats
    answer: Floats
    score: Floats
    """What orders them."""

    def order(self) -> list[int]:
        """Places of the entries, best first; ties stay as the shop's files have them."""
        return list(np.lexsort((self.entries, -self.score)).tolist())

    def without(self, entry: int) -> Looks:
        """As if the shop lacked this entry."""
        keep = self.entries != entry
        return replace(self, **{name: getattr(self, name)[keep] for name in self.__slots__})

    def evidence(self, place: int, missing: int, length: int, asked: float) -> Evidence:
        """What speaks for the entry at `place`; `gap` is to the best of the others."""
        others = np.delete(self.score, place)
        gap = float(self.score[place] - others.max()) if len(others) else float(self.score[place])
        return Evidence(
            match=float(self.match[place]),
            gap=gap,
            missing=missing,
            length=length,
            whole=float(self.whole[place]),
            unsaid=float(self.unsaid[place]),
            asks=asked,
        )


def closest(match: Floats, allowed: Mask | None, size: int) -> Numbers:
    """The `size` entries that match best, in no order."""
    if allowed is not None:
        match = np.where(allowed, match, OUT)
    size = min(size, len(match) if allowed is None else int(np.count_nonzero(allowed)))
    return np.argpartition(-match, size - 1)[:size].astype(np.int64)


def whole_of(rows: Rows, lengths: Floats | None, dense: Floats, pool: Numbers) -> Floats:
    """Cosine of the question with the sum of an entry's own rows.

    `lengths`: how long those sums are; None where far rows were not read, then the best wording speaks for all.
    """
    if rows.single:
        return dense[pool]
    gathered, starts = _gathered(rows, pool)
    if lengths is None:
        return np.asarray(np.maximum.reduceat(dense[gathered], starts), dtype=np.float32)
    return np.asarray(np.add.reduceat(dense[gathered], starts) / lengths[pool], dtype=np.float32)


def unsaid(postings: Postings, rows: Rows, question: str, pool: Numbers, silent: Numbers | None = None) -> Floats:
    """Share of the question's weight (rare features weigh more) that stands in no own row of each entry.

    `silent`: rows that are taken not to be there.
    """
    asked = np.unique(feature_ids([question])[0])
    out = np.zeros(len(pool), dtype=np.float32)
    if not len(asked) or not len(postings.terms):
        return out
    at = np.minimum(np.searchsorted(postings.terms, asked), len(postings.terms) - 1)
    known = at[postings.terms[at] == asked]
    rarest = np.log1p((postings.size + 0.5) / 0.5)
    total = float(postings.idf[known].sum()) + rarest * (len(asked) - len(known))
    begins, ends = rows.starts[pool], rows.starts[pool] + rows.sizes[pool]
    gone = np.empty(0, dtype=np.int64) if silent is None else silent
    # Which entry of the pool each silent row is taken from.
    lost = (gone[:, None] >= begins) & (gone[:, None] < ends)
    # In the rows' own type: looking up wider numbers would copy every term's rows first.
    bounds = np.concatenate([begins, ends, gone, gone + 1]).astype(postings.rows.dtype)
    size = len(pool)
    said = np.zeros(size, dtype=np.float32)
    for term in known.tolist():
        stretch = postings.rows[postings.ends[term - 1] if term else 0 : postings.ends[term]]
        found = np.searchsorted(stretch, bounds)
        held = found[size : 2 * size] - found[:size]
        if len(gone):
            held = held - (found[2 * size + len(gone) :] - found[2 * size : 2 * size + len(gone)]) @ lost
        said += postings.idf[term] * (held > 0)
    return np.asarray(1 - said / np.float32(max(total, 1e-6)), dtype=np.float32)


def _gathered(rows: Rows, pool: Numbers) -> tuple[Numbers, Numbers]:
    """The own rows of the entries of `pool`, one entry after another, and where each begins among them."""
    sizes = rows.sizes[pool]
    starts = np.cumsum(sizes) - sizes
    return np.arange(int(sizes.sum())) - np.repeat(starts - rows.starts[pool], sizes), starts
