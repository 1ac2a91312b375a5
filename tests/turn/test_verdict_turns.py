"""What a verdict's turn says beside yes and no: why, what else, all orders at once, and sorry where it is our fault."""

from __future__ import annotations

import pytest

from assistant.service.rehearsal import Rehearsal, Reply
from assistant.turn.shop import Shop

FLAWED, SWEATER, LATE_REFUND, COAT = (
    "660210480066",
    "660210480074",
    "660250480060",
    "660210480033",
)


async def talk(shop: Shop, order: str, *said: str) -> list[Reply]:
    held = Rehearsal(shop)
    held.visit(order=order)
    return [await held.say(text) for text in said]


async def test_a_yes_is_told_in_at_most_four_lines_result_first_door_last(demo_shop: Shop) -> None:
    told = (await talk(demo_shop, COAT, "羽绒服能退吗 吊牌在没穿过"))[0].message
    assert told is not None
    lines = told.text.split("\n")
    assert len(lines) == 4
    assert "可以退货退款" in lines[0]
    assert "11月22日24:00" in lines[0]
    assert "599 元" in lines[1]
    assert "运费险" in lines[1]
    assert "7天内原路退款" in lines[1]
    assert lines[2].startswith("怎么办")
    assert "转人工" in lines[3]


@pytest.mark.parametrize("why", ["为什么不能退", "为什么", "到底为啥不行", "依据是什么"])
async def test_why_gives_the_reason_with_the_rule_it_rests_on(demo_shop: Shop, why: str) -> None:
    refused, explained = (await talk(demo_shop, FLAWED, "这条裙子不喜欢能退吗", why))[:2]
    assert refused.message is not None
    assert explained.message is not None
    assert explained.message.verdict is not None
    assert explained.message.verdict["says"] == "deny"
    assert "消费者权益保护法 第二十五条" in explained.message.text
    assert "不是质量问题" in explained.message.text  # what the shopper said is named as a fact of the case
    assert explained.message.cites[0].source == refused.message.cites[0].source


async def test_a_question_of_its_own_is_not_taken_for_why(demo_shop: Shop) -> None:
    told = (await talk(demo_shop, FLAWED, "这条裙子不喜欢能退吗", "为什么你们的快递都发中通呀不能发顺丰吗"))[1].message
    assert told is not None
    assert "第二十五条" not in told.text


async def test_a_refused_case_offers_what_the_rules_allow_and_the_choice_is_logged(demo_shop: Shop) -> None:
    refused, chosen = await talk(demo_shop, SWEATER, "毛衣不想要了能退吗 没穿过吊牌在", "选1")
    assert refused.message is not None
    assert refused.message.verdict is not None
    assert refused.trace is not None
    assert refused.trace.verdict is not None
    assert [o["id"] for o in refused.message.verdict["options"]] == ["exchange"]
    assert "1. 换货" in refused.message.text
    offered = refused.trace.verdict["offered"]
    assert {"cost_fen", "value_fen", "role"} <= set(offered[0])
    assert "cost_fen" not in str(refused.message.verdict)  # what it costs the shop is for staff
    assert chosen.trace is not None
    assert chosen.trace.verdict is not None
    assert chosen.message is not None
    assert (chosen.trace.verdict["chosen"], chosen.trace.verdict["by"]) == ("exchange", "shopper")
    assert chosen.trace.verdict["offered"] == offered
    assert "换货" in chosen.message.text


async def test_what_else_after_a_refusal_is_never_a_dead_end(demo_shop: Shop) -> None:
    told = (await talk(demo_shop, FLAWED, "这条裙子不喜欢能退吗", "就没别的办法了吗"))[1].message
    assert told is not None
    assert "转人工" in told.text or "还可以" in told.text


async def test_one_click_looks_at_every_recent_order(demo_shop: Shop) -> None:
    told = (await talk(demo_shop, SWEATER, "帮我一键价保"))[0].message
    assert told is not None
    assert told.verdict is not None
    assert told.verdict["amount_fen"] == 3000
    assert "30 元" in told.text
    mine = await demo_shop.orders.of("xiaoman").recent()  # type: ignore[union-attr]
    paid = [order for order in mine if order.get("paid_at") or order.get("balance_paid_at")]
    assert f"{len(paid)} 笔订单" in told.text


async def test_a_late_refund_is_our_fault_and_goes_to_a_person_with_the_date_and_the_sum(demo_shop: Shop) -> None:
    told = (await talk(demo_shop, LATE_REFUND, "退款怎么还没到"))[0].message
    assert told is not None
    assert (told.action, told.reason) == ("handoff", "overdue")
    assert "对不起" in told.text
    assert "11月21日24:00" in told.text
    assert "99 元" in told.text


async def test_missing_facts_are_asked_in_one_question_beside_what_it_would_come_to(demo_shop: Shop) -> None:
    first, second = await talk(demo_shop, COAT, "羽绒服能退吗", "都好好的 标没剪没穿")
    assert first.message is not None
    assert second.message is not None
    assert first.message.verdict is not None
    assert second.message.verdict is not None
    assert first.message.text.count("？") == 1
    assert "符合条件就可以退货退款" in first.message.text
    assert (first.message.verdict["says"], second.message.verdict["says"]) == ("need_info", "allow")


async def test_a_fault_alone_is_answered_with_what_the_rules_grant_for_it(demo_shop: Shop) -> None:
    told = (await talk(demo_shop, "660210480108", "用了三个月的炸锅突然不热了"))[0].message
    assert told is not None
    assert told.verdict is not None
    assert (told.verdict["says"], told.verdict["remedies"]) == ("allow", ["replace"])


async def test_a_rough_time_is_asked_for_and_the_day_then_counts(demo_shop: Shop) -> None:
    held = Rehearsal(demo_shop)
    asked = (await held.say("三个月前收到的裙子 没穿标在 换个码")).message
    told = (await held.say("是8月20号")).message
    assert asked is not None
    assert asked.verdict is not None
    assert asked.verdict["missing"][0] == "signed_at"
    assert told is not None
    assert told.verdict is not None
    assert (told.verdict["says"], told.verdict["deadline"][:10]) == ("deny", "2026-11-18")
