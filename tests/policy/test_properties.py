"""What must hold for every case, not only for those somebody thought of."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.policy import Case, Policies, decide, load_policies
from assistant.policy.facts import SHANGHAI, Discount, Wish
from assistant.policy.model import Policy
from assistant.policy.money import allocate, off, refund, settle
from assistant.policy.view import View
from tests.policy.tables import Row, csv_rows, yaml_rows

ALL = load_policies()
FLOOR = Policies([p for p in ALL if p.authority == "statute" or p.always or p.gate], ALL.holidays)
ROWS: list[Row] = [
    *yaml_rows("worked.yaml"),
    *yaml_rows("partial_returns.yaml"),
    *(row for name in ("seven_days", "intact", "exclusions", "faults", "promises") for row in csv_rows(f"{name}.csv")),
]

maybe = st.sampled_from([True, False, None])
moments = st.integers(0, 200 * 86400).map(
    lambda seconds: datetime(2026, 2, 1, tzinfo=SHANGHAI) + timedelta(seconds=seconds)
)
TAGS = ("custom_made", "fresh_perishable", "activation_devalues", "near_expiry", "merchant_installs", "diapers")
WISHES: tuple[Wish, ...] = ("return", "exchange", "repair", "price_protect", "refund", "cancel", "ship", "compensate")
ANY_WISH = st.sampled_from(WISHES)


@st.composite
def facts(draw: st.DrawFn, wish: st.SearchStrategy[str] = ANY_WISH) -> dict[str, Any]:
    """Any order, anything said, at any time of a span that crosses holidays."""
    ordered = draw(moments)
    signed = ordered + timedelta(seconds=draw(st.integers(3600, 12 * 86400)))
    now = ordered + timedelta(seconds=draw(st.integers(0, 110 * 86400)))
    categories = ["服装", "鞋帽", "电子电器", "化妆品", "食品", "家居", "首饰", "纸尿裤", "生鲜", "别的"]
    said_keys = ("intact", "opened", "seal_intact", "tag_on", "activated", "worn", "evidence", "accessories_complete")
    said: dict[str, Any] = {k: draw(maybe) for k in said_keys if draw(st.booleans())}
    if draw(st.booleans()):
        said["fault"] = draw(st.sampled_from(["none", "quality", "damage", "wrong_item", "short", None]))
    tags = draw(st.lists(st.sampled_from(TAGS), max_size=2, unique=True))
    order: dict[str, Any] = {
        "ordered_at": ordered.isoformat(),
        "platform": draw(st.sampled_from(["taobao", "tmall", "jd", "pdd", None])),
        "lines": [
            {
                "line": "1",
                "sku": "s",
                "category": draw(st.sampled_from(categories)),
                "tags": tags,
                "paid_fen": draw(st.integers(1, 500_000)),
                "confirmed_exclusions": draw(st.lists(st.sampled_from(tags), unique=True)) if tags else [],
            }
        ],
    }
    if draw(st.booleans()):
        order["signed_at"] = signed.isoformat()
    if draw(st.booleans()):
        order["picked_up_at"] = (signed + timedelta(days=draw(st.integers(0, 5)))).isoformat()
        order["sign_consent"] = draw(maybe)
    if draw(st.booleans()):
        order["installed_at"] = (signed + timedelta(days=draw(st.integers(0, 9)))).isoformat()
    return {
        "id": "x",
        "now": now.isoformat(),
        "wish": draw(wish),
        "order": order,
        "said": said,
    }


def test_a_thousand_shuffles_give_the_same_verdicts() -> None:
    """The order of files, and so of policies, decides nothing."""
    cases = [row.case for row in ROWS]
    first = [decide(ALL, case).as_json() for case in cases]
    dice = random.Random(20261111)
    for _ in range(1000):
        mixed = list(ALL)
        dice.shuffle(mixed)
        number = dice.randrange(len(cases))
        assert decide(Policies(mixed, ALL.holidays), cases[number]).as_json() == first[number]


@given(facts(), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_policies_never_matters(given_facts: dict[str, Any], dice: random.Random) -> None:
    case = Case.from_json(given_facts)
    mixed = list(ALL)
    dice.shuffle(mixed)
    assert decide(Policies(mixed, ALL.holidays), case).as_json() == decide(ALL, case).as_json()


@given(facts())
@settings(max_examples=400, deadline=None)
def test_no_shop_or_campaign_policy_narrows_the_floor(given_facts: dict[str, Any]) -> None:
    """Whatever the law alone allows stays allowed, at no more cost to the buyer and for no shorter time."""
    case = Case.from_json(given_facts)
    lawful, actual = decide(FLOOR, case), decide(ALL, case)
    if not lawful.allowed:
        return
    assert actual.allowed
    if lawful.says == "allow":
        assert actual.says == "allow"
    if lawful.freight == "merchant":
        assert actual.freight == "merchant"
    if lawful.deadline is not None and actual.freight == lawful.freight:
        assert actual.deadline is None or actual.deadline >= lawful.deadline


_MEAN: dict[str, Any] = {
    "authority": "merchant",
    "version": 1,
    "effective": {"from": "2020-01-01T00:00:00"},
    "citations": ["店铺规定"],
    "grade": "D",
}


@given(
    facts(st.sampled_from(["return", "exchange", "repair"])),
    st.integers(0, 6),
    st.sampled_from(["buyer", "merchant"]),
    st.sampled_from(["intact", "tag_on", "not opened", "evidence"]),
    st.sampled_from([["return_refund"], ["exchange"], ["repair"], ["return_refund", "exchange"]]),
)
@settings(max_examples=300, deadline=None)
def test_even_a_mean_policy_that_slipped_in_takes_nothing_away(
    given_facts: dict[str, Any], length: int, payer: str, test: str, remedies: list[str]
) -> None:
    window = {
        "trigger": "ordered_at",
        "length": length,
        "first_day": "same_day",
        "end": "exact_moment",
        "timezone": "Asia/Shanghai",
    }
    mean = Policy.model_validate(
        {
            **_MEAN,
            "id": "mean",
            "title": "苛刻",
            "window": window,
            "conditions": [{"id": "c", "test": test, "says": "不行"}],
            "grants": [{"remedies": remedies}],
            "freight": {"payer": payer},
        }
    )
    case = Case.from_json(given_facts)
    lawful, actual = decide(FLOOR, case), decide(Policies([*FLOOR, mean], ALL.holidays), case)
    if lawful.allowed:
        assert actual.allowed
        assert actual.freight == "merchant" or actual.freight == lawful.freight


@given(st.integers(0, 270), st.integers(0, 86399))
@settings(max_examples=300, deadline=None)
def test_one_second_past_midnight_flips_exactly_the_window(day: int, second: int) -> None:
    """The notice at the last open second is in time, one second later it is not, and nothing else about it changes."""
    signed = datetime(2026, 1, 5, tzinfo=SHANGHAI) + timedelta(days=day, seconds=second)

    def asked(moment: datetime) -> Any:
        line = {"line": "1", "category": "家居", "paid_fen": 10000}
        order = {
            "ordered_at": (signed - timedelta(days=2)).isoformat(),
            "signed_at": signed.isoformat(),
            "lines": [line],
        }
        said = {"intact": True, "notice_at": moment.isoformat()}
        case = {"id": "x", "now": moment.isoformat(), "wish": "return", "order": order, "said": said}
        return decide(FLOOR, Case.from_json(case))

    inside = asked(signed)
    assert inside.deadline is not None
    assert inside.deadline.time().isoformat() == "23:59:59"
    last = asked(inside.deadline)
    after = asked(inside.deadline + timedelta(seconds=1))
    assert (last.says, last.deadline) == ("allow", inside.deadline)
    assert after.says in ("deny", "human")  # a person, only where a weekend may move the end
    if after.says == "deny":
        assert after.deadline == inside.deadline
    else:
        assert inside.deadline.weekday() >= 5
        assert after.deadline is not None
        assert asked(after.deadline).says == "human"
        assert asked(after.deadline + timedelta(seconds=1)).says == "deny"


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=20))
def test_sharing_out_loses_and_makes_no_fen(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    assert all(share >= 0 for share in shares)
    whole = sum(weights)
    if whole:
        largest = max(range(len(weights)), key=lambda i: weights[i])
        for i, share in enumerate(shares):
            assert share == total * weights[i] // whole or i == largest


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 900), st.booleans()), max_size=3),
)
def test_discounts_take_off_what_they_say_and_leave_no_line_below_nothing(
    gross: list[int], discounts: list[tuple[int, int, bool]]
) -> None:
    given_discounts = [
        Discount(kind="full_reduction", threshold_fen=threshold, off_fen=least, repeat=repeat)
        for threshold, least, repeat in discounts
    ]
    net = settle({str(i): fen for i, fen in enumerate(gross)}, given_discounts)
    wanted = sum(off(sum(gross), discount) for discount in given_discounts)
    assert sum(net.values()) == max(0, sum(gross) - wanted)
    assert all(fen >= 0 for fen in net.values())


@st.composite
def carts(draw: st.DrawFn) -> tuple[dict[str, Any], list[int], Discount]:
    """An order with one full reduction, paid exactly as the arithmetic says."""
    gross = draw(st.lists(st.integers(1, 100_000), min_size=2, max_size=6))
    threshold = draw(st.integers(100, 60_000))
    discount = Discount(
        kind="full_reduction",
        threshold_fen=threshold,
        off_fen=draw(st.integers(1, threshold)),
        repeat=draw(st.booleans()),
    )
    net = settle({str(i): g for i, g in enumerate(gross)}, [discount])
    lines = [
        {"line": str(i), "sku": f"s{i}", "category": "家居", "paid_fen": net[str(i)], "list_fen": g}
        for i, g in enumerate(gross)
    ]
    order = {
        "ordered_at": "2026-11-01",
        "signed_at": "2026-11-05",
        "lines": lines,
        "discounts": [discount.model_dump()],
    }
    facts = {"id": "x", "now": "2026-11-08", "wish": "return", "order": order, "said": {"intact": True}}
    return facts, gross, discount


@given(carts(), st.data())
@settings(deadline=None)
def test_a_partial_return_leaves_exactly_the_price_of_what_stays(
    cart: tuple[dict[str, Any], list[int], Discount], data: st.DataObject
) -> None:
    """Refund and what was kept add up to what was paid, whether the discount breaks or not."""
    given_facts, gross, discount = cart
    case = Case.from_json(given_facts)
    paid = [line.paid_fen for line in case.order.lines]
    assert sum(paid) == sum(gross) - off(sum(gross), discount)
    back = data.draw(st.sets(st.sampled_from(range(len(gross))), min_size=1))
    view = View(case, case.order.lines[0], {str(i): 1 for i in back})
    amount = refund(view).fen
    assert amount is not None
    kept = sum(g for i, g in enumerate(gross) if i not in back)
    before, after = off(sum(gross), discount), off(kept, discount)
    if len(back) == len(gross):
        assert amount == sum(paid)
    elif before == after:
        assert amount == sum(paid[i] for i in back)
    else:
        assert amount == max(0, sum(paid) - (kept - after))
    assert 0 <= amount <= sum(paid)


@given(facts(), st.integers(1, 9), st.integers(1, 9))
@settings(deadline=None)
def test_pieces_of_a_line_never_pay_back_more_than_the_line(
    given_facts: dict[str, Any], quantity: int, count: int
) -> None:
    assume(count <= quantity)
    line = given_facts["order"]["lines"][0]
    given_facts = {**given_facts, "order": {**given_facts["order"], "lines": [{**line, "quantity": quantity}]}}
    case = Case.from_json({**given_facts, "said": {**given_facts["said"], "quantity": count}})
    amount = refund(View(case, case.order.lines[0])).fen
    assert amount == (line["paid_fen"] if count == quantity else line["paid_fen"] * count // quantity)


@given(facts())
@settings(max_examples=300, deadline=None)
def test_a_verdict_is_whole(given_facts: dict[str, Any]) -> None:
    """Something granted says what; something missing says what; a no promises nothing; every policy is cited."""
    verdict = decide(ALL, Case.from_json(given_facts))
    document = verdict.as_json()
    if verdict.says == "need_info":
        assert 1 <= len(document["missing"]) <= 2
    else:
        assert document["missing"] == []
    if verdict.says in ("deny", "need_info"):
        assert (document["amount_fen"], document["freight"], document["remedies"]) == (None, None, [])
    if verdict.policy is not None:
        assert document["reasons"]
        assert document["reasons"][0]["cites"]
    assert all(reason["text"] and "{" not in reason["text"] for reason in document["reasons"])
    for alternative in document["alternatives"]:
        assert alternative["says"] in ("allow", "allow_with_deduction", "human")
