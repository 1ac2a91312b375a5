"""Where the shop's files nearly answer: two entries told, another matter left alone, the product set aside."""

from __future__ import annotations

import pytest

from assistant.turn.evidence import SURE
from assistant.turn.products import without_products
from assistant.turn.shop import Shop
from assistant.turn.spoken import spoken_of
from knowledge.text import fold
from tests.turn.test_answers import hear


@pytest.mark.parametrize(
    "said", ["体脂秤能不能测血压", "挂烫机可以除甲醛吗", "電熱毯有沒有蓝牙", "休闲鞋能不能定制logo"]
)
async def test_another_matter_of_the_same_product_is_no_answer(demo_shop: Shop, said: str) -> None:
    answer = await hear(demo_shop, said)
    assert answer.action in ("decline", "clarify"), answer.text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("牛仔裤满多少钱包邮", "59元"),
        ("挂烫机的发票要怎么弄", "申请发票"),
        ("毛衣那单钱退到哪去了", "原路"),
    ],
)
async def test_what_holds_for_all_is_found_beside_a_products_name(demo_shop: Shop, said: str, told: str) -> None:
    answer = await hear(demo_shop, said)
    assert told in answer.text, answer.text


async def test_two_likely_entries_are_told_under_their_questions(demo_shop: Shop) -> None:
    answer = await hear(demo_shop, "想退的那个要咋操作多久有钱")
    assert answer.action == "answer"
    assert answer.text.count("【") == 2
    assert len(answer.cites) == 2
    assert answer.confidence is not None
    assert answer.confidence < SURE


async def test_one_sure_entry_stands_alone(demo_shop: Shop) -> None:
    answer = await hear(demo_shop, "羽绒服怎么洗能机洗吗")
    assert "【" not in answer.text
    assert len(answer.cites) == 1


async def test_an_entry_is_trusted_by_how_much_of_the_question_it_says(demo_shop: Shop) -> None:
    hits = await demo_shop.retriever.asearch("暖风机对插座有什么要求", k=3, valid_on=demo_shop.now())
    says, says_not = (spoken_of(fold(q), hits, demo_shop) for q in ("暖风机用什么插座", "暖风机能放香薰么"))
    assert says[0].confidence == hits[0].confidence
    assert says_not[0].confidence < hits[0].confidence / 2


async def test_who_wants_something_done_may_use_other_words(demo_shop: Shop) -> None:
    hits = await demo_shop.retriever.asearch("加湿器坏了怎么修", k=3, valid_on=demo_shop.now())
    assert spoken_of(fold("加湿器不干活了想维修"), hits, demo_shop) == tuple(hits)


def test_a_question_without_its_product(demo_shop: Shop) -> None:
    assert without_products(fold("毛衣满多少包邮"), demo_shop) == "满多少包邮"
    assert without_products("满多少包邮", demo_shop) == "满多少包邮"


async def test_one_wording_that_names_a_thing_does_not_make_the_entry_about_it(demo_shop: Shop) -> None:
    """Among the wordings of “多少钱包邮” one speaks of a 卫衣; the entry holds for trousers too."""
    answer = await hear(demo_shop, "牛仔裤满多少钱包邮")
    assert "59元" in answer.text
    assert "【" not in answer.text


async def test_an_entry_about_another_product_is_no_answer(demo_shop: Shop) -> None:
    """雪岸 is filled with duck down, 松原 with goose down; their entries are near each other."""
    answer = await hear(demo_shop, "雪岸填的是鸭绒不是鹅绒吧")
    assert "白鸭绒" in answer.text


async def test_a_short_question_is_read_with_the_matter_of_the_one_before(demo_shop: Shop) -> None:
    answer = await hear(demo_shop, "圆领毛衣会起球不", "怎么洗呢")
    assert "平铺" in answer.text


@pytest.mark.parametrize("said", ["量子纠缠是啥原理", "黎曼猜想咋证明"])
async def test_what_is_foreign_to_the_shop_is_not_answered(demo_shop: Shop, said: str) -> None:
    answer = await hear(demo_shop, said)
    assert answer.action in ("decline", "clarify"), answer.text
