"""Feedback moves near answers a little, remembers a question more, and never brings back what may not be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.catalogue import Catalogue, Upload
from knowledge.database import open_engine
from knowledge.embedding import ShippedEmbedding
from knowledge.feedback import ASKED, ENTRY, Memory, Said, asked_as
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.types import Passage

INDEX = ShopIndex.build(
    [
        Passage("open", "faq", "拆封不影响退货。", "f.csv#1", "拆开了能退吗"),
        Passage("used", "faq", "用过就不能退了。", "f.csv#2", "用过了能退吗"),
        Passage("old", "faq", "旧规定。", "f.csv#3", "拆过包装能退吗", valid_until=datetime(2026, 1, 1, tzinfo=UTC)),
        Passage("post", "faq", "寄顺丰。", "f.csv#4", "用什么快递"),
    ],
    ShippedEmbedding(),
)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
QUESTION = "拆开用过能退吗"


def ids(*said: Said, question: str = QUESTION) -> list[str]:
    return [h.passage.id for h in HybridRetriever(index=INDEX, memory=Memory.of(said)).search(question, valid_on=NOW)]


def told(entry: str, helped: int, failed: int, question: str = QUESTION) -> Said:
    return Said(asked_as(question), entry, helped, failed)


def test_one_voice_for_the_question_parts_near_answers_and_is_forgotten_with_the_memory() -> None:
    first, second, *_ = ids()
    assert ids(told(second, 30, 0)) != ids()
    assert ids(told(second, 30, 0))[0] == second
    assert ids(told(first, 0, 30))[0] == second
    assert ids(told(second, 30, 0), question="用什么快递寄")[0] == "post", "another question is not moved"
    assert ids() == [first, second, *ids()[2:]]


def test_a_greeting_makes_no_other_question_of_it() -> None:
    second = ids()[1]
    assert ids(told(second, 30, 0), question=f"您好，请问{QUESTION}？")[0] == second


def test_however_many_say_so_a_push_is_bounded() -> None:
    memory = Memory.of([told("post", 10**6, 0), told("open", 0, 10**6)])
    assert 0 < memory.asked[asked_as(QUESTION), "post"] <= ASKED
    assert -ENTRY <= memory.entries["open"] < 0
    assert ids(told("post", 10**6, 0))[0] != "post", "a far entry stays far"


def test_an_expired_entry_is_never_lifted() -> None:
    assert "old" not in ids(told("old", 10**6, 0))
    assert "old" not in HybridRetriever(index=INDEX, memory=Memory.of([told("old", 99, 0)])).search(QUESTION)


def test_an_answer_that_failed_here_is_given_less_surely() -> None:
    plain = HybridRetriever(index=INDEX).search(QUESTION, valid_on=NOW)[0]
    memory = Memory.of([told(plain.passage.id, 0, 20)])
    after = {h.passage.id: h for h in HybridRetriever(index=INDEX, memory=memory).search(QUESTION, valid_on=NOW)}
    assert after[plain.passage.id].confidence < plain.confidence
    other = replace(plain, score=0)
    assert memory.ordered("别的问题", [other], 1)[0].confidence == plain.confidence


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'k.db'}"


async def test_votes_are_counted_read_and_reset_per_shop(url: str) -> None:
    engine = open_engine(url)
    catalogue = Catalogue(engine)
    await catalogue.open()
    for shop in ("甲店", "乙店"):
        await catalogue.publish(shop, Upload("f.csv", b"", INDEX.passages))
    own, stand = catalogue.own, await catalogue.stand()
    await own.judge("甲店", f"您好，{QUESTION}", ["used"], True)
    await own.judge("甲店", QUESTION, ["used"], True, weight=3)
    await own.judge("甲店", QUESTION, ["open"], False)
    assert await own.memory("甲店") == Memory.of([told("used", 4, 0), told("open", 0, 1)])
    assert not await own.memory("乙店")
    assert await catalogue.stand() != stand
    assert await own.forget("甲店") == 2
    assert not await own.memory("甲店")
    assert await own.heard() == {"甲店": 4}
    await engine.dispose()
