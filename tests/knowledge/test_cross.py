"""`RERANK_MODEL`: any cross-encoder orders the first hits again, in time or not at all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from knowledge.cross import CrossReranker, open_reranker
from knowledge.embedding import EmbeddingUnusable, ShippedEmbedding
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.types import Hit, Passage

INDEX = ShopIndex.build(
    [
        Passage(str(n), "faq", f"{q}的答案。", f"f.csv#{n}", q)
        for n, q in enumerate(("怎么退货", "退货运费谁出", "多久发货"))
    ],
    ShippedEmbedding(),
)
QUESTION = "退货谁出运费"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random cross-encoder, as a merchant's own would lie in a folder."""
    pytest.importorskip("sentence_transformers")
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(3)
    raw = tmp_path_factory.mktemp("cross")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"怎么退货运费谁出多久发的答案。"]
    (raw / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)), encoding="utf-8")
    BertTokenizerFast(vocab_file=str(raw / "vocab.txt")).save_pretrained(raw / "raw")
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(vocabulary), num_labels=1, initializer_range=1.0, **sizes)
    BertForSequenceClassification(config).save_pretrained(raw / "raw")
    CrossEncoder(str(raw / "raw")).save_pretrained(str(raw / "model"))
    return raw / "model"


def test_the_hits_come_in_the_models_order_with_the_scores_of_their_places(folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    plain = INDEX.search(QUESTION)
    pairs = [(QUESTION, f"{hit.passage.question} {hit.passage.text}") for hit in plain]
    scores = dict(zip([hit.passage.id for hit in plain], CrossEncoder(str(folder)).predict(pairs), strict=True))
    again = CrossReranker(str(folder), budget=60).ordered(QUESTION, plain)
    assert again is not None
    assert [hit.passage.id for hit in again] == sorted(scores, key=lambda id_: -scores[id_])
    assert [(h.score, h.confidence) for h in again] == [(h.score, h.confidence) for h in plain]


async def test_a_shop_searches_through_it(folder: Path) -> None:
    reranker = open_reranker(str(folder))
    assert reranker is not None
    reranker._budget = 60
    found = await HybridRetriever(index=INDEX, reranker=reranker).asearch(QUESTION, k=2)
    assert found == (reranker.ordered(QUESTION, INDEX.search(QUESTION)) or [])[:2]


def test_a_late_model_costs_its_budget_and_nothing_else(folder: Path) -> None:
    late = CrossReranker(str(folder), budget=0.0)
    retriever = HybridRetriever(index=INDEX, reranker=late)
    assert retriever.search(QUESTION) == INDEX.search(QUESTION)
    late._budget = 60
    while late._running is not None and not late._running.done():
        time.sleep(0.01)
    assert retriever.search(QUESTION) == late.ordered(QUESTION, INDEX.search(QUESTION)), "the late order was remembered"


def test_a_model_that_breaks_leaves_the_order() -> None:
    class Broken:
        def ordered(self, question: str, hits: Sequence[Hit]) -> list[Hit] | None:
            return None

    assert HybridRetriever(index=INDEX, reranker=Broken()).search(QUESTION) == INDEX.search(QUESTION)


def test_a_model_with_several_scores_or_none_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    BertTokenizerFast(vocab_file=str(folder.parent / "vocab.txt")).save_pretrained(tmp_path)
    sizes: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_labels": 3}
    BertForSequenceClassification(BertConfig(intermediate_size=32, **sizes)).save_pretrained(tmp_path)
    for name in (str(tmp_path), "/no/such/model"):
        with pytest.raises(EmbeddingUnusable, match="RERANK_MODEL") as refused:
            open_reranker(name)
        assert "\n" not in str(refused.value)
    assert open_reranker("") is None
