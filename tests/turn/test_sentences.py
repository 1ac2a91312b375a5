"""Sentences come whole, whatever pieces the stream was cut into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.sentences import LONGEST, SentenceStream, sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("可以退。运费自理。", ["可以退。", "运费自理。"]),
        ("运费9.9元。满99.5元包邮！", ["运费9.9元。", "满99.5元包邮！"]),
        ("嗯……可以的。", ["嗯……", "可以的。"]),
        ("真的吗？！当然。", ["真的吗？！", "当然。"]),
        ("规则写着“签收后七天内可退。”请放心。", ["规则写着“签收后七天内可退。”", "请放心。"]),
        ("他说“可以退。也可以换。”就这样。", ["他说“可以退。也可以换。”", "就这样。"]),
        ("包邮（偏远地区除外。详见页面。）满99元。", ["包邮（偏远地区除外。详见页面。）", "满99元。"]),
        ("48小时内发货。[1]偏远地区除外。[2][3]", ["48小时内发货。[1]", "偏远地区除外。[2][3]"]),
        ("48小时内发货。【1】好的", ["48小时内发货。【1】", "好的"]),
        ("第一行\n第二行\n\n第三行", ["第一行\n", "第二行\n\n", "第三行"]),
        ("1. 打开我的订单\n2. 点申请售后", ["1. 打开我的订单\n", "2. 点申请售后"]),
        ("见 www.example.cn/a?b=1 这一页。好。", ["见 www.example.cn/a?b=1 这一页。", "好。"]),
        ("好的~不客气", ["好的~不客气"]),
        ("先退货；再退款。", ["先退货；", "再退款。"]),
        ("没有标点", ["没有标点"]),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_a_finished_sentence_comes_with_the_first_character_after_it() -> None:
    stream = SentenceStream()
    assert [stream.push(c) for c in "可以退。"] == [[], [], [], []]
    assert stream.push("运") == ["可以退。"]
    assert stream.flush() == ["运"]


def test_a_stretch_without_an_end_mark_is_cut_at_a_comma() -> None:
    text = "，".join(["这一段一直没有句号"] * 40)
    parts = sentences(text)
    assert "".join(parts) == text
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.endswith("，") for part in parts[:-1])


ALPHABET = "可退。！？；…\n.?!;，9 “”（）[]1【】~a"


@given(st.text(alphabet=ALPHABET, max_size=120), st.lists(st.integers(min_value=1, max_value=9), max_size=60))
def test_pieces_do_not_matter(text: str, sizes: list[int]) -> None:
    stream, place, parts = SentenceStream(), 0, []
    for size in [*sizes, len(text)]:
        parts += stream.push(text[place : place + size])
        place += size
    parts += stream.flush()
    assert parts == sentences(text)


@given(st.text(max_size=300))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(sentences(text)) == text


@given(st.text(alphabet=ALPHABET, max_size=120))
def test_one_character_at_a_time(text: str) -> None:
    stream = SentenceStream()
    assert [s for c in text for s in stream.push(c)] + stream.flush() == sentences(text)
