"""A question asked again is not searched again, and never answered from another day."""

from __future__ import annotations

from datetime import UTC, datetime

from knowledge.embedding import open_embedding
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.types import Passage

END = datetime(2026, 11, 15, tzinfo=UTC)


def faq(id_: str, question: str, **more: object) -> Passage:
    return Passage(id=id_, kind="faq", text=f"{question}的答案", source=f"f.csv#{id_}", question=question, **more)  # type: ignore[arg-type]


def retriever() -> HybridRetriever:
    passages = [faq("1", "双11有什么活动", valid_until=END), faq("2", "平时有什么活动"), faq("3", "发什么快递")]
    return HybridRetriever(index=ShopIndex.build(passages, open_embedding()))


def test_a_remembered_question_gives_the_very_hits_of_a_fresh_search() -> None:
    asked = retriever()
    first = asked.search("双11有什么活动", valid_on=datetime(2026, 11, 11, tzinfo=UTC))
    again = asked.search("双11有什么活动", valid_on=datetime(2026, 11, 12, tzinfo=UTC))
    fresh = retriever().search("双11有什么活动", valid_on=datetime(2026, 11, 12, tzinfo=UTC))
    assert first == again == fresh
    inside = asked.index.search("双11有什么活动", valid_on=datetime(2026, 11, 12, tzinfo=UTC))
    assert [hit.passage for hit in first] == [hit.passage for hit in inside]


def test_what_expired_meanwhile_is_not_remembered() -> None:
    asked = retriever()
    before = asked.search("双11有什么活动", valid_on=datetime(2026, 11, 14, 23, 59, 59, tzinfo=UTC))
    after = asked.search("双11有什么活动", valid_on=END)
    assert before[0].passage.id == "1"
    assert "1" not in {hit.passage.id for hit in after}
    assert asked.search("双11有什么活动", valid_on=datetime(2026, 11, 14, tzinfo=UTC))[0].passage.id == "1"


def test_a_caller_who_changes_the_list_changes_nothing() -> None:
    asked = retriever()
    asked.search("发什么快递", valid_on=END).clear()
    assert asked.search("发什么快递", valid_on=END)
