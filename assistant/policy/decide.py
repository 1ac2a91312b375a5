"""The verdict: every policy in scope is heard; any yes wins; a no needs every one to refuse and nothing to be unknown.

Pure and deterministic: no clock, no storage, no randomness, and the order of the policies does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from assistant.policy.clock import Holidays
from assistant.policy.facts import SHANGHAI, Case, Wish
from assistant.policy.judge import Ruling, amount, judge
from assistant.policy.model import WISHES_OF, Policy, Remedy
from assistant.policy.rules import ALSO, Policies
from assistant.policy.verdict import Alternative, Payer, Reason, Verdict
from assistant.policy.view import View
from assistant.policy.words import reason, until

_WHOLE_ORDER: frozenset[Wish] = frozenset({"cancel", "ship", "refund"})
_PAYERS: dict[Payer | None, int] = {"merchant": 0, None: 0, "insurer": 1, "buyer": 2}
_AUTHORITIES = {"statute": 0, "platform": 1, "merchant": 2, "campaign": 3}
_EPOCH = datetime(1970, 1, 1, tzinfo=SHANGHAI)


def decide(policies: Sequence[Policy], case: Case) -> Verdict:
    """What the rules say about a case. Raises `MissingHolidayYear`; never anything else for a `Case` that was read."""
    book = policies if isinstance(policies, Policies) else Policies(policies, Holidays())
    lines = case.order.lines
    if case.line is not None or len(lines) == 1 or case.wish in _WHOLE_ORDER:
        return _heard(book, view_of(case))
    everything = {line.line: line.quantity for line in lines}
    return _merged(case, [_heard(book, View(case, line, everything)) for line in lines])


def protect_all(policies: Sequence[Policy], cases: Sequence[Case]) -> tuple[int, tuple[Verdict, ...]]:
    """一键价保: every recent order judged on its own, and the fen that come back altogether. Raises as `decide`."""
    asked = [case if case.wish == "price_protect" else replace(case, wish="price_protect") for case in cases]
    verdicts = tuple(decide(policies, case) for case in asked)
    return sum(v.amount_fen or 0 for v in verdicts if v.allowed), verdicts


def view_of(case: Case) -> View:
    """The case through the line it is about; through the first one for a question about the whole order."""
    lines = case.order.lines
    if case.line is not None:
        return View(case, next(line for line in lines if line.line == case.line))
    if len(lines) == 1:
        return View(case, lines[0])
    return View(case, lines[0], {line.line: line.quantity for line in lines})


def _merged(case: Case, verdicts: list[Verdict]) -> Verdict:
    """One verdict for an order of several lines nobody chose among: only if they agree, or each gives money back."""
    first = verdicts[0]
    if case.wish == "price_protect":
        given = [v for v in verdicts if v.allowed]
        if given:
            total = sum(v.amount_fen or 0 for v in given)
            work = tuple(step for v in given for step in v.working)
            return replace(given[0], amount_fen=total, working=work)
    if len({(v.says, v.policy, v.deadline, v.freight) for v in verdicts}) == 1:
        return first
    if all(v.says == "human" for v in verdicts):
        return first
    told = Reason(first.policy or "", reason("which_line"))
    return Verdict(case.id, "need_info", None, None, missing=("line",), reasons=(told,))


def _heard(book: Policies, view: View) -> Verdict:
    holidays, wish = book.holidays, view.case.wish
    for rule in book.gates:
        if rule.in_scope(view) and (rulings := judge(rule, view, holidays)):
            best = min((r for r in rulings if r.says == "human"), key=_granted_rank, default=None)
            if best is not None:
                others = [r for rule in book.meeting(view) for r in judge(rule, view, holidays)]
                return _spoken(view, best, [best], others)
    rulings = [r for rule in book.meeting(view) for r in judge(rule, view, holidays)]
    asked = [r for r in rulings if wish in r.grant.wishes]
    if not asked:
        return _unheard(view, rulings)
    for answer in (_yes, _open_question, _for_a_person):
        found = [r for r in asked if answer(r)]
        if found:
            best = found[0] if len(found) == 1 else min(found, key=_granted_rank)
            return _spoken(view, best, found, rulings)
    return _spoken(view, min(asked, key=_refused_rank), asked, rulings)


def _yes(ruling: Ruling) -> bool:
    return ruling.says == "allow" or ruling.says == "allow_with_deduction"


def _open_question(ruling: Ruling) -> bool:
    return ruling.says == "need_info"


def _for_a_person(ruling: Ruling) -> bool:
    return ruling.says == "human"


def _sooner(moment: datetime | None) -> timedelta:
    """Sorts the later deadline first, and what has no end before all."""
    return timedelta.min if moment is None else _EPOCH - moment


def _granted_rank(ruling: Ruling) -> tuple[object, ...]:
    """The better for the shopper, the smaller; ties fall the same way however the files were read."""
    paid = ruling.sum.fen if ruling.sum is not None and ruling.sum.fen is not None else 0
    return (
        ruling.says == "allow_with_deduction",
        _PAYERS[ruling.grant.freight.payer],
        -paid,
        _sooner(ruling.deadline),
        ruling.rule.policy.decider != "engine",
        _AUTHORITIES[ruling.rule.policy.authority],
        ruling.rule.campaign or "",
        ruling.rule.key,
        ruling.grant.number,
    )


def _refused_rank(ruling: Ruling) -> tuple[object, ...]:
    """The refusal worth saying: one with its window still open, else the one that stayed open longest."""
    return (
        # A policy for this very claim explains more than one for all.
        ruling.rule.when is None,
        ruling.why == "closed",
        _sooner(ruling.deadline),
        ruling.rule.policy.decider != "engine",
        _AUTHORITIES[ruling.rule.policy.authority],
        ruling.rule.key,
        ruling.grant.number,
    )


def _spoken(view: View, best: Ruling, agreeing: list[Ruling], rulings: list[Ruling]) -> Verdict:
    policy, wish = best.rule.policy, view.case.wish
    granted = best.granted
    summed = amount(best, view) if best.says not in ("deny", "need_info") else None
    remedies = _remedies(view, best, rulings) if best.says not in ("deny", "need_info") else ()
    told = _refusals(best, agreeing) if best.says in ("deny", "need_info") else [best]
    reasons = tuple(Reason(r.rule.policy.id, r.text(view), r.rule.cites) for r in told)
    if granted and wish == "refund" and best.deadline is not None and view.case.now > best.deadline:
        late = reason("overdue", title=best.rule.title, deadline=until(best.deadline))
        reasons = (*reasons, Reason(policy.id, late, best.rule.cites))
    return Verdict(
        id=view.case.id,
        says=best.says,
        policy=policy.id,
        version=policy.version,
        remedies=remedies,
        deadline=best.deadline,
        amount_fen=summed.fen if summed is not None else None,
        freight=best.freight(view) if best.says not in ("deny", "need_info") else None,
        missing=_missing(best, agreeing),
        reasons=reasons,
        alternatives=_alternatives(view, best, remedies, rulings),
        working=summed.working if summed is not None else (),
        title=best.rule.title,
        campaign=best.rule.campaign,
        steps=policy.steps,
        evidence=policy.evidence,
        refund_days=policy.refund.deadline_days if policy.refund is not None else None,
        trace=(*(f"{r.rule.policy.source} {r.says} {r.why}" for r in rulings), *_from_where(view)),
    )


def _from_where(view: View) -> tuple[str, ...]:
    """The facts somebody gave with where they come from, e.g. `tag_on=True ← 买家第 3 句`."""
    case = view.case
    return tuple(f"{name}={getattr(case.said, name, None)} ← {source}" for name, source in case.provenance.items())


def _refusals(best: Ruling, agreeing: list[Ruling]) -> list[Ruling]:
    """The deciding ruling, then the first of each other policy: a no gives every reason for it."""
    first: dict[str, Ruling] = {best.rule.key: best}
    for ruling in sorted(agreeing, key=_refused_rank):
        first.setdefault(ruling.rule.key, ruling)
    return list(first.values())


def _missing(best: Ruling, agreeing: list[Ruling]) -> tuple[str, ...]:
    """The one or two facts to ask for: the best policy's own first."""
    if best.says != "need_info":
        return ()
    names = dict.fromkeys(best.missing)
    for ruling in sorted(agreeing, key=_granted_rank):
        names.update(dict.fromkeys(ruling.missing))
    return tuple(names)[:2]


def _remedies(view: View, best: Ruling, rulings: list[Ruling]) -> tuple[Remedy, ...]:
    """What the deciding policy grants now: the wished remedy first, then whatever else it leaves to choose."""
    names = dict.fromkeys(best.remedies)
    for ruling in rulings:
        if ruling.rule is best.rule and ruling.granted and best.granted:
            names.update(dict.fromkeys(ruling.remedies))
    wish = view.case.wish
    return tuple(sorted(names, key=lambda remedy: wish not in WISHES_OF[remedy]))


def _alternatives(
    view: View, best: Ruling, remedies: tuple[Remedy, ...], rulings: list[Ruling]
) -> tuple[Alternative, ...]:
    """Every other way out that is open, surest first; never the one just granted, nor a maybe beside a yes."""
    also, found = ALSO[view.case.wish], []
    for ruling in sorted((r for r in rulings if r.granted or r.says == "human"), key=_granted_rank):
        if ruling is best or (best.granted and not ruling.granted) or also.isdisjoint(ruling.grant.wishes):
            continue
        same = ruling.rule.policy is best.rule.policy and set(ruling.remedies) <= {*remedies, *best.remedies}
        if same and (ruling.deadline == best.deadline or ruling.remedies == best.remedies):
            continue
        named = ruling.rule.policy.alternative
        if named == "never" or (named == "denied" and best.granted):
            continue
        found.append(_alternative(view, ruling, ruling.deadline))
    found.sort(key=lambda a: a.says == "human")
    if not best.granted:
        graced = [r for r in rulings if r.grace_until is not None and view.case.wish in r.grant.wishes]
        for ruling in sorted(graced, key=_refused_rank):
            found.append(replace(_alternative(view, ruling, ruling.grace_until), says="human"))
    return tuple(dict.fromkeys(found))


def _alternative(view: View, ruling: Ruling, deadline: datetime | None) -> Alternative:
    policy, payer = ruling.rule.policy.id, ruling.freight(view)
    return Alternative(policy, ruling.says, ruling.remedies, deadline, ruling.rule.title, payer)


def _unheard(view: View, rulings: list[Ruling]) -> Verdict:
    """No policy answers the wish: a fault still unnamed is asked for, else a person looks at it."""
    if view.fact("fault") is None:
        return Verdict(view.case.id, "need_info", None, None, missing=("fault",))
    found = tuple(
        _alternative(view, r, r.deadline)
        for r in sorted((r for r in rulings if r.granted), key=_granted_rank)
        if not ALSO[view.case.wish].isdisjoint(r.grant.wishes) and r.rule.policy.alternative != "never"
    )
    return Verdict(view.case.id, "human", None, None, reasons=(Reason("", reason("nothing")),), alternatives=found)
