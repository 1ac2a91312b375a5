"""What was asked and what came back, as scorers and inspection see it: live or in an evaluation run alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.conversation.events import Cite, Event, Message, Traced
from assistant.turn.shop import Product, Shop
from prompts import words

if TYPE_CHECKING:
    from eval.findings import Finding


@dataclass(frozen=True)
class Transcript:
    """One answer with everything it can be judged by."""

    asked: tuple[str, ...]
    """The shopper's messages up to this answer, oldest first."""
    answer: Message
    trace: Traced | None = None
    grounds: Mapping[str, str] = field(default_factory=dict)
    """Cite id → everything that source says, where that is more than the quotation."""
    year: int | None = None
    """The year it was said in: a date may be given with or without it."""
    ms: float | None = None
    tokens: int | None = None
    """Tokens a model used, or None where none was asked."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the answer says without grounds or against the rules of conduct; read once, used by several scorers."""
        from eval.findings import findings

        return findings(self)

    def ground(self, cite: Cite) -> str:
        """Everything the cited source says."""
        return "\n".join((cite.title, cite.quote, self.grounds.get(cite.id, "")))


def transcripts(events: Iterable[Event], *, shop: Shop | None = None) -> list[Transcript]:
    """One transcript for every answer in a conversation's events (those the staff see, so that traces are there)."""
    asked: list[str] = []
    found: list[Transcript] = []
    for event in events:
        if isinstance(event, Message) and event.by == "shopper":
            asked.append(event.text)
        elif isinstance(event, Message) and asked:
            grounds = grounds_of(shop, event) if shop else {}
            found.append(Transcript(tuple(asked), event, grounds=grounds))
        elif isinstance(event, Traced) and found:
            last = found[-1]
            found[-1] = Transcript(last.asked, last.answer, event, last.grounds, last.year, sum(event.ms.values()))
    return found


def grounds_of(shop: Shop, answer: Message, order: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What the catalogue, the order book and the rules say behind the answer's citations."""
    goods = {p.sku: p for p in shop.products} if any(":" in cite.id for cite in answer.cites) else {}
    cited = {cite.id: goods.get(cite.id.partition(":")[2]) for cite in answer.cites}
    found = {name: product_text(product) for name, product in cited.items() if product}
    if answer.verdict:
        policy = f"{answer.verdict.get('policy')}@{answer.verdict.get('version')}"
        found[policy] = verdict_text(answer.verdict)
        found |= {cite.id: found[policy] for cite in answer.cites if "@" in cite.id}
    if order:
        # What the rules say about an order rests on it as much as on the rule.
        known = order_text(order)
        rests = [cite.id for cite in answer.cites if cite.id.startswith("order:") or "@" in cite.id]
        found |= {name: f"{found.get(name, '')}\n{known}" for name in rests}
    return {name: text for name, text in found.items() if text}


def product_text(product: Product) -> str:
    """Everything the catalogue says about one product."""
    lines = [f"{name}：{value}" for name, value in product.attributes.items()]
    price = f"{product.price_fen / 100:g}元"
    return "\n".join([product.title, product.category, price, *lines, _words(product.sizes), _words(product.stock)])


def order_text(order: Mapping[str, Any]) -> str:
    """Everything the order book says about one order, its amounts in yuan, what is paid and what is left to pay."""
    lines = [line for line in order.get("lines") or () if isinstance(line, Mapping)]
    paid, listed = ([int(line.get(name) or 0) for line in lines] for name in ("paid_fen", "list_fen"))
    left = [price - sum_ for price, sum_ in zip(listed, paid, strict=True)]
    # Sending one thing back of several is reckoned from what was paid for all and what the kept ones cost.
    returned = [sum(paid) - kept for kept in (*paid, *listed)]
    fens = {*paid, *listed, *left, *returned, sum(paid), sum(listed), sum(left), *_amounts(order)}
    spelt = [f"{fen / 100:g}元 {fen / 100:.2f}元" for fen in sorted(fens)]
    return "\n".join((_words(order), f"{len(lines)}件", *spelt))


def verdict_text(verdict: Mapping[str, Any]) -> str:
    """Everything a verdict says, its result, dates, payer and amounts written as people write them."""
    names = words("phrases")["verdict"]
    wish = names["wish"].get(verdict.get("wish"), "")
    spoken = [_words(verdict)]
    if str(verdict.get("says", "")).startswith("allow"):
        done = [names["remedy"].get(remedy, "") for remedy in verdict.get("remedies", ())]
        spoken += [names["allow"].format(remedies=each, because="") for each in (*done, "、".join(done))]
    elif verdict.get("says") == "deny":
        spoken.append(names["deny"].format(wish=wish, because=""))
    for moment in _moments(verdict):
        year, month, day = (int(part) for part in moment[:10].split("-"))
        spoken.append(f"{year}年{month}月{day}日 {month}月{day}日24点")
    for fen in _amounts(verdict):
        spoken += [names["amount"].format(yuan=f"{fen / 100:g}"), names["amount"].format(yuan=f"{fen / 100:.2f}")]
    if payer := names["freight"].get(verdict.get("freight") or ""):
        spoken.append(payer)
    return "\n".join(spoken)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}：{_words(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(_words(part) for part in value)
    return "" if value is None else str(value)


def _moments(value: Any) -> Sequence[str]:
    if isinstance(value, Mapping):
        own = [value["deadline"]] if isinstance(value.get("deadline"), str) else []
        return [*own, *(moment for part in value.values() for moment in _moments(part))]
    return [moment for part in value for moment in _moments(part)] if isinstance(value, list | tuple) else []


def _amounts(value: Any) -> Sequence[int]:
    if isinstance(value, Mapping):
        own = [value["amount_fen"]] if isinstance(value.get("amount_fen"), int) else []
        return [*own, *(fen for part in value.values() for fen in _amounts(part))]
    return [fen for part in value for fen in _amounts(part)] if isinstance(value, list | tuple) else []
