"""People disagree with findings, and look again at random ones; what became of each is a fold over what was said.

A finding stands until somebody withdraws it: an agent appeals, another person upholds or withdraws. Apart from that a
random share is looked at by a person, found or not: how far inspection and people agree, and what it misses, is then
known (GB/T 47746 asks for a human check of at least one conversation in a hundred).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.errors import HouseError
from assistant.turn.mask import mask
from eval.audit.report import Seen
from eval.audit.scan import Finding
from eval.marks import Mark, Marks
from eval.statistics import wilson

State = Literal["open", "appealed", "upheld", "withdrawn"]
KINDS = ("appealed", "upheld", "withdrawn", "checked")
SHARE = 0.01
"""Least share of conversations that a person looks at again."""


class CannotAppeal(HouseError):
    """The finding is not in a state in which this can be said of it."""

    status = 409
    code = "cannot_appeal"
    says = "{finding}现在是“{state}”，不能再{what}"


class OwnAppeal(HouseError):
    """Whoever appeals does not decide."""

    status = 403
    code = "own_appeal"
    says = "{by}提出的申诉要由别人来定；请交给质检或店主处理"


def states(marks: Iterable[Mark]) -> dict[str, State]:
    """Finding → its state. The first decision counts; a person who looked again and disagreed has withdrawn it."""
    found: dict[str, State] = {}
    for mark in marks:
        now = found.get(mark.about, "open")
        if mark.kind == "appealed" and now == "open":
            found[mark.about] = "appealed"
        elif mark.kind in ("upheld", "withdrawn") and now == "appealed":
            found[mark.about] = "upheld" if mark.kind == "upheld" else "withdrawn"
        elif mark.kind == "checked" and mark.body.get("agrees") is False and now != "upheld":
            found[mark.about] = "withdrawn"
    return found


async def appeal(marks: Marks, finding: Finding, by: str, reason: str) -> Mark:
    """Somebody says that the finding is wrong. Raises `CannotAppeal` when it was appealed before."""
    await _must_be(marks, finding, "open", "申诉")
    mark = await marks.put(
        finding.shop, "appealed", finding.id, by, reason=mask(reason).text, talk=finding.talk, rule=finding.rule
    )
    await _came_first(marks, finding, mark, ("appealed",), "申诉")
    return mark


async def decide(marks: Marks, finding: Finding, by: str, *, uphold: bool, reason: str) -> Mark:
    """Another person upholds the finding or withdraws it. Raises `CannotAppeal`, `OwnAppeal`."""
    await _must_be(marks, finding, "appealed", "裁定")
    said = await marks.all(finding.shop, "appealed", about=finding.id)
    if said[0].by == by:
        raise OwnAppeal(by=by)
    kind = "upheld" if uphold else "withdrawn"
    mark = await marks.put(finding.shop, kind, finding.id, by, reason=mask(reason).text, talk=finding.talk)
    await _came_first(marks, finding, mark, ("upheld", "withdrawn"), "裁定")
    return mark


async def _must_be(marks: Marks, finding: Finding, wanted: State, what: str) -> None:
    now = states(await marks.all(finding.shop, *KINDS, about=finding.id)).get(finding.id, "open")
    if now != wanted:
        raise CannotAppeal(finding=finding.id, state=now, what=what)


async def _came_first(marks: Marks, finding: Finding, mark: Mark, kinds: Sequence[str], what: str) -> None:
    """Of two who say the same at once the first counts, and the other is told."""
    first = (await marks.all(finding.shop, *kinds, about=finding.id))[0]
    if first.number != mark.number:
        raise CannotAppeal(finding=finding.id, state=first.kind, what=what)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a person should look at again."""

    findings: tuple[Finding, ...]
    talks: tuple[str, ...]
    """Conversations in which nothing was found: is that so?"""


def sample(seen: Sequence[Seen], findings: Sequence[Finding], *, seed: int, share: float = SHARE) -> Sample:
    """At random, the same for the same seed: `share` of the conversations, with findings and without, one of each at
    least where there are any.
    """
    chance = random.Random(seed)
    talks = sorted({each.talk for each in seen})
    bad = {finding.talk for finding in findings}
    clean = [talk for talk in talks if talk not in bad]
    each = sorted(findings, key=lambda finding: finding.id)

    def some(things: list[Any], of: int) -> list[Any]:
        return chance.sample(things, min(len(things), max(1, math.ceil(share * of)))) if things else []

    return Sample(tuple(some(each, len(bad))), tuple(some(clean, len(clean))))


async def check_finding(marks: Marks, finding: Finding, by: str, *, agrees: bool, note: str = "") -> Mark:
    """A person looked at a finding again."""
    body = {"agrees": agrees, "note": mask(note).text, "talk": finding.talk, "rule": finding.rule}
    return await marks.put(finding.shop, "checked", finding.id, by, **body)


async def check_talk(marks: Marks, shop: str, talk: str, by: str, *, clean: bool, note: str = "") -> Mark:
    """A person looked at a conversation in which nothing was found."""
    return await marks.put(shop, "looked", talk, by, clean=clean, note=mask(note).text)


def agreement(marks: Sequence[Mark]) -> Mapping[str, Any]:
    """How far people and inspection agree, from everything looked at again so far; the last look at a thing counts."""
    checked = {mark.about: bool(mark.body["agrees"]) for mark in marks if mark.kind == "checked"}
    looked = {mark.about: bool(mark.body["clean"]) for mark in marks if mark.kind == "looked"}
    agreed, found_nothing = sum(checked.values()), sum(looked.values())
    return {
        "checked": len(checked),
        "agreed": agreed,
        "agreement": round(agreed / len(checked), 4) if checked else None,
        "ci95": wilson(agreed, len(checked)).as_list(),
        "clean": len(looked),
        "missed": len(looked) - found_nothing,
        "missed_ci95": wilson(len(looked) - found_nothing, len(looked)).as_list(),
    }
