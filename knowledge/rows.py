"""The searchable texts of a shop: which there are of each passage, and which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.types import Passage
from knowledge.words import sentences

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """The searchable texts of some passages, each passage's texts together."""

    texts: tuple[str, ...]
    starts: Numbers
    """First row of each passage."""
    counter: Mask
    """Which rows are counter-examples."""
    document: Mask
    """Which rows belong to a stretch of a document, not to a FAQ entry."""
    sizes: Numbers
    """How many rows that are no counter-examples each passage has; they come first."""

    @property
    def single(self) -> bool:
        """Whether every passage has just one row."""
        return len(self.texts) == len(self.starts)

    def of(self, passage: int) -> slice:
        """The rows of one passage."""
        last = passage + 1 == len(self.starts)
        return slice(int(self.starts[passage]), len(self.texts) if last else int(self.starts[passage + 1]))


def rows_of(passages: Sequence[Passage]) -> Rows:
    """What is indexed of each passage: wordings and counter-examples, or the whole and its sentences."""
    texts: list[str] = []
    starts: list[int] = []
    sizes: list[int] = []
    counter: list[bool] = []
    document: list[bool] = []
    for passage in passages:
        own = _wordings(passage)
        against = [text for text in passage.counter if text.strip()]
        starts.append(len(texts))
        sizes.append(len(own))
        texts += own + against
        counter += [False] * len(own) + [True] * len(against)
        document += [passage.kind == "text"] * (len(own) + len(against))
    return Rows(
        tuple(texts),
        np.array(starts, dtype=np.int64),
        np.array(counter, dtype=bool),
        np.array(document, dtype=bool),
        np.array(sizes, dtype=np.int64),
    )


def _wordings(passage: Passage) -> list[str]:
    if passage.kind == "faq":
        return list(dict.fromkeys(t for t in (passage.question, *passage.similar) if t.strip())) or [passage.text]
    heading = passage.question.split(">")[-1].strip()
    whole = f"{heading} {passage.text}" if heading else passage.text
    parts = sentences(passage.text)
    return [whole, *(dict.fromkeys(parts) if len(parts) > 1 else ())]


def lengths(rows: Rows, vectors: Floats) -> Floats:
    """How long the sum of the vectors of each passage's own rows is."""
    own = np.where(rows.counter[:, None], 0, vectors) if rows.counter.any() else vectors
    sums = np.add.reduceat(own, rows.starts, axis=0) if len(rows.starts) else own
    return np.asarray(np.maximum(np.linalg.norm(sums, axis=1), 1e-6), dtype=np.float32)
