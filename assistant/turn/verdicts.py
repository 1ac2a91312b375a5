"""The rules' word on a shopper's own case: facts from the order, from what they said, from the conversation.

The engine decides; here its facts are gathered and its verdict is put into words whose every date, amount and payer
comes from the verdict itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.conversation.events import Option
from assistant.conversation.state import Conversation
from assistant.policy.clock import MissingHolidayYear
from assistant.policy.decide import decide
from assistant.policy.facts import Case, FactRefused
from assistant.policy.verdict import Verdict
from assistant.turn.case import (
    FAULT,
    WHOLE_ORDER,
    Told,
    case_facts,
    line_in,
    order_facts_of,
    order_in_words,
    told,
    wish_in,
)
from assistant.turn.order_facts import asks_state
from assistant.turn.order_lines import bought_lines
from assistant.turn.recent_orders import protect_recent
from assistant.turn.ruling import Ruling
from assistant.turn.shop import OrdersAway, Shop
from assistant.turn.verdict_options import chosen, other_ways, with_options
from assistant.turn.verdict_why import explained
from assistant.turn.verdict_words import worded
from assistant.turn.wishes import asks_all_orders, asks_how, asks_permission, wish_of
from prompts import phrase

__all__ = ["Ruling", "rule"]

_GOOD: Mapping[str, bool] = {
    "intact": True,
    "tag_on": True,
    "seal_intact": True,
    "opened": False,
    "activated": False,
    "worn": False,
    "accessories_complete": True,
    "evidence": True,
}
"""Facts asked for, as they have to be for a yes."""
_OURS = frozenset({"price_change", "list_fen", "paid_fen"})
"""Facts the shop knows or nobody does; a shopper is never asked for them."""


async def rule(
    shop: Shop, text: str, question: str, talk: Conversation, number: str | None, *, answered: bool = False
) -> Ruling | None:
    """The ruling on the shopper's own case, or None where nothing is asked that the rules decide.

    `text` is what was typed now, `question` its standalone reading (folded). Without an order and without a date in
    the shopper's words it is a question about the rules in general, which knowledge answers. `answered`: knowledge has
    an entry for exactly this question, so a case that still lacks facts is left to it.
    """
    if not shop.policies:
        return None
    words = told(shop, text, question, talk)
    if (beside := chosen(words, talk, shop.now()) or explained(text, talk) or other_ways(words.now, talk)) is not None:
        return beside
    known, missed = None, None
    try:
        if asks_all_orders(text) and (all_orders := await protect_recent(shop, number)) is not None:
            return all_orders
        known = await order_facts_of(shop, number)
        missed = "order.unknown" if known is None and number and shop.orders is not None else None
    except OrdersAway:
        missed = "order.away"
    ruling = _case(shop, words, known, answered=answered)
    if ruling is None and missed and (asks_state(question) or wish_of(question) or asks_all_orders(text)):
        # The same words whether the number does not exist or is somebody else's.
        return Ruling({}, "", ask=phrase(missed), beside=True)
    return ruling


def _case(shop: Shop, words: Told, known: dict[str, Any] | None, *, answered: bool) -> Ruling | None:
    wish = wish_in(words, shop, known)
    if wish is None or (asks_how(words.question) and words.open_wish is None):
        return None
    order = known or order_in_words(words)
    if order is None:
        return None
    return _ruled(shop, words, order, wish, own=known is not None, answered=answered)


def _ruled(shop: Shop, words: Told, order: Mapping[str, Any], wish: str, *, own: bool, answered: bool) -> Ruling | None:
    line, settled = line_in(shop, order, words)
    if not settled and wish not in WHOLE_ORDER:
        return _which_line(order, wish)
    if wish == FAULT:
        wish = _remedy_for(shop, order, line, words)
    facts = case_facts(order, wish, line, words.said, shop.now())
    verdict = decided(shop, facts)
    if verdict is None or verdict.policy is None or not _OURS.isdisjoint(verdict.missing):
        return None
    general = own and not asks_permission(words.question)  # a day in the words is a day of their own
    fresh = words.open_wish is None and not words.said
    if verdict.says == "need_info" and answered and general and fresh:
        return None
    if not own:
        verdict = replace(verdict, amount_fen=None, working=())  # what was paid stands in the order, not in words
    hoped = _hoped(shop, facts, verdict, own=own)
    ruling = worded(verdict, wish, words.said, _title(order, line), hoped)
    alone = words.open_wish is not None or words.said.get("fault", "none") == "none"
    ruling = replace(ruling, alone=alone, log={**ruling.log, "case": _without_order(facts)})
    return with_options(shop, ruling, verdict, facts) if own else ruling


def _remedy_for(shop: Shop, order: Mapping[str, Any], line: str | None, words: Told) -> str:
    """What to answer where only a fault was told: the best that the rules grant for it."""
    for wish in ("exchange", "return", "repair"):
        verdict = decided(shop, case_facts(order, wish, line, words.said, shop.now()))
        if verdict is not None and (verdict.allowed or verdict.says == "need_info"):
            return wish
    return "repair"


def decided(shop: Shop, facts: Mapping[str, Any]) -> Verdict | None:
    """The engine's verdict; None where it cannot read the facts."""
    try:
        return decide(shop.policies, Case.from_json(facts))
    except (FactRefused, MissingHolidayYear):
        # An order book that speaks another language, or a calendar that ends: knowledge answers in general.
        return None


def _hoped(shop: Shop, facts: Mapping[str, Any], verdict: Verdict, *, own: bool) -> Verdict | None:
    """What it comes to if the facts still open are as they should be; None where that is no yes."""
    if verdict.says != "need_info" or not set(verdict.missing) <= set(_GOOD):
        return None
    good = {name: _GOOD[name] for name in verdict.missing}
    hoped = decided(shop, {**facts, "said": {**facts["said"], **good}})
    if hoped is None or not hoped.allowed:
        return None
    return hoped if own else replace(hoped, amount_fen=None, working=())


def _which_line(order: Mapping[str, Any], wish: str) -> Ruling:
    titles = [str(line["title"]) for line in bought_lines(order)]
    options = tuple(Option(label=title, says=title) for title in titles[:3])
    still = {"says": "need_info", "missing": ["line"], "wish": wish}
    return Ruling(still, wish, ask=phrase("verdict.which"), options=options)


def _title(order: Mapping[str, Any], line: str | None) -> str:
    """What the goods are called, colour and size left out; empty for a whole order of several."""
    lines = bought_lines(order)
    found = [each for each in lines if line is None or str(each["line"]) == line]
    return str(found[0].get("title", "")).split(" ")[0] if len(found) == 1 else ""


def _without_order(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the trace keeps them: the order stays in the order book."""
    return {name: value for name, value in facts.items() if name != "order"} | {"order": facts["order"].get("number")}
