"""Roundabout ways of asking for a person, and what only sounds like one.

First counts, before the words had seen a line: 282 of 383 requests heard, 19 of 510 false friends mistaken. After they
had learned from one half by checksum: 184 of 197 and 6 of 263 of the other half. The last hundred of each were written
then and counted unseen: 71 of 100 and 9 of 102. The words have since learned from all of them; a request as roundabout
as these that nobody has written down yet is heard some seven to nine times in ten, and the button is always there.
"""

from __future__ import annotations

import pytest

from assistant.conversation.events import Message
from assistant.conversation.state import Conversation, fold
from assistant.turn.escalate import Found, deserved, level_of, mood_of, reasons
from tests.turn import calls


def test_roundabout_requests_are_heard() -> None:
    asks = calls.lines("indirect_calls.txt")
    missed = [line for line in asks if not calls.asks(line)]
    assert len(asks) >= 300
    assert len(missed) <= 0.01 * len(asks), missed


def test_what_only_sounds_like_a_request_hands_nothing_over() -> None:
    friends = calls.lines("indirect_friends.txt")
    heard = [line for line in friends if calls.hands_over(line)]
    assert len(friends) >= 500
    assert len(heard) <= 0.01 * len(friends), heard


@pytest.mark.parametrize(
    "text", ["破损怎么赔", "丢件怎么赔", "你们赔不赔", "坏了能赔吗", "赔偿标准在哪看", "假一赔三是什么意思"]
)
def test_a_question_about_the_rules_of_compensation_is_no_complaint(text: str) -> None:
    assert calls.hands_over(text) == []


@pytest.mark.parametrize("text", ["必须赔我三倍", "赔我钱", "你们得赔偿我", "不赔我就投诉", "给个说法，要赔偿"])
def test_a_demand_for_compensation_is_one(text: str) -> None:
    assert "complaint" in calls.hands_over(text)


def said(*texts: str) -> Conversation:
    return fold([(n, Message(by="shopper", text=text)) for n, text in enumerate(texts, 1)])


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((), Found("asked_for_person", "L3", "")),
        (("多久发货",), Found("asked_for_person", "L3", "")),
        (("充电宝冒烟了", "快点"), Found("safety", "L3", "冒烟")),
        (("有人冒充你们",), Found("account_security", "L3", "冒充")),
    ],
)
def test_the_button_is_taken_for_what_was_told_before(texts: tuple[str, ...], found: Found) -> None:
    assert deserved(said(*texts)) == found


def test_levels_of_reasons_nobody_put_into_words() -> None:
    assert (level_of("engine_failure"), level_of("no_evidence")) == ("L3", "L2")


def test_mood_is_of_the_last_few_messages() -> None:
    assert mood_of(["能退吗", "好的"]) == "calm"
    assert mood_of(["什么破店", "那能退吗"]) == "upset"
    assert mood_of(["什么破店", "气死我了"]) == "angry"
    assert mood_of(["气死我了", "一", "二", "三", "四"]) == "calm"


def test_a_long_message_is_judged_quickly_enough_to_come_before_everything_else() -> None:
    text = "我想换个颜色请问给我打电话的快递员说你们客服" * 80
    assert isinstance(reasons(text), list)
