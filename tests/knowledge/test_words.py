"""What a text is made of, and what a shopper's message is stripped of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.words import clean, feature_ids, features, name_ids, sentences, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("能退吗？", ["能", "退", "吗", "能_退", "退_吗"], id="characters and pairs, no punctuation"),
        pytest.param("XL码175.5cm", ["xl", "码", "175.5", "cm", "xl_码", "码_175.5", "175.5_cm"], id="words whole"),
        pytest.param("退貨", ["退", "货", "退_货"], id="Traditional"),
        pytest.param("ＸＬ", ["xl"], id="full width"),
        pytest.param("？！ 😀", [], id="nothing to match"),
    ],
)
def test_features(text: str, expected: list[str]) -> None:
    assert features(text) == expected


@pytest.mark.parametrize(
    ("said", "searched"),
    [
        pytest.param("在吗 亲，请问一下这件能退吗？谢谢", "这件能退吗?", id="greetings in a row, thanks"),
        pytest.param("你好", "你好", id="a greeting alone stays"),
        pytest.param("谢谢", "谢谢", id="thanks alone stay"),
        pytest.param("亲 退", "亲 退", id="two characters of matter must stay"),
        pytest.param("订单号：123456789012 到哪了", "到哪了", id="an order number"),
        pytest.param("[订单编号] 什么时候发货", "什么时候发货", id="a placeholder"),
        pytest.param("身高175体重140穿多大", "身高175体重140穿多大", id="numbers that matter stay"),
        pytest.param("請問幾時發貨", "几时发货", id="Traditional"),
    ],
)
def test_clean(said: str, searched: str) -> None:
    assert clean(said) == searched


@given(st.text(max_size=60))
def test_cleaning_keeps_something_to_search_for_whenever_there_was_something(text: str) -> None:
    assert bool(tokens(clean(text))) == bool(tokens(text))


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.lists(st.text(alphabet="退货吗ab12 ，。？XL😀", max_size=12), max_size=6))
def test_numbers_and_names_of_features_agree(texts: list[str]) -> None:
    ids, lengths = feature_ids(texts)
    assert lengths.tolist() == [len(features(text)) for text in texts]
    for own, text in zip(np.split(ids, np.cumsum(lengths)[:-1]) if texts else [], texts, strict=True):
        assert sorted(own.tolist()) == sorted(name_ids(features(text)).tolist())


def test_sentences_keep_their_end_marks() -> None:
    assert sentences("可以退。运费呢？自理\n七天内；") == ["可以退。", "运费呢？", "自理", "七天内；"]
