"""我的订单 in the widget: a shopper picks the order they mean, by mouse or keys, and sees nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from assistant.api import site
from assistant.service.identity import sign
from assistant.service.orders import DatedOrders, OwnOrders
from tests.support.orders import ORDERS
from tests.support.server import app_of, reception, serving
from tests.support.shops import NOON
from tests.web.answers import Gates, answerer
from tests.web.conftest import PHONE, Chat, Here, Visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "identity secret"
MINE = [order for order in ORDERS if order["buyer"] == "zhou"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Here]:
    gates = Gates()
    receives = await reception(answer=answerer(gates))
    shops: Any = receives.shops
    shops["demo"] = replace(shops["demo"], orders=OwnOrders(DatedOrders(lambda _now: ORDERS, lambda: NOON)))
    async with serving(app_of(receives, identity_secret=SECRET, pages=[site.router])) as address:
        yield Here(address, gates)


async def logged_in(visit: Visit, **options: Any) -> Chat:
    chat = await (await visit(**options)).open()
    token = sign(SECRET, "demo", "zhou")
    await chat.page.evaluate("identity => ShopChat.identify({ identity })", token)
    return chat


async def test_the_shopper_picks_an_order_of_theirs(visit: Visit) -> None:
    chat = await logged_in(visit)
    await chat.button("我的订单").click()
    card = chat.panel.get_by_role("region", name="您想问哪一笔订单")
    await expect(card.get_by_role("listitem")).to_have_count(len(MINE))
    await card.get_by_role("button").filter(has_text=MINE[0]["number"][-4:]).click()
    await expect(card).to_be_hidden()
    await expect(chat.button(f"订单尾号 {MINE[0]['number'][-4:]}")).to_be_visible()
    await expect(chat.box).to_be_focused()


async def test_keys_alone_are_enough_and_escape_leaves_the_window_open(visit: Visit) -> None:
    chat = await logged_in(visit)
    await chat.button("我的订单").focus()
    await chat.page.keyboard.press("Enter")
    card = chat.panel.get_by_role("region", name="您想问哪一笔订单")
    rows = card.get_by_role("listitem").get_by_role("button")
    await expect(rows.first).to_be_focused()
    await chat.page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    await chat.page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await expect(chat.panel).to_be_visible()
    await chat.button("我的订单").click()
    await expect(rows.first).to_be_focused()
    await chat.page.keyboard.press("Enter")
    await expect(card).to_be_hidden()
    await expect(chat.panel.get_by_role("button", name="订单尾号")).to_be_visible()


async def test_a_visitor_nobody_vouched_for_is_told_that_there_are_none(visit: Visit) -> None:
    chat = await (await visit(**PHONE)).open()
    await chat.button("我的订单").click()
    card = chat.panel.get_by_role("region", name="您想问哪一笔订单")
    await expect(card.get_by_role("status")).to_have_text("没有查到您的订单；登录后再试，或直接发订单号")
    await expect(card.get_by_role("listitem")).to_have_count(0)


async def test_a_forged_identity_is_told_and_opens_nothing(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.page.evaluate("ShopChat.identify({ identity: 'forged.token' })")
    await expect(chat.panel.get_by_text("访客身份无效或已过期")).to_be_visible()
    await chat.say("还能问吗")
    await expect(chat.theirs).to_have_count(1)
