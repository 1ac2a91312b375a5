"""Fits a shop's index to the shop: fusion share and confidence, on its own similar questions.

Each similar question in turn is asked while it is left out (then the answer is right or wrong), and once more while
its whole entry is left out (then any answer is wrong): that is what a question outside the knowledge looks like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowledge.asking import asks
from knowledge.confidence import OFF_SHARE, LeftOut, fit
from knowledge.coverage import Asked, said
from knowledge.embedding import EmbeddingAway
from knowledge.index import FAQ_SHARE, POOL, TEXT_SHARE, Seen, ShopIndex, entry_scores, looks, row_scores
from knowledge.rerank import Looks, closest
from knowledge.words import clean

SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
REACH = 0.1
KNOWN, FOREIGN = 0.18, 0.32
"""Novelty up to which the model is at home, and from which words deserve half: measured on eight question sets."""
ENOUGH = 100
"""Fewer left-out questions than this cannot choose a share."""
SAME_ANSWER, DOUBTFUL = 0.85, 0.6
"""Cosine from which two answers count as one, and from which nobody can say: such a question is left aside."""
_WORK = 6_000_000
"""Row scores computed at most: keeps a fit under about a second at any size."""
_QUESTIONS = 400


@dataclass(frozen=True)
class _Asked:
    """One left-out question with what the index sees of it, the question's own rows silenced."""

    text: str
    entry: int
    rows: tuple[int, ...]
    """The rows that are this question, left out."""
    seen: Seen
    length: float
    """How long the sum of its entry's other rows is."""


def fitted(index: ShopIndex, *, seed: int = 0) -> ShopIndex:
    """`index` with share and confidence fitted to its own similar questions; unchanged where they are too few."""
    asked = _questions(index, seed)
    index = replace(index, faq_share=home_share(index.embedding.novelty(_faq_texts(index))))
    index = replace(index, faq_share=_best_share(index, asked))
    start = index.embedding.curves or index.curves
    return replace(index, curves=replace(start, faq=fit(left_out(index, asked), start.faq)))


def _faq_texts(index: ShopIndex) -> list[str]:
    return [text for text, document in zip(index.rows.texts, index.rows.document.tolist(), strict=True) if not document]


def home_share(novelty: float) -> float:
    """Dense share for a shop whose word pairs the model does not know to this extent."""
    return float(np.interp(novelty, [KNOWN, FOREIGN], [FAQ_SHARE, TEXT_SHARE]))


def left_out(index: ShopIndex, asked: list[_Asked]) -> list[LeftOut]:
    """What the index says to each question while it, and while its entry, is left out."""
    out = []
    for question in asked:
        found = looked_at(index, question)
        best = found.order()[0]
        alike = (
            1.0 if found.entries[best] == question.entry else _alike(index, int(found.entries[best]), question.entry)
        )
        if not DOUBTFUL <= alike < SAME_ANSWER:
            out.append(_left_out(index, question, found, best, alike >= SAME_ANSWER, 1 - OFF_SHARE))
        without = found.without(question.entry)
        out.append(_left_out(index, question, without, without.order()[0], False, OFF_SHARE))
    return out


def looked_at(index: ShopIndex, question: _Asked) -> Looks:
    """The entries nearest to a question that is left out."""
    match, _ = entry_scores(index.rows, row_scores(index, question.seen.dense, question.seen.lexical))
    pool = closest(match, None, POOL)
    # What is left out is no part of its entry: neither of its words nor of its middle.
    silent = np.array(question.rows, dtype=np.int64)
    lengths = None
    if index.lengths is not None:
        lengths = index.lengths.copy()
        lengths[question.entry] = question.length
    return looks(replace(index, lengths=lengths), question.text, question.seen, match, pool, silent)


def _left_out(index: ShopIndex, question: _Asked, found: Looks, place: int, right: bool, weight: float) -> LeftOut:
    best = int(found.entries[place])
    rows = range(*index.rows.of(best).indices(len(index.rows.texts)))
    texts = [index.rows.texts[row] for row in rows if row not in question.rows]
    words = Asked.of(question.text)
    missing = words.missing(said([*texts, index.passages[best].text]))
    return LeftOut(found.evidence(place, missing, words.length, asks(question.text)), right, weight)


def _alike(index: ShopIndex, one: int, other: int) -> float:
    """How alike two entries answer. Shops say many things twice: finding either may be right."""
    if index.answers is None:
        return 0.0
    return float(index.answers[one].astype(np.float32) @ index.answers[other].astype(np.float32))


def _questions(index: ShopIndex, seed: int) -> list[_Asked]:
    rows = index.rows
    matrix = index.vectors.matrix() if index.vectors else None
    if matrix is None or len(index.passages) < 3:
        return []
    owner = np.repeat(np.arange(len(rows.starts)), np.diff(np.append(rows.starts, len(rows.texts))))
    askable = ~rows.counter & ~rows.document
    several = np.bincount(owner[askable], minlength=len(rows.starts)) > 1
    usable = np.flatnonzero(askable & several[owner])
    count = min(len(usable), _QUESTIONS, max(_WORK // max(len(rows.texts), 1), 1))
    chosen = np.random.default_rng(seed).choice(usable, size=count, replace=False) if count else usable
    texts = [clean(rows.texts[row]) for row in chosen.tolist()]
    try:
        vectors = index.embedding.encode_queries(texts)
    except EmbeddingAway:
        return []
    same: dict[str, list[int]] = {}
    for row in np.flatnonzero(askable).tolist():
        same.setdefault(rows.texts[row], []).append(row)
    asked = []
    for text, vector, row in zip(texts, vectors, chosen.tolist(), strict=True):
        dense, lexical = (matrix @ vector).astype(np.float32), index.postings.scores(text)
        own = tuple(same[rows.texts[row]])
        dense[list(own)], lexical[list(own)] = -9, -9
        entry = int(owner[row])
        span = rows.of(entry)
        rest = [at for at in range(span.start, span.start + int(rows.sizes[entry])) if at not in own]
        length = float(np.linalg.norm(matrix[rest].sum(axis=0)))
        asked.append(_Asked(text, entry, own, Seen(vector, dense, lexical), max(length, 1e-6)))
    return asked


def _best_share(index: ShopIndex, asked: list[_Asked]) -> float:
    """The share with the best mean reciprocal rank, if it beats the present one by more than chance would.

    Within `REACH` of the present one: a question left out misses its own words more than its meaning, so the figures
    lean towards vectors (measured on the demo shop, whose questions of its own say .9 where other questions say .65).
    """
    if len(asked) < ENOUGH:
        return index.faq_share
    near = [share for share in SHARES if abs(share - index.faq_share) <= REACH]
    ranks = {share: _reciprocal(replace(index, faq_share=share), asked) for share in (*near, index.faq_share)}
    best = max(ranks, key=lambda share: float(ranks[share].mean()))
    gain = ranks[best] - ranks[index.faq_share]
    sure = float(gain.mean()) > 1.64 * float(gain.std()) / np.sqrt(len(gain))
    return best if sure else index.faq_share


def _reciprocal(index: ShopIndex, asked: list[_Asked]) -> NDArray[np.float64]:
    out = []
    for question in asked:
        match, _ = entry_scores(index.rows, row_scores(index, question.seen.dense, question.seen.lexical))
        out.append(1 / (1 + int((match > match[question.entry]).sum())))
    return np.array(out)
