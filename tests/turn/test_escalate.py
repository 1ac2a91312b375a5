"""When a person must take over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation.events import Message
from assistant.conversation.state import Conversation, fold
from assistant.turn.escalate import Found, reasons
from tests.turn import calls


def after(*said: str) -> Conversation:
    """A conversation in which the shopper said all this, and the last is still to be answered."""
    events = []
    for text in said[:-1]:
        events += [Message(by="shopper", text=text), Message(by="assistant", text="您好", action="answer")]
    events.append(Message(by="shopper", text=said[-1]))
    return fold(list(enumerate(events, 1)))


@pytest.mark.parametrize(
    "phrasings", [calls.lines("asks_for_person.txt"), calls.later()["asks"]], ids=["first", "later"]
)
def test_nearly_every_way_of_asking_for_a_person_is_heard(phrasings: list[str]) -> None:
    missed = [line for line in phrasings if not calls.asks(line)]
    assert len(phrasings) >= 300
    assert len(missed) <= 0.01 * len(phrasings), missed


@pytest.mark.parametrize(
    "phrasings", [calls.lines("not_for_person.txt"), calls.later()["spares"]], ids=["first", "later"]
)
def test_hardly_any_false_friend_hands_over(phrasings: list[str]) -> None:
    assert len(phrasings) >= 400
    heard = [line for line in phrasings if calls.hands_over(line)]
    assert len(heard) <= 0.01 * len(phrasings), heard


@pytest.mark.parametrize("text", calls.lines("about_people.txt"))
def test_a_question_about_the_service_is_answered_first(text: str) -> None:
    assert calls.hands_over(text) == []


@pytest.mark.parametrize(
    ("reason", "text"), [(reason, text) for reason, texts in calls.others()["catch"].items() for text in texts]
)
def test_every_other_reason_is_heard(reason: str, text: str) -> None:
    assert reason in calls.named(text)


@pytest.mark.parametrize("text", calls.others()["spare"])
def test_what_only_sounds_like_a_reason(text: str) -> None:
    assert calls.hands_over(text) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("转人工", "L3"),
        ("电热毯冒烟了", "L3"),
        ("有人冒充你们让我转账", "L3"),
        ("我要投诉", "L3"),
        ("凭什么不给退", "L2"),
        ("我老了不会弄", "L2"),
        ("退款十天了没到账", "L2"),
    ],
)
def test_how_urgent_it_is(text: str, level: str) -> None:
    assert reasons(text)[0].level == level


def test_danger_comes_before_everything() -> None:
    assert [found.reason for found in reasons("转人工！充电宝着火了，我要投诉")] == [
        "safety",
        "asked_for_person",
        "complaint",
    ]


def test_anger_is_first_soothed_then_handed_over() -> None:
    first = reasons("什么破店", after("什么破店"))
    assert [(found.reason, found.confirm) for found in first] == [("anger", True)]
    again = reasons("气死我了", after("什么破店", "气死我了"))
    assert [(found.reason, found.confirm) for found in again] == [("anger", False)]


def test_anger_long_past_is_past() -> None:
    calm = reasons("气死我了", after("什么破店", "好的谢谢", "那能退吗", "气死我了"))
    assert [(found.reason, found.confirm) for found in calm] == [("anger", True)]


def test_the_same_question_a_third_time_calls_a_person() -> None:
    question = "羽绒服能机洗吗"
    assert reasons(question, after(question, question)) == []
    assert reasons(question, after(question, question, question)) == [Found("not_understood", "L2", question)]


def test_asking_again_for_a_person_is_heard_again() -> None:
    assert all(calls.asks("转人工") for _ in range(3))
    assert reasons("转人工", after("转人工", "转人工"))[0].reason == "asked_for_person"


@pytest.mark.parametrize("placeholder", ["我的身份证是[身份证号]", "卡号[银行卡号]"])
def test_an_identity_or_card_number_in_the_chat_is_a_matter_for_people(placeholder: str) -> None:
    assert reasons(placeholder)[0].reason == "account_security"


@pytest.mark.parametrize("raw", ["轉人工！！", "ＺＲＧ", "转\u200b人工", " 转 人 工 ", "【转人工】"])
def test_raw_text_is_folded_first(raw: str) -> None:
    assert calls.asks(raw)


@given(st.text(max_size=80))
def test_any_text_is_judged_without_failing(text: str) -> None:
    reasons(text, after("你好", text))
