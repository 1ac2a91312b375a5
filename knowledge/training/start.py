"""Where the model starts: what words mean by the company they keep, without a single label.

Vocabulary, positive pointwise mutual information of features that share a sentence, randomised singular vectors.
Untrained, this alone already finds more than BM25 (Levy & Goldberg 2014 for why PPMI + SVD works like word2vec).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from knowledge.words import features

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Start:
    """The untrained model."""

    vocabulary: tuple[str, ...]
    rows: Matrix
    """One vector a feature; all weights have standard deviation .1."""


def begin(sentences: Sequence[str], *, size: int = 20_000, dim: int = 256, seed: int = 0) -> Start:
    """Vocabulary and first vectors from plain sentences.

    `size`: the most frequent features kept, each in at least two sentences.
    """
    bags = [sorted(set(features(sentence))) for sentence in sentences]
    counts = Counter(feature for bag in bags for feature in bag)
    # Ties are broken by name, so that the same text gives the same file on every machine.
    ranked = sorted((f for f, n in counts.items() if n >= 2), key=lambda f: (-counts[f], f))
    vocabulary = tuple(ranked[:size])
    number = {feature: at for at, feature in enumerate(vocabulary)}
    ids = [[number[f] for f in bag if f in number] for bag in bags]
    seen = _incidence(ids, len(vocabulary))
    rows = _singular_rows(_ppmi(seen), dim, seed)
    df = np.asarray(seen.sum(axis=0)).ravel()
    idf = np.log(1 + len(bags) / np.maximum(df, 1))
    rows *= (idf / idf.mean())[:, None].astype(np.float32)
    return Start(vocabulary, rows * np.float32(0.1 / rows.std()))


def _incidence(ids: list[list[int]], width: int) -> sp.csr_matrix:
    ends = np.cumsum([0, *(len(row) for row in ids)])
    flat = np.fromiter((i for row in ids for i in row), dtype=np.int32, count=int(ends[-1]))
    return sp.csr_matrix((np.ones(len(flat), dtype=np.float32), flat, ends), shape=(len(ids), width))


def _ppmi(seen: sp.csr_matrix) -> sp.csr_matrix:
    """Positive PMI of features over sentences; pairs met once are noise and dropped."""
    together = (seen.T @ seen).tocoo()
    keep = (together.data >= 2) & (together.row != together.col)
    row, col, n = together.row[keep], together.col[keep], together.data[keep].astype(np.float64)
    total = n.sum()
    width = seen.shape[1]
    left = np.bincount(row, n, width)
    pmi = np.log(n * total / (left[row] * left[col]))
    good = pmi > 0
    return sp.csr_matrix((pmi[good].astype(np.float32), (row[good], col[good])), shape=(width, width))


def _singular_rows(matrix: sp.csr_matrix, dim: int, seed: int) -> Matrix:
    from sklearn.utils.extmath import randomized_svd

    rank = min(dim, matrix.shape[0] - 1)
    left, values, _ = randomized_svd(matrix, n_components=rank, n_iter=3, random_state=seed)
    rows = left * values**0.25
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    out = np.zeros((matrix.shape[0], dim), dtype=np.float32)
    out[:, :rank] = rows
    return out
