"""Finds what a shop knows about a question: validity filter, weighted score fusion, one hit per entry.

A wording scores `w·cosine + (1-w)·lexical`; an entry matches as its best wording does, a little better where several
agree; `knowledge.rerank` orders the best of them. Fusing by rank was measured eleven points worse and is not offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge import postings as bm25
from knowledge.asking import asks
from knowledge.confidence import Curves
from knowledge.coverage import Asked, spoken
from knowledge.embedding import Embedding, EmbeddingAway, Matrix
from knowledge.rerank import Looks, Weights, closest, unsaid, whole_of
from knowledge.rows import Floats, Mask, Numbers, Rows, lengths, rows_of
from knowledge.types import Hit, Passage
from knowledge.words import clean, tokens

__all__ = ["Exact", "Floats", "Rows", "ShopIndex", "rows_of"]

FAQ_SHARE = 0.85
"""Dense share of a FAQ wording's score; flat between .8 and .9."""
TEXT_SHARE = 0.5
"""Dense share of a document passage's score: long text needs the lexical half."""
FOREIGN, DOUBTED, STRANGE = 0.55, 0.5, 0.4
"""A question of whose letters and pairs of letters the shop has less than this (“量子纠缠是啥原理”) is about nothing
here: a confidence that was in doubt anyway falls to this share of itself. The fit never sees such questions."""
WORDINGS = 4
"""Wordings an entry must have on average for a strange word to mean anything."""
AGREE = 20.0
"""How sharply the best wording of an entry outweighs its others. Against the best alone: +1.5 points hit@1 on the demo
shop with all its similar questions, +2.2 with none for half of its entries, +0.3 with none at all (paired)."""
COUNTER_PUSH = 0.5
"""Taken off the match of an entry whose counter-example fits the question as well as its best wording does."""
COUNTER_NEAR = 0.15
"""A counter-example this far behind the best wording begins to push."""
LONGEST = 600
"""Characters of a message that are searched."""
POOL = 32
"""Entries looked at closely; the right one is hardly ever behind them."""
_OUT = np.float32(-9)


class Vectors(Protocol):
    """The dense half of an index."""

    def cosines(self, vector: Floats, lexical: Floats) -> Floats:
        """Cosine of every row with `vector`. A row that cannot rank high by either half may read 0."""
        ...

    def matrix(self) -> Matrix | None:
        """All rows in order, where they are in memory."""
        ...


@dataclass(frozen=True)
class Exact:
    """All rows in memory. Quicker than any approximate index up to about 30,000 rows."""

    rows: Matrix

    def cosines(self, vector: Floats, lexical: Floats) -> Floats:
        return np.asarray(self.rows @ vector, dtype=np.float32)

    def matrix(self) -> Matrix | None:
        return self.rows


@dataclass(frozen=True)
class ShopIndex:
    """One shop's knowledge, ready to search. Never changed: `updated` gives the next one."""

    passages: tuple[Passage, ...]
    embedding: Embedding
    rows: Rows
    postings: bm25.Postings
    vectors: Vectors | None
    """None while the embedding model is away: then words alone decide."""
    answers: NDArray[np.float16] | None
    """One row a passage: its answer, or the whole stretch of a document."""
    begins: NDArray[np.float64]
    """First moment each passage is valid, seconds since 1970."""
    ends: NDArray[np.float64]
    """First moment it no longer is."""
    lengths: Floats | None = None
    """How long the sum of each passage's own rows is; None where not every row is read."""
    faq_share: float = FAQ_SHARE
    weights: Weights = field(default_factory=Weights)
    """What each view of an entry counts in the order."""
    curves: Curves = field(default_factory=Curves)
    """From a match and its gap to a probability."""
    degraded: str = ""
    """Why it searches by words alone, or empty."""

    @classmethod
    def build(cls, passages: Sequence[Passage], embedding: Embedding) -> ShopIndex:
        """Index `passages` from nothing."""
        return _assemble(tuple(passages), embedding, None)

    def updated(self, passages: Sequence[Passage]) -> ShopIndex:
        """The index of `passages`, keeping what this one already knows of their texts, and its fit."""
        return _assemble(tuple(passages), self.embedding, self)

    def search(self, question: str, k: int = 6, *, valid_on: datetime | None = None) -> list[Hit]:
        """The best `k` passages valid at `valid_on` (default: now), best first, one hit per passage."""
        asked = clean(question)[:LONGEST]
        moment = (valid_on or datetime.now(UTC)).timestamp()
        allowed = (self.begins <= moment) & (moment < self.ends)
        if not tokens(asked) or not allowed.any():
            return []
        return _rank(self, asked, allowed, k)

    def described(self) -> str:
        """How it scores, in a line for reports."""
        share = f"faq {self.faq_share:.2f} dense + {1 - self.faq_share:.2f} bm25"
        share += "".join(f" {weight:+.2f} {name}" for name, weight in self.weights.named())
        return f"hybrid ({share}; text {TEXT_SHARE:.2f} + {1 - TEXT_SHARE:.2f})" if self.vectors else "bm25"


def _assemble(passages: tuple[Passage, ...], embedding: Embedding, old: ShopIndex | None) -> ShopIndex:
    rows = rows_of(passages)
    built = ShopIndex(
        passages=passages,
        embedding=embedding,
        rows=rows,
        postings=_postings(rows.texts, old),
        vectors=None,
        answers=None,
        begins=np.array([p.valid_from.timestamp() if p.valid_from else -np.inf for p in passages]),
        ends=np.array([p.valid_until.timestamp() if p.valid_until else np.inf for p in passages]),
        faq_share=old.faq_share if old else FAQ_SHARE,
        weights=old.weights if old else Weights(),
        curves=old.curves if old else embedding.curves or Curves(),
    )
    try:
        before = old.rows.texts if old else ()
        vectors = _encode(rows.texts, embedding, before, old.vectors.matrix() if old and old.vectors else None)
        said = tuple(p.text for p in old.passages) if old else ()
        answers = _encode([p.text for p in passages], embedding, said, old.answers if old else None)
    except EmbeddingAway as away:
        return replace(built, degraded=str(away))
    exact = vectors.astype(np.float32)
    return replace(built, vectors=Exact(exact), answers=answers.astype(np.float16), lengths=lengths(rows, exact))


def _postings(texts: Sequence[str], old: ShopIndex | None) -> bm25.Postings:
    if old is None:
        return bm25.build(texts)
    kept = _places(texts, old.rows.texts)
    return bm25.altered(old.postings, kept, [text for text, at in zip(texts, kept, strict=True) if at < 0])


def _places(texts: Sequence[str], before: Sequence[str]) -> NDArray[np.int64]:
    """Where each text stood `before`, or -1."""
    known = {text: at for at, text in enumerate(before)}
    return np.array([known.get(text, -1) for text in texts], dtype=np.int64)


def _encode(
    texts: Sequence[str], embedding: Embedding, before: Sequence[str], vectors: NDArray[np.floating] | None
) -> NDArray[np.floating]:
    """One row a text; rows of texts that were there `before` are taken from `vectors`."""
    if vectors is None or not len(vectors):
        return embedding.encode_passages(texts)
    kept = _places(texts, before)
    out = vectors[kept]
    fresh = np.flatnonzero(kept < 0).tolist()
    if fresh:
        out[fresh] = embedding.encode_passages([texts[at] for at in fresh])
    return out


def row_scores(index: ShopIndex, dense: Floats | None, lexical: Floats) -> Floats:
    """The fused score of every row."""
    if dense is None:
        return lexical
    faq = np.float32(index.faq_share)
    if not index.rows.document.any():
        return np.asarray(faq * dense + (1 - faq) * lexical, dtype=np.float32)
    share = np.where(index.rows.document, np.float32(TEXT_SHARE), faq)
    return np.asarray(lexical + share * (dense - lexical), dtype=np.float32)


def entry_scores(rows: Rows, score: Floats) -> tuple[Floats, Floats]:
    """The match of every passage, its counter-examples counted against it, and the score of every own row."""
    if not rows.counter.any():
        return _pooled(rows, score), score
    own = np.where(rows.counter, _OUT, score)
    match = _pooled(rows, own)
    against = np.maximum.reduceat(np.where(rows.counter, score, _OUT), rows.starts)
    near = np.clip((against - match + COUNTER_NEAR) / COUNTER_NEAR, 0, 1)
    return np.asarray(match - np.float32(COUNTER_PUSH) * near, dtype=np.float32), own


def _pooled(rows: Rows, own: Floats) -> Floats:
    """The best wording of every passage, and what its others add; nothing is won by merely having many."""
    if rows.single:
        return own
    best = np.maximum.reduceat(own, rows.starts)
    spans = np.diff(np.append(rows.starts, len(rows.texts)))
    shares = np.exp(AGREE * (own - np.repeat(best, spans)))
    agreeing = np.log(np.add.reduceat(shares, rows.starts)) - np.log(np.minimum(rows.sizes, 20)) / 2
    return np.asarray(best + agreeing / AGREE, dtype=np.float32)


def looks(
    index: ShopIndex, asked: str, seen: Seen, match: Floats, pool: Numbers, silent: Numbers | None = None
) -> Looks:
    """The entries of `pool` from every side. `silent`: rows that are taken not to be there."""
    near = match[pool]
    if seen.dense is None or seen.vector is None or index.answers is None:
        return Looks(pool, near, near, np.zeros_like(near), np.zeros_like(near), near)
    dense = seen.dense
    if silent is not None:
        dense = dense.copy()
        dense[silent] = 0
    whole = whole_of(index.rows, index.lengths, dense, pool)
    missed = unsaid(index.postings, index.rows, asked, pool, silent)
    answer = np.maximum(index.answers[pool].astype(np.float32) @ seen.vector, 0)
    return Looks(pool, near, whole, missed, answer, index.weights.score(near, whole, missed, answer))


def _rank(index: ShopIndex, asked: str, allowed: Mask, k: int) -> list[Hit]:
    seen = seen_of(index, asked)
    match, own = entry_scores(index.rows, row_scores(index, seen.dense, seen.lexical))
    found = looks(index, asked, seen, match, closest(match, None if allowed.all() else allowed, max(POOL, k)))
    words, asking, strange = Asked.of(asked), asks(asked), _strange(index, asked)
    hits = []
    for place in found.order()[:k]:
        entry = int(found.entries[place])
        passage, span = index.passages[entry], index.rows.of(entry)
        row = span.start + int(np.argmax(own[span]))
        curve = index.curves.faq if passage.kind == "faq" else index.curves.text
        sure = curve.of(found.evidence(place, words.missing(spoken(passage)), words.length, asking))
        hits.append(
            Hit(
                passage=passage,
                score=float(found.score[place]),
                match=min(max(float(match[entry]), 0.0), 1.0),
                dense=0.0 if seen.dense is None else float(seen.dense[row]),
                lexical=float(seen.lexical[row]),
                wording=index.rows.texts[row],
                confidence=sure * STRANGE if strange and sure < DOUBTED else sure,
            )
        )
    return hits


def _strange(index: ShopIndex, asked: str) -> bool:
    """Whether a question is about nothing here. A shop of bare questions cannot tell: it has few words of its own."""
    rich = len(index.rows.texts) >= WORDINGS * len(index.passages)
    return rich and index.postings.known(asked) < FOREIGN


@dataclass(frozen=True)
class Seen:
    """One question beside every row."""

    vector: Floats | None
    """None while the embedding model is away."""
    dense: Floats | None
    lexical: Floats


def seen_of(index: ShopIndex, asked: str) -> Seen:
    """A cleaned question beside every row of a shop."""
    lexical = index.postings.scores(asked)
    if index.vectors is None:
        return Seen(None, None, lexical)
    try:
        vector = np.asarray(index.embedding.encode_queries([asked])[0], dtype=np.float32)
    except EmbeddingAway:
        return Seen(None, None, lexical)
    return Seen(vector, index.vectors.cosines(vector, lexical), lexical)
