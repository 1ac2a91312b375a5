"""What the engine promises about any set of policies, shown on small ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from assistant.policy import Case, Policies, decide, load_policies, protect_all
from assistant.policy.bench import special
from assistant.policy.decide import view_of
from assistant.policy.examples import facts_of
from assistant.policy.facts import SHANGHAI, Discount
from assistant.policy.model import Policy
from assistant.policy.money import settle
from assistant.policy.promotion import cart_price, load_promotions

BOOK = load_policies()
WINDOW = {
    "trigger": "signed_at",
    "length": 7,
    "first_day": "next_day",
    "end": "end_of_day",
    "timezone": "Asia/Shanghai",
}


def policy(**changes: Any) -> Policy:
    base: dict[str, Any] = {
        "id": "promise",
        "title": "承诺",
        "authority": "merchant",
        "version": 1,
        "effective": {"from": "2026-01-01T00:00:00"},
        "citations": ["店铺承诺"],
        "grade": "D",
        "window": WINDOW,
        "grants": [{"remedies": ["return_refund"]}],
        "amount": "paid",
        "freight": {"payer": "buyer"},
    }
    return Policy.model_validate({**base, **changes})


def ask(policies: list[Policy], wish: str = "return", **given: Any) -> Any:
    given = {"category": "家居", "signed_at": "2026-11-05T10:00:00", "now": "2026-11-08T10:00:00", **given}
    return decide(Policies(policies, BOOK.holidays), Case.from_json(facts_of(given, wish=wish)))


def test_any_yes_wins_and_every_no_gives_its_reason() -> None:
    no = policy(id="no", conditions=[{"id": "c", "test": "worn", "says": "没穿过的不收"}])
    yes = policy(id="yes")
    assert ask([no, yes], worn=False).policy == "yes"
    denied = ask([no, policy(id="also_no", window={**WINDOW, "length": 1})], worn=False)
    assert denied.says == "deny"
    assert {r.policy for r in denied.reasons} == {"no", "also_no"}


def test_one_open_question_is_no_refusal() -> None:
    no = policy(id="no", window={**WINDOW, "length": 1})
    open_one = policy(id="open", conditions=[{"id": "c", "test": "intact", "says": "要完好"}])
    assert (ask([no, open_one]).says, ask([no, open_one]).missing) == ("need_info", ("intact", "tag_on"))
    assert ask([no, open_one], intact=False).says == "deny"


def test_a_wider_promise_binds_even_for_what_the_law_excludes() -> None:
    """网络消费纠纷规定(一) 第二条: a shop that promises to take custom-made goods back must."""
    made = {"tags": ["custom_made"], "intact": True}
    assert ask(list(BOOK), **made).says == "deny"
    assert ask([*BOOK, policy(id="custom_too")], **made).policy == "custom_too"


def test_the_better_yes_is_the_one_told() -> None:
    dear, free = policy(id="a_dear"), policy(id="b_free", freight={"payer": "merchant"})
    assert ask([dear, free]).policy == "b_free"
    longer = policy(id="z_longer", window={**WINDOW, "length": 30})
    assert ask([dear, longer]).deadline == datetime(2026, 12, 5, 23, 59, 59, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "says"),
    [("2026-11-12T23:59:59", "allow"), ("2026-11-13T00:00:00", "human"), ("2026-11-13T23:59:59", "human"),
     ("2026-11-14T00:00:00", "deny")],
)  # fmt: skip
def test_a_shops_own_grace_sends_the_late_ones_to_a_person(now: str, says: str) -> None:
    graceful = policy(window={**WINDOW, "grace_hours": 24})
    assert ask([graceful], now=now).says == says


def test_the_version_in_force_when_it_was_ordered_decides() -> None:
    old = policy(version=1, effective={"from": "2026-01-01T00:00:00", "to": "2026-11-01T00:00:00"})
    new = policy(version=2, effective={"from": "2026-11-01T00:00:00"}, window={**WINDOW, "length": 15})
    assert ask([old, new], ordered_at="2026-10-31T23:59:59").version == 1
    assert ask([old, new], ordered_at="2026-11-01T00:00:00").version == 2


def test_a_platforms_rule_is_for_its_own_orders() -> None:
    only = policy(scope={"include": {"platforms": ["京东"]}})
    assert ask([only], platform="jd").says == "allow"
    assert ask([only], platform="京东").says == "allow"
    assert ask([only], platform="tmall").policy is None
    assert ask([only]).policy is None


def test_who_may_not_decide_sends_to_whoever_may() -> None:
    assert ask([policy(decider="human")]).says == "human"
    assert ask([policy(decider="platform")]).says == "human"


def test_a_draft_is_never_applied() -> None:
    assert ask([policy(published=False)]).policy is None


def test_a_campaign_only_lengthens() -> None:
    over = {
        "id": "sale",
        "title": "大促",
        "effective": {"from": "2026-10-01T00:00:00", "to": "2026-11-30T00:00:00"},
        "window": {"end_date": "2026-11-06"},
    }
    assert ask([policy(overrides=[over])], now="2026-11-12T12:00:00").says == "allow"
    over["window"] = {"end_date": "2026-11-20"}
    verdict = ask([policy(overrides=[over])], now="2026-11-20T23:59:59")
    assert (verdict.says, verdict.campaign) == ("allow", "sale")


def test_two_hundred_special_promises_are_not_all_asked() -> None:
    """A shop of many promises for single goods pays for those that concern the order, not for all it has."""
    few = Policies([*BOOK, special(0)], BOOK.holidays)
    many = Policies([*BOOK, *(special(n) for n in range(200))], BOOK.holidays)
    given = {"category": "家居", "sku": "sku0", "signed_at": "2026-11-05", "now": "2026-11-08", "intact": True}
    view = view_of(Case.from_json(facts_of(given, wish="return")))
    assert [r.policy.id for r in many.meeting(view)] == [r.policy.id for r in few.meeting(view)]
    assert "special_0" in [r.policy.id for r in many.meeting(view)]


def test_each_verdict_can_tell_how_it_came_about() -> None:
    trace = ask(list(BOOK), intact=True).trace
    assert "seven_day_no_reason@3 allow open" in trace


def test_one_click_judges_every_recent_order_and_adds_up() -> None:
    def order(number: str, price: int) -> Case:
        given = {
            "ordered_at": "2026-03-01T12:00:00",
            "now": "2026-03-10T12:00:00",
            "paid_fen": 10000,
            "events": [{"kind": "price_change", "at": "2026-03-05T00:00:00", "price_fen": price}],
        }
        return Case.from_json(facts_of(given, wish="return", name=number))

    total, verdicts = protect_all(BOOK, [order("a", 9000), order("b", 10000), order("c", 8500)])
    assert total == 2500
    assert [v.says for v in verdicts] == ["allow", "deny", "allow"]


def test_the_odd_fen_never_takes_a_line_below_nothing() -> None:
    """99 off 1 + 1 + 98: the rest of the split is more than the largest line has left."""
    off_99 = Discount(kind="full_reduction", threshold_fen=100, off_fen=99)
    net = settle({"a": 1, "b": 1, "c": 98}, [off_99])
    assert sum(net.values()) == 1
    assert min(net.values()) == 0


def test_what_a_cart_costs_with_its_working() -> None:
    promotions = load_promotions()
    sum_ = cart_price([40000, 25000], promotions, datetime(2026, 6, 18, 23, 59, 59, tzinfo=SHANGHAI))
    assert (sum_.fen, sum_.working) == (55000, ("商品合计¥650", "跨店每满299减50：减¥100"))
    over = cart_price([40000, 25000], promotions, datetime(2026, 6, 19, tzinfo=SHANGHAI))
    assert over.fen == 65000
