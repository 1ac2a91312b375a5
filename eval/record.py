"""A real conversation as a case: masked, up to one answer; what came of it is a draft for a person to judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.conversation.events import Event, Message, Visited
from assistant.policy.facts import Order
from assistant.turn.figures import figures
from assistant.turn.mask import mask
from eval.case import BadCase
from eval.wording import say
from knowledge.text import fold
from knowledge.types import file_of

RECORDED = "真实会话"
"""The tag of cases that were once a conversation."""
MOST_FIGURES = 3


def recorded(
    talk: str,
    happened: Sequence[tuple[str, Event]],
    *,
    answer: int | None = None,
    order: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The case (as plain data) of the conversation's last answer, or of the answer with this number, counted from 1.

    `happened` are (time, event) pairs as staff see them. Nothing personal is kept: words are masked, an order is
    reduced to the facts that rules ask for, without its number.
    """
    turns: list[str] = []
    answers: list[tuple[int, str, Message]] = []
    product: str | None = None
    asked_at = ""
    for at, event in happened:
        if isinstance(event, Visited):
            product = event.product or product
        elif isinstance(event, Message) and event.by == "shopper":
            turns.append(mask(event.text).text)
            asked_at = at
        elif isinstance(event, Message) and event.by == "assistant" and turns:
            answers.append((len(turns), asked_at, event))
    if not answers or (answer is not None and not 0 < answer <= len(answers)):
        raise BadCase(place=talk, why=say("record.no_answer", count=str(len(answers))))
    said, at, message = answers[(answer or len(answers)) - 1]
    case: dict[str, Any] = {
        "id": f"talk-{talk[:8]}-{said}",
        "turns": turns[:said],
        "expect": _draft(message),
        "now": at[:19],
        "tags": [RECORDED],
        "by": say("record.by"),
    }
    if product:
        case["product"] = product
    if order:
        case["order"] = order_facts(order)
    return case


def order_facts(order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as rules see it: no number, no buyer, no scans."""
    return {name: value for name, value in order.items() if name in Order.model_fields and name != "number"}


def _draft(message: Message) -> dict[str, Any]:
    """What this answer was, as what an answer should be; whoever keeps the case corrects it."""
    expect: dict[str, Any] = {"action": message.action or "answer"}
    if message.reason:
        expect["reason"] = message.reason
    if message.action == "answer" and message.cites:
        expect["source"] = file_of(message.cites[0].source)
    if message.verdict:
        expect["verdict"], expect["policy"] = message.verdict["says"], message.verdict["policy"]
    stated = [figure.text for figure in figures(fold(mask(message.text).text))]
    if stated and message.action == "answer":
        expect["figures"] = list(dict.fromkeys(stated))[:MOST_FIGURES]
    return expect
