"""One figure of a text: what it says, and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Reading = tuple[str, Any]
"""What a figure may mean: a kind, and an exact value in that kind's base unit."""
Readings = tuple[frozenset[Reading], frozenset[Reading]]
"""What a source must say (any one of these) for a figure to follow, and what the figure supports in a source."""

Bound = Literal["", "most", "least", "from"]
"""`most`: 以内, 最多 … · `least`: 以上, 起, 至少 … · `from`: the low end of a range, which is neither."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure where it stands in a text."""

    text: str
    start: int
    end: int
    means: frozenset[Reading]
    """What a source must say, any one of these, for this figure to follow from it."""
    gives: frozenset[Reading]
    """What this figure supports when it stands in a source."""
    bound: Bound = ""
    negated: bool = False
    """Whether its clause denies something: “超过7天不支持” bounds the same thing as “7天内支持”."""
    weak: bool = False
    """Counts its own list (“两种办法”, “一次”): wrong only where the source counts the same thing otherwise."""


def same(*readings: Reading) -> Readings:
    """Readings that support exactly what they need."""
    return frozenset(readings), frozenset(readings)
