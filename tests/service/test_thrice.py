"""The third time of the same is a person's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from assistant.conversation.events import Event, HandedOver, Message, Part, Traced
from assistant.conversation.state import Conversation
from assistant.service.reception import farewell
from assistant.service.rehearsal import Rehearsal
from assistant.service.running import Answer
from assistant.service.thrice import no_third_time
from assistant.turn.shop import Shop
from tests.support.answers import shop


async def same(_shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    yield Part(text="中通。", answers=talk.asked_at)
    yield Message(by="assistant", text="中通。", action="answer", answers=talk.asked_at)
    yield Traced(answers=talk.asked_at)


async def ask(talk: Rehearsal, text: str, answer: Answer = same) -> list[Event]:
    talk.happen(Message(by="shopper", text=text))
    said = [event async for event in no_third_time(answer, farewell)(talk.shop, talk.talk)]
    for event in said:
        talk.happen(event)
    return said


async def test_the_third_is_handed_over_and_the_trace_kept() -> None:
    talk = Rehearsal(shop())
    for text in ("发什么快递", "那个呢"):
        assert [event.kind for event in await ask(talk, text)] == ["part", "message", "traced"]
    said = await ask(talk, "怎么办")
    assert [event.kind for event in said] == ["part", "message", "traced", "handed_over"]
    assert isinstance(said[-1], HandedOver)
    assert (said[-1].reason, talk.talk.held_by) == ("not_understood", "queue")
    assert "中通" not in said[1].text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "between", [Message(by="staff", name="小李", text="我来"), Message(by="assistant", text="圆通。")]
)
async def test_another_word_in_between_begins_anew(between: Message) -> None:
    talk = Rehearsal(shop())
    await ask(talk, "发什么快递")
    await ask(talk, "那个呢")
    talk.happen(between)
    assert [event.kind for event in await ask(talk, "怎么办")] == ["part", "message", "traced"]


async def test_thanks_may_be_answered_any_number_of_times() -> None:
    talk = Rehearsal(shop())
    for _ in range(4):
        assert [event.kind for event in await ask(talk, "谢谢")] == ["part", "message", "traced"]


async def asks_back(_shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    text = f"哪方面？{talk.seq}"
    yield Part(text=text, answers=talk.asked_at)
    yield Message(by="assistant", text=text, action="clarify", answers=talk.asked_at)


async def test_a_third_question_back_is_a_persons_too() -> None:
    talk = Rehearsal(shop())
    ends = [[event.kind for event in await ask(talk, text, asks_back)][-1] for text in ("那个呢", "怎么办", "可以吗")]
    assert ends == ["message", "message", "handed_over"]
