"""One message, its questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.clauses import clauses


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("发什么快递？还有能开发票吗", ["发什么快递", "能开发票吗"]),
        ("衣服大了，能换小一码吗", ["衣服大了，能换小一码吗"]),
        ("你好，请问羽绒服能机洗吗？会不会缩水", ["羽绒服能机洗吗", "会不会缩水"]),
        ("1.几号发货 2.发什么快递", ["几号发货", "发什么快递"]),
        ("还有货吗", ["还有货吗"]),
        ("黑色还有吗，白色什么时候补", ["黑色还有吗", "白色什么时候补"]),
        ("我拍了两件，想退一件，怎么退", ["我拍了两件，想退一件，怎么退"]),
        ("能退吗运费谁出", ["能退吗", "运费谁出"]),
        ("衣服大了换L顺便看上单退款到没还有发票", ["衣服大了换L", "看上单退款到没", "发票"]),
        ("能重开吗还有什么时候能到", ["能重开吗", "什么时候能到"]),
        ("什么时候能到", ["什么时候能到"]),
        ("亲肤吗这个", ["亲肤吗这个"]),
        ("不喜欢", ["不喜欢"]),
        ("你们发哪家物流？发票电子的吧？", ["你们发哪家物流", "发票电子的吧"]),
        ("就插电看了看亮不亮 这样还退不退得了", ["就插电看了看亮不亮，这样还退不退得了"]),
        ("12.12有啥折扣", ["12.12有啥折扣"]),
        ("满三百减五十还有效吧", ["满三百减五十还有效吧"]),
        ("修得几天 都寄过去好几天了", ["修得几天 都寄过去好几天了"]),
        ("   ", []),
    ],
)
def test_the_questions_of_a_message(text: str, asks: list[str]) -> None:
    assert clauses(text) == asks


@given(st.text(alphabet="能退吗运费谁出，？还有发票。你好 1.a", max_size=40))
def test_a_message_with_words_always_asks_something(text: str) -> None:
    assert bool(clauses(text)) == any(c.isalnum() for c in text)
    assert all(ask.strip() for ask in clauses(text))
