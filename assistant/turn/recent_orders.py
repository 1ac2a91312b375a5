"""一键价保: every recent order of the shopper judged on its own, and what comes back altogether."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.conversation.events import Cite
from assistant.policy.clock import MissingHolidayYear
from assistant.policy.decide import protect_all
from assistant.policy.facts import Case, FactRefused, Order
from assistant.turn.case import case_facts
from assistant.turn.order_lines import bought_lines
from assistant.turn.products import Fact
from assistant.turn.ruling import CONFIDENCE, Ruling
from assistant.turn.shop import Shop
from assistant.turn.verdict_words import yuan
from prompts import phrase

_MOST_NAMED = 5


async def protect_recent(shop: Shop, number: str | None) -> Ruling | None:
    """Price protection over all orders of the shopper whose `number` is spoken of; None where none can be read."""
    if shop.orders is None:
        return None
    mine = await _mine(shop, number)
    mine = [o for o in mine if o.get("paid_at") is not None or o.get("balance_paid_at") is not None]
    cases: list[tuple[Mapping[str, Any], Case]] = []
    for order in mine:
        facts = {name: value for name, value in order.items() if name in Order.model_fields}
        for line in bought_lines(facts):
            try:
                case = Case.from_json(case_facts(facts, "price_protect", str(line["line"]), {}, shop.now()))
            except FactRefused:
                continue
            cases.append((line, case))
    if not cases:
        return None
    try:
        total, verdicts = protect_all(shop.policies, [case for _, case in cases])
    except MissingHolidayYear:
        return None
    given = [(line, v) for (line, _), v in zip(cases, verdicts, strict=True) if v.allowed and v.amount_fen]
    best = given[0][1] if given else verdicts[0]
    quote = "\n".join(step for _, v in given for step in v.working) or best.title
    cite = Cite(id=str(best.source), source=str(best.source), title=best.title, quote=quote)
    shown = {**best.as_json(), "title": best.title, "wish": "price_protect", "amount_fen": total or None}
    if not given:
        said = [phrase("verdict.protect_none", count=str(len(mine)))]
    else:
        named = "；".join(_each(line, v.amount_fen or 0) for line, v in given[:_MOST_NAMED])
        said = [
            phrase("verdict.protect_all", count=str(len(mine)), total=yuan(total), each=named),
            phrase("verdict.steps", steps="；".join(best.steps)),
        ]
    return Ruling(shown, "price_protect", facts=tuple(Fact(text, cite, CONFIDENCE) for text in said))


async def _mine(shop: Shop, number: str | None) -> list[Mapping[str, Any]]:
    assert shop.orders is not None
    orders = list(await shop.orders.recent())
    asked = next((o for o in orders if number and str(o.get("number")) == number), None)
    # The merchant's own view of a book holds everybody's orders: one shopper's are those of the order spoken of.
    return [o for o in orders if asked is None or o.get("buyer") == asked.get("buyer")]


def _each(line: Mapping[str, Any], fen: int) -> str:
    return phrase("verdict.protect_each", title=str(line.get("title", "")).split(" ")[0], yuan=yuan(fen))
