"""How sure we are: intervals, a paired comparison, the smallest change a set of cases can show. scipy does the sums."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import comb

Floats = NDArray[np.float64]
Verdict = Literal["better", "worse", "tie"]

SURE = 0.95
ALPHA = 1 - SURE
POWER = 0.8
SPARE = 0.02
"""What it costs that the resampled groups must agree with McNemar: planned for, so that `POWER` is kept."""
DISCORDANT = 0.10
"""Share of cases that two versions usually answer differently; the one assumption of the smallest change."""
LIKENESS = 0.2
"""How much alike wordings of one question fare when a version changes (intra-cluster correlation), assumed."""
FEW = 10
"""Groups below which resampling groups says nothing."""
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """From where to where the true share lies, 95 times in 100."""

    low: float
    high: float

    def as_list(self) -> list[float]:
        """For JSON."""
        return [round(self.low, 4), round(self.high, 4)]


@dataclass(frozen=True, slots=True)
class Counts:
    """Right answers and answers of every group, in the same order."""

    right: Floats
    of: Floats

    @classmethod
    def by_group(cls, rows: Sequence[tuple[str, float, float]]) -> Counts:
        """From (group, right, of) rows."""
        sums: dict[str, list[float]] = {}
        for group, right, of in rows:
            both = sums.setdefault(group, [0.0, 0.0])
            both[0] += right
            both[1] += of
        table = np.array(list(sums.values()), dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])


def wilson(right: int, of: int) -> Interval:
    """The Wilson interval of `right` out of `of` independent answers."""
    if not of:
        return Interval(0.0, 1.0)
    low, high = stats.binomtest(right, of).proportion_ci(SURE, method="wilson")
    return Interval(float(low), float(high))


def clustered(counts: Counts, seed: int = 0) -> Interval | None:
    """The interval when groups, not answers, are drawn anew (bootstrap); None below `FEW` groups.

    Where every group is all right or all wrong alike there is nothing to resample: Wilson over the groups then.
    """
    if len(counts.of) < FEW:
        return None
    shares = counts.right / counts.of
    if np.ptp(shares) == 0:
        return wilson(round(float(shares[0]) * len(shares)), len(shares))
    found = _bootstrap((counts.right, counts.of), _ratio, seed)
    return Interval(max(0.0, found.low), min(1.0, found.high))


def _ratio(right: Floats, of: Floats, axis: int = -1) -> Floats:
    total: Floats = np.sum(right, axis=axis) / np.sum(of, axis=axis)
    return total


def _bootstrap(data: tuple[Floats, Floats], statistic: object, seed: int) -> Interval:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            data,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=200,
            confidence_level=SURE,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return Interval(float(found.low), float(found.high))


@dataclass(frozen=True, slots=True)
class Paired:
    """Two runs over the same cases."""

    cases: int
    better: int
    """Cases wrong before and right after."""
    worse: int
    change: float
    """Accuracy after minus before."""
    interval: Interval | None
    """Of the change, groups drawn anew; None where there is nothing to draw from."""
    p: float
    """Exact McNemar."""
    verdict: Verdict


def mcnemar(better: int, worse: int) -> float:
    """How likely so lopsided a change is by chance: the exact two-sided test on the cases that changed."""
    return float(stats.binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0


def paired(before: Sequence[float], after: Sequence[float], groups: Sequence[str], seed: int = 0) -> Paired:
    """Whether `after` differs from `before`: only what both McNemar and the resampled groups call a change is one.

    Each case counts with its share of right trials; for McNemar it is right when most of its trials are.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    was, now = old > 0.5, new > 0.5
    better, worse = int(np.sum(~was & now)), int(np.sum(was & ~now))
    p = mcnemar(better, worse)
    change = float(np.mean(new - old)) if len(old) else 0.0
    moved = Counts.by_group([(g, d, 1.0) for g, d in zip(groups, new - old, strict=True)])
    interval = None
    if len(moved.of) >= FEW and np.any(new != old):
        interval = _bootstrap((moved.right, moved.of), _ratio, seed)
    sure = p < ALPHA and interval is not None and (interval.low > 0 or interval.high < 0)
    verdict: Verdict = ("better" if change > 0 else "worse") if sure and change else "tie"
    return Paired(len(old), better, worse, change, interval, p, verdict)


def adjusted(ps: Mapping[str, float]) -> dict[str, float]:
    """The same tests, corrected for there being many (Benjamini–Hochberg)."""
    if not ps:
        return {}
    return dict(zip(ps, map(float, stats.false_discovery_control(list(ps.values()), method="bh")), strict=True))


def power(cases: float, change: float, discordant: float = DISCORDANT) -> float:
    """How often the exact McNemar test over `cases` sees a true change of this size."""
    total = max(discordant, change)
    sizes = np.arange(int(cases) + 1)
    least, most = stats.binom.interval(1 - 1e-9, int(cases), total)
    sizes = sizes[int(least) : int(most) + 1]
    # The largest count of the rarer kind at which the two-sided test still rejects; -1 where it never does.
    limit = stats.binom.ppf(ALPHA / 2, sizes, 0.5) - 1
    reaches = 2 * stats.binom.cdf(limit + 1, sizes, 0.5) <= ALPHA
    limit = np.where(reaches, limit + 1, limit)
    lost = (total - change) / 2 / total
    seen = np.where(limit >= 0, stats.binom.cdf(limit, sizes, lost), 0.0)
    return float(np.sum(stats.binom.pmf(sizes, int(cases), total) * seen))


@lru_cache(maxsize=64)
def smallest_change(cases: int, groups: int | None = None, discordant: float = DISCORDANT) -> float | None:
    """The smallest true change that four comparisons in five will see, or None where no change would be seen.

    Cases in groups count for less: `cases / (1 + (cases per group - 1) · LIKENESS)` of them are independent.
    """
    per_group = cases / groups if groups else 1.0
    independent = cases / (1 + (per_group - 1) * LIKENESS)
    wanted = POWER + SPARE
    if power(independent, 1.0, discordant) < wanted:
        return None
    lowest = 0.0005
    if power(independent, lowest, discordant) >= wanted:
        return lowest
    return float(brentq(lambda change: power(independent, change, discordant) - wanted, lowest, 1.0, xtol=1e-4))


def pass_hat(right: Sequence[int], trials: Sequence[int]) -> list[float]:
    """pass^1 … pass^k: how likely k askings of one case in a row are all right, averaged over cases."""
    most = min(trials, default=0)
    got, had = np.asarray(right), np.asarray(trials)
    return [float(np.mean(comb(got, k) / comb(had, k))) for k in range(1, most + 1)]


def weighted(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """The mean when questions count as often as shoppers ask them."""
    total = math.fsum(weights)
    return math.fsum(v * w for v, w in zip(values, weights, strict=True)) / total if total else None
