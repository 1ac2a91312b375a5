"""Options for a stuck case: what the rules grant, and what a person may add within a limit."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.policy import Case, load_policies
from assistant.policy.load import PolicyFileBroken
from assistant.policy.remedy import Option, choice, load_terms, options, within

ROUTER: dict[str, Any] = {
    "id": "router",
    "now": "2026-06-10T20:00:00",
    "wish": "return",
    "order": {
        "platform": "拼多多",
        "ordered_at": "2026-06-01T20:00:00",
        "signed_at": "2026-06-04T10:00:00",
        "lines": [{"line": "1", "sku": "r1", "title": "路由器", "category": "电子电器", "paid_fen": 55900}],
        "events": [{"kind": "exchange_done", "at": "2026-06-08T10:00:00"}],
    },
    "said": {"fault": "quality", "activated": True},
}
"""A router that overheats; it was exchanged once and still does; the shop only wants to repair or exchange."""


def weigh(changes: dict[str, Any] | None = None, **known: Any) -> dict[str, Option]:
    case = Case.from_json({**ROUTER, **(changes or {})})
    return {option.id: option for option in options(load_policies(), case, **known)}


def test_the_router_has_three_ways_out() -> None:
    """Exchange or repair, return under the national rule, or exchange with 200 元 that beats the refund once resold."""
    found = weigh(worth_fen=40000)
    assert {"repair", "exchange", "return_refund", "exchange+20000"} <= set(found)
    best = found["exchange+20000"]
    assert next(iter(found)) == best.id
    assert (best.value_fen, best.goodwill_fen, best.role) == (60000, 20000, "shift_lead")
    assert best.value_fen > found["return_refund"].value_fen == 55900
    assert found["return_refund"].role == found["exchange"].role == "assistant"
    assert found["return_refund"].policy == "sanbao_electronics"
    assert "¥600" in best.working[-1]
    assert "¥559" in best.working[-1]


def test_cost_and_value_add_up() -> None:
    found, terms = weigh(worth_fen=40000), load_terms()
    assert found["return_refund"].cost_fen == 55900 + terms.freight_fen
    assert found["exchange"].cost_fen == 55900 * terms.unit_cost_percent // 100 + 2 * terms.freight_fen
    assert found["exchange+20000"].cost_fen == found["exchange"].cost_fen + 20000


@pytest.mark.parametrize(
    ("worth_fen", "gift", "role"),
    [
        pytest.param(55900, 1000, "agent", id="worth what was paid: the smallest gift beats it"),
        pytest.param(55000, 1000, "agent", id="nine yuan short"),
        pytest.param(54900, 2000, "agent", id="ten yuan short: ten would only equal it"),
        pytest.param(51000, 5000, "agent", id="an agent's whole limit"),
        pytest.param(50900, 10000, "shift_lead", id="beyond an agent"),
        pytest.param(35900, 50000, "manager", id="two hundred short: beyond a shift lead"),
    ],
)
def test_the_smallest_gift_and_the_lowest_role(worth_fen: int, gift: int, role: str) -> None:
    assert weigh(worth_fen=worth_fen)[f"exchange+{gift}"].role == role


def test_nobody_offers_what_no_role_may_give() -> None:
    assert not [name for name in weigh(worth_fen=1000) if "+" in name]


def test_each_role_sees_what_it_may_promise() -> None:
    found, terms = tuple(weigh(worth_fen=40000).values()), load_terms()
    assert {o.goodwill_fen for o in within(found, terms, "assistant")} == {0}
    assert "exchange+20000" not in {o.id for o in within(found, terms, "agent")}
    assert "exchange+20000" in {o.id for o in within(found, terms, "shift_lead")}
    with pytest.raises(ValueError, match="boss"):
        within(found, terms, "boss")


def test_a_week_later_the_refund_is_gone_and_so_is_the_gift() -> None:
    found = weigh({"now": "2026-06-20T20:00:00"}, worth_fen=40000)
    assert set(found) == {"repair", "exchange", "replace"}


def test_nothing_is_haggled_over_where_safety_is_at_stake() -> None:
    assert weigh({"said": {"fault": "quality", "safety": True}}) == {}


def test_nothing_is_offered_before_the_facts_are_known() -> None:
    assert weigh({"said": {"fault": None, "intact": None}}) == {}


def test_the_choice_is_logged_with_all_that_was_offered() -> None:
    found = tuple(weigh(worth_fen=40000).values())
    log = choice(found, "exchange+20000", by="shopper", at=datetime.fromisoformat("2026-06-10T21:00:00+08:00"))
    assert (log["chosen"], log["by"]) == ("exchange+20000", "shopper")
    assert [o["id"] for o in log["offered"]] == [o.id for o in found]
    with pytest.raises(ValueError, match="moon"):
        choice(found, "moon", by="shopper", at=datetime.fromisoformat("2026-06-10T21:00:00+08:00"))


def test_a_shop_sets_its_own_limits(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(
        "roles:\n  - {role: assistant, title: 机器人, goodwill_fen: 0}\n"
        "  - {role: owner, title: 店主, goodwill_fen: 99900}\n",
        encoding="utf-8",
    )
    assert weigh(worth_fen=40000, terms=load_terms(tmp_path))["exchange+20000"].role == "owner"
    (tmp_path / "roles.yaml").write_text("roles: []\n", encoding="utf-8")
    with pytest.raises(PolicyFileBroken, match=r"roles\.yaml"):
        load_terms(tmp_path)
