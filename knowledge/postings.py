"""Lexical search: BM25 over overlapping character uni- and bigrams, scaled to roughly 0…1.

Own postings instead of a library: scores must be comparable with cosines (a share of the best the question could
reach), one changed row must not cost a rebuild from text, and a shop's index must stay small. `bm25s` checks them
in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge.words import Ids, feature_ids

K1 = 1.2
B = 0.75
COMMON = 32
"""A term that more than one row in this many has is kept as a whole row of weights: adding it up is then one pass over
memory, where picking its rows one by one is a jump for each."""
MANY = 1024
"""Rows below which nothing is gained by it."""


@dataclass(frozen=True)
class Postings:
    """An inverted index over rows of text. Built once, never changed."""

    terms: Ids
    """Features known, ascending."""
    idf: NDArray[np.float32]
    ends: NDArray[np.int64]
    """Where each term's stretch of `rows` and `weights` ends."""
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    """Finished BM25 contribution of a term to a row."""
    size: int
    whole: dict[int, NDArray[np.float32]] = field(repr=False)
    """Weights over all rows of the terms that many rows have."""
    source: tuple[Ids, NDArray[np.int64]] = field(repr=False)
    """Features of all rows and how many each has, from which an altered index is built without reading text again."""

    def known(self, question: str) -> float:
        """Share of the question's features that some row has; 1 for a question without any."""
        ids, _ = feature_ids([question])
        asked = np.unique(ids)
        if not len(self.terms) or not len(asked):
            return 1.0
        at = np.minimum(np.searchsorted(self.terms, asked), len(self.terms) - 1)
        return float((self.terms[at] == asked).mean())

    def scores(self, question: str) -> NDArray[np.float32]:
        """How much of the question's known weight each row carries: 0 nothing, around 1 all of it."""
        out = np.zeros(self.size, dtype=np.float32)
        ids, _ = feature_ids([question])
        asked = np.unique(ids)
        if not len(self.terms) or not len(asked):
            return out
        at = np.minimum(np.searchsorted(self.terms, asked), len(self.terms) - 1)
        at = at[self.terms[at] == asked]
        for term in at.tolist():
            if (weights := self.whole.get(term)) is not None:
                out += weights
                continue
            begin = self.ends[term - 1] if term else 0
            stretch = slice(begin, self.ends[term])
            out[self.rows[stretch]] += self.weights[stretch]
        best = K1 * float(self.idf[at].sum())
        return out / np.float32(best) if best else out


def build(texts: Sequence[str]) -> Postings:
    """Postings over `texts`, one row each."""
    ids, lengths = feature_ids(texts)
    return of_features(ids, lengths)


def of_features(ids: Ids, lengths: NDArray[np.int64]) -> Postings:
    """Postings over rows given as features, as `knowledge.words.feature_ids` returns them."""
    size = len(lengths)
    owner = np.repeat(np.arange(size, dtype=np.int64), lengths)
    terms, number = np.unique(ids, return_inverse=True)
    # One key a (term, row): sorting it is what inverts the index.
    key, tf = np.unique(number.astype(np.int64) * max(size, 1) + owner, return_counts=True)
    term, row = np.divmod(key, max(size, 1))
    df = np.bincount(term, minlength=len(terms))
    idf = np.log1p((size - df + 0.5) / (df + 0.5))
    relative = lengths / max(float(lengths.mean()), 1e-9) if size else lengths
    weights = idf[term] * tf * (K1 + 1) / (tf + K1 * (1 - B + B * relative[row]))
    ends, rows, light = np.cumsum(df), row.astype(np.int32), weights.astype(np.float32)
    return Postings(
        terms=terms,
        idf=idf.astype(np.float32),
        ends=ends,
        rows=rows,
        weights=light,
        size=size,
        whole=_whole(df, ends, rows, light, size),
        source=(ids, lengths),
    )


def _whole(
    df: NDArray[np.int64], ends: NDArray[np.int64], rows: NDArray[np.int32], weights: NDArray[np.float32], size: int
) -> dict[int, NDArray[np.float32]]:
    """The terms many rows have, each as a row of weights. At most `COMMON` times as many as a row has terms."""
    out = {}
    for term in np.flatnonzero(df > size // COMMON).tolist() if size >= MANY else ():
        stretch = slice(ends[term] - df[term], ends[term])
        out[term] = np.zeros(size, dtype=np.float32)
        out[term][rows[stretch]] = weights[stretch]
    return out


def altered(old: Postings, kept: NDArray[np.int64], texts: Sequence[str]) -> Postings:
    """Postings whose rows are old rows or new texts.

    `kept`: for each row of the result the old row it repeats, or -1 where the next of `texts` stands.
    """
    ids, lengths = old.source
    fresh_ids, fresh_lengths = feature_ids(texts)
    all_ids = np.concatenate([ids, fresh_ids])
    all_lengths = np.concatenate([lengths, fresh_lengths])
    row = kept.copy()
    row[kept < 0] = len(lengths) + np.arange(len(texts))
    starts = np.cumsum(all_lengths) - all_lengths
    new_lengths = all_lengths[row]
    offsets = np.arange(int(new_lengths.sum())) - np.repeat(np.cumsum(new_lengths) - new_lengths, new_lengths)
    return of_features(all_ids[np.repeat(starts[row], new_lengths) + offsets], new_lengths)
