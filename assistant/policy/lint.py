"""What a policy may not be: below the law, unsourced, untested, overlapping, undated, or worded as a void clause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from assistant.errors import HouseError
from assistant.policy.clock import Holidays
from assistant.policy.decide import decide
from assistant.policy.examples import case_of, differences
from assistant.policy.floor import (
    CONFIRMED_KINDS,
    FAULTS,
    STATUTORY_CATEGORIES,
    STATUTORY_KINDS,
    faults_of,
    shortfalls,
)
from assistant.policy.judge import SLOTS
from assistant.policy.model import Policy
from assistant.policy.names import data
from assistant.policy.read import Problem, Read
from assistant.policy.rules import Policies

STALE = timedelta(days=180)
"""Rule texts change often: a source not looked at for so long makes a task."""
_BLANK_SLOT = re.compile(r"\{(\w*)\}")


def lint_files(
    read: Sequence[Read],
    holidays: Holidays,
    *,
    floor: Sequence[Policy],
    shipped: bool = False,
    today: date | None = None,
) -> list[Problem]:
    """Every problem in these files, in the order of files and lines.

    `floor` is what always applies; `shipped` are the product's own files, which may be floor and gate; with `today`
    the checks that depend on the calendar run too.
    """
    found = [p for r in read for p in r.problems]
    for each in read:
        if each.policy is None:
            continue
        checks = _CHECKS if shipped else (*_CHECKS, _not_ours)
        found += [p for check in checks for p in check(each, each.policy)]
        if each.policy.authority != "statute":
            found += _below(each, each.policy, floor)
        found += _holiday_years(each, each.policy, holidays, today)
        found += _stale(each, each.policy, today)
        if not any(p.level == "error" and p.file == each.file.path.name for p in found):
            found += _examples(each, each.policy, holidays)
    found += _overlaps(read)
    if not shipped:
        found += _taken(read, floor)
    return sorted(found)


def _error(read: Read, where: Sequence[str | int], rule: str, says: str, fix: str) -> Problem:
    return read.file.problem(where, "error", rule, says, fix)


def _warning(read: Read, where: Sequence[str | int], rule: str, says: str, fix: str) -> Problem:
    return read.file.problem(where, "warning", rule, says, fix)


def _source(read: Read, policy: Policy) -> Iterator[Problem]:
    if not any(c.strip() for c in policy.citations):
        yield _error(read, ("citations",), "unsourced", "没有写依据", "写明法条、平台规则或店铺承诺的出处")
    if policy.checked_on is None:
        yield _warning(read, ("citations",), "unchecked", "没有写核对日期", "加上 checked_on")


def _exclusions(read: Read, policy: Policy) -> Iterator[Problem]:
    no_reason = any(
        "return_refund" in g.remedies and not faults_of(policy, g) and g.when is None for g in policy.grants
    )
    for index, exclusion in enumerate(policy.scope.exclude):
        where = ("scope", "exclude", index)
        if not exclusion.basis.strip():
            yield _error(read, where, "exclusion_basis", "排除商品没有依据", "在 basis 写明法条；没有依据就删去")
        if exclusion.tag in CONFIRMED_KINDS and not exclusion.needs_buyer_confirmation:
            says = f"排除 {exclusion.tag} 要买家在每次购买时确认"
            yield _error(read, where, "exclusion_unconfirmed", says, "加上 needs_buyer_confirmation: true")
        lawful = exclusion.tag in STATUTORY_KINDS | CONFIRMED_KINDS or (
            exclusion.categories and set(exclusion.categories) <= STATUTORY_CATEGORIES
        )
        if no_reason and policy.authority != "campaign" and not lawful:
            name = exclusion.tag or "、".join(exclusion.categories)
            fix = "删去；法定七天无理由退货只能排除暂行办法第六、七条列明的商品"
            yield _error(read, where, "exclusion_basis", f"法律没有允许排除 {name}", fix)


def _freight(read: Read, policy: Policy) -> Iterator[Problem]:
    for index, grant in enumerate(policy.grants):
        payer = (grant.freight or policy.freight).payer
        if payer == "buyer" and faults_of(policy, grant) & FAULTS:
            where = ("grants", index, "freight") if grant.freight else ("freight",)
            fix = "改成 payer: merchant（消法 第二十四条）"
            yield _error(read, where, "freight_on_fault", "质量问题、发错漏发的运费由买家出", fix)


def _refund(read: Read, policy: Policy) -> Iterator[Problem]:
    if policy.refund is not None and policy.refund.deadline_days > 7:
        says = f"收到退货后 {policy.refund.deadline_days} 天才退款"
        fix = "改成不超过 7（消法 第二十五条）"
        yield _error(read, ("refund", "deadline_days"), "refund_late", says, fix)
    returns = any("return_refund" in g.remedies for g in policy.grants)
    if returns and policy.refund is None and policy.decider == "engine":
        fix = "加上 refund: {deadline_days: 7}"
        yield _warning(read, ("grants",), "refund_unstated", "没有写收到退货后几天退款", fix)
    for name, label in (("gifts", "赠品"), ("coupons", "券和积分")):
        if returns and not getattr(policy, name):
            yield _warning(read, ("grants",), f"{name}_unstated", f"没有写{label}怎么办", f"加上 {name}")


def _dated(read: Read, policy: Policy) -> Iterator[Problem]:
    if policy.authority == "campaign" and policy.effective.to is None:
        yield _error(read, ("effective",), "undated", "活动没有结束日期", "在 effective.to 写最后一天")
    for index, over in enumerate(policy.overrides):
        where = ("overrides", index)
        if over.effective.to is None:
            yield _error(read, where, "undated", f"活动 {over.id} 没有结束日期", "在 effective.to 写最后一天")
        written = read.file.written["overrides"][index]["effective"]
        if "clock" not in written:
            fix = "写明按哪个时刻算，例如 clock: ordered_at"
            yield _error(read, where, "undated", f"活动 {over.id} 没有写 clock", fix)
        length = over.window.get("length")
        if policy.window is not None and isinstance(length, int) and length < (policy.window.length or 0):
            fix = "活动只能放宽：改成不短于原来的期限，或删去"
            yield _error(read, (*where, "window"), "narrows", f"活动 {over.id} 把期限改短了", fix)


def _blanks(read: Read, policy: Policy) -> Iterator[Problem]:
    if not policy.published:
        return
    if policy.blanks:
        names = "、".join(policy.blanks)
        yield _error(read, ("blanks",), "blank", f"还有没填的空：{names}", "逐项填好后删去 blanks，再发布")
    if policy.window is not None and policy.window.length is None and policy.window.end_date is None:
        each = all((g.window or {}).get("length") or (g.window or {}).get("end_date") for g in policy.grants)
        if not each:
            yield _error(read, ("window",), "blank", "期限没有填", "填上 window.length 或 end_date")


def _words(read: Read, policy: Policy) -> Iterator[Problem]:
    confirmed = any(e.needs_buyer_confirmation for e in policy.scope.exclude)
    for where, text in _texts(read.file.written, ()):
        if where[:1] in (("tests",), ("citations",)):
            continue
        for rule, patterns in _patterns().items():
            for pattern, entry in patterns:
                if (hit := pattern.search(text)) and not (entry.get("unless") and confirmed):
                    says = f"“{hit.group()}”：{entry['says']}"
                    yield _error(read, where, rule, says, entry["fix"])
    for kind, words in policy.speak.items():
        for slot in _BLANK_SLOT.findall(words):
            if slot not in SLOTS:
                fix = f"只能用 {'、'.join(SLOTS)}"
                yield _error(read, ("speak", kind), "slot", f"没有 {{{slot}}} 这个空", fix)


@cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], dict[str, str]]]]:
    words = data("wording")
    return {
        "void_clause": [(re.compile(e["pattern"]), e) for e in words["void_clauses"]],
        "absolute_word": [(re.compile(e["pattern"]), e) for e in words["absolute_words"]],
    }


def _texts(written: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    match written:
        case str():
            yield where, written
        case dict():
            for key, value in written.items():
                yield from _texts(value, (*where, str(key)))
        case list():
            for index, value in enumerate(written):
                yield from _texts(value, (*where, index))


def _useful(read: Read, policy: Policy) -> Iterator[Problem]:
    if not policy.steps and any(g.remedies for g in policy.grants):
        yield _warning(read, ("grants",), "no_steps", "没有写买家怎么办理", "加上 steps")
    if (policy.exceptions.grace_days or policy.exceptions.cap_fen) and not policy.exceptions.approvers:
        yield _warning(read, ("exceptions",), "no_approver", "例外没有写谁能批", "加上 exceptions.approvers")


def _not_ours(read: Read, policy: Policy) -> Iterator[Problem]:
    if policy.authority == "statute" or policy.always:
        where = ("authority",) if policy.authority == "statute" else ("always",)
        fix = "改成 merchant 或 campaign，并删去 always"
        yield _error(read, where, "not_yours", "法定底线随产品提供，店铺不能改写", fix)
    if policy.gate:
        yield _error(read, ("gate",), "not_yours", "gate 会越过法定权利，只有随产品提供的策略能用", "删去 gate")


_CHECKS: tuple[Callable[[Read, Policy], Iterator[Problem]], ...] = (
    _source,
    _exclusions,
    _freight,
    _refund,
    _dated,
    _blanks,
    _words,
    _useful,
)


def _below(read: Read, policy: Policy, floor: Sequence[Policy]) -> Iterator[Problem]:
    if policy.always:
        return
    statutes = {f.title for f in floor if f.authority == "statute"}
    for number, title, says, fix in dict.fromkeys(shortfalls(policy, floor)):
        where = ("grants", number, "window") if policy.grants[number].window else ("window", "length")
        if title in statutes:
            yield _error(read, where, "below_floor", says, fix)
        else:
            yield _warning(read, where, "below_trade", says, f"{fix}；行业默认仍然适用")


def _holiday_years(read: Read, policy: Policy, holidays: Holidays, today: date | None) -> Iterator[Problem]:
    """Every year a holiday-moved window may need must be in the table."""
    windows = [policy.window] if policy.window is not None else []
    moved = any(w.holiday_rollover != "none" for w in windows) or any(
        (g.window or {}).get("holiday_rollover", "none") != "none" for g in policy.grants
    )
    needed: set[int] = set()
    if policy.authority == "campaign" and policy.effective.to is not None:
        needed |= {policy.effective.from_.year, policy.effective.to.year}
    needed |= {w.end_date.year for w in windows if w.end_date is not None}
    if today is not None:
        needed.add(today.year)
    for year in sorted(needed if moved else ()):
        if year not in holidays.years:
            fix = f"按国务院办公厅通知在 holidays.yaml 加上 {year} 年"
            yield _error(read, ("window",), "holiday_year", f"节假日表没有 {year} 年", fix)
    soon = (today + timedelta(days=31)).year if today is not None else None
    if moved and soon is not None and soon not in holidays.years and soon not in needed:
        fix = f"通知公布后在 holidays.yaml 加上 {soon} 年"
        yield _warning(read, ("window",), "holiday_year", f"一个月内会用到 {soon} 年的节假日表", fix)


def _stale(read: Read, policy: Policy, today: date | None) -> Iterator[Problem]:
    if today is not None and policy.checked_on is not None and today - policy.checked_on > STALE:
        says = f"依据上次核对是 {policy.checked_on}，已超过半年"
        yield _warning(read, ("checked_on",), "stale", says, "核对原文后更新 checked_on")


def _overlaps(read: Sequence[Read]) -> Iterator[Problem]:
    """Two versions of one policy may not be in force on the same day."""
    by_id: dict[str, list[tuple[Read, Policy]]] = {}
    for each in read:
        if each.policy is not None:
            by_id.setdefault(each.policy.id, []).append((each, each.policy))
    for versions in by_id.values():
        versions.sort(key=lambda pair: (pair[1].effective.from_, pair[1].version))
        for (first, earlier), (second, later) in pairwise(versions):
            if earlier.effective.to is None or later.effective.from_ < earlier.effective.to:
                says = f"与 {first.file.path.name} 的版本 {earlier.version} 同时有效"
                fix = f"给版本 {earlier.version} 写上 effective.to，或改这里的 effective.from"
                yield _error(second, ("effective",), "overlap", says, fix)


def _taken(read: Sequence[Read], floor: Sequence[Policy]) -> Iterator[Problem]:
    taken = {policy.id for policy in floor}
    for each in read:
        if each.policy is not None and each.policy.id in taken:
            fix = "换一个 id；更宽的承诺另写一条，自动取对买家有利的"
            yield _error(each, ("id",), "not_yours", f"{each.policy.id} 是底线规则的名字", fix)


def _filled(read: Read, policy: Policy) -> Policy:
    """A draft with its blanks filled by their samples, so that its tests can run before a merchant has filled them."""
    if policy.published and not policy.blanks:
        return policy
    written = deepcopy(read.file.written)
    for path, sample in policy.blanks.items():
        *above, last = path.split(".")
        part = written
        for name in above:
            part = part[name]
        part[last] = sample
    return Policy.model_validate({**written, "published": True})


def _examples(read: Read, policy: Policy, holidays: Holidays) -> Iterator[Problem]:
    if not policy.tests:
        yield _error(read, ("id",), "untested", "策略没有测试", "加上 tests：至少一条能办的、一条不能办的")
        return
    try:
        alone = Policies([_filled(read, policy)], holidays)
    except (KeyError, TypeError, ValueError) as wrong:
        yield _error(read, ("blanks",), "blank", f"blanks 的路径对不上：{wrong}", "写成 window.length 这样的路径")
        return
    for index, example in enumerate(policy.tests):
        try:
            wrong_fields = differences(decide(alone, case_of(example, policy)), example.expect)
        except (HouseError, ValueError) as refused:
            wrong_fields = [str(refused)]
        if wrong_fields:
            says = f"测试“{example.name}”不通过：{'；'.join(wrong_fields)}"
            yield _error(read, ("tests", index), "test_fails", says, "改规则或改测试，使二者一致")
