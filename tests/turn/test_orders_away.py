"""An order that cannot be looked up: the shopper hears it, the rules are still explained, a person is offered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from assistant.service.rehearsal import Rehearsal
from assistant.turn.shop import OrdersAway, Shop

NUMBER = "660210480033"
AWAY = "订单系统现在连不上"


class Away:
    """An order book behind a merchant's system that does not answer."""

    def of(self, buyer: str | None) -> Away:
        return self

    async def order(self, number: str) -> Any:
        raise OrdersAway(cause="timeout")

    async def recent(self) -> Sequence[Any]:
        raise OrdersAway(cause="timeout")


async def hear(shop: Shop, text: str, order: str) -> Any:
    talk = Rehearsal(shop)
    talk.visit(order=order)
    return (await talk.say(text)).message


@pytest.mark.parametrize("asked", ["羽绒服能退吗", "我的包裹到哪了", "帮我一键价保", "这件差价补不补"])
async def test_that_it_cannot_be_looked_up_is_said_and_a_person_offered(demo_shop: Shop, asked: str) -> None:
    answer = await hear(replace(demo_shop, orders=Away()), asked, NUMBER)
    assert answer.text.startswith(AWAY)
    assert "转人工" in answer.text
    assert answer.verdict is None


async def test_the_rules_in_general_are_still_explained(demo_shop: Shop) -> None:
    answer = await hear(replace(demo_shop, orders=Away()), "七天无理由退货怎么算的", NUMBER)
    assert answer.action == "answer"
    assert answer.cites


async def test_a_day_in_the_shoppers_words_is_still_judged(demo_shop: Shop) -> None:
    answer = await hear(replace(demo_shop, orders=Away()), "18号签收的外套 没穿吊牌在 能退吗", NUMBER)
    assert answer.verdict["says"] == "allow"
    assert answer.verdict["amount_fen"] is None


async def test_an_unknown_number_is_not_found_and_nothing_is_confirmed(demo_shop: Shop) -> None:
    unknown = await hear(demo_shop, "这单到哪了", "123456789012")
    assert "没有查到这个订单号" in unknown.text
    foreign = await hear(replace(demo_shop, orders=demo_shop.orders.of("zhou")), "这单到哪了", NUMBER)  # type: ignore[union-attr]
    assert foreign.text == unknown.text
