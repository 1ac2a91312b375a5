"""The dense half of a large shop: an outside index finds; int8 rows in memory rescore, and stand in when it is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Matrix
from knowledge.index import Floats

Keys = NDArray[np.uint64]
Ask = Callable[[Floats], tuple[Keys, Floats] | None]
"""From a vector to the keys of the nearest rows and their cosines, or None when every row must be read."""

RESCORED = 300
"""Rows the words rank highest, whose cosine is computed whatever the outside index found."""


@dataclass(frozen=True)
class Approximate:
    """A quarter of the memory of `knowledge.index.Exact`, for shops of more rows than can be read in a millisecond."""

    codes: NDArray[np.int8]
    scales: Floats
    keys: Keys
    """Ascending row keys."""
    order: NDArray[np.int64]
    """Row of each of `keys`."""
    ask: Ask

    @classmethod
    def of(cls, matrix: Matrix, keys: Keys, ask: Ask) -> Approximate:
        """Rows of length 1 with their keys."""
        scales = np.maximum(np.abs(matrix).max(axis=1), 1e-9).astype(np.float32) / np.float32(127)
        order = np.argsort(keys)
        return cls(np.rint(matrix / scales[:, None]).astype(np.int8), scales, keys[order], order, ask)

    def cosines(self, vector: Floats, lexical: Floats) -> Floats:
        found = self.ask(vector)
        if found is None:
            return self._all(vector)
        out = np.zeros(len(self.codes), dtype=np.float32)
        best = np.argpartition(-lexical, min(RESCORED, len(lexical) - 1))[:RESCORED]
        out[best] = (self.codes[best].astype(np.float32) @ vector) * self.scales[best]
        first, last = np.searchsorted(self.keys, found[0], "left"), np.searchsorted(self.keys, found[0], "right")
        for begin, end, cosine in zip(first.tolist(), last.tolist(), found[1].tolist(), strict=True):
            out[self.order[begin:end]] = cosine
        return out

    def matrix(self) -> Matrix:
        return np.asarray(self.codes * self.scales[:, None], dtype=np.float32)

    def _all(self, vector: Floats) -> Floats:
        out = np.empty(len(self.codes), dtype=np.float32)
        for at in range(0, len(out), 8192):
            part = slice(at, at + 8192)
            out[part] = (self.codes[part].astype(np.float32) @ vector) * self.scales[part]
        return out
