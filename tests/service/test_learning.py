"""The widget's “helpful / not helpful” and an agent's citation are counted for the shop, once, from the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.conversation.events import Cite, Event, Judged, Message, Traced
from assistant.conversation.sql import open_store
from assistant.conversation.store import Store
from assistant.service.learning import Learning
from knowledge.catalogue import Catalogue
from knowledge.database import open_engine
from knowledge.feedback import PICK, Said, asked_as

ASKED = "拆开了还能退吗"
ANSWERED = {"question": ASKED, "decision": "answer", "passage": "entry-1", "facts": []}


@dataclass
class House:
    """A log and a catalogue with nothing between them but learning."""

    store: Store
    catalogue: Catalogue
    learning: Learning
    talk: str

    async def happen(self, *events: Event) -> None:
        await self.store.append(self.talk, events)
        await self.learning.rest()

    async def answered(self, *answered: dict[str, object]) -> None:
        """The shopper asks (1) and is answered (2, as the shopper counts)."""
        await self.happen(Message(by="shopper", text=ASKED))
        trace = Traced(answers=1, meaning={"answered": list(answered or (ANSWERED,))})
        await self.happen(Message(by="assistant", text="能退。", answers=1), trace)

    async def said(self) -> list[Said]:
        return await self.catalogue.own.said("甲店")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    engine = open_engine(f"sqlite:///{tmp_path / 'd.db'}")
    store, catalogue = await open_store(engine), Catalogue(engine)
    await catalogue.open()
    talk, _ = await store.open_talk("甲店")
    yield House(store, catalogue, Learning(store, catalogue.own), talk)
    await store.close()


async def test_a_judgement_counts_for_the_question_and_the_entry_it_was_answered_from(house: House) -> None:
    await house.answered()
    await house.happen(Judged(seq=2, helpful=False))
    assert await house.said() == [Said(asked_as(ASKED), "entry-1", 0, 1)]


async def test_the_last_word_counts_however_often_it_is_given(house: House) -> None:
    await house.answered()
    for helpful in (True, True, False, False, True, True):
        await house.happen(Judged(seq=2, helpful=helpful))
    assert await house.said() == [Said(asked_as(ASKED), "entry-1", 1, 0)]


@pytest.mark.parametrize(
    "answered",
    [
        {**ANSWERED, "facts": ["policy:seven_days"]},
        {**ANSWERED, "decision": "clarify"},
        {**ANSWERED, "passage": None},
    ],
)
async def test_rules_orders_and_questions_back_teach_nothing_about_entries(
    house: House, answered: dict[str, object]
) -> None:
    await house.answered(answered)
    await house.happen(Judged(seq=2, helpful=True))
    await house.happen(Judged(seq=1, helpful=True))
    assert await house.said() == []


async def test_an_agents_citation_is_a_pick(house: House) -> None:
    await house.answered()
    cite = Cite(id="entry-2", source="faq.csv#3", title="拆封退货", quote="拆封不影响。")
    await house.happen(Message(by="staff", text="您好，拆封不影响退货。", cites=(cite,)))
    await house.happen(Message(by="staff", text="还有别的问题吗"))
    assert await house.said() == [Said(asked_as(ASKED), "entry-2", PICK, 0)]
