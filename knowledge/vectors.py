"""Chroma keeps the vectors. What it keeps can be lost at any time: the catalogue's passages rebuild it.

Where a vector comes from, and how it is searched:

    shop                          vectors at opening             search
    shipped model, up to 30k rows encoded (quicker than read)    exact, in memory
    slow or paid model, the same  read, only new ones encoded    exact, in memory
    more than 30k rows            as above                       Chroma's index, words' best rows rescored

Small shops share a few collections, only ever read by id: a collection each costs 60 ms and 3 MB, a filtered search
grows with all shops' rows. A large shop has one of its own. Names carry the model's fingerprint, so vectors of two
models never meet. Chroma being away or damaged costs speed, never an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace

import numpy as np

from knowledge.approximate import Approximate, Keys
from knowledge.confidence import Curves
from knowledge.embedding import Embedding, EmbeddingAway, Matrix
from knowledge.fit import fitted
from knowledge.index import Floats, ShopIndex
from knowledge.rotated import FROM, Rotated
from knowledge.types import Passage
from knowledge.vector_store import REST, VectorStore, row_key

__all__ = ["LARGE", "VectorStore", "open_index"]

LARGE = 30_000
"""Rows from which an index beats reading every row."""
FOREIGN_QUESTIONS = 250
"""Questions a model nobody has fitted yet is asked of either kind: seconds with a transformer on one core."""


def open_index(
    shop: str,
    passages: Sequence[Passage],
    embedding: Embedding,
    vectors: VectorStore | None = None,
    old: ShopIndex | None = None,
) -> ShopIndex:
    """A shop's index, fitted to its own similar questions; only what `old` and Chroma do not know is encoded.

    Returns as soon as it can search; what Chroma is to keep is written behind it.
    """
    if old is not None and old.embedding.fingerprint != embedding.fingerprint:
        old = None
    if vectors is None or embedding.instant:
        index = old.updated(passages) if old else ShopIndex.build(passages, embedding)
    else:
        model = _Remembering(shop, embedding, vectors)
        index = replace(old, embedding=model).updated(passages) if old else ShopIndex.build(passages, model)
        index = replace(index, embedding=embedding, curves=old.curves if old else _curves(embedding, vectors))
    if old is None or abs(len(index.rows.texts) - len(old.rows.texts)) > len(old.rows.texts) // 10:
        index = fitted(index)
    if index.vectors is None or index.answers is None:
        return index
    matrix = index.vectors.matrix()
    assert matrix is not None, "every index can give its rows"
    if vectors is None:
        return _turned(index, matrix)
    answers, texts = index.answers, index.rows.texts

    def all_rows() -> dict[str, Floats]:
        said = {p.text: row.astype(np.float32) for p, row in zip(passages, answers, strict=True)}
        return said | dict(zip(texts, matrix, strict=True))

    if len(index.rows.texts) <= LARGE:
        vectors.keep_soon(shop, embedding, all_rows)
        return _turned(index, matrix)
    if not embedding.instant:
        vectors.keep_soon(shop, embedding, all_rows)
    return replace(index, vectors=_large(shop, index, matrix, vectors))


def _turned(index: ShopIndex, matrix: Matrix) -> ShopIndex:
    """The index with its rows laid so that a search need not read all of each."""
    return replace(index, vectors=Rotated.of(matrix)) if len(matrix) >= FROM else index


_CURVES: dict[str, Curves] = {}


def _curves(embedding: Embedding, vectors: VectorStore) -> Curves:
    """Confidence to start from with a model nobody has fitted yet: asked about our own intents, once a process."""
    if embedding.curves is not None:
        return embedding.curves
    if embedding.fingerprint not in _CURVES:
        from knowledge.training.calibrate import curves
        from knowledge.training.corpus import read_answers, read_intents

        model = _Remembering("dianban/intents", embedding, vectors)
        try:
            _CURVES[embedding.fingerprint] = curves(model, read_intents(), read_answers(), most=FOREIGN_QUESTIONS)
        except EmbeddingAway:
            return Curves()
    return _CURVES[embedding.fingerprint]


def _large(shop: str, index: ShopIndex, matrix: Matrix, store: VectorStore) -> Approximate:
    """The rows of a large shop, found by Chroma as soon as it has them and whenever it answers."""
    keys = np.array([int(row_key(shop, text), 16) for text in index.rows.texts], dtype=np.uint64)
    finder = _Finder(shop, index, store)
    rows = Approximate.of(matrix, keys, finder)
    finder.fill(lambda: dict(zip(index.rows.texts, rows.matrix(), strict=True)))
    return rows


class _Finder:
    """Asks Chroma for a large shop's nearest rows; fills its collection first, and again when it failed."""

    def __init__(self, shop: str, index: ShopIndex, store: VectorStore) -> None:
        self._shop, self._model, self._store = shop, index.embedding, store
        self._rows: Callable[[], Mapping[str, Floats]] = dict
        self._ready: Future[bool] | None = None
        self._tried = 0.0

    def fill(self, rows: Callable[[], Mapping[str, Floats]]) -> None:
        """Have the collection brought to `rows` in the background."""
        self._rows, self._tried = rows, time.monotonic()
        self._ready = self._store.index_soon(self._shop, self._model, rows)

    def __call__(self, vector: Floats) -> tuple[Keys, Floats] | None:
        if self._ready is None or not self._ready.done():
            return None
        if self._ready.result() and (found := self._store.nearest(self._shop, self._model, vector)):
            return found
        if (self._store.away or not self._ready.result()) and time.monotonic() - self._tried > REST:
            self.fill(self._rows)
        return None


class _Remembering:
    """An embedding that looks in Chroma first and keeps what it had to encode, batch by batch."""

    def __init__(self, shop: str, embedding: Embedding, vectors: VectorStore) -> None:
        self._shop, self._model, self._vectors = shop, embedding, vectors
        self.name, self.fingerprint, self.instant = embedding.name, embedding.fingerprint, embedding.instant
        self.curves = embedding.curves

    @property
    def dim(self) -> int:
        return self._model.dim

    def novelty(self, texts: Sequence[str]) -> float:
        return self._model.novelty(texts)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._model.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        known = self._vectors.fetch(self._shop, self._model, texts)
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        for at in range(0, len(missing), 256):
            part = missing[at : at + 256]
            fresh = dict(zip(part, self._model.encode_passages(part), strict=True))
            self._vectors.keep(self._shop, self._model, fresh)
            known |= fresh
        return np.stack([known[text] for text in texts]) if texts else self._model.encode_passages([])
