"""A shop's own words are one word to the search, in knowledge and question alike, and never what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.embedding import ShippedEmbedding
from knowledge.errors import Unreadable
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.synonyms import Terms, gathered, read_terms
from knowledge.types import Passage

MODEL = ShippedEmbedding()
TERMS = Terms((("运费险", "退运保", "yfx"), ("云感棉", "糯米团面料"), ("预售", "蹲货")))
GIVEN = [
    Passage("1", "faq", "确认收货后 72 小时内由保险公司赔付。", "f.xlsx#1", "退运保怎么赔"),
    Passage("2", "faq", "云感棉请用冷水手洗。", "f.xlsx#2", "云感棉怎么洗"),
    Passage("3", "faq", "预售商品付款后十五天内发出。", "f.xlsx#3", "预售多久发"),
    Passage("4", "faq", "付款后 48 小时内发出。", "f.xlsx#4", "现货多久发"),
    Passage("5", "faq", "羊毛请送干洗店。", "f.xlsx#5", "羊毛怎么洗"),
    Passage("6", "text", "本店说明。\n糯米团面料怕晒！阴干即可。\n其余照常。", "说明.docx#p1", "保养 > 晾晒"),
]


def retriever(terms: Terms) -> HybridRetriever:
    worded = [terms.worded(passage) for passage in GIVEN]
    changed = {new.id: old for new, old in zip(worded, GIVEN, strict=True) if new is not old}
    return HybridRetriever(index=ShopIndex.build(worded, MODEL), terms=terms, given=changed)


ASKED = {"yfx咋弄": "1", "运费险赔多久": "1", "糯米团面料的能机洗不": "2", "蹲货要多久": "3"}


def test_questions_in_the_shops_words_find_what_they_mean() -> None:
    with_terms, without = retriever(TERMS), retriever(Terms())
    assert {q: with_terms.search(q)[0].passage.id for q in ASKED} == ASKED
    assert {q: without.search(q)[0].passage.id for q in ASKED} != ASKED, "or the test shows nothing"


def test_what_is_shown_is_the_shops_own_text() -> None:
    by_id = {p.id: p for p in GIVEN}
    for question in ASKED:
        for hit in retriever(TERMS).search(question):
            assert hit.passage is by_id[hit.passage.id] or hit.passage == by_id[hit.passage.id]
    (hit,) = [h for h in retriever(TERMS).search("云感棉怕不怕晒") if h.passage.id == "6"]
    assert hit.wording in ("糯米团面料怕晒！", f"晾晒 {GIVEN[5].text}")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("我有YFX的", "我有运费险的"),
        ("退運保怎麼賠", "运费险怎么赔"),
        ("运费险", "运费险"),
        ("yfxabc", "yfxabc"),
        ("没有别的", "没有别的"),
    ],
)
def test_a_word_becomes_the_first_of_its_group(said: str, meant: str) -> None:
    assert TERMS.said(said) == meant


def test_a_word_inside_its_own_first_form_is_left_alone() -> None:
    terms = Terms((("运费险", "运费"),))
    assert terms.said("运费险和运费") == "运费险和运费险"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("词.csv", "标准词,同义词\n运费险,退运保|yfx\n预售,蹲货\n"),
        ("词.txt", "运费险=退运保、yfx\n预售：蹲货\n"),
        ("词.md", "- 运费险：退运保，yfx\n- 预售：蹲货\n"),
        ("词.jsonl", '{"标准词": "运费险", "同义词": "退运保；yfx"}\n{"标准词": "预售", "同义词": "蹲货"}\n'),
    ],
)
def test_terms_come_in_the_formats_knowledge_comes_in(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode("gb18030" if name.endswith("csv") else "utf-8"))
    found = read_terms(file)
    assert set(found.terms.groups) == {("运费险", "退运保", "yfx"), ("预售", "蹲货")}
    assert found.rejected == []


def test_what_cannot_be_a_group_is_named() -> None:
    found = gathered([("1", ["运费险"]), ("2", ["险", "保险"]), ("3", ["甲乙", "丙丁"]), ("4", ["丙丁", "戊己"])])
    assert found.terms.groups == (("甲乙", "丙丁"),)
    assert [problem.place for problem in found.rejected] == ["1", "2", "4"]
    with pytest.raises(Unreadable):
        read_terms(Path("/no/such/file.csv"))
