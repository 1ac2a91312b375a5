"""Runs cases through the very turn that the server runs, each in a conversation of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from assistant.conversation.events import Message
from assistant.service.orders import DatedOrders, GivenOrders
from assistant.service.rehearsal import Rehearsal
from assistant.turn.shop import Shop
from eval.case import EvalCase
from eval.scorers import SCORERS, Score

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Result:
    """One case, answered and scored."""

    case: EvalCase
    answer: Message
    scores: Mapping[str, Score]
    ms: float

    @property
    def right(self) -> bool:
        """Whether no scorer says it is wrong."""
        return all(score.value != 0.0 for score in self.scores.values())

    def as_json(self) -> dict[str, Any]:
        """One line of a run file."""
        return {
            "id": self.case.id,
            "turns": list(self.case.turns),
            "tags": list(self.case.tags),
            "right": self.right,
            "action": self.answer.action,
            "reason": self.answer.reason,
            "text": self.answer.text,
            "cites": [c.source for c in self.answer.cites],
            "confidence": self.answer.confidence,
            "expected": self.case.expect.model_dump(exclude_defaults=True),
            "scores": {name: {"value": s.value, "because": s.because} for name, s in self.scores.items()},
            "weight": self.case.weight,
            "ms": round(self.ms, 2),
        }


async def run_case(shop: Shop, case: EvalCase) -> Result:
    """Hold the whole conversation, judge the last answer."""
    if case.now:
        moment = datetime.fromisoformat(case.now)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
        shop = replace(shop, now=lambda: moment)
    number = case.order if isinstance(case.order, str) else None
    if isinstance(case.order, dict):
        given = GivenOrders([case.order])
        number, shop = given.first, replace(shop, orders=given)
    elif isinstance(shop.orders, DatedOrders):
        shop = replace(shop, orders=shop.orders.at(shop.now))
    talk = Rehearsal(shop)
    if number or case.product:
        talk.visit(order=number, product=case.product)
    answer, ms = Message(by="assistant", text="", action="handoff"), 0.0
    for text in case.turns:
        reply = await talk.say(text)
        if reply.message is not None:
            answer = reply.message
        ms = reply.ms
    return Result(case, answer, {name: score(case, answer) for name, score in SCORERS.items()}, ms)


def trials(cases: Iterable[EvalCase], count: int) -> Iterator[EvalCase]:
    """Every case `count` times."""
    for case in cases:
        for _ in range(count):
            yield case
