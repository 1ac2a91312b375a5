"""The dense half of a middling shop: every row in memory, most of them read only in their first few dimensions.

The rows are turned so that the first dimensions carry most of them (their principal axes; turning changes no cosine).
A quarter of each row then says what its cosine is to within the length of the rest; only rows that may rank high by
that are read to the end. A search is bound by what it reads, so it takes a half of the time of reading every row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.embedding import Matrix
from knowledge.index import Floats

FROM = 4_000
"""Rows from which it pays."""
HEAD = 64
"""Dimensions of every row that are read."""
WHOLE = 512
"""Rows that are read to the end."""


@dataclass(frozen=True)
class Rotated:
    """The same answers as `knowledge.index.Exact` for every row that can rank high."""

    turn: Matrix
    head: Matrix
    tail: Matrix
    rest: Floats
    """Length of each row's tail: how far its cosine may be from what the head says."""

    @classmethod
    def of(cls, matrix: Matrix) -> Rotated:
        """Rows of length 1."""
        _, axes = np.linalg.eigh(matrix.T @ matrix)
        turn = np.ascontiguousarray(axes[:, ::-1], dtype=np.float32)
        turned = matrix @ turn
        head, tail = np.ascontiguousarray(turned[:, :HEAD]), np.ascontiguousarray(turned[:, HEAD:])
        return cls(turn, head, tail, np.linalg.norm(tail, axis=1).astype(np.float32))

    def cosines(self, vector: Floats, lexical: Floats) -> Floats:
        """Exact for the rows that may be among the best by meaning and words together; near enough for the others."""
        asked = vector @ self.turn
        out = np.asarray(self.head @ asked[:HEAD], dtype=np.float32)
        most = out + self.rest * np.linalg.norm(asked[HEAD:]) + np.float32(0.5) * lexical
        best = np.argpartition(most, -WHOLE)[-WHOLE:]
        out[best] += self.tail[best] @ asked[HEAD:]
        return out

    def matrix(self) -> Matrix:
        """The rows as they were given."""
        return np.asarray(np.hstack([self.head, self.tail]) @ self.turn.T, dtype=np.float32)
