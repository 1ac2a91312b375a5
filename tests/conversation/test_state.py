"""What is true now is a fold over what happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation.events import (
    EVENT,
    Claimed,
    Event,
    HandedOver,
    Message,
    Noted,
    Part,
    Rated,
    Released,
    Resolved,
    Traced,
    Visited,
)
from assistant.conversation.state import Conversation, fold
from tests.conversation.strategies import events


def asked(text: str) -> Message:
    return Message(by="shopper", text=text)


def said(text: str) -> Message:
    return Message(by="assistant", text=text, action="answer")


def after(*happened: Event) -> Conversation:
    return fold(list(enumerate(happened, start=1)))


def test_what_was_said_since_the_last_answer_is_pending() -> None:
    talk = after(asked("在吗"), said("在的"), asked("这件"), asked("能退吗"))
    assert talk.pending == ("这件", "能退吗")
    assert talk.asked_at == 4


def test_an_answer_ends_what_was_being_said() -> None:
    talk = after(asked("能退吗"), Part(text="能。"), Part(text="七天内。"))
    assert talk.speaking == "能。七天内。"
    assert talk.after(4, said("能。七天内。")).speaking == ""


@pytest.mark.parametrize(
    ("happened", "held_by", "holder", "waiting"),
    [
        pytest.param([asked("a")], "assistant", None, ("a",), id="a question is the assistant's"),
        pytest.param([asked("a"), HandedOver(reason="anger")], "queue", None, (), id="handed over: nobody answers"),
        pytest.param(
            [asked("a"), HandedOver(reason="anger"), asked("b")], "queue", None, (), id="said in the queue: for people"
        ),
        pytest.param([asked("a"), Claimed(by="li")], "staff", "li", (), id="a person takes the line in mid-answer"),
        pytest.param([Claimed(by="li"), asked("a")], "staff", "li", (), id="said to a person"),
        pytest.param(
            [Claimed(by="li"), asked("a"), Released(by="li")], "assistant", None, (), id="given back: old words stay"
        ),
        pytest.param(
            [HandedOver(reason="anger"), Claimed(by="li"), Resolved(by="li"), asked("b")],
            "assistant",
            None,
            ("b",),
            id="after the end the assistant answers again",
        ),
    ],
)
def test_who_holds_the_line(happened: list[Event], held_by: str, holder: str | None, waiting: tuple[str, ...]) -> None:
    talk = after(*happened)
    assert (talk.held_by, talk.holder, talk.pending) == (held_by, holder, waiting)
    assert (talk.asked_at is not None) == bool(waiting)


def test_clarifying_questions_are_counted_while_they_come_in_a_row() -> None:
    ask = Message(by="assistant", text="哪一件？", action="clarify")
    assert after(asked("退"), ask, asked("那个"), ask).clarified == 2
    assert after(asked("退"), ask, asked("大衣"), said("能"), asked("那"), ask).clarified == 1


def test_notes_and_traces_do_not_disturb_an_answer() -> None:
    talk = after(asked("退"), Part(text="能"), Noted(by="li", text="x"), Traced(), Rated(stars=3), Visited(product="p"))
    assert (talk.speaking, talk.pending, talk.rated, talk.product) == ("能", ("退",), 3, "p")


@given(st.lists(events, max_size=30), st.data())
def test_replaying_changes_nothing(happened: list[Event], data: st.DataObject) -> None:
    numbered = list(enumerate(happened, start=1))
    whole = fold(numbered)
    start = data.draw(st.integers(0, len(numbered)))
    assert fold(numbered[start:], whole) == whole
    assert fold(numbered[start:], fold(numbered[:start])) == whole


@given(events)
def test_what_is_stored_reads_back_as_it_was(event: Event) -> None:
    assert EVENT.validate_json(event.model_dump_json()) == event


@given(st.lists(events, max_size=30))
def test_nobody_waits_for_the_assistant_while_people_hold_the_line(happened: list[Event]) -> None:
    talk = after(*happened)
    if talk.held_by != "assistant":
        assert talk.asked_at is None
        assert talk.pending == ()
    assert (talk.asked_at is None) == (talk.pending == ())
