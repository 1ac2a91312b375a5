"""Conversations about one's own case, end to end: the right verdict, told in words, and never a yes that is none."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from assistant.demo.load import HOME, load_orders
from assistant.policy.decide import decide
from assistant.policy.facts import Case, Order
from assistant.policy.load import load_policies
from assistant.turn.shop import Shop
from tests.eval.test_cases_apart import NEAR, SHORT, Shelf, bare, shop_questions, training_lines
from tests.journeys.verdicts import Heard, hold, read_table, share_right

LEAST = 200
TARGET = 0.95
ROWS = read_table()


@pytest.fixture(scope="module")
def heard(demo_shop: Shop) -> list[Heard]:
    async def all_of_them() -> list[Heard]:
        return [await hold(demo_shop, row) for row in ROWS]

    return asyncio.run(all_of_them())


def facts_of(row: dict[str, Any]) -> dict[str, Any]:
    """The facts a person reads from the conversation, for the engine alone."""
    reading, order = row["reading"], row["order"]
    if isinstance(order, str):
        order = next(o for o in load_orders(datetime.fromisoformat(row["now"])) if o["number"] == order)
    order = reading.get("order") or {name: value for name, value in order.items() if name in Order.model_fields}
    facts = {"id": row["id"], "now": row["now"], "wish": reading["wish"], "order": order}
    bought = [line["line"] for line in order["lines"] if "gift" not in line.get("tags", ())]
    line = reading.get("line") or (bought[0] if len(bought) == 1 else None)
    alone = line is None or reading["wish"] in ("cancel", "ship", "refund")
    return facts | {"said": reading.get("said", {})} | ({} if alone else {"line": line})


def test_every_expectation_is_what_the_rules_make_of_a_persons_reading() -> None:
    policies = load_policies(HOME / "policies")
    judged = 0
    for row in ROWS:
        if row["expect"] is None:
            continue
        verdict = decide(policies, Case.from_json(facts_of(row))).as_json()
        if "order" in row["reading"]:
            verdict["amount_fen"] = None  # nobody knows what was paid
        assert {name: verdict[name] for name in row["expect"]} == row["expect"], row["id"]
        judged += 1
    assert judged >= LEAST


def test_no_conversation_repeats_the_shops_files_or_the_training_text() -> None:
    shelf = Shelf(iter([*shop_questions(), *training_lines()]))
    near = [
        (row["id"], turn, *shelf.nearest(turn))
        for row in ROWS
        for turn in row["turns"]
        if len(bare(turn)) > SHORT and shelf.nearest(turn)[0] >= NEAR
    ]
    assert near == []


def test_verdicts_are_right_in_both_halves(heard: list[Heard]) -> None:
    """Each half is large enough to show a class of words that the tables miss."""
    for half in (heard[::2], heard[1::2]):
        wrong = [(each.row["id"], each.row["turns"], each.wrong) for each in half if each.wrong]
        assert share_right(half) >= TARGET, wrong


def test_nothing_is_granted_that_the_rules_do_not_grant(heard: list[Heard]) -> None:
    assert [(each.row["id"], each.answer.text) for each in heard if each.wrong_yes] == []
