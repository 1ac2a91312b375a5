"""Two runs over the same cases: better, worse or a tie, overall and for every tag, and which answers changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.runfile import Line, Run
from eval.statistics import Paired, adjusted, paired, smallest_change

FALSE_ALARMS = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """One case in both runs."""

    id: str
    turns: tuple[str, ...]
    tags: tuple[str, ...]
    before: Line
    after: Line
    was: float
    """Share of its trials that were right before."""
    now: float

    @property
    def same_words(self) -> bool:
        """Whether both runs gave the very same answer."""
        return bool(self.before["text"] == self.after["text"] and self.before["action"] == self.after["action"])


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from run A to run B."""

    all: Paired
    tags: Mapping[str, Paired]
    q: Mapping[str, float]
    """Per tag the p-value corrected for there being many tags."""
    smallest: float | None
    """The smallest change this comparison could have seen."""
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    same: tuple[Change, ...]
    """Right in both or wrong in both."""
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    differs: tuple[str, ...]
    """What the runs' heads have different: knowledge, prompts, model …"""

    @property
    def significant_tags(self) -> dict[str, Paired]:
        """The tags that changed, many tests taken into account."""
        return {tag: found for tag, found in self.tags.items() if self.q[tag] <= FALSE_ALARMS}

    def as_json(self) -> dict[str, Any]:
        """For `compare --json`."""
        return {
            "verdict": self.all.verdict,
            "all": _paired(self.all),
            "smallest_detectable_change": self.smallest,
            "differs": list(self.differs),
            "tags": {
                tag: {**_paired(found), "q": round(self.q[tag], 4), "significant": tag in self.significant_tags}
                for tag, found in self.tags.items()
            },
            "worse": [_both(change) for change in self.worse],
            "better": [_both(change) for change in self.better],
            "same": len(self.same),
            "same_outcome_other_words": [c.id for c in self.same if not c.same_words],
            "only_before": list(self.only_before),
            "only_after": list(self.only_after),
        }


def compared(before: Run, after: Run) -> Comparison:
    """What changed between two runs, case by case; answers that failed outside the assistant are left out."""
    old, new = _by_case(before), _by_case(after)
    both = [name for name in old if name in new]
    changes = [_change(name, old[name], new[name]) for name in both]
    tags: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        for tag in dict.fromkeys(change.tags):
            tags[tag].append(change)
    per_tag = {tag: _paired_of(found) for tag, found in sorted(tags.items())}
    groups = len({_group(change) for change in changes})
    return Comparison(
        all=_paired_of(changes),
        tags=per_tag,
        q=adjusted({tag: found.p for tag, found in per_tag.items()}),
        smallest=smallest_change(len(changes), groups) if changes else None,
        better=tuple(c for c in changes if c.now > c.was),
        worse=tuple(c for c in changes if c.now < c.was),
        same=tuple(c for c in changes if c.now == c.was),
        only_before=tuple(name for name in old if name not in new),
        only_after=tuple(name for name in new if name not in old),
        differs=_differs(before.head, after.head),
    )


def _by_case(run: Run) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in run.as_written:
        if not line.get("broken"):
            found[line["id"]].append(line)
    return found


def _change(name: str, old: Sequence[Line], new: Sequence[Line]) -> Change:
    was = sum(bool(line["right"]) for line in old) / len(old)
    now = sum(bool(line["right"]) for line in new) / len(new)
    # With several trials the pair shown is one that shows the change.
    before = next((line for line in old if bool(line["right"]) == (was >= now)), old[0])
    after = next((line for line in new if bool(line["right"]) == (now >= was)), new[0])
    return Change(name, tuple(new[0]["turns"]), tuple(new[0]["tags"]), before, after, was, now)


def _group(change: Change) -> str:
    return str(change.after.get("group") or change.id)


def _paired_of(changes: Sequence[Change]) -> Paired:
    return paired([c.was for c in changes], [c.now for c in changes], [_group(c) for c in changes])


def _differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("shop", "clock", "trials", "engine", "model", "embedding", "commit")
    plain = [name for name in names if before.get(name) != after.get(name)]
    old, new = before.get("digests", {}), after.get("digests", {})
    return (*plain, *(name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)))


def _paired(found: Paired) -> dict[str, Any]:
    plain = asdict(found)
    plain["interval"] = found.interval.as_list() if found.interval else None
    plain["change"], plain["p"] = round(found.change, 4), round(found.p, 5)
    return plain


def _both(change: Change) -> dict[str, Any]:
    def side(line: Line) -> dict[str, Any]:
        return {"action": line["action"], "text": line["text"], "cites": line.get("cites", [])}

    return {
        "id": change.id,
        "turns": list(change.turns),
        "tags": list(change.tags),
        "was": change.was,
        "now": change.now,
        "before": side(change.before),
        "after": side(change.after),
    }
