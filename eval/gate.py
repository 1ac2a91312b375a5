"""Holds a run against the numbers promised in `expected.yaml`: OK, within tolerance (OKISH), or FAIL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from eval.case import BadCase
from eval.wording import say

EXPECTED = Path(__file__).parent / "expected.yaml"
Judgement = Literal["OK", "OKISH", "FAIL"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promised number and what came of it."""

    name: str
    got: float
    promised: float
    tolerance: float
    at_most: bool
    """Whether less is better."""
    verdict: Judgement
    of: int
    """Answers it rests on."""

    def line(self) -> str:
        """For a terminal."""
        which = "gate.at_most" if self.at_most else "gate.at_least"
        shown = (f"{n:g}" if self.at_most else f"{100 * n:.1f} %" for n in (self.got, self.promised, self.tolerance))
        got, promised, slack = shown
        return f"{self.verdict:5} " + say(which, name=self.name, got=got, promised=promised, slack=slack)


def judged(found: Mapping[str, Any], expected: Path = EXPECTED) -> list[Promise]:
    """Every promise of the file that this run's summary says something about."""
    promises = _read(expected)
    each = promises.pop("each_intent", None)
    kept: list[Promise] = []
    for name, promised in promises.items():
        if "at_most" in promised:
            kept.append(_at_most(name, int(found.get(name, 0)), promised, int(found["of"])))
        elif rate := _rate(found, name):
            kept.append(_at_least(name, rate, promised))
    if each:
        least_cases = int(each.get("cases", 1))
        kept += [
            _at_least(say("gate.intent", name=name), rate, each)
            for name, rate in found.get("intents", {}).items()
            if name not in promises and rate["of"] >= least_cases
        ]
    return kept


def _read(expected: Path) -> dict[str, dict[str, float]]:
    if not expected.is_file():
        raise BadCase(place=str(expected), why=say("run.no_file"))
    found: dict[str, dict[str, float]] = yaml.safe_load(expected.read_text("utf-8"))
    for name, promised in found.items():
        if not isinstance(promised, dict) or not {"accuracy", "at_most", "stable"} & set(promised):
            raise BadCase(place=expected.name, why=say("gate.bad", name=str(name)))
    return found


def _rate(found: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """What the run says under this name: everything, the traffic-weighted share, a tag, or a variant's stability."""
    if name == "all":
        return {"accuracy": found["accuracy"], "of": found["of"]} if found["of"] else None
    if name == "weighted":
        return {"accuracy": found.get("weighted"), "of": found["of"]} if found.get("weighted") is not None else None
    if name.startswith("stable_"):
        steady = found.get("stability", {}).get(name.removeprefix("stable_"))
        return steady and {"accuracy": steady["stable"], "of": steady["of"]}
    rate: dict[str, Any] | None = found["tags"].get(name)
    return rate


def _at_least(name: str, rate: Mapping[str, Any], promised: Mapping[str, float]) -> Promise:
    got, least, slack = float(rate["accuracy"]), float(promised["accuracy"]), float(promised["tolerance"])
    short = round(least - got, 9)  # 0.8 - 0.2 is a little more than 0.6
    verdict: Judgement = "OK" if short <= 0 else "OKISH" if short <= slack else "FAIL"
    return Promise(name, got, least, slack, False, verdict, int(rate["of"]))


def _at_most(name: str, got: int, promised: Mapping[str, float], of: int) -> Promise:
    most, slack = float(promised["at_most"]), float(promised["tolerance"])
    verdict: Judgement = "OK" if got <= most else "OKISH" if got <= most + slack else "FAIL"
    return Promise(name, got, most, slack, True, verdict, of)
