"""Size advice follows the product's own chart and asks instead of guessing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.conversation.events import Message
from assistant.conversation.state import Conversation
from assistant.turn.shop import Product, Shop
from assistant.turn.sizes import size_advice

COAT = Product(
    sku="C1",
    title="测试外套",
    category="服装",
    price_fen=100,
    aliases=("外套",),
    sizes={
        "kind": "tops",
        "dimensions": ["bust_cm", "height_cm", "weight_kg"],
        "rows": {
            "S": {"height_cm": [150, 158], "weight_kg": [40, 48], "bust_cm": [78, 82]},
            "M": {"height_cm": [158, 163], "weight_kg": [48, 55], "bust_cm": [82, 86]},
            "L": {"height_cm": [163, 168], "weight_kg": [55, 62], "bust_cm": [86, 90]},
        },
        "note": "里面穿厚的建议大一码",
    },
)
NAPPY = Product(
    sku="D1",
    title="测试纸尿裤",
    category="纸尿裤",
    price_fen=100,
    aliases=("尿裤", "尿不湿"),
    sizes={
        "kind": "diapers",
        "dimensions": ["weight_kg"],
        "rows": {"NB": {"weight_kg": [2, 5]}, "S": {"weight_kg": [3, 8]}, "M": {"weight_kg": [6, 11]}},
    },
)


def shop(*products: Product) -> Shop:
    return Shop("t", "测试店", retriever=None, now=lambda: datetime.now(UTC), products=products)  # type: ignore[arg-type]


def advise(text: str, *products: Product, talk: Conversation | None = None, answered: bool = False) -> Any:
    return size_advice(shop(*(products or (COAT,))), text, text, talk or Conversation(), answered=answered)


@pytest.mark.parametrize(
    ("text", "size", "other"),
    [
        ("外套160 100斤穿啥码", "M", None),
        ("外套 165 118斤 穿什么码", "L", None),
        ("外套160 118斤穿什么码", "L", "M"),
        ("胸围80穿外套哪个码", "S", None),
        ("宝宝8斤尿不湿穿什么码", "NB", "S"),
        ("宝宝14斤尿裤穿几号", "M", "S"),
    ],
)
def test_the_size_and_its_neighbour(text: str, size: str, other: str | None) -> None:
    said = " ".join(f.text for f in advise(text, COAT, NAPPY).facts)
    assert f"选 {size} 码" in said
    assert (other is None) or f"{other} 码" in said


def test_measures_outside_the_chart_are_said_to_be_outside() -> None:
    said = " ".join(f.text for f in advise("外套190 180斤穿什么码").facts)
    assert "没有适合的码" in said
    assert "建议您选" not in said


def test_missing_measures_are_asked_for_two_at_most() -> None:
    asked = advise("外套穿什么码")
    assert "身高、体重" in asked.ask
    assert advise("外套穿什么码", answered=True) is None


def test_an_answer_to_our_question_needs_no_question_words() -> None:
    talk = Conversation()
    for seq, event in enumerate(
        [
            Message(by="shopper", text="外套穿多大"),
            Message(by="assistant", text="帮您选测试外套的码，请告诉我身高、体重。", action="clarify"),
            Message(by="shopper", text="160 100斤"),
        ],
        1,
    ):
        talk = talk.after(seq, event)
    said = " ".join(f.text for f in advise("160 100斤", talk=talk).facts)
    assert "选 M 码" in said


def test_which_product_is_asked_when_none_is_known() -> None:
    asked = advise("163 108斤穿什么码", COAT, NAPPY)
    assert [o.label for o in asked.options] == ["测试外套", "测试纸尿裤"]


@pytest.mark.parametrize("text", ["外套多少钱", "能退吗", "衣服大了能换吗", "订单20261105123到哪了"])
def test_other_questions_are_left_alone(text: str) -> None:
    assert advise(text) is None
