"""What an entry does not speak of counts against it, as much as the shop's own questions say it should."""

from __future__ import annotations

import pytest

from knowledge.coverage import Asked, spoken
from knowledge.types import Passage

ENTRY = Passage(id="1", kind="faq", text="两个订单可以合并寄出。", source="f.csv#2", question="两个订单可以一起寄吗")


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        pytest.param("订单能一起寄吗", 0, id="all of it is said"),
        pytest.param("宠物能一起寄吗", 2, id="the word that matters is not"),
        pytest.param("能合并不", 0, id="said in the answer"),
        pytest.param("XL码能一起寄吗", 2, id="a Latin word counts once"),
        pytest.param("兩個訂單", 0, id="whatever the script"),
        pytest.param("可以吗", 0, id="words of every question do not count"),
    ],
)
def test_telling_words_that_an_entry_never_says(question: str, missing: int) -> None:
    assert Asked.of(question).missing(spoken(ENTRY)) == missing


def test_a_question_has_a_length_that_ends() -> None:
    assert Asked.of("能退吗").length == 3
    assert Asked.of("退货" * 100).length == 20
