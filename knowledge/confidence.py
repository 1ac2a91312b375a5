"""How likely the best entry answers the question, and what follows from that.

`p = σ(a·match + b·gap + c - d·missing + e·length + f·whole - g·unsaid + h·asks)`: `match` is the fused score of the
best wording, `gap` how far the next entry is behind in order, `missing` how many telling words of the question the
entry never says, `length` how many words the question has, `whole` and `unsaid` as in `knowledge.rerank`, `asks` how
much the message asks at all. Where entries are rich in wordings what is unsaid tells most; where they are one bare
question it tells next to nothing: so they are fitted per shop and per model, on the shop's own similar questions, each
in turn left out. Only `h` is set, not fitted: similar questions all ask. Scores of different models and of differently
filled shops are not comparable, so no threshold is ever carried over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ENOUGH = 40
"""Fewer left-out questions than this tell nothing: the defaults stay."""
MIXED = 50
"""The defaults weigh as much as this many of the shop's own questions. Merchants write tidier questions than
shoppers do, so a fit on them alone is too sure of itself."""
OFF_SHARE = 0.05
"""Share of shoppers' questions that nothing in the knowledge answers, as assumed before any is seen."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against the best entry."""

    match: float
    gap: float
    missing: int
    length: int
    whole: float = 0.0
    unsaid: float = 0.0
    asks: float = 0.0

    def row(self) -> tuple[float, ...]:
        """As the curve weighs it."""
        return (
            self.match,
            self.gap,
            1.0,
            -float(self.missing),
            float(self.length),
            self.whole,
            -self.unsaid,
            self.asks,
        )


@dataclass(frozen=True, slots=True)
class Confidence:
    """One fitted curve."""

    a: float = 5.0
    b: float = 3.0
    c: float = -4.8
    d: float = 0.1
    e: float = 0.07
    f: float = 0.0
    g: float = 0.0
    h: float = 1.0
    questions: int = 0
    """How many questions it was fitted on; 0 means a guess."""

    def weights(self) -> tuple[float, ...]:
        """In the order of `Evidence.row`."""
        return (self.a, self.b, self.c, self.d, self.e, self.f, self.g, self.h)

    def of(self, evidence: Evidence) -> float:
        """Probability, 0…1, that an entry with this evidence answers."""
        z = sum(weight * seen for weight, seen in zip(self.weights(), evidence.row(), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@dataclass(frozen=True, slots=True)
class Curves:
    """FAQ entries and stretches of documents score on different scales."""

    faq: Confidence = field(default_factory=Confidence)
    text: Confidence = field(default_factory=Confidence)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One of the shop's questions asked while it was left out."""

    evidence: Evidence
    right: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From what probability on to answer, and from what on to offer choices."""

    answer: float
    clarify: float

    def says(self, confidence: float) -> str:
        """`answer`, `clarify` or `none`."""
        return "answer" if confidence >= self.answer else "clarify" if confidence >= self.clarify else "none"


def thresholds(*, wrong: float = 3.0, question: float = 1.0, person: float = 1.5) -> Thresholds:
    """The cheapest policy at stated costs, in any one unit.

    `wrong`: a wrong answer is shown. `question`: choices are offered although the first entry was right, or none of
    them is. `person`: the shopper is sent to a person although one of the first entries was right.

    With the first entry right with probability p, the next two are taken to hold the answer with p of what is left.
    """
    p = np.linspace(0, 1, 1001)
    held = p + (1 - p) * p
    costs = np.stack([person * held, question * (p + (1 - p) ** 2), wrong * (1 - p)])
    best = costs.argmin(axis=0)
    answer = float(p[np.flatnonzero(best == 2)[0]])
    # At p = 1 an answer costs nothing, so there is always a first probability to answer from.
    asking = np.flatnonzero(best[p <= answer] >= 1)
    return Thresholds(answer=round(answer, 3), clarify=round(float(p[asking[0]]), 3))


_SIGN = np.array([1, 1, 0, 1, 0, 1, 1, 1])
"""More match is never a reason against, a missing word never one for: a weight the wrong way round is chance."""
_FREE = np.array([True, True, True, True, True, True, True, False])
"""What a shop's own questions can tell; they all ask something."""


def fit(asked: Sequence[LeftOut], default: Confidence, *, trust: float = MIXED, statements: bool = False) -> Confidence:
    """The curve for left-out questions, held near `default` by `trust` questions' worth of belief in it.

    `statements`: whether messages that ask nothing are among them, so that `h` can be told.
    """
    if len(asked) < ENOUGH:
        return default
    x = np.array([q.evidence.row() for q in asked])
    y = np.array([float(q.right) for q in asked])
    weight = np.array([q.weight for q in asked])
    # The default speaks about the very questions seen: soft labels that weigh `trust` questions in all.
    pulled = np.array([default.of(q.evidence) for q in asked])
    both, labels = np.vstack([x, x]), np.concatenate([y, pulled])
    weights = np.concatenate([weight, np.full(len(asked), trust / len(asked))])
    free, spread = _FREE.copy(), x.std(axis=0)
    at = np.array(default.weights())
    for _ in range(int(_SIGN.sum()) + 1):
        at[free] = _newton(both[:, free], labels, weights, at[free], both[:, ~free] @ at[~free])
        wrong = np.where(free & (at * _SIGN < 0), np.abs(at) * spread, 0.0)
        if not wrong.any():
            break
        # One at a time, the worst first: what two share is then told by the other.
        at[wrong.argmax()], free[wrong.argmax()] = 0.0, False
    if not np.isfinite(at).all() or not at[[0, 5]].any():
        return default
    return Confidence(**dict(zip("abcdefgh", at.tolist(), strict=True)), questions=len(asked))


def _newton(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    start: NDArray[np.float64],
    offset: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weighted logistic regression with a little ridge towards `start`, so that separable questions do not run away."""
    ridge = np.eye(len(start)) * 0.02

    def loss(at: NDArray[np.float64]) -> float:
        z = x @ at + offset
        return float(weight @ (np.logaddexp(0, z) - y * z) + (at - start) @ ridge @ (at - start) / 2)

    at = start.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ at + offset, -30, 30)))
        gradient = x.T @ (weight * (p - y)) + ridge @ (at - start)
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(hessian, gradient)
        # A full step overshoots where the curve is flat; halving it always finds lower ground.
        while (lower := loss(at - step)) > loss(at) and np.abs(step).max() > 1e-7:
            step = step / 2
        if not np.isfinite(lower) or np.abs(step).max() <= 1e-7:
            break
        at = at - step
    return at
