"""The facts of a shopper's own case: from the order, from what they said now, from the conversation before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.conversation.state import Conversation
from assistant.policy.facts import Order
from assistant.turn.clauses import is_question
from assistant.turn.order_lines import line_meant
from assistant.turn.shop import Shop
from assistant.turn.when import Moments, bare_day, said_moments
from assistant.turn.wishes import (
    asks_for_refund,
    category_of,
    means_all_lines,
    own_wish_of,
    said_of,
    short_reply,
    tags_of,
    wish_of,
)
from knowledge.text import fold

REMEMBERED = 4
"""Messages of the shopper's whose facts still count while one case is being cleared up."""
WHOLE_ORDER = frozenset({"cancel", "ship", "refund"})
"""Wishes about the order, not about one line of it."""
FAULT = "fault"
"""No wish, only a fault: whatever the rules grant for it."""
_RETURNED = ("return_requested", "exchange_done")


@dataclass(frozen=True, slots=True)
class Told:
    """Everything read from the shopper's words."""

    now: str
    """What was just typed, every message since the last answer (folded)."""
    question: str
    """The reading being answered, completed from the conversation (folded)."""
    before: tuple[str, ...]
    """Their earlier messages that still count, oldest first (folded)."""
    open_wish: str | None
    """The wish whose facts we asked for last, if the answer may still be coming."""
    missing: tuple[str, ...]
    """The facts we asked for."""
    said: Mapping[str, Any]
    moments: Moments

    @property
    def replies(self) -> bool:
        """Whether anything was said that a question of ours asked for."""
        return bool(self.said or self.moments.days)


def told(shop: Shop, text: str, question: str, talk: Conversation) -> Told:
    """Read what was said; earlier messages count while a case is being cleared up."""
    open_wish, missing = open_case(talk)
    now = " ".join([fold(m) for m in talk.pending]) or text
    before = tuple(_recent(talk)) if open_wish else _case_before(now, shop, talk)
    said: dict[str, Any] = {}
    for earlier in before:
        said |= said_of(earlier)
    said |= {**(short_reply(now, missing) if open_wish else {}), **said_of(now)}
    moments = said_moments(now, shop.now())
    for earlier in before:
        moments = said_moments(earlier, shop.now()).then(moments)
    vague = "signed_at" not in moments.days or "signed_at" in moments.rough
    if "signed_at" in missing and vague and (day := bare_day(now, shop.now())):
        moments = moments.then(Moments({"signed_at": day}))
    return Told(now, question, before, open_wish, missing, said, moments)


def open_case(talk: Conversation) -> tuple[str | None, tuple[str, ...]]:
    """The wish whose facts we asked for last and those facts, if the answer may still be coming."""
    last = next((m for m in reversed(talk.messages) if m.by == "assistant"), None)
    if last is None or last.verdict is None or last.verdict.get("says") != "need_info":
        return None, ()
    return last.verdict.get("wish") or None, tuple(last.verdict.get("missing", ()))


def _case_before(now: str, shop: Shop, talk: Conversation) -> tuple[str, ...]:
    """What was said before, where this message only adds facts to it: “毛衣想退” “上周五收的” “吊牌在”."""
    recent = _recent(talk)
    if not recent or wish_of(now) or not (said_of(now) or said_moments(now, shop.now()).days):
        return ()
    last = next((m for m in reversed(talk.messages) if m.by == "assistant"), None)
    if last is not None and (last.verdict or {}).get("wish"):
        return tuple(recent)
    return tuple(recent[-1:]) if wish_of(recent[-1]) else ()


def _recent(talk: Conversation) -> list[str]:
    earlier = talk.messages[: -len(talk.pending) or None]
    return [fold(m.text) for m in earlier if m.by == "shopper"][-REMEMBERED:]


def wish_in(words: Told, shop: Shop, order: Mapping[str, Any] | None) -> str | None:
    """What they want: said now, else still open, else in the completed question."""
    at_hand = order is not None or bool(words.moments.days) or words.open_wish is not None
    read = own_wish_of if at_hand else wish_of
    whole = wish_of(words.question) or read(words.question)
    wish = wish_of(words.now) or (read(words.now) if words.open_wish is None else None)
    wish = wish or next((w for m in reversed(words.before) if not words.open_wish and (w := wish_of(m))), None)
    answers = words.replies or _names_line(words, shop, order) or not is_question(words.now)
    wish = wish or (words.open_wish if answers else None) or whole
    if wish is None and order is not None and "number" in order and order.get("signed_at") and "fault" in words.said:
        wish = FAULT if words.said["fault"] != "none" else None
    return _fitting(wish, words, order) if order is not None else _without_number(wish, words)


def _names_line(words: Told, shop: Shop, order: Mapping[str, Any] | None) -> bool:
    return order is not None and "line" in words.missing and line_meant(shop, order, (words.now,)) is not None


def _fitting(wish: str | None, words: Told, order: Mapping[str, Any]) -> str | None:
    """The wish as far as the state of the order allows it to be meant."""
    arrived, sent = order.get("signed_at"), order.get("signed_at") or order.get("shipped_at")
    going_back = order.get("goods_received_at") or any(e["kind"] in _RETURNED for e in order.get("events") or ())
    if wish in ("return", "refund") and going_back and asks_for_refund(words.now):
        return "refund"
    if wish == "refund" and not going_back:
        # Where is my money, though nothing was sent back: knowledge says how long refunds take.
        return "return" if words.said.get("refund_only") else None
    if wish in ("return", "exchange") and not sent:
        return "cancel" if wish == "return" else wish
    if wish == "return" and not arrived:
        return "cancel"
    if wish == "cancel" and arrived:
        return "return"
    if wish == "ship" and sent and not _waiting_lines(order):
        return None
    return wish


def _waiting_lines(order: Mapping[str, Any]) -> bool:
    """Whether part of an order that was sent in parcels has not left yet."""
    packed = {str(line) for parcel in order.get("parcels") or () for line in parcel["lines"]}
    return bool(packed) and any(str(line["line"]) not in packed for line in order["lines"])


def _without_number(wish: str | None, words: Told) -> str | None:
    """Of an order nobody can look up, only what the shopper has in hand can be judged."""
    if wish in ("refund", "ship", "cancel") and "signed_at" not in words.moments.days:
        return None
    return {"cancel": "return", "refund": None, "ship": None}.get(wish or "", wish)


async def order_facts_of(shop: Shop, number: str | None) -> dict[str, Any] | None:
    """The order's facts without what is only shown to people, or None."""
    if not number or shop.orders is None or (found := await shop.orders.order(number)) is None:
        return None
    return {name: value for name, value in found.items() if name in Order.model_fields}


def order_in_words(words: Told) -> dict[str, Any] | None:
    """An order as far as the shopper described it: one thing, received or bought on a day they named."""
    days = words.moments.days
    if not days:
        return None
    all_said = " ".join([*words.before[-2:], words.question, words.now])
    ordered = days.get("ordered_at") or days.get("paid_at") or days["signed_at"]
    line = {"line": "1", "sku": "", "title": "", "category": category_of(all_said), "quantity": 1, "paid_fen": 0}
    # “三个月前收到” is no date to count from: the day itself is asked for.
    exact = {name: at.isoformat() for name, at in days.items() if name not in words.moments.rough}
    return exact | {"ordered_at": ordered.isoformat(), "lines": [{**line, "tags": tags_of(all_said)}]}


def line_in(shop: Shop, order: Mapping[str, Any], words: Told) -> tuple[str | None, bool]:
    """The line meant, and whether it is settled: None and settled means the whole order."""
    said = (words.now, words.question, *reversed(words.before))
    line = line_meant(shop, order, said)
    if line is None and means_all_lines(words.now):
        return None, True
    return line, line is not None


def case_facts(
    order: Mapping[str, Any], wish: str, line: str | None, said: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """One facts document for the engine."""
    case = {"id": "turn", "now": now.isoformat(), "wish": wish, "order": dict(order), "said": dict(said)}
    return case | ({"line": line} if line and wish not in ("cancel", "refund") else {})
