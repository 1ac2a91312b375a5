"""Whether a shop's policy falls below what the law or the trade grants anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assistant.policy.model import Grant, Policy, Window
from assistant.policy.rules import ReadyGrant, rules_of

FAULTS = frozenset({"quality", "damage", "wrong_item", "short"})
CONFIRMED_KINDS = frozenset({"unsealed_sensitive", "activation_devalues", "near_expiry", "flawed"})
"""Excludable only with the buyer's confirmation at each purchase (暂行办法 第七条)."""
STATUTORY_KINDS = frozenset({"custom_made", "fresh_perishable", "live_fresh", "digital", "periodical"})
"""Excluded by the law itself (暂行办法 第六条)."""
STATUTORY_CATEGORIES = frozenset({"音像", "软件", "生鲜", "报刊"})
_EARLIER = ("ordered_at", "paid_at", "balance_paid_at", "shipped_at", "signed_at", "picked_up_at", "installed_at")


def faults_of(policy: Policy, grant: Grant) -> frozenset[str]:
    """The faults a grant is for; empty when it needs none."""
    return frozenset(fault for test in (policy.when, grant.when) for fault in _named(test))


def _named(test: Any) -> Iterator[str]:
    match test:
        case {"fault": str(one)}:
            yield one
        case {"fault": [*several]}:
            yield from several
        case {"all": [*inner]} | {"any": [*inner]}:
            for each in inner:
                yield from _named(each)


def days(window: Window) -> float:
    """How long a window surely is, in days, for comparing two of them."""
    length = float(window.length or 0)
    match window.unit:
        case "hour":
            length /= 24
        case "month":
            length *= 28
    if window.first_day == "same_day" and window.unit != "hour":
        length -= 1
    return length - (0.99 if window.end == "exact_moment" and window.unit != "hour" else 0)


def shortfalls(policy: Policy, floor: Sequence[Policy]) -> Iterator[tuple[int, str, str, str]]:
    """Each grant with less time than the floor for the same claim: number, by which rule, what is short, the fix."""
    # Where a general rule gives way to a special one, only the special one is the floor.
    special = {f.id: set(f.scope.include.categories) for f in floor}
    mine = set(policy.scope.include.categories)
    rivals = [
        other
        for other in floor
        if other.id != policy.id
        and not other.gate
        and policy.id not in other.yields_to
        and not (mine and mine <= set().union(*(special.get(i, set()) for i in other.yields_to)))
    ]
    for rule in rules_of(policy):
        for grant in rule.grants:
            for other in rivals:
                for known in rules_of(other)[0].grants:
                    if known.written.estimate or not _comparable(policy, grant, other, known):
                        continue
                    if short := _shorter(grant, known):
                        says = f"{short}，低于{other.title}"
                        yield grant.number, other.title, says, f"改成不短于{other.title}的 {_told(known)}"


def _comparable(policy: Policy, grant: ReadyGrant, other: Policy, known: ReadyGrant) -> bool:
    """Whether both answer the same claim about some of the same goods with the same remedy."""
    if not set(grant.written.remedies) & set(known.written.remedies) or not grant.wishes & known.wishes:
        return False
    if grant.window is None or known.window is None or grant.window.length is None:
        return False
    mine, theirs = faults_of(policy, grant.written), faults_of(other, known.written)
    if bool(mine) != bool(theirs) or (mine and not mine & theirs):
        return False
    # A special claim of its own (twice repaired, a trade-in …) is no narrower version of the general one.
    if known.when is not None and grant.when is None:
        return False
    if policy.decider != "engine" or (policy.when is not None and not mine):
        return False
    here, there = policy.scope.include, other.scope.include
    if here.categories and there.categories and not set(here.categories) & set(there.categories):
        return False
    return not (there.tags and not set(there.tags) & set(here.tags))


def _shorter(grant: ReadyGrant, known: ReadyGrant) -> str:
    mine, theirs = grant.window, known.window
    if mine is None or theirs is None:
        return ""
    if days(mine) < days(theirs):
        return f"期限 {mine.length} {mine.unit} 太短"
    if _rank(mine) < _rank(theirs) and days(mine) < days(theirs) + 15:
        return f"从 {mine.trigger[0]} 起算太早"
    if theirs.holiday_rollover != "none" and mine.holiday_rollover == "none" and days(mine) == days(theirs):
        return "最后一天遇法定节假日没有顺延"
    return ""


def _rank(window: Window) -> int:
    name = window.trigger[0]
    return _EARLIER.index(name) if name in _EARLIER else len(_EARLIER)


def _told(known: ReadyGrant) -> str:
    window = known.window
    return (
        "期限"
        if window is None
        else f"{window.length} {window.unit}（从 {window.trigger[0]} 的次日起，到最后一天24点）"
    )
