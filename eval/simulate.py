"""Runs nobody asked, whose true accuracy is known: do the intervals cover it, does a comparison keep its word?

`python -m eval simulate` draws a thousand; a small seeded version is a test. Wordings of one question share part of
their luck.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from eval.statistics import Counts, clustered, paired, smallest_change, wilson

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """How often something happened in simulation, and what it should be."""

    name: str
    got: float
    runs: int
    least: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether it is what it should be."""
        return self.least <= self.got <= self.most


def simulate(runs: int = 1000, seed: int = 0) -> list[Share]:
    """Coverage of both intervals, false alarms of the comparison, and its power at the change it says it can see."""
    dice = np.random.default_rng(seed)
    covers = (0.93, 0.97)
    shares = []
    for cases, accuracy in ((100, 0.85), (800, 0.94), (1772, 0.94)):
        got = _share(runs, partial(_wilson_covers, dice, cases, accuracy))
        shares.append(Share(f"wilson {cases} {accuracy:.0%}", got, runs, *covers))
    for groups, size, accuracy in ((150, 5, 0.85), (300, 3, 0.94), (600, 3, 0.94)):
        got = _share(runs, partial(_clustered_covers, dice, groups, size, accuracy))
        shares.append(Share(f"groups {groups}x{size} {accuracy:.0%}", got, runs, *covers))
    for groups, size in ((500, 1), (600, 3)):
        got = _share(runs, partial(_alarmed, dice, groups, size))
        shares.append(Share(f"false_alarm {groups}x{size}", got, runs, 0.0, 0.05))
        change = smallest_change(groups * size, groups)
        assert change is not None
        got = _share(runs, partial(_seen, dice, groups, size, change))
        shares.append(Share(f"power {groups}x{size} {100 * change:+.1f}", got, runs, 0.8 - 2 * _error(0.8, runs), 1.0))
    return shares


def _share(runs: int, happens: Callable[[], bool]) -> float:
    return sum(happens() for _ in range(runs)) / runs


def _error(share: float, runs: int) -> float:
    """What chance alone moves a share counted in this many runs."""
    return float((share * (1 - share) / runs) ** 0.5)


def _wilson_covers(dice: np.random.Generator, cases: int, accuracy: float) -> bool:
    found = wilson(int(dice.binomial(cases, accuracy)), cases)
    return found.low <= accuracy <= found.high


def _clustered_covers(dice: np.random.Generator, groups: int, size: int, accuracy: float) -> bool:
    right = alike(dice, groups, size, [accuracy])[0]
    found = clustered(Counts(right.sum(axis=1).astype(float), np.full(groups, float(size))), int(dice.integers(2**31)))
    return found is not None and found.low <= accuracy <= found.high


def alike(dice: np.random.Generator, groups: int, size: int, steps: Sequence[float], like: float = 0.2) -> list[Bools]:
    """For each level of `steps` whether each case of each group is below it: shared luck within a group.

    A Gaussian copula: marginally every case is below a level with exactly that chance. `like` is the correlation of
    the yes-or-no results within a group that the copula is set up to give at 10 %.
    """
    latent = _latent(like)
    shared = dice.standard_normal((groups, 1))
    own = dice.standard_normal((groups, size))
    luck = stats.norm.cdf(np.sqrt(latent) * shared + np.sqrt(1 - latent) * own)
    return [luck < step for step in steps]


@cache
def _latent(like: float) -> float:
    """The normal correlation that gives yes-or-no results this correlation where one in ten is a yes."""
    level = stats.norm.ppf(0.1)

    def results(latent: float) -> float:
        both = stats.multivariate_normal(cov=[[1.0, latent], [latent, 1.0]]).cdf([level, level])
        return float((both - 0.01) / 0.09 - like)

    return float(brentq(results, 0.0, 0.99))


def _alarmed(dice: np.random.Generator, groups: int, size: int) -> bool:
    return _differs(dice, groups, size, 0.0) != "tie"


def _seen(dice: np.random.Generator, groups: int, size: int, change: float) -> bool:
    return _differs(dice, groups, size, change) == "better"


def _differs(dice: np.random.Generator, groups: int, size: int, change: float) -> str:
    """The verdict on two versions of which a tenth of the cases differ and the second is better by `change`."""
    discordant = max(0.10, change)
    better = (discordant + change) / 2
    gains, moved = alike(dice, groups, size, [better, discordant])
    base = dice.random((groups, size)) < 0.85
    before = np.where(moved, ~gains, base)
    after = np.where(moved, gains, base)
    names = [str(n) for n in np.repeat(np.arange(groups), size)]
    old, new = (list(map(float, each.ravel())) for each in (before, after))
    return paired(old, new, names, int(dice.integers(2**31))).verdict


def as_json(shares: Sequence[Share]) -> dict[str, Any]:
    """For `simulate --json`."""
    return {s.name: {"got": s.got, "least": s.least, "most": s.most, "runs": s.runs, "holds": s.holds} for s in shares}
