"""The meaning of `Home`: a buyer's own orders and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.policy.facts import Case, Order
from assistant.service.orders import Home, OwnOrders
from tests.support.orders import ORDERS

FACTS = {"number", "ordered_at", "lines"}


class HomeContract:
    """Every home of orders passes these. A home gives the fixture `home`, which holds `ORDERS`."""

    @pytest.fixture
    def mine(self, home: Home) -> OwnOrders:
        return OwnOrders(home).of("xiaoman")

    async def test_a_buyers_order_is_found_with_all_its_facts(self, mine: OwnOrders) -> None:
        wanted = next(order for order in ORDERS if order["buyer"] == "xiaoman")
        found = await mine.order(wanted["number"])
        assert found is not None
        assert dict(found) == wanted

    async def test_what_is_found_can_be_judged(self, mine: OwnOrders) -> None:
        for found in await mine.recent():
            order = {name: value for name, value in found.items() if name in Order.model_fields}
            Case.from_json({"id": "1", "now": "2026-11-22T12:00", "wish": "refund", "order": order})

    async def test_somebody_elses_order_is_as_if_it_did_not_exist(self, mine: OwnOrders) -> None:
        others = next(order for order in ORDERS if order["buyer"] == "azhe")
        assert await mine.order(others["number"]) is None
        assert await mine.order("999999999999") is None

    async def test_strange_numbers_find_nothing(self, mine: OwnOrders) -> None:
        for number in ("", "../../secret", "1' OR '1'='1", "%", "66021048001_", "订单", "a" * 300):
            assert await mine.order(number) is None

    async def test_recent_orders_are_the_buyers_own_newest_first(self, mine: OwnOrders) -> None:
        found = await mine.recent()
        assert [o["number"] for o in found] == expected("xiaoman")
        assert {o["buyer"] for o in found} == {"xiaoman"}

    async def test_whoever_has_none_sees_none(self, home: Home) -> None:
        assert list(await OwnOrders(home).of("nobody").recent()) == []

    async def test_a_visitor_nobody_vouched_for_sees_nothing(self, home: Home) -> None:
        visitor = OwnOrders(home)
        assert list(await visitor.recent()) == []
        assert await visitor.order(ORDERS[0]["number"]) is None


def expected(buyer: str) -> list[Any]:
    own = [order for order in ORDERS if order["buyer"] == buyer]
    return [o["number"] for o in sorted(own, key=lambda o: o["ordered_at"], reverse=True)]
