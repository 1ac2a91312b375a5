"""What asks is told from what only tells, in either script, whatever embedding model is in use."""

from __future__ import annotations

import pytest

from knowledge.asking import asks
from knowledge.confidence import Confidence, Evidence


@pytest.mark.parametrize(
    "message", ["这件毛衣机洗行不行", "几号能寄到长沙", "帮我把地址改一下", "发票抬头咋填", "想退掉这双鞋"]
)
def test_a_question_or_a_wish_asks(message: str) -> None:
    assert asks(message) > 0.3


@pytest.mark.parametrize(
    "message", ["好的我晓得了", "谢谢你啦", "货我收到了", "那我过几天再拍", "嗯嗯挺好看的", "已经付过款了"]
)
def test_thanks_and_news_ask_nothing(message: str) -> None:
    assert asks(message) < 0


def test_a_question_mark_and_a_script_change_it_as_they_should() -> None:
    assert asks("货收到了？") > asks("货收到了")
    assert asks("貨收到了") == asks("货收到了")
    assert asks("") == asks("。。。")


def test_a_message_that_asks_nothing_is_answered_less_surely() -> None:
    curve = Confidence()
    told, asked = (Evidence(0.6, 0.2, 1, 6, whole=0.6, unsaid=0.4, asks=value) for value in (-0.8, 0.8))
    assert curve.of(told) < curve.of(asked) - 0.1
