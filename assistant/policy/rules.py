"""Policies made ready to run: campaigns laid over them, tests compiled, an index so that a case meets few of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from assistant.policy.clock import Holidays
from assistant.policy.facts import Wish
from assistant.policy.model import AmountRule, Condition, Effective, Exclusion, Freight, Grant, Include, Policy, Window
from assistant.policy.truth import Test, read_test
from assistant.policy.view import View

ALSO: dict[Wish, frozenset[Wish]] = {
    "return": frozenset({"return", "exchange", "repair", "price_protect", "compensate"}),
    "exchange": frozenset({"return", "exchange", "repair", "price_protect", "compensate"}),
    "repair": frozenset({"return", "exchange", "repair", "compensate"}),
    "price_protect": frozenset({"return", "price_protect"}),
    "refund": frozenset({"return", "exchange", "repair", "refund", "compensate"}),
    "cancel": frozenset({"return", "cancel", "ship"}),
    "ship": frozenset({"cancel", "compensate", "ship"}),
    "compensate": frozenset({"return", "exchange", "repair", "refund", "compensate"}),
}
"""The wish itself, and which other wishes are worth naming as a way out."""


@dataclass(frozen=True, slots=True)
class ReadyExclusion:
    written: Exclusion
    when: Test | None

    def matches(self, view: View) -> bool:
        written = self.written
        return written.tag in view.tags if written.tag is not None else view.category in written.categories


@dataclass(frozen=True, slots=True)
class ReadyCondition:
    written: Condition
    test: Test


@dataclass(frozen=True, slots=True)
class ReadyGrant:
    written: Grant
    number: int
    wishes: frozenset[Wish]
    when: Test | None
    window: Window | None
    amount: AmountRule
    freight: Freight


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A policy, or a policy as one campaign widens it."""

    policy: Policy
    campaign: str | None
    title: str
    effective: Effective
    platforms: frozenset[str]
    cites: tuple[str, ...]
    when: Test | None
    exclusions: tuple[ReadyExclusion, ...]
    conditions: tuple[ReadyCondition, ...]
    grants: tuple[ReadyGrant, ...]
    key: str
    """Orders rules the same way however the files were read."""
    wishes: frozenset[Wish]
    """Every wish one of its grants answers."""
    narrow: bool
    """Whether it is about some goods only."""
    faults: frozenset[str]
    """The faults it is for, when that is all its `when` asks; empty: any."""
    excluded_tags: frozenset[str]
    excluded_categories: frozenset[str]

    def bears_on(self, wish: Wish) -> bool:
        """Whether it answers the wish, or may be named as another way out of it."""
        if wish in self.wishes:
            return True
        return self.policy.alternative != "never" and not ALSO[wish].isdisjoint(self.wishes)

    def in_scope(self, view: View) -> bool:
        """Whether the policy is about this line of this order, on that day."""
        case = view.case
        if self.platforms and case.order.platform not in self.platforms:
            return False
        if self.narrow and not self._includes(view):
            return False
        effective = self.effective
        moment = case.order.ordered_at if effective.clock == "ordered_at" else view.moment(effective.clock)
        return moment is not None and effective.holds(moment)

    def _includes(self, view: View) -> bool:
        include = self.policy.scope.include
        if include.categories and view.category not in include.categories:
            return False
        if include.except_categories and view.category in include.except_categories:
            return False
        if include.tags and view.tags.isdisjoint(include.tags):
            return False
        if include.except_tags and not view.tags.isdisjoint(include.except_tags):
            return False
        if include.sku and view.line.sku not in include.sku:
            return False
        return not include.regions or _in_region(view.case.order.region, include.regions)


def _faults(when: object) -> frozenset[str]:
    match when:
        case {"fault": str(one)}:
            return frozenset({one})
        case {"fault": [*several]}:
            return frozenset(several)
    return frozenset()


def _in_region(region: str | None, regions: Sequence[str]) -> bool:
    return region is not None and any(name in region for name in regions)


def _ready(policy: Policy, number: int, grant: Grant, extra: dict[str, object]) -> ReadyGrant:
    window = policy.window
    changes = {**(grant.window or {}), **extra}
    if changes:
        base = window.model_dump() if window is not None else {}
        window = Window.model_validate({**base, **changes})
    window = _same(window) if window is not None else None
    return ReadyGrant(
        written=grant,
        number=number,
        wishes=grant.answers(),
        when=read_test(grant.when) if grant.when is not None else None,
        window=window,
        amount=grant.amount or policy.amount,
        freight=grant.freight or policy.freight,
    )


_WINDOWS: dict[str, Window] = {}


def _same(window: Window) -> Window:
    """One object for all windows written alike, so that a case lays each over its dates only once."""
    return _WINDOWS.setdefault(window.model_dump_json(), window)


def rules_of(policy: Policy) -> list[Rule]:
    """The policy itself, and once more for each of its campaigns."""
    base = policy.scope.include.platforms
    conditions = tuple(ReadyCondition(c, read_test(c.test)) for c in policy.conditions)
    exclusions = tuple(
        ReadyExclusion(e, read_test(e.when) if e.when is not None else None) for e in policy.scope.exclude
    )
    when = read_test(policy.when) if policy.when is not None else None

    def rule(
        campaign: str | None,
        title: str,
        effective: Effective,
        platforms: tuple[str, ...],
        cites: tuple[str, ...],
        extra: dict[str, object],
    ) -> Rule:
        grants = tuple(_ready(policy, n, g, extra) for n, g in enumerate(policy.grants))
        key = f"{policy.id}@{policy.version:06d}/{campaign or ''}"
        return Rule(
            policy,
            campaign,
            title,
            effective,
            frozenset(platforms),
            cites,
            when,
            exclusions,
            conditions,
            grants,
            key,
            frozenset(chain.from_iterable(g.wishes for g in grants)),
            policy.scope.include != Include(platforms=base),
            _faults(policy.when),
            frozenset(e.written.tag for e in exclusions if e.written.tag is not None),
            frozenset(chain.from_iterable(e.written.categories for e in exclusions)),
        )

    rules = [rule(None, policy.title, policy.effective, base, policy.citations, {})]
    for over in policy.overrides:
        cites = over.citations or policy.citations
        rules.append(rule(over.id, over.title, over.effective, over.platforms or base, cites, dict(over.window)))
    return rules


class Policies(tuple[Policy, ...]):
    """Loaded policies with the holidays they count by, and their index."""

    holidays: Holidays
    gates: tuple[Rule, ...]
    _by_wish: dict[Wish, _Index]

    def __new__(cls, policies: Iterable[Policy], holidays: Holidays) -> Policies:
        self = super().__new__(cls, policies)
        self.holidays = holidays
        rules = sorted(chain.from_iterable(rules_of(p) for p in self if p.published), key=lambda r: r.key)
        # A gate for certain goods knows more than one for all.
        self.gates = tuple(sorted((r for r in rules if r.policy.gate), key=lambda r: not _special(r)))
        heard = [r for r in rules if not r.policy.gate]
        self._by_wish = {wish: _Index([r for r in heard if r.bears_on(wish)]) for wish in ALSO}
        return self

    def meeting(self, view: View) -> list[Rule]:
        """Every rule in scope of this line that bears on the wish or on a way out of it, each once."""
        return self._by_wish[view.case.wish].meeting(view)


class _Index:
    """Each rule under its narrowest condition, so that a shop of many special promises stays quick."""

    def __init__(self, rules: list[Rule]) -> None:
        general: list[Rule] = []
        regional: list[Rule] = []
        by_sku: dict[str, list[Rule]] = {}
        by_category: dict[str, list[Rule]] = {}
        by_tag: dict[str, list[Rule]] = {}
        for rule in rules:
            include = rule.policy.scope.include
            if include.sku:
                _file(by_sku, include.sku, rule)
            elif include.tags:
                _file(by_tag, include.tags, rule)
            elif include.categories:
                _file(by_category, include.categories, rule)
            elif include.regions:
                regional.append(rule)
            else:
                general.append(rule)
        self._general, self._regional = general, regional
        self._by_sku, self._by_category, self._by_tag = by_sku, by_category, by_tag
        self._yielding = any(rule.policy.yields_to for rule in rules)

    def meeting(self, view: View) -> list[Rule]:
        fault = view.fact("fault")
        if fault is None:
            found = [r for r in self._general if r.in_scope(view)]
        else:
            found = [r for r in self._general if (not r.faults or fault in r.faults) and r.in_scope(view)]
        found += [r for r in self._by_category.get(view.category, ()) if r.in_scope(view)]
        found += [r for r in self._by_sku.get(view.line.sku, ()) if r.in_scope(view)]
        if view.case.order.region is not None:
            found += [r for r in self._regional if r.in_scope(view)]
        for tag in view.tags:
            found += [r for r in self._by_tag.get(tag, ()) if r not in found and r.in_scope(view)]
        if self._yielding:
            there = {r.policy.id for r in found}
            found = [r for r in found if there.isdisjoint(r.policy.yields_to)]
        return found


def _special(rule: Rule) -> bool:
    return bool(rule.policy.scope.include.categories or rule.policy.scope.include.tags)


def _file(index: dict[str, list[Rule]], names: Iterable[str], rule: Rule) -> None:
    for name in dict.fromkeys(names):
        index.setdefault(name, []).append(rule)
