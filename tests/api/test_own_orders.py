"""Over the socket: a shopper sees and speaks of their own orders, as the merchant's page vouched for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistant.service.identity import sign
from assistant.service.orders import DatedOrders, OwnOrders
from tests.api.conftest import Serve, Served
from tests.support.orders import ORDERS
from tests.support.shopper import Shopper
from tests.support.shops import NOON

SECRET = "identity secret"
MINE = [order["number"] for order in ORDERS if order["buyer"] == "azhe"]
THEIRS = next(order["number"] for order in ORDERS if order["buyer"] == "zhou")


@pytest.fixture
async def shop(serve: Serve) -> Served:
    served = await serve(app={"identity_secret": SECRET})
    book = OwnOrders(DatedOrders(lambda _now: ORDERS, lambda: NOON))
    shops: Any = served.reception.shops
    for name in list(shops):
        shops[name] = replace(shops[name], orders=book)
    return served


async def ask(shopper: Shopper, **frame: Any) -> dict[str, Any]:
    await shopper.send(**frame)
    return await shopper.until(lambda f: f["type"] in ("orders", "picked", "error"))


async def test_the_shopper_picks_among_their_own(shop: Served) -> None:
    shopper = await shop.shopper(identity=sign(SECRET, "demo", "azhe"))
    told = await ask(shopper, type="orders")
    assert {order["number"] for order in told["orders"]} == set(MINE)
    assert set(told["orders"][0]) == {"number", "state", "ordered_at", "titles", "count"}
    assert (await ask(shopper, type="pick_order", number=MINE[0]))["number"] == MINE[0]
    talk = await shop.reception.folds.at(shopper.talk)
    assert (talk.buyer, talk.order) == ("azhe", MINE[0])


async def test_anothers_order_is_refused_in_the_words_for_one_that_does_not_exist(shop: Served) -> None:
    shopper = await shop.shopper(identity=sign(SECRET, "demo", "azhe"))
    foreign = await ask(shopper, type="pick_order", number=THEIRS)
    missing = await ask(shopper, type="pick_order", number="999999999999")
    assert foreign["code"] == "no_such_order"
    assert foreign == missing


@pytest.mark.parametrize(
    "identity", ["forged.token", sign("guessed", "demo", "azhe"), sign(SECRET, "other", "azhe"), ""]
)
async def test_a_forged_identity_opens_nothing(shop: Served, identity: str) -> None:
    shopper = Shopper(shop.address)
    refused = await shopper.open(identity=identity)
    assert refused["code"] == "bad_identity"
    await shopper.close()


async def test_a_visitor_nobody_vouched_for_has_no_orders(shop: Served) -> None:
    shopper = await shop.shopper()
    assert (await ask(shopper, type="orders"))["orders"] == []
    assert (await ask(shopper, type="pick_order", number=MINE[0]))["code"] == "no_such_order"


async def test_who_logs_in_after_another_on_one_browser_gets_a_conversation_of_their_own(shop: Served) -> None:
    first = await shop.shopper(identity=sign(SECRET, "demo", "azhe"))
    second = Shopper(shop.address)
    second.token = first.token
    welcome = await second.open(identity=sign(SECRET, "demo", "zhou"))
    assert welcome["talk"] != first.talk
    assert not welcome["resumed"]
    await second.close()
    again = Shopper(shop.address)
    again.token = first.token
    assert (await again.open(identity=sign(SECRET, "demo", "azhe")))["talk"] == first.talk
    await again.close()


async def test_identities_are_not_believed_where_no_secret_is_set(serve: Serve) -> None:
    served = await serve()
    shopper = Shopper(served.address)
    assert (await shopper.open(identity=sign("", "demo", "azhe")))["code"] == "bad_identity"
    await shopper.close()
