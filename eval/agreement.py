"""How far two raters agree, and what a share counted by an imperfect rater says of the true one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from eval.statistics import Interval, wilson

Z = float(norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class Agreement:
    """A rater beside the truth (or beside another rater): four counts and what follows from them."""

    both_right: int
    """True, and said to be."""
    missed: int
    """True, and said to be wrong."""
    let_pass: int
    """Wrong, and said to be right."""
    both_wrong: int

    @classmethod
    def of(cls, truth: Sequence[bool], said: Sequence[bool]) -> Agreement:
        """Count them."""
        true, got = np.asarray(truth, dtype=bool), np.asarray(said, dtype=bool)
        return cls(
            int(np.sum(true & got)), int(np.sum(true & ~got)), int(np.sum(~true & got)), int(np.sum(~true & ~got))
        )

    @property
    def of_all(self) -> int:
        """How many were rated by both."""
        return self.both_right + self.missed + self.let_pass + self.both_wrong

    @property
    def true(self) -> int:
        """How many are right in truth."""
        return self.both_right + self.missed

    @property
    def false(self) -> int:
        """How many are wrong in truth."""
        return self.let_pass + self.both_wrong

    @property
    def kappa(self) -> float | None:
        """Cohen's κ: agreement beyond chance (Cohen 1960); None where chance alone would agree always."""
        n = self.of_all
        if not n:
            return None
        seen = (self.both_right + self.both_wrong) / n
        said_right, said_wrong = self.both_right + self.let_pass, self.missed + self.both_wrong
        chance = (self.true * said_right + self.false * said_wrong) / n**2
        return None if chance == 1 else (seen - chance) / (1 - chance)

    @property
    def tpr(self) -> float | None:
        """Share of right ones said to be right."""
        return self.both_right / self.true if self.true else None

    @property
    def tnr(self) -> float | None:
        """Share of wrong ones said to be wrong."""
        return self.both_wrong / self.false if self.false else None


class Useless(ValueError):
    """A rater no better than a coin says nothing about the truth."""


def corrected(said_right: int, of: int, rater: Agreement) -> tuple[float, Interval]:
    """The true share behind a share counted by `rater` (Rogan–Gladen 1978), with its interval (Lang–Reiczigel 2014),
    which also carries how surely the rater's own errors are known. Raises `Useless`.
    """
    if rater.tpr is None or rater.tnr is None or rater.tpr + rater.tnr <= 1:
        raise Useless
    share = (said_right / of + rater.tnr - 1) / (rater.tpr + rater.tnr - 1)
    se, sp = (rater.true * rater.tpr + 1) / (rater.true + 2), (rater.false * rater.tnr + 1) / (rater.false + 2)
    p = (said_right + Z**2 / 2) / (of + Z**2)
    youden = se + sp - 1
    if youden <= 0:
        raise Useless
    middle = (p + sp - 1) / youden
    of_se, of_sp = se * (1 - se) / (rater.true + 2), sp * (1 - sp) / (rater.false + 2)
    shift = 2 * Z**2 * (middle * of_se - (1 - middle) * of_sp)
    spread = p * (1 - p) / (of + Z**2) + middle**2 * of_se + (1 - middle) ** 2 * of_sp
    half = Z * math.sqrt(spread) / youden
    low, high = middle + shift - half, middle + shift + half
    return _share(share), Interval(_share(low), _share(high))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def together(right: int, of: int, said_right: int, judged: int, rater: Agreement | None) -> tuple[float, Interval]:
    """One accuracy from what rules scored exactly and what a rater judged, its interval from both parts' intervals
    (MOVER: Zou and Donner 2008).
    """
    exact, exact_in = (right / of, wilson(right, of)) if of else (0.0, Interval(0.0, 0.0))
    if not judged or rater is None:
        return exact, exact_in
    guessed, guessed_in = corrected(said_right, judged, rater)
    a, b = of / (of + judged), judged / (of + judged)
    value = a * exact + b * guessed
    down = math.hypot(a * (exact - exact_in.low), b * (guessed - guessed_in.low))
    up = math.hypot(a * (exact_in.high - exact), b * (guessed_in.high - guessed))
    return value, Interval(max(0.0, value - down), min(1.0, value + up))
