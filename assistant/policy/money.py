"""How much, in integer fen, with the working shown. No fen is made or lost: parts always add up to their whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.policy.facts import Discount, Line
from assistant.policy.model import Policy
from assistant.policy.view import View
from assistant.policy.words import working, yuan

SETTLED_BY_PEOPLE = frozenset({"trade_in", "subsidy"})
"""Old goods and public subsidies are settled apart; the engine names no figure."""


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount, how it came about, and what it does to the verdict."""

    fen: int | None = None
    working: tuple[str, ...] = ()
    effect: Literal["", "deny", "deduct", "ask"] = ""
    why: str = ""
    """Key of the sentence that explains the effect."""
    slots: Mapping[str, object] | None = None
    missing: tuple[str, ...] = ()


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` pro rata to `weights` in whole fen; what is left over goes to the largest (the first of equals)."""
    whole = sum(weights)
    if not weights:
        return []
    if whole == 0:
        shares = [0] * len(weights)
        shares[0] = total
        return shares
    shares = [total * weight // whole for weight in weights]
    shares[max(range(len(weights)), key=lambda i: weights[i])] += total - sum(shares)
    return shares


def off(gross: int, discount: Discount) -> int:
    """What one discount takes off an amount: once, or as often as the threshold fits (每满299减50)."""
    times = gross // discount.threshold_fen if discount.repeat else int(gross >= discount.threshold_fen)
    return min(gross, times * discount.off_fen)


def settle(gross: Mapping[str, int], discounts: Sequence[Discount]) -> dict[str, int]:
    """What each line costs once every discount is taken off it, pro rata to the lines the discount counts."""
    net = dict(gross)
    for discount in discounts:
        lines = [line for line in gross if not discount.lines or line in discount.lines]
        base = sum(gross[line] for line in lines)
        shares = allocate(off(base, discount), [gross[line] for line in lines])
        for line, share in zip(lines, _within(shares, [net[line] for line in lines]), strict=True):
            net[line] -= share
    return net


def _within(shares: list[int], room: list[int]) -> list[int]:
    """Shares that leave no line below nothing; what does not fit goes to the lines with most room left."""
    taken = [min(share, most) for share, most in zip(shares, room, strict=True)]
    left = sum(shares) - sum(taken)
    for i in sorted(range(len(taken)), key=lambda i: taken[i] - room[i]):
        more = min(left, room[i] - taken[i])
        taken[i] += more
        left -= more
    return taken


def _gross(lines: Sequence[Line], discounts: Sequence[Discount]) -> tuple[dict[str, int], dict[str, int]]:
    """Lines at purchase-time prices, and what was paid for each.

    The purchase-time price is `list_fen` where it fits what was paid; otherwise it is worked back from the discount.
    """
    paid = {line.line: line.paid_fen for line in lines}
    listed = {line.line: line.list_fen for line in lines if line.list_fen is not None}
    if len(listed) == len(lines):
        net = settle(listed, discounts)
        if sum(net.values()) == sum(paid.values()):
            return listed, paid
        if listed == paid:  # the discount was not yet taken off the lines
            return listed, net
    if len(discounts) != 1:
        return paid, paid
    return _worked_back(paid, discounts[0]), paid


def _worked_back(paid: dict[str, int], discount: Discount) -> dict[str, int]:
    """Prices before a discount, from prices after it: the most often it can have been taken."""
    lines = [line for line in paid if not discount.lines or line in discount.lines]
    total = sum(paid[line] for line in lines)
    times = 1
    if discount.repeat and discount.off_fen < discount.threshold_fen:
        times = total // (discount.threshold_fen - discount.off_fen)
    taken = times * discount.off_fen
    if off(total + taken, discount) != taken:
        return paid
    back = [round(paid[line] * (total + taken) / total) if total else 0 for line in lines]
    if back:
        back[max(range(len(lines)), key=lambda i: back[i])] += total + taken - sum(back)
    return {**paid, **dict(zip(lines, back, strict=True))}


def refund(view: View) -> Sum:
    """What goes back for the pieces in question (消法 第二十五条, 暂行办法 第十七条).

    Normally what was paid for them. If sending them back breaks an order-level discount, everything that stays is
    priced again as on the day of purchase, and the difference to what was paid goes back.
    """
    order, returned = view.case.order, view.returned
    shown: list[str] = []
    if SETTLED_BY_PEOPLE & view.tags:
        return Sum(None, (working("settled", title=_name(view.line)),))
    if not order.discounts and not order.events and len(returned) == 1:
        return Sum(_share(view.line, view.line.paid_fen, returned[view.line.line], shown), tuple(shown))
    touched = [d for d in order.discounts if not d.lines or any(line in returned for line in d.lines)]
    scope = [x for x in order.lines if any(not d.lines or x.line in d.lines for d in touched)]
    gross, paid = _gross(scope, touched) if scope else ({}, {})
    kept = {x.line: _kept(gross[x.line], x, returned) for x in scope}
    before = sum(off(_base(gross, d), d) for d in touched)
    after = sum(off(_base(kept, d), d) for d in touched)
    rest = [x for x in order.lines if x.line in returned and x.line not in kept]
    broken = bool(touched) and before != after and any(kept.values())
    if broken:
        amount = _resettled(gross, paid, kept, touched, shown)
    else:
        rest = [x for x in order.lines if x.line in returned]
        amount = 0
        if touched and any(kept.values()):
            shown.append(working("same_off"))
    for line in rest:
        amount += _share(line, paid.get(line.line, line.paid_fen), returned[line.line], shown)
    protected = sum(_protected(view, line) for line in order.lines if line.line in returned)
    if protected:
        amount -= protected
        shown.append(working("protected", protected=yuan(protected)))
    if amount < 0:
        shown.append(working("owed"))
    return Sum(max(0, amount), tuple(shown))


def _name(line: Line) -> str:
    return line.title or line.sku or line.line


def _base(gross: Mapping[str, int], discount: Discount) -> int:
    return sum(fen for line, fen in gross.items() if not discount.lines or line in discount.lines)


def _kept(gross: int, line: Line, returned: Mapping[str, int]) -> int:
    gone = returned.get(line.line, 0)
    return gross - gross * gone // line.quantity


def _share(line: Line, paid: int, count: int, shown: list[str]) -> int:
    if count >= line.quantity:
        shown.append(working("paid", title=_name(line), paid=yuan(paid)))
        return paid
    amount = paid * count // line.quantity
    slots = {"title": _name(line), "quantity": line.quantity, "count": count}
    shown.append(working("pieces", **slots, paid=yuan(paid), amount=yuan(amount)))
    return amount


def _protected(view: View, line: Line) -> int:
    """Price differences already paid back for the returned pieces of a line."""
    events = view.case.order.events or ()
    given = sum(
        e.amount_fen or 0
        for e in events
        if e.kind == "price_protected"
        and e.at <= view.case.now
        and (e.line == line.line if e.line is not None else e.sku is None or e.sku == line.sku)
    )
    return given * min(view.returned[line.line], line.quantity) // line.quantity


def _resettled(
    gross: Mapping[str, int],
    paid: Mapping[str, int],
    kept: Mapping[str, int],
    touched: Sequence[Discount],
    shown: list[str],
) -> int:
    net = sum(settle(kept, touched).values())
    whole, total = sum(kept.values()), sum(paid.values())
    still = working("kept_off", off=yuan(whole - net)) if whole > net else working("kept_no_off")
    shown.append(working("all_paid", paid=yuan(total)))
    shown.append(working("kept", gross=yuan(whole), off=still, net=yuan(net)))
    shown.append(working("resettled", paid=yuan(total), net=yuan(net), amount=yuan(total - net)))
    return total - net


def price_drop(view: View) -> Sum:
    """The difference to the price of this moment, less what was already given back."""
    changes = [e for e in view.events if e.kind == "price_change" and e.at <= view.acted_at and e.price_fen is not None]
    if not changes:
        if view.case.order.events is None:
            return Sum(effect="ask", why="price_unknown", missing=("price_change",))
        return Sum(effect="deny", why="no_drop")
    price, paid = changes[-1].price_fen or 0, view.line.paid_fen
    given, count = view.total("price_protected"), view.line.quantity
    due = paid - price * count - given
    if due <= 0:
        return Sum(effect="deny", why="no_drop")
    slots = {"paid": yuan(paid), "price": yuan(price), "times": f"×{count}" if count > 1 else ""}
    less = working("drop_protected", protected=yuan(given)) if given else ""
    return Sum(due, (working("drop", **slots, protected=less, amount=yuan(due)),))


def deposit_excess(view: View) -> Sum:
    """What of a deposit goes back if the buyer backs out: what exceeds a fifth of the price (民法典 第五百八十六条)."""
    deposit = view.total("deposit_paid")
    line = view.line
    price = line.paid_fen if line.paid_fen > deposit else line.list_fen or 0
    if price <= deposit:
        return Sum(effect="ask", why="price_unknown", missing=("list_fen",))
    cap = price * 20 // 100
    slots = {"deposit": yuan(deposit), "price": yuan(price)}
    if deposit <= cap:
        return Sum(effect="deny", why="deposit_kept", slots=slots)
    shown = working("deposit", **slots, cap=yuan(cap), amount=yuan(deposit - cap))
    return Sum(deposit - cap, (shown,), effect="deduct", why="deposit_over", slots=slots)


def share_table(view: View, policy: Policy) -> Sum:
    """Compensation by the share that is bad: the first step of the policy's table that covers it."""
    bad: int | None = view.fact("bad_percent")
    if bad is None:
        return Sum(effect="ask", why="share_unknown", missing=("bad_percent",))
    percent = next((s.refund_percent for s in policy.shares if bad <= s.bad_percent), 100)
    paid = view.line.paid_fen
    amount = (paid * percent + 50) // 100
    slots = {"bad": bad, "percent": percent, "paid": yuan(paid), "amount": yuan(amount)}
    return Sum(amount, (working("share", **slots),))


def whole_order(view: View) -> Sum:
    """Everything paid for an order that never left, freight included; or the one line asked about."""
    order = view.case.order
    if view.case.line is not None and len(order.lines) > 1:
        return refund(view)
    total = sum(line.paid_fen for line in order.lines)
    shown = [working("all_paid", paid=yuan(total))]
    if order.freight_fen:
        total += order.freight_fen
        shown.append(working("freight", freight=yuan(order.freight_fen)))
    return Sum(total, tuple(shown))
