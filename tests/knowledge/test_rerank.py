"""An entry is more than its best wording: its middle, and what the question says that it never does."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge import fit
from knowledge.embedding import ShippedEmbedding, unit
from knowledge.index import POOL, ShopIndex, entry_scores, looks, row_scores, seen_of
from knowledge.rerank import Weights, closest, unsaid
from knowledge.types import Passage
from knowledge.words import clean

MODEL = ShippedEmbedding()


def faq(name: str, question: str, *similar: str, counter: tuple[str, ...] = ()) -> Passage:
    return Passage(name, "faq", f"{question}：见页面。", "s", question=question, similar=similar, counter=counter)


SHOP = [
    faq("fee", "退货运费谁出", "寄回去的邮费算谁的", "退货快递费要我付吗", "质量不好退回也要掏邮费？"),
    faq("how", "怎么退货", "退货在哪点", "想退货咋操作", "申请退货的步骤"),
    faq("when", "多久发货", "下单几天寄出", "啥时候能发", counter=("退款几天到账",)),
    faq("bill", "能开发票吗", "发票怎么要", "电子发票发哪", "开票要什么资料"),
]


def looked(index: ShopIndex, question: str) -> dict[str, tuple[float, float]]:
    """Middle and unsaid share of every entry."""
    text = clean(question)
    seen = seen_of(index, text)
    match, _ = entry_scores(index.rows, row_scores(index, seen.dense, seen.lexical))
    found = looks(index, text, seen, match, closest(match, None, POOL))
    return {
        index.passages[entry].id: (float(whole), float(missed))
        for entry, whole, missed in zip(found.entries, found.whole, found.unsaid, strict=True)
    }


def test_the_middle_is_the_cosine_with_the_sum_of_an_entrys_own_wordings() -> None:
    found = looked(ShopIndex.build(SHOP, MODEL), "几天发货")
    asked = MODEL.encode_queries(["几天发货"])[0]
    for passage in SHOP:
        own = MODEL.encode_passages([passage.question, *passage.similar])
        assert found[passage.id][0] == pytest.approx(float(asked @ unit(own.sum(axis=0, keepdims=True))[0]), abs=1e-5)


@pytest.mark.parametrize(
    ("question", "entry", "low", "high"),
    [
        pytest.param("邮费退货", "fee", 0.0, 0.35, id="said by two of its wordings together"),
        pytest.param("邮费退货", "bill", 0.99, 1.0, id="nothing of it is said"),
        pytest.param("退货榴莲", "how", 0.3, 0.9, id="a word no entry knows weighs most"),
        pytest.param("退款几天到账", "when", 0.3, 0.9, id="a counter-example says nothing for its entry"),
        pytest.param("啥時候能發", "when", 0.0, 0.01, id="whatever the script"),
    ],
)
def test_what_an_entry_never_says(question: str, entry: str, low: float, high: float) -> None:
    assert low <= looked(ShopIndex.build(SHOP, MODEL), question)[entry][1] <= high


def test_a_question_of_no_known_word_is_unsaid_everywhere_alike() -> None:
    index = ShopIndex.build(SHOP, MODEL)
    missed = unsaid(index.postings, index.rows, "xyzzy", np.arange(len(SHOP)))
    assert missed == pytest.approx(np.ones(len(SHOP)))
    assert unsaid(index.postings, index.rows, "", np.arange(len(SHOP))) == pytest.approx(np.zeros(len(SHOP)))


def test_a_left_out_wording_is_part_of_its_entry_no_longer() -> None:
    index = ShopIndex.build(SHOP, MODEL)
    out = {question.text: question for question in fit._questions(index, 0)}
    for passage in SHOP:
        for gone in passage.similar:
            rest = [
                faq(p.id, p.question, *(text for text in p.similar if text != gone), counter=p.counter) for p in SHOP
            ]
            wanted = looked(ShopIndex.build(rest, MODEL), gone)[passage.id]
            found = fit.looked_at(index, out[clean(gone)])
            place = [index.passages[entry].id for entry in found.entries].index(passage.id)
            assert float(found.whole[place]) == pytest.approx(wanted[0], abs=1e-5), gone
            # Rarity is counted over all rows, and one row is gone in the other index.
            assert float(found.unsaid[place]) == pytest.approx(wanted[1], abs=0.12), gone


def test_bare_entries_keep_the_order_of_their_meaning() -> None:
    bare = ShopIndex.build([faq(p.id, p.question) for p in SHOP], MODEL)
    assert bare.search("退货的快递费是哪边给")[0].passage.id == "fee"
    assert bare.search("什么时候寄出来")[0].passage.id == "when"


def test_every_view_pulls_its_own_way() -> None:
    zero, one = np.zeros(1, dtype=np.float32), np.ones(1, dtype=np.float32)
    score = Weights().score
    base = score(zero, zero, zero, zero)[0]
    assert score(zero, one, zero, zero)[0] > base
    assert score(zero, zero, one, zero)[0] < base
    assert score(zero, zero, zero, one)[0] > base


def test_an_entry_left_out_is_gone_from_every_view() -> None:
    index = ShopIndex.build(SHOP, MODEL)
    seen = seen_of(index, "退货")
    match, _ = entry_scores(index.rows, row_scores(index, seen.dense, seen.lexical))
    found = looks(index, "退货", seen, match, closest(match, None, POOL))
    rest = found.without(0)
    assert sorted(rest.entries.tolist()) == [1, 2, 3]
    assert len(rest.score) == len(rest.whole) == len(rest.unsaid) == len(rest.answer) == 3
    best = rest.order()[0]
    assert rest.evidence(best, 0, 2, 1.0).gap == pytest.approx(float(np.sort(rest.score)[-1] - np.sort(rest.score)[-2]))
