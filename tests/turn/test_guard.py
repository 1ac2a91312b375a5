"""What may be shown, and what is stopped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.guard import Grounds, check, sentences
from tests.turn import mutate


@cache
def table() -> dict[str, Any]:
    return yaml.load((Path(__file__).parent / "cases/guard.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)


@cache
def grounds() -> Grounds:
    return Grounds(tuple(table()["grounds"]))


@pytest.mark.parametrize(
    ("kind", "sentence"), [(kind, sentence) for kind, stopped in table()["stop"].items() for sentence in stopped]
)
def test_what_is_stopped(kind: str, sentence: str) -> None:
    breach = check(sentence, grounds())
    assert breach is not None
    assert breach.kind == kind
    assert breach.what in sentence


@pytest.mark.parametrize("sentence", table()["pass"])
def test_what_may_be_said(sentence: str) -> None:
    assert check(sentence, grounds()) is None


@pytest.mark.parametrize("passage", table()["grounds"])
def test_a_passage_may_always_be_quoted(passage: str) -> None:
    assert [check(sentence, grounds()) for sentence in sentences(passage)] == [None] * len(sentences(passage))


def test_a_figure_of_the_question_grounds_nothing() -> None:
    assert check("可以给您退50元。", Grounds(("运费由我们承担。",), question="退我50元")) is not None


def test_an_order_number_of_the_question_may_be_repeated() -> None:
    asked = Grounds(("没有这个订单。",), question="查一下DB2026110100012到哪了")
    assert check("没有找到订单DB2026110100012。", asked) is None
    assert check("没有找到订单DB2026110100013。", asked) is not None


def test_the_shops_own_contact_may_be_told() -> None:
    listed = Grounds(("客服热线400-820-0000，9:00到22:00。",))
    assert check("您可以打400-820-0000。", listed) is None
    assert check("您可以打400-820-0001。", listed) is not None


def test_who_bears_the_freight_is_not_turned_round() -> None:
    buyer = Grounds(("无理由退货寄回的运费由买家承担。",))
    assert check("退货的运费由您承担。", buyer) is None
    breach = check("退货的运费由我们承担。", buyer)
    assert breach is not None
    assert breach.kind == "payer"


def test_half_a_sentence_out_of_a_denial_is_no_quotation() -> None:
    assert check("可以单独补寄。", Grounds(("赠品不可以单独补寄。",))) is not None


def test_a_figure_is_not_carried_to_another_thing() -> None:
    two = Grounds(("不喜欢7天内可以退，质量问题15天内可以换。",))
    assert check("质量问题15天内可以换。", two) is None
    assert check("质量问题7天内可以换。", two) is not None


@pytest.mark.parametrize("sentence", ["不喜歡的話，七天內可以申請無理由退貨。", "定製商品不支持退貨。"])
def test_traditional_answers_rest_on_simplified_sources(sentence: str) -> None:
    assert check(sentence, grounds()) is None


@pytest.mark.parametrize("sentence", ["加我微信聊，七天內可以退。", "簽收後十五天內可以無理由退貨"])
def test_traditional_answers_are_stopped_alike(sentence: str) -> None:
    assert check(sentence, grounds()) is not None


@given(st.text(max_size=80))
def test_any_sentence_is_judged_without_failing(sentence: str) -> None:
    check(sentence, grounds())


def test_changed_figures_are_stopped_and_grounded_answers_are_not() -> None:
    tally = mutate.measure(mutate.answers())
    assert tally.clean >= 300
    assert sum(tally.wrong.values()) >= 300
    assert mutate.holds(tally), (tally.missed, tally.clean_stopped)


def test_the_demo_shops_answers_in_other_words_pass_and_with_other_figures_do_not() -> None:
    tally = mutate.measure(mutate.demo_answers())
    assert tally.clean >= 200
    assert mutate.holds(tally), (tally.missed, tally.clean_stopped)
