"""The rules' word on a shopper's own case: facts from the order, from what they said, from the conversation.

The engine decides; here its facts are gathered and its verdict is put into words whose every date, amount and payer
comes from the verdict itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assistant.conversation.events import Cite, Option
from assistant.conversation.state import Conversation
from assistant.policy.clock import MissingHolidayYear
from assistant.policy.decide import decide
from assistant.policy.facts import Case, FactRefused, Order
from assistant.policy.verdict import Alternative, Verdict
from assistant.turn.products import Fact, named_products
from assistant.turn.shop import Shop
from assistant.turn.when import said_moments
from assistant.turn.wishes import asks_how, asks_permission, category_of, said_of, short_reply, wish_of
from knowledge.text import fold
from prompts import phrase

CONFIDENCE = 0.97
REMEMBERED = 4
"""Messages of the shopper's whose facts still count while one case is being cleared up."""
_MOST_ALTERNATIVES = 2


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the turn makes of a verdict: something to tell, something to ask, or a person to call."""

    verdict: dict[str, Any]
    wish: str
    facts: tuple[Fact, ...] = ()
    ask: str | None = None
    options: tuple[Option, ...] = ()
    human: bool = False


async def rule(
    shop: Shop, text: str, question: str, talk: Conversation, number: str | None, *, answered: bool = False
) -> Ruling | None:
    """The ruling on the shopper's own case, or None where nothing is asked that the rules decide.

    `text` is what was typed now, `question` its standalone reading (folded). Without an order and without a date in
    the shopper's words it is a question about the rules in general, which knowledge answers. `answered`: knowledge has
    an entry for exactly this question, so a case that still lacks facts is left to it.
    """
    open_case, missing = _open_case(talk)
    said_now = {**(short_reply(text, missing) if open_case else {}), **said_of(text)}
    moments = _moments(text, shop, talk, open_case is not None)
    replies = bool(said_now or moments or named_products(text, shop))
    wish = wish_of(text) or (open_case if replies else None) or wish_of(question)
    if wish is None or not shop.policies or (asks_how(question) and open_case is None):
        return None
    order = known = await _order(shop, number)
    if order is None:
        order = _order_in_words(question, moments, talk)
    if order is None:
        return None
    line = _line(shop, order, question, talk)
    if line is None and wish not in ("cancel", "ship"):
        return _which_line(order, wish)
    said = {**_said_before(talk, open_case is not None), **said_now}
    verdict = _decided(shop, _case(order, _fitting_wish(wish, order, said), line, said, shop.now()))
    if verdict is None:
        return None
    general = known is None or not asks_permission(question)
    if verdict.says == "need_info" and answered and general and open_case is None and not said_now:
        return None
    if known is None:
        verdict = replace(verdict, amount_fen=None, working=())  # what was paid stands in the order, not in words
    return _worded(verdict, wish)


def _open_case(talk: Conversation) -> tuple[str | None, tuple[str, ...]]:
    """The wish whose facts we asked for last and those facts, if the answer may still be coming."""
    last = next((m for m in reversed(talk.messages) if m.by == "assistant"), None)
    if last is None or last.verdict is None or last.verdict.get("says") != "need_info":
        return None, ()
    return last.verdict.get("wish") or None, tuple(last.verdict.get("missing", ()))


def _said_before(talk: Conversation, clearing_up: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for earlier in _recent(talk) if clearing_up else ():
        found.update(said_of(earlier))
    return found


def _moments(text: str, shop: Shop, talk: Conversation, clearing_up: bool) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for earlier in _recent(talk) if clearing_up else ():
        found.update(said_moments(earlier, shop.now()))
    found.update(said_moments(text, shop.now()))
    return found


def _recent(talk: Conversation) -> list[str]:
    return [fold(m.text) for m in talk.messages if m.by == "shopper"][-REMEMBERED:]


async def _order(shop: Shop, number: str | None) -> dict[str, Any] | None:
    """The order's facts without what is only shown to people, or None."""
    if not number or shop.orders is None or (found := await shop.orders.order(number)) is None:
        return None
    return {name: value for name, value in found.items() if name in Order.model_fields}


def _order_in_words(question: str, moments: Mapping[str, datetime], talk: Conversation) -> dict[str, Any] | None:
    """An order as far as the shopper described it: one thing, received or bought on a day they named."""
    if not moments:
        return None
    told = " ".join([*_recent(talk)[-2:], question])
    ordered = moments.get("ordered_at") or moments.get("paid_at") or moments["signed_at"]
    line = {"line": "1", "sku": "", "title": "", "category": category_of(told), "quantity": 1, "paid_fen": 0}
    return {name: at.isoformat() for name, at in moments.items()} | {"ordered_at": ordered.isoformat(), "lines": [line]}


def _line(shop: Shop, order: Mapping[str, Any], question: str, talk: Conversation) -> str | None:
    """The line meant: the only one that was bought, or the one the shopper names; None where that is open."""
    bought = [line for line in order["lines"] if "gift" not in line.get("tags", ())]
    if len(bought) == 1:
        return str(bought[0]["line"])
    told = " ".join([question, *reversed(_recent(talk)[-2:])])
    skus = {product.sku for product in named_products(told, shop)}
    named = [line for line in bought if line.get("sku") in skus]
    return str(named[0]["line"]) if len(named) == 1 else None


def _which_line(order: Mapping[str, Any], wish: str) -> Ruling:
    titles = [str(line["title"]) for line in order["lines"] if "gift" not in line.get("tags", ())]
    options = tuple(Option(label=title, says=title) for title in titles[:3])
    still = {"says": "need_info", "missing": ["line"], "wish": wish}
    return Ruling(still, wish, ask=phrase("verdict.which"), options=options)


def _fitting_wish(wish: str, order: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """Goods that have not come cannot be returned: the order is cancelled, or waits to be shipped."""
    on_the_way = order.get("signed_at") or order.get("shipped_at")
    if wish in ("return", "refund") and "number" in order and not on_the_way:
        return "cancel"
    return "return" if said.get("refund_only") and wish == "refund" else wish


def _case(
    order: Mapping[str, Any], wish: str, line: str | None, said: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    case = {"id": "turn", "now": now.isoformat(), "wish": wish, "order": dict(order), "said": dict(said)}
    return case | ({"line": line} if line and wish not in ("cancel", "ship") else {})


def _decided(shop: Shop, case: Mapping[str, Any]) -> Verdict | None:
    try:
        return decide(shop.policies, Case.from_json(case))
    except (FactRefused, MissingHolidayYear):
        # An order book that speaks another language, or a calendar that ends: knowledge answers in general.
        return None


def _worded(verdict: Verdict, wish: str) -> Ruling | None:
    shown = {**verdict.as_json(), "title": verdict.title, "wish": wish, "steps": list(verdict.steps)}
    if verdict.policy is None:
        return None
    if verdict.says == "need_info":
        asked = [phrase(f"verdict.missing.{name}") for name in verdict.missing]
        return Ruling(shown, wish, ask=phrase("verdict.need_info", facts="；".join(asked)))
    because = verdict.reasons[0].text if verdict.reasons else verdict.title
    said = _lines(verdict, wish, because)
    quote = "\n".join([*(r.text for r in verdict.reasons), *(c for r in verdict.reasons[:1] for c in r.cites)])
    cite = Cite(id=str(verdict.source), source=str(verdict.source), title=verdict.title, quote=quote)
    facts = tuple(Fact(text, cite, CONFIDENCE) for text in said)
    return Ruling(shown, wish, facts=facts, human=verdict.says == "human")


def _lines(verdict: Verdict, wish: str, because: str) -> list[str]:
    """Result, reason, money and freight, what to do: the four lines of a good answer."""
    because = because.rstrip("。") + "。"
    if verdict.says == "human":
        return [phrase("verdict.human", because=because)]
    if not verdict.allowed:
        said = [phrase("verdict.deny", wish=phrase(f"verdict.wish.{wish}"), because=because)]
        return [*said, *(_others(verdict.alternatives) or [phrase("verdict.nothing_else")])]
    remedies = "、".join(phrase(f"verdict.remedy.{remedy}") for remedy in verdict.remedies)
    said = [phrase(f"verdict.{verdict.says}", remedies=remedies, because=because)]
    money = []
    if verdict.amount_fen:
        money.append(phrase("verdict.amount", yuan=_yuan(verdict.amount_fen)))
    if verdict.freight:
        money.append(phrase(f"verdict.freight.{verdict.freight}"))
    if money:
        said.append("，".join(money) + "。")
    if len(verdict.working) > 1:
        said.append(phrase("verdict.working", working="；".join(verdict.working)))
    if verdict.steps:
        said.append(phrase("verdict.steps", steps="；".join(verdict.steps)))
    return said


def _others(alternatives: tuple[Alternative, ...]) -> list[str]:
    said: list[str] = []
    for name, says in (("others", ("allow", "allow_with_deduction")), ("maybe", ("need_info",))):
        ways = [_way(other) for other in alternatives if other.says in says and other.remedies]
        if ways and not said:
            said.append(phrase(f"verdict.{name}", ways="；".join(dict.fromkeys(ways[:_MOST_ALTERNATIVES]))))
    return said


def _way(other: Alternative) -> str:
    remedies = "、".join(phrase(f"verdict.remedy.{remedy}") for remedy in other.remedies)
    until = phrase("verdict.until", day=f"{other.deadline.month}月{other.deadline.day}日") if other.deadline else ""
    return phrase("verdict.other", title=other.title or other.policy, remedies=remedies, until=until)


def _yuan(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"
