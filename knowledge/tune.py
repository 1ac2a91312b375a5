"""Fits a shop's scoring to its own similar questions, and says what that is worth before anything is applied.

Each similar question is asked while it is left out. The questions are halved: what one half chooses is measured on the
other, so the gain shown is none that the choice gave itself. It pays when the 95 % interval of the gain excludes zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge import fit as fitting
from knowledge.confidence import Confidence, LeftOut, fit
from knowledge.index import ShopIndex
from knowledge.own import Tuning

ENOUGH = 100
"""Fewer left-out questions than this cannot choose anything."""
SAMPLES = 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gain:
    """A figure before and after, and the 95 % interval of its paired difference (positive is better)."""

    before: float
    after: float
    low: float
    high: float

    @property
    def pays(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning found for a shop."""

    questions: int
    present: Tuning
    best: Tuning
    """Share and curve where they pay, the present ones where they do not."""
    rank: Gain | None = None
    """Mean reciprocal rank of the right entry."""
    first: Gain | None = None
    """Share of questions whose right entry comes first."""
    surprise: Gain | None = None
    """How far stated confidence is from what happened (log loss, lower is better; the gain is what it falls by)."""

    @property
    def pays(self) -> bool:
        """Whether anything is worth applying."""
        return self.best != self.present

    def as_json(self) -> dict[str, Any]:
        def shown(gain: Gain | None) -> dict[str, float] | None:
            return None if gain is None else {name: round(value, 4) for name, value in asdict(gain).items()}

        return {
            "questions": self.questions,
            "pays": self.pays,
            "faq_share": {"present": self.present.faq_share, "best": self.best.faq_share},
            "rank": shown(self.rank),
            "first": shown(self.first),
            "surprise": shown(self.surprise),
        }


def tuned(index: ShopIndex, *, seed: int = 0) -> Tuned:
    """The best fit of an index to its own similar questions, measured on halves that did not choose it."""
    home = fitting.home_share(index.embedding.novelty(fitting._faq_texts(index)))
    index = replace(index, faq_share=home)
    start = index.embedding.curves or index.curves
    present = Tuning(home, start)
    asked = fitting._questions(index, seed)
    if len(asked) < ENOUGH:
        return Tuned(len(asked), present, present)
    ranks = {s: fitting._reciprocal(replace(index, faq_share=s), asked) for s in {*fitting.SHARES, home}}
    half = np.random.default_rng(seed).permutation(len(asked)) % 2
    after = np.empty(len(asked))
    for side in (0, 1):
        after[half == side] = ranks[_best(ranks, half != side)][half == side]
    rank = _gain(ranks[home], after, seed)
    first = _gain((ranks[home] == 1).astype(float), (after == 1).astype(float), seed)
    share = _best(ranks, np.ones(len(asked), dtype=bool)) if rank.pays else home
    index = replace(index, faq_share=share)
    sides = [fitting.left_out(index, [q for q, h in zip(asked, half, strict=True) if h == side]) for side in (0, 1)]
    before = np.concatenate([_losses(start.faq, side) for side in sides])
    later = np.concatenate([_losses(fit(sides[1 - n], start.faq), side) for n, side in enumerate(sides)])
    surprise = _gain(before, later, seed, sign=-1)
    curve = fit([*sides[0], *sides[1]], start.faq) if surprise.pays else start.faq
    return Tuned(len(asked), present, Tuning(share, replace(start, faq=curve)), rank, first, surprise)


def _best(ranks: dict[float, Floats], chosen: NDArray[np.bool_]) -> float:
    return max(sorted(ranks), key=lambda share: float(ranks[share][chosen].mean()))


def _losses(curve: Confidence, asked: Sequence[LeftOut]) -> Floats:
    """What each left-out question costs, by its weight."""
    p = np.clip([curve.of(one.evidence) for one in asked], 1e-4, 1 - 1e-4)
    right, weight = np.array([one.right for one in asked]), np.array([one.weight for one in asked])
    return np.asarray(-np.log(np.where(right, p, 1 - p)) * weight / weight.mean(), dtype=np.float64)


def _gain(before: Floats, after: Floats, seed: int, sign: int = 1) -> Gain:
    low, high = interval(sign * (after - before), lambda rows: rows.mean(axis=1), seed)
    return Gain(float(before.mean()), float(after.mean()), low, high)


def interval(values: Floats, figure: Callable[[Floats], Floats], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of a figure over `values`; `figure` reads rows of samples."""
    picked = np.random.default_rng(seed).integers(0, len(values), (SAMPLES, len(values)))
    low, high = np.percentile(figure(values[picked]), [2.5, 97.5])
    return float(low), float(high)
