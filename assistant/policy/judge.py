"""What one policy says about one line of a case: a pure function from facts to a ruling."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from assistant.policy import money
from assistant.policy.clock import SECOND, Holidays, Span, span
from assistant.policy.model import Remedy, Window
from assistant.policy.money import Sum
from assistant.policy.rules import ReadyGrant, Rule
from assistant.policy.verdict import Payer, Says
from assistant.policy.view import Truth, View
from assistant.policy.words import CAMPAIGN, TRIGGERS, UNITS, at, day, reason, until, working


@dataclass(slots=True)
class Ruling:
    """One grant of one policy, judged."""

    rule: Rule
    grant: ReadyGrant
    says: Says
    why: str
    """Key of the sentence that explains it, see `data/words.yaml`."""
    deadline: datetime | None = None
    span: Span | None = None
    missing: tuple[str, ...] = ()
    slots: dict[str, object] = field(default_factory=dict)
    sum: Sum | None = None
    grace_until: datetime | None = None
    """Until when a named person may still make an exception."""

    @property
    def granted(self) -> bool:
        return self.says in ("allow", "allow_with_deduction")

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return self.grant.written.remedies

    def freight(self, view: View) -> Payer | None:
        written = self.grant.freight
        return "insurer" if written.covered_by_insurance and view.fact("insured") else written.payer

    def text(self, view: View) -> str:
        """The reason as a sentence."""
        rule, window = self.rule, self.grant.window
        own = rule.policy.speak
        why = "open_undated" if self.why == "open" and self.deadline is None else self.why
        slots: dict[str, object] = {"title": rule.title, "acted": at(self._acted(view)), **self.slots}
        lapse = self.span
        if window is not None and lapse is not None and lapse.started is not None and self.deadline is not None:
            slots.update(start=day(lapse.started), trigger=_trigger(window, view), deadline=until(self.deadline))
            slots["length"] = _length(window, self.deadline)
            if lapse.kindest_deadline is not None:
                slots["kindest"] = until(lapse.kindest_deadline)
        said = own.get(_SPEAKS[self.says]) if self.why in _OWN_WORDS else None
        if said is not None and all(f"{{{slot}}}" not in said or slot in slots for slot in SLOTS):
            return said.format(**slots)
        return reason(why, **slots)

    def _acted(self, view: View) -> datetime:
        return acted(self.grant.window, view)


_OWN_WORDS = frozenset(
    {"open", "closed", "closed_person", "person", "system", "platform", "insurer", "not_yet", "missing"}
)
"""The reasons a policy may put in its own words."""
_SPEAKS: dict[Says, Literal["allow", "deny", "human", "ask"]] = {
    "allow": "allow",
    "allow_with_deduction": "allow",
    "deny": "deny",
    "need_info": "ask",
    "human": "human",
}
SLOTS = ("title", "start", "trigger", "length", "deadline", "acted", "kindest")
"""The computed slots such words may use."""


def _trigger(window: Window, view: View) -> str:
    for tag, other in window.by_tag.items():
        if tag in view.tags:
            return TRIGGERS[other]
    return TRIGGERS[next((t for t in window.trigger if view.moment(t) is not None), window.trigger[0])]


def _length(window: Window, deadline: datetime) -> str:
    if window.length is None or deadline.date() == window.end_date:
        return CAMPAIGN
    return f"{window.length}{UNITS[window.unit]}"


def acted(window: Window | None, view: View) -> datetime:
    """The moment that has to fall into the window."""
    match window.act if window is not None else "notice":
        case "now":
            return view.case.now
        case "shipped_at":
            # Signed for without a shipping scan: it left no later than it arrived.
            return view.case.order.shipped_at or view.signed_at() or view.case.now
        case "deliver_on":
            return view.case.said.deliver_on or view.case.now
        case _:
            return view.acted_at


@dataclass(slots=True)
class _Standing:
    """What the conditions of a policy come to; the same for all its grants."""

    refusal: tuple[str, dict[str, object]] | None = None
    person: tuple[str, dict[str, object]] | None = None
    missing: tuple[str, ...] = ()
    deduct: str = ""


def judge(rule: Rule, view: View, holidays: Holidays) -> list[Ruling]:
    """A ruling for each grant of the policy that has a say; none if the policy has no say in the case.

    Refusals first, then what only a person can settle, then what is missing, then the yes and its amount. Raises
    `MissingHolidayYear`.
    """
    applies = rule.when.truth(view) if rule.when is not None else True
    if applies is False:
        return []
    barred, unsure = _excluded(rule, view)
    standing: _Standing | None = None
    rulings = []
    for grant in rule.grants:
        due = grant.when.truth(view) if grant.when is not None else True
        if due is False:
            continue
        if barred is not None:
            rulings.append(Ruling(rule, grant, "deny", "excluded", slots={"basis": barred}))
            continue
        lapse = span(grant.window, view, holidays) if grant.window is not None else None
        inside = lapse.holds(acted(grant.window, view)) if lapse is not None else True
        if applies is None or due is None:
            rulings.append(_unclear(rule, grant, view, lapse, inside))
        elif lapse is not None and inside is False and grant.written.closed != "still":
            rulings.append(_closed(rule, grant, view, lapse))
        else:
            standing = standing or _stand(rule, view, unsure)
            rulings.append(_rule_on(rule, grant, view, lapse, inside, standing))
    return rulings


def _unclear(rule: Rule, grant: ReadyGrant, view: View, lapse: Span | None, inside: Truth) -> Ruling:
    """It depends on a fact whether the policy has a say; if its window is over anyway, it has not."""
    if lapse is not None and inside is False:
        return Ruling(rule, grant, "deny", "closed", lapse.deadline, lapse)
    # Of a policy and its grant, the first open test is the one to ask about.
    tests = (t for t in (rule.when, grant.when) if t is not None and t.truth(view) is None)
    missing = next((t.missing(view) for t in tests), ())
    return Ruling(rule, grant, "need_info", "missing", None, lapse, missing)


def _excluded(rule: Rule, view: View) -> tuple[str | None, tuple[str, ...]]:
    """The legal basis on which these goods are refused; else what must be known to tell."""
    if view.tags.isdisjoint(rule.excluded_tags) and view.category not in rule.excluded_categories:
        return None, ()
    missing: tuple[str, ...] = ()
    for exclusion in rule.exclusions:
        written = exclusion.written
        if not exclusion.matches(view) or (written.needs_buyer_confirmation and not _confirmed(written.tag, view)):
            continue
        holds = exclusion.when.truth(view) if exclusion.when is not None else True
        if holds:
            return written.basis, ()
        if holds is None and exclusion.when is not None:
            missing += exclusion.when.missing(view)
    return None, missing


def _stand(rule: Rule, view: View, missing: tuple[str, ...]) -> _Standing:
    standing = _Standing(missing=missing)
    for condition in rule.conditions:
        holds = condition.test.truth(view)
        if holds:
            continue
        asked = condition.written
        if holds is None:
            if asked.on_unknown == "ask":
                standing.missing += condition.test.missing(view)
            elif asked.on_unknown == "human":
                standing.person = ("condition", {"says": asked.says})
        elif asked.on_false == "deduct":
            standing.deduct = asked.says
        elif asked.on_false == "human":
            standing.person = ("condition", {"says": asked.says})
        elif asked.unrecorded is not None and not _confirmed(asked.unrecorded, view):
            standing.person = ("unrecorded", {"says": asked.says})
        else:
            standing.refusal = ("condition", {"says": asked.says})
            return standing
    limit = rule.policy.limits
    if limit.per_item is not None and view.count("exchange_done") >= limit.per_item:
        told: tuple[str, dict[str, object]] = ("once", {"count": limit.per_item})
        if limit.then == "deny":
            standing.refusal = told
        else:
            standing.person = told
    return standing


def _confirmed(tag: str | None, view: View) -> bool:
    return tag is not None and tag in view.confirmed


def _rule_on(
    rule: Rule, grant: ReadyGrant, view: View, lapse: Span | None, inside: Truth, standing: _Standing
) -> Ruling:
    """The ruling of a grant whose window is not surely over."""
    if standing.refusal is not None:
        return Ruling(rule, grant, "deny", standing.refusal[0], slots=standing.refusal[1], span=lapse)
    if lapse is not None and inside is None and not lapse.missing:
        return Ruling(rule, grant, "human", lapse.doubt, lapse.kindest_deadline, lapse)
    deadline = lapse.deadline if lapse is not None else None
    if grant.written.open == "deny" and inside:
        return Ruling(rule, grant, "deny", "not_yet", deadline, lapse)
    if standing.person is not None:
        return Ruling(rule, grant, "human", standing.person[0], deadline, lapse, slots=standing.person[1])
    missing = (*lapse.missing, *standing.missing) if lapse is not None and inside is None else standing.missing
    if missing:
        return Ruling(rule, grant, "need_info", "missing", deadline, lapse, tuple(dict.fromkeys(missing))[:2])
    decider = rule.policy.decider
    if decider != "engine":
        why = "person" if decider == "human" else decider
        return Ruling(rule, grant, "human", why, deadline, lapse, sum=_weighed(grant, rule, view))
    return _granted(rule, grant, view, lapse, deadline, standing)


def _closed(rule: Rule, grant: ReadyGrant, view: View, lapse: Span) -> Ruling:
    if grant.written.closed == "human":
        return Ruling(rule, grant, "human", "closed_person", lapse.deadline, lapse)
    ruling = Ruling(rule, grant, "deny", "closed", lapse.deadline, lapse)
    grace = rule.policy.exceptions.grace_days
    if grace and lapse.closes is not None:
        until_then = lapse.closes + timedelta(days=grace)
        if acted(grant.window, view) < until_then:
            ruling.grace_until = until_then - SECOND
    return ruling


def _granted(
    rule: Rule, grant: ReadyGrant, view: View, lapse: Span | None, deadline: datetime | None, standing: _Standing
) -> Ruling:
    ruling = Ruling(rule, grant, "allow", "open", deadline, lapse)
    if standing.deduct:
        ruling.says, ruling.why, ruling.slots = "allow_with_deduction", "deduct", {"says": standing.deduct}
    weighed = _weighed(grant, rule, view)
    if weighed is not None and weighed.effect:
        says: dict[str, Says] = {"deny": "deny", "deduct": "allow_with_deduction", "ask": "need_info"}
        ruling.says, ruling.why = says[weighed.effect], weighed.why
        ruling.slots, ruling.missing = dict(weighed.slots or {}), weighed.missing
    ruling.sum = weighed
    return ruling


def _weighed(grant: ReadyGrant, rule: Rule, view: View) -> Sum | None:
    """Amounts that bear on the verdict itself; what was simply paid is worked out later, once."""
    match grant.amount:
        case "price_drop":
            return money.price_drop(view)
        case "deposit_excess":
            return money.deposit_excess(view)
        case "share_table":
            return money.share_table(view, rule.policy)
    return None


def amount(ruling: Ruling, view: View) -> Sum:
    """The amount of a ruling, with its working."""
    if ruling.sum is not None:
        return ruling.sum
    match ruling.grant.amount:
        case "paid":
            paid = money.refund(view)
            if ruling.why == "deduct":
                return Sum(None, (*paid.working, working("accessories")))
            return paid
        case "whole_order":
            return money.whole_order(view)
    return Sum()
