"""BM25 over characters and pairs, checked against an independent implementation."""

from __future__ import annotations

from datetime import UTC, datetime

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.keyword import KeywordRetriever
from knowledge.postings import K1, B, Postings, altered, build
from knowledge.types import Passage
from knowledge.words import features

TEXTS = ["退货运费谁承担", "多久发货", "多久能到货", "可以开发票吗", "退货退货怎么退", "XL码偏大吗"]
ASKED = ["退货运费", "多久到", "发票抬头怎么开", "XL码", "能退吗"]


def test_scores_equal_those_of_bm25s() -> None:
    other = bm25s.BM25(method="lucene", k1=K1, b=B, idf_method="lucene")
    other.index([features(text) for text in TEXTS], show_progress=False)
    ours = build(TEXTS)
    for asked in ASKED:
        known = sorted({f for f in features(asked) if any(f in features(text) for text in TEXTS)})
        expected = other.get_scores(known) if known else np.zeros(len(TEXTS))
        best = K1 * sum(np.log1p((len(TEXTS) - n + 0.5) / (n + 0.5)) for n in _frequencies(known))
        # bm25s' lucene variant leaves out the constant factor k1 + 1.
        assert ours.scores(asked) * best / (K1 + 1) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def _frequencies(known: list[str]) -> list[int]:
    return [sum(f in features(text) for text in TEXTS) for f in known]


def test_a_row_that_says_all_of_the_question_scores_around_one() -> None:
    scores = build(TEXTS).scores("可以开发票吗")
    assert scores.argmax() == 3
    assert 0.8 < scores[3] < 1.4


@pytest.mark.parametrize("asked", ["", "？？", "完全无关"])
def test_nothing_in_common_is_zero(asked: str) -> None:
    assert not build(TEXTS).scores(asked).any()
    assert not build([]).scores(asked).any()


words = st.text(alphabet="退货吗运费ab1 ，", max_size=8)


@given(st.lists(words, max_size=8), st.lists(st.one_of(words, st.integers(0, 7)), max_size=8))
def test_altered_postings_equal_a_rebuild(before: list[str], after: list[str | int]) -> None:
    rows = [row for row in after if isinstance(row, str) or row < len(before)]
    kept = np.array([-1 if isinstance(row, str) else row for row in rows], dtype=np.int64)
    changed = altered(build(before), kept, [row for row in rows if isinstance(row, str)])
    fresh = build([row if isinstance(row, str) else before[row] for row in rows])
    for name in ("terms", "idf", "ends", "rows", "weights"):
        assert np.array_equal(getattr(changed, name), getattr(fresh, name)), name
    assert isinstance(changed, Postings)


async def test_the_langchain_retriever_finds_by_words_and_by_date() -> None:
    ended = datetime(2026, 11, 12, tzinfo=UTC)
    passages = [
        Passage(str(at), "faq", f"答{at}", f"faq.csv#{at}", text, valid_until=ended if at == 1 else None)
        for at, text in enumerate(TEXTS)
    ]
    retriever = KeywordRetriever.over(passages, k=2)
    early = retriever.invoke("多久发货", valid_on=datetime(2026, 11, 11, tzinfo=UTC))
    assert early[0].page_content == "答1"
    late = retriever.invoke("多久发货", valid_on=ended)
    assert late[0].id == "2"
    assert len(late) <= 2
    assert await retriever.ainvoke("多久发货", valid_on=ended) == late
    assert KeywordRetriever.over([]).invoke("退货") == []
