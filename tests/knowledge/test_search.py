"""What a search finds, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from knowledge.embedding import EmbeddingAway, Matrix, ShippedEmbedding, open_embedding
from knowledge.search import HybridRetriever, ShopIndex
from knowledge.types import Passage

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)


def faq(question: str, answer: str, *similar: str, **more: object) -> Passage:
    return replace(
        Passage(id=question, kind="faq", text=answer, source="faq.csv#1", question=question, similar=similar),
        **more,  # type: ignore[arg-type]
    )


SHOP = (
    faq("退货运费谁承担", "质量问题我们承担，其他情况由您承担。", "退回去邮费谁出"),
    faq("多久发货", "下单后 48 小时内发出。", "啥时候发货", counter=("多久能到货",)),
    faq("多久能送到", "江浙沪一般两天，其他地区三到五天。", "几天能收到"),
    faq("可以开发票吗", "可以，下单时备注抬头即可。"),
    Passage(
        id="care",
        kind="text",
        text="羽绒服请手洗。水温不要超过三十度。不要拧干，平铺晾晒。",
        source="care.docx#p1",
        question="洗护 > 羽绒服",
    ),
)


@pytest.fixture(scope="module")
def index() -> ShopIndex:
    return ShopIndex.build(SHOP, open_embedding(None))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("在吗 亲，退货的邮费谁出呀？谢谢", "退货运费谁承担", id="a greeting and thanks do not matter"),
        pytest.param("退貨運費誰承擔", "退货运费谁承担", id="Traditional script finds Simplified knowledge"),
        pytest.param("啥时候发货啊", "多久发货", id="a similar question counts as much as the standard one"),
        pytest.param("能开发票不", "可以开发票吗", id="a fragment"),
        pytest.param("羽绒服怎么洗", "care", id="a document passage beside FAQ rows"),
    ],
)
def test_the_right_entry_comes_first(index: ShopIndex, asked: str, found: str) -> None:
    assert index.search(asked)[0].passage.id == found


def test_each_entry_is_found_once_by_its_best_wording(index: ShopIndex) -> None:
    hits = index.search("退回去邮费谁出", k=10)
    assert len({hit.passage.id for hit in hits}) == len(hits) == len(SHOP)
    assert hits[0].wording == "退回去邮费谁出"
    assert hits[0].match == pytest.approx(1, abs=0.25)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_document_passage_is_found_by_its_best_sentence(index: ShopIndex) -> None:
    assert index.search("水温不要超过几度")[0].wording == "水温不要超过三十度。"


def test_a_counter_example_pushes_its_entry_down(index: ShopIndex) -> None:
    ranked = [hit.passage.id for hit in index.search("多久能到货")]
    without = ShopIndex.build([replace(p, counter=()) for p in SHOP], index.embedding)
    before = {hit.passage.id: hit.match for hit in without.search("多久能到货")}
    after = {hit.passage.id: hit.match for hit in index.search("多久能到货")}
    assert ranked[0] == "多久能送到"
    assert after["多久发货"] < before["多久发货"] - 0.2
    assert after["多久能送到"] == pytest.approx(before["多久能送到"], abs=0.1)


@pytest.mark.parametrize(
    ("begins", "ends", "seen"),
    [
        pytest.param(None, None, True, id="no dates: always"),
        pytest.param(NOON, None, True, id="from its first moment on"),
        pytest.param(NOON + timedelta(seconds=1), None, False, id="not a second earlier"),
        pytest.param(None, NOON, False, id="not at the moment it ends"),
        pytest.param(None, NOON + timedelta(seconds=1), True, id="to the second before"),
    ],
)
def test_validity_filters_before_ranking(
    index: ShopIndex, begins: datetime | None, ends: datetime | None, seen: bool
) -> None:
    dated = faq("双十一有什么活动", "全场八折。", valid_from=begins, valid_until=ends)
    hits = index.updated((*SHOP, dated)).search("双十一活动", k=1, valid_on=NOON)
    assert (hits[0].passage.id == dated.id) is seen
    assert len(hits) == 1, "an expired entry must not use up a place"


def test_an_update_equals_a_rebuild_and_embeds_only_what_changed(index: ShopIndex) -> None:
    class Counting(ShippedEmbedding):
        encoded: list[str]

        def encode_passages(self, texts: object) -> Matrix:
            self.encoded += texts  # type: ignore[operator]
            return super().encode_passages(texts)  # type: ignore[arg-type]

    model = Counting()
    model.encoded = []
    old = ShopIndex.build(SHOP, model)
    model.encoded = []
    changed = (*SHOP[1:], faq("能货到付款吗", "不支持货到付款。"), replace(SHOP[0], text="都由我们承担。"))
    new = old.updated(changed)
    assert model.encoded == ["能货到付款吗", "不支持货到付款。", "都由我们承担。"]
    fresh = ShopIndex.build(changed, model)
    for asked in ("货到付款", "退货运费", "多久发货", "怎么洗"):
        assert [(h.passage.id, h.score) for h in new.search(asked)] == [
            (h.passage.id, pytest.approx(h.score, abs=1e-6)) for h in fresh.search(asked)
        ]


@pytest.mark.parametrize("asked", ["", "   ", "？？？", "😀", "\n", "。" * 4000])
def test_nothing_to_search_for_finds_nothing(index: ShopIndex, asked: str) -> None:
    assert index.search(asked) == []


def test_an_empty_shop_finds_nothing_and_can_grow() -> None:
    empty = ShopIndex.build((), open_embedding(None))
    assert empty.search("退货") == []
    assert empty.updated(SHOP).search("退货运费谁承担")[0].passage.id == "退货运费谁承担"


class Away(ShippedEmbedding):
    """The shipped model behind an endpoint that can go away."""

    away = False

    def encode_queries(self, texts: object) -> Matrix:
        if self.away:
            raise EmbeddingAway(what="endpoint refused")
        return super().encode_queries(texts)  # type: ignore[arg-type]

    def encode_passages(self, texts: object) -> Matrix:
        return self.encode_queries(texts)


def test_words_answer_while_the_model_is_away() -> None:
    model = Away()
    model.away = True
    index = ShopIndex.build(SHOP, model)
    assert index.degraded == "endpoint refused"
    assert index.search("退货运费谁承担")[0].passage.id == "退货运费谁承担"
    model.away = False
    whole = index.updated(SHOP)
    assert not whole.degraded
    model.away = True
    assert whole.search("退货运费谁承担")[0].passage.id == "退货运费谁承担"


async def test_langchain_sees_the_same_hits_and_the_date_in_both_worlds(index: ShopIndex) -> None:
    dated = faq("双十一有什么活动", "全场八折。", valid_until=NOON)
    retriever = HybridRetriever(index=index.updated((*SHOP, dated)), k=3)
    early, late = NOON - timedelta(days=1), NOON
    for moment, first in ((early, True), (late, False)):
        plain = retriever.invoke("双十一活动", valid_on=moment)
        awaited = await retriever.ainvoke("双十一活动", valid_on=moment)
        assert plain == awaited
        assert (plain[0].page_content == "全场八折。") is first
        assert [d.id for d in plain] == [h.passage.id for h in await retriever.asearch("双十一活动", valid_on=moment)]


def test_confidence_orders_sure_before_unsure(index: ShopIndex) -> None:
    sure, unsure = index.search("可以开发票吗")[0], index.search("你们老板今年多大")[0]
    assert 0 <= unsure.confidence < 0.3 < 0.8 < sure.confidence <= 1
    assert np.isfinite([sure.score, unsure.score]).all()
