"""What the figures of some sources support, and where in them each figure belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from assistant.turn.figures.figure import Bound, Figure, Reading
from assistant.turn.figures.read import figures
from assistant.turn.lexicon import level

_CLAUSE = re.compile(r"[。;!?\n]|(?<!\d),|,(?!\d)")
_SENTENCE = re.compile(r"[。;!?\n]")
_FILLER = re.compile(r"[的了就要会可以能请您你们我在也都是和与或为给把被一般大约需内起]")
_BELONGS = 0.5
"""How much of a figure's surroundings another place in the source must share to claim it."""
_CLEARLY = 0.25
"""And how much more than the place that states this figure."""


class Known:
    """Everything some texts support, ready to be asked many times."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._bounds: dict[Reading, set[tuple[Bound, bool]]] = {}
        self._dated: set[tuple[int, int]] = set()
        self._places: dict[str, list[Place]] = {}
        for text in texts:
            for place in places_of(text):
                self._add(place.figure)
                for family in _families(place.figure.gives):
                    self._places.setdefault(family, []).append(place)
        # Only where the sources state two values of a kind can one stand in the other's place.
        self._disputed = {
            family for family, places in self._places.items() if len({place.figure.gives for place in places}) > 1
        } - {"number"}
        self._kinds = {kind for kind, _ in self._bounds}

    def _add(self, figure: Figure) -> None:
        for reading in figure.gives:
            bound = figure.bound
            if reading[0] in ("low", "high"):
                bound, reading = ("from" if reading[0] == "low" else "most"), reading[1]
            if reading[0] == "date":
                self._dated.add(reading[1][1:])
            self._bounds.setdefault(reading, set()).add((bound, figure.negated))

    def supports(self, figure: Figure, *, year: int | None = None) -> bool:
        """Whether `figure` follows: stated somewhere, and not turned from a most into a least or back.

        `year` is the year we are in: it may be added to a date that the sources give without one.
        """
        if any(self._holds(reading, figure) or self._this_year(reading, year) for reading in figure.means):
            return True
        return figure.weak and not any(kind in self._kinds for kind, _ in figure.means)

    def misplaced(self, sentence: str) -> str | None:
        """A figure of `sentence` that the sources state of something else: “15天可退” from “7天可退，15天可换”."""
        said = figures(sentence)
        if not any(self._disputed & _families(figure.means) for figure in said):
            return None
        for place in places_of(sentence):
            if self._elsewhere(place, said):
                return place.figure.text
        return None

    def _elsewhere(self, said: Place, beside: tuple[Figure, ...]) -> bool:
        figure = said.figure
        here, there = [0.0, 0.0], [0.0, 0.0]
        for family in self._disputed & _families(figure.means):
            for place in self._places[family]:
                shared = _share(said.clause, place.clause), _share(said.sentence, place.sentence)
                if _states(place.figure, figure):
                    here = [max(pair) for pair in zip(here, shared, strict=True)]
                elif not any(other is not figure and other.means & place.figure.gives for other in beside):
                    there = [max(pair) for pair in zip(there, shared, strict=True)]
        return any(t >= _BELONGS and t - h >= _CLEARLY for h, t in zip(here, there, strict=True))

    def _holds(self, reading: Reading, figure: Figure) -> bool:
        return any(_agree(figure, bound, negated) for bound, negated in self._bounds.get(reading, ()))

    def _this_year(self, reading: Reading, year: int | None) -> bool:
        if reading[0] != "date":
            return False
        named, *day = reading[1]
        if ("monthday", tuple(day)) not in self._bounds or tuple(day) in self._dated:
            return False
        return named == year or ("year", named) in self._bounds


def _agree(figure: Figure, bound: Bound, negated: bool) -> bool:
    """Whether a figure with its bound may be said of a stated one with `bound`."""
    if bound == "from":  # the 3 of “3-5天” is a 最快, never a promise of three
        return figure.bound == "least"
    if bound in ("", figure.bound) or figure.bound == "":
        return True
    # “超过7天不支持” says what “7天内支持” says.
    return negated or figure.negated


def _states(place: Figure, figure: Figure) -> bool:
    """Whether a stated figure is this one, or a range that ends with it."""
    if place.gives & figure.means:
        return True
    return any(reading[0] in ("low", "high") and reading[1] in figure.means for reading in place.gives)


def _families(readings: frozenset[Reading]) -> frozenset[str]:
    return frozenset("span" if kind in ("months", "workdays") else kind for kind, _ in readings)


def _share(said: frozenset[str], stated: frozenset[str]) -> float:
    return len(said & stated) / len(said) if said else 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """A figure where it stands: what its clause and its sentence are about."""

    figure: Figure
    clause: frozenset[str]
    """Characters, their pairs, and the other figures of the clause."""
    sentence: frozenset[str]


@lru_cache(maxsize=4096)
def places_of(text: str) -> tuple[Place, ...]:
    """The figures of `text`, each with its surroundings."""
    found = figures(text)
    if not found:
        return ()
    plain = level(text).lower()
    clauses, whole = _cuts(_CLAUSE, plain), _cuts(_SENTENCE, plain)
    memory: dict[tuple[int, int, Figure | None], frozenset[str]] = {}
    return tuple(
        Place(f, *(_around(plain, found, f, *_between(cuts, f), memory) for cuts in (clauses, whole))) for f in found
    )


def _cuts(mark: re.Pattern[str], text: str) -> list[int]:
    return [0, *(m.end() for m in mark.finditer(text)), len(text)]


def _between(cuts: list[int], figure: Figure) -> tuple[int, int]:
    return max(c for c in cuts if c <= figure.start), min(c for c in cuts if c >= figure.end)


def _around(
    plain: str,
    found: tuple[Figure, ...],
    figure: Figure,
    left: int,
    right: int,
    memory: dict[tuple[int, int, Figure | None], frozenset[str]],
) -> frozenset[str]:
    beside = [other for other in found if left <= other.start < right]
    if (left, right, None) not in memory:
        stretch = plain[left:right]
        for other in beside:
            start, end = other.start - left, min(other.end, right) - left
            stretch = stretch[:start] + " " * (end - start) + stretch[end:]
        parts = _FILLER.sub("", stretch).split()
        pairs = (part[i : i + 2] for part in parts for i in range(len(part) - 1))
        memory[left, right, None] = frozenset((*"".join(parts), *pairs))
    others = (str(reading) for other in beside if other is not figure for reading in other.means)
    return memory[left, right, None].union(others)
