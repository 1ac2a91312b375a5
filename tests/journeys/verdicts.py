"""Conversations about a shopper's own case, each with the verdict a right reading of it comes to.

`verdicts.jsonl` is also an input of `ask --file`. `reading` says how a person reads the words (wish, line, facts), and
`expect` what the rules make of that reading; neither is seen by the turn. A verdict counts as right when what it says,
its deadline, payer and amount are, and the answer tells a granted deadline, payer and amount in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.conversation.events import Message
from assistant.service.orders import DatedOrders, GivenOrders
from assistant.service.rehearsal import Rehearsal
from assistant.turn.shop import Shop

TABLE = Path(__file__).with_name("verdicts.jsonl")
_EXACT = ("says", "deadline", "freight", "amount_fen")
_YES = ("allow", "allow_with_deduction")
_PAYER_WORDS = {"buyer": "由您承担", "merchant": "由我们承担", "insurer": "运费险"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One conversation and what came of it."""

    row: dict[str, Any]
    answer: Message
    wrong: tuple[str, ...]

    @property
    def wrong_yes(self) -> bool:
        """Granted what the rules do not grant."""
        expected = self.row["expect"]
        says = (self.answer.verdict or {}).get("says")
        return says in _YES and (expected is None or expected["says"] not in _YES)


def read_table(path: Path = TABLE) -> list[dict[str, Any]]:
    """The conversations."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


async def hold(shop: Shop, row: dict[str, Any]) -> Heard:
    """Hold one conversation to its end."""
    now = datetime.fromisoformat(row["now"])
    shop = replace(shop, now=lambda: now)
    number = row["order"] if isinstance(row["order"], str) else None
    if isinstance(row["order"], dict):
        given = GivenOrders([row["order"]])
        number, shop = given.first, replace(shop, orders=given)
    elif isinstance(shop.orders, DatedOrders):
        shop = replace(shop, orders=shop.orders.at(shop.now))
    talk = Rehearsal(shop)
    if number:
        talk.visit(order=number)
    answer = Message(by="assistant", text="")
    for text in row["turns"]:
        reply = await talk.say(text)
        answer = reply.message or answer
    return Heard(row, answer, tuple(_differences(row["expect"], answer)))


def _differences(expected: dict[str, Any] | None, answer: Message) -> Iterator[str]:
    found = answer.verdict
    if expected is None or found is None:
        if expected is not found:
            yield f"verdict: {'wanted ' + expected['says'] if expected else 'unasked ' + str((found or {})['says'])}"
        return
    for name in _EXACT:
        if found.get(name) != expected[name]:
            yield f"{name}: {expected[name]} ≠ {found.get(name)}"
    if found.get("says") in _YES and found.get("says") == expected["says"]:
        yield from _untold(expected, answer.text)


def _untold(expected: dict[str, Any], text: str) -> Iterator[str]:
    if expected["deadline"]:
        day = datetime.fromisoformat(expected["deadline"])
        if f"{day.month}月{day.day}日" not in text:
            yield "deadline not told"
    if expected["amount_fen"]:
        yuan = f"{expected['amount_fen'] / 100:.2f}".rstrip("0").rstrip(".")
        if yuan not in text:
            yield "amount not told"
    if expected["freight"] and _PAYER_WORDS[expected["freight"]] not in text:
        yield "payer not told"


def share_right(heard: Iterable[Heard]) -> float:
    """Share of conversations whose verdict is right."""
    marks = [not each.wrong for each in heard]
    return sum(marks) / len(marks)
