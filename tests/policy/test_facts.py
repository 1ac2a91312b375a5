"""What is read, what is refused, and that a refusal names the fact."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from assistant.policy import Case, FactRefused, decide, load_policies

SOUND: dict[str, Any] = {
    "id": "1",
    "now": "2026-11-08T10:00:00+08:00",
    "wish": "return",
    "order": {
        "platform": "taobao",
        "ordered_at": "2026-11-01T10:00:00+08:00",
        "paid_at": "2026-11-01T10:01:00+08:00",
        "balance_paid_at": None,
        "shipped_at": "2026-11-02T10:00:00+08:00",
        "signed_at": "2026-11-05T10:00:00+08:00",
        "picked_up_at": None,
        "installed_at": None,
        "goods_received_at": None,
        "sign_consent": True,
        "lines": [
            {
                "line": "1",
                "sku": "a",
                "title": "台灯",
                "category": "家居",
                "tags": [],
                "quantity": 1,
                "paid_fen": 9900,
                "list_fen": 12900,
                "confirmed_exclusions": [],
            },
        ],
        "discounts": [],
        "parcels": [],
        "events": [],
    },
    "line": "1",
    "said": {"intact": True, "opened": None, "fault": "none", "safety": False},
}


def with_(path: str, value: Any) -> dict[str, Any]:
    facts = deepcopy(SOUND)
    part: Any = facts
    *above, last = path.split(".")
    for name in above:
        part = part[int(name) if name.isdigit() else name]
    part[last] = value
    return facts


def test_every_promised_fact_is_read() -> None:
    assert decide(load_policies(), Case.from_json(SOUND)).says == "allow"


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        pytest.param("mood", 1, "mood", id="unknown at the top"),
        pytest.param("order.colour", 1, "order.colour", id="unknown in the order"),
        pytest.param("order.lines.0.colour", 1, r"order.lines\[0\].colour", id="unknown in a line"),
        pytest.param("said.pretty", True, "said.pretty", id="unknown in what was said"),
        pytest.param("order.events", [{"kind": "exploded", "at": "2026-11-06"}], "kind", id="unknown event"),
        pytest.param("order.lines.0.tags", ["好看"], "好看", id="unknown tag"),
        pytest.param("order.lines.0.confirmed_exclusions", ["好看"], "好看", id="unknown exclusion"),
        pytest.param("wish", "hug", "wish", id="unknown wish"),
        pytest.param("said.fault", "ugly", "said.fault", id="unknown fault"),
        pytest.param("said.intact", "yes", "said.intact", id="not true, false or null"),
        pytest.param("order.lines.0.paid_fen", 99.5, "paid_fen", id="half a fen"),
        pytest.param("order.lines.0.paid_fen", -1, "paid_fen", id="negative money"),
        pytest.param("order.lines.0.quantity", 0, "quantity", id="nothing bought"),
        pytest.param("order.signed_at", "yesterday", "signed_at", id="not a time"),
        pytest.param("order.signed_at", 1730000000, "signed_at", id="a bare number is no time"),
        pytest.param("order.lines", [], "lines", id="no lines"),
        pytest.param("line", "9", "9", id="a line that is not there"),
        pytest.param(
            "order.parcels", [{"parcel": "p", "lines": ["9"], "signed_at": None}], "parcels", id="parcel of no line"
        ),
    ],
)
def test_what_is_refused_is_named(path: str, value: Any, named: str) -> None:
    with pytest.raises(FactRefused, match=named) as refused:
        Case.from_json(with_(path, value))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("missing", ["id", "now", "wish", "order"])
def test_what_is_missing_is_named(missing: str) -> None:
    facts = {k: v for k, v in SOUND.items() if k != missing}
    with pytest.raises(FactRefused, match=missing):
        Case.from_json(facts)


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("定作", "custom_made"),
        ("鲜活易腐", "fresh_perishable"),
        ("数字化商品", "digital"),
        ("报纸期刊", "periodical"),
        ("临期", "near_expiry"),
        ("预售", "presale"),
        ("定金", "deposit"),
        ("纸尿裤", "diapers"),
    ],
)
def test_chinese_names_mean_the_same(chinese: str, english: str) -> None:
    case = Case.from_json(with_("order.lines.0.tags", [chinese]))
    assert case.order.lines[0].tags == (english,)


def test_a_shop_may_have_tags_of_its_own() -> None:
    assert Case.from_json(with_("order.lines.0.tags", ["x:会员专享"])).order.lines[0].tags == ("x:会员专享",)


def test_a_time_without_a_zone_is_the_shops() -> None:
    naive = Case.from_json(with_("now", "2026-11-08T10:00:00"))
    assert naive.now == Case.from_json(SOUND).now
    assert Case.from_json(with_("now", "2026-11-08T02:00:00Z")).now == naive.now


def test_not_said_is_not_the_same_as_not_known() -> None:
    """A fault nobody mentioned is no claim; one that was asked about and is unknown keeps the case open."""
    book = load_policies()
    late = with_("now", "2026-11-11T10:00:00")
    late["said"] = {"intact": False}
    assert decide(book, Case.from_json(late)).says == "deny"
    late["said"] = {"intact": False, "fault": None}
    verdict = decide(book, Case.from_json(late))
    assert (verdict.says, verdict.missing) == ("need_info", ("fault",))


def test_a_fact_carries_where_it_comes_from() -> None:
    case = Case.from_json({**SOUND, "provenance": {"intact": "买家第 3 句"}})
    assert "intact=True ← 买家第 3 句" in decide(load_policies(), case).trace
