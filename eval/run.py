"""Runs one case through the very turn that the server runs, in a conversation of its own; scores the last answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from assistant.conversation.events import Message
from assistant.service.orders import DatedOrders, GivenOrders
from assistant.service.rehearsal import Rehearsal
from assistant.turn.shop import Shop
from eval.case import EvalCase
from eval.scorers import Score, scored
from eval.shopper import Shopper, next_words
from eval.transcript import Transcript, grounds_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONGEST_TALK = 8
"""Messages after which a simulated shopper gives up."""
BROKEN = "model: "
"""How the faults begin that tell that a model did not do its part."""
NOT_BROKEN = ("model: says the passages do not answer", "model: two sentences without grounds")
"""What a model did wrong is a result; that it was away is not."""


@dataclass(frozen=True, slots=True)
class Result:
    """One case, answered and scored."""

    case: EvalCase
    script: Transcript
    scores: Mapping[str, Score]

    @property
    def answer(self) -> Message:
        """The answer judged."""
        return self.script.answer

    @property
    def right(self) -> bool:
        """Whether no scorer says it is wrong."""
        return all(score.value != 0.0 for score in self.scores.values())

    @property
    def broken(self) -> str:
        """What failed outside the assistant (the model's endpoint), or nothing."""
        faults = self.script.trace.faults if self.script.trace else ()
        return next((f for f in faults if f.startswith(BROKEN) and not f.startswith(NOT_BROKEN)), "")

    def as_json(self) -> dict[str, Any]:
        """One line of a run file."""
        answer, trace = self.answer, self.script.trace
        return {
            "id": self.case.id,
            "turns": list(self.script.asked),
            "tags": list(self.case.tags),
            "right": self.right,
            "broken": self.broken,
            "action": answer.action,
            "reason": answer.reason,
            "text": answer.text,
            "cites": [c.source for c in answer.cites],
            "quotes": [{"id": c.id, "source": c.source, "title": c.title, "quote": c.quote} for c in answer.cites],
            "verdict": answer.verdict,
            "confidence": answer.confidence,
            "engine": answer.engine,
            "expected": self.case.expect.model_dump(exclude_defaults=True, mode="json"),
            "group": self.case.cluster,
            "scores": {name: {"value": s.value, "because": s.because} for name, s in self.scores.items()},
            "trace": trace and trace.model_dump(include={"meaning", "passages", "stopped", "faults"}, mode="json"),
            "weight": self.case.weight,
            "tokens": self.script.tokens,
            "ms": round(self.script.ms or 0.0, 2),
        }


async def run_case(shop: Shop, case: EvalCase, *, clock: datetime | None = None, seed: int = 0) -> Result:
    """Hold the whole conversation, judge the last answer."""
    if at := _at(case, clock):
        shop = replace(shop, now=lambda: at)
    number = case.order if isinstance(case.order, str) else None
    if isinstance(case.order, dict):
        given = GivenOrders([case.order])
        number, shop = given.first, replace(shop, orders=given)
    elif isinstance(shop.orders, DatedOrders):
        shop = replace(shop, orders=shop.orders.at(shop.now))
    talk = Rehearsal(shop)
    if number or case.product:
        talk.visit(order=number, product=case.product)
    script = await _hold(shop, case, talk, seed)
    order = await shop.orders.order(number) if number and shop.orders else None
    script = replace(script, grounds=grounds_of(shop, script.answer, order), year=shop.now().year)
    return Result(case, script, scored(case, script))


def _at(case: EvalCase, clock: datetime | None) -> datetime | None:
    if not case.now:
        return clock
    moment = datetime.fromisoformat(case.now)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


async def _hold(shop: Shop, case: EvalCase, talk: Rehearsal, seed: int) -> Transcript:
    """Say the turns, or let a simulated shopper talk until the goal is met or patience ends."""
    asked: list[str] = []
    script = Transcript((), Message(by="assistant", text="", action="handoff"))
    shopper = Shopper(case.shopper, seed, shop.model) if case.shopper else None
    turns = list(case.turns)
    while True:
        if not turns and shopper is not None and len(asked) < LONGEST_TALK:
            turns = await next_words(shopper, asked, script.answer if asked else None)
        if not turns:
            return script
        asked.append(turns.pop(0))
        reply = await talk.say(asked[-1])
        answer = reply.message or script.answer
        tokens = getattr(shop.model, "spent", None)
        script = Transcript(tuple(asked), answer, reply.trace or script.trace, ms=reply.ms, tokens=tokens)
