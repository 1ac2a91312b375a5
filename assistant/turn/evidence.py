"""What the shop's own files say to one question, and whether that is enough to answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.conversation.events import Cite, Option
from assistant.conversation.state import Conversation
from assistant.turn.escalate import Found
from assistant.turn.finding import SURE, find
from assistant.turn.followup import says_nothing
from assistant.turn.meaning import Ask
from assistant.turn.order_facts import order_facts
from assistant.turn.products import Fact, product_facts
from assistant.turn.ruling import Ruling
from assistant.turn.shop import Shop
from assistant.turn.sizes import size_advice
from assistant.turn.verdicts import rule
from knowledge.types import Hit
from prompts import phrase

ANSWER_AT = 0.44
"""Confidence from which the best entry is given as the answer. A shop may set its own (`answer_at`)."""
CLARIFY_AT = 0.2
"""Confidence from which a close call is worth one question back. Below it we say that we found nothing."""
ENTRY_FIRST = 0.78
"""Confidence from which the merchant's own entry goes before an attribute looked up in the catalogue."""
PAIR_AT = 0.36
"""Confidence from which two short entries are both told, rather than asking which was meant."""
NEARLY = 0.72
"""Share of the best entry's score that a second one must have to be told beside it."""
SHORT = 160
"""Characters up to which an entry is short enough to be one of two."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind the answer to one question."""

    ask: Ask
    question: str
    """The reading that was searched: the question, or its completion from the conversation."""
    decision: Literal["answer", "clarify", "none"]
    confidence: float
    hits: tuple[Hit, ...] = ()
    facts: tuple[Fact, ...] = ()
    """What the catalogue (or a verdict, or an order) says outright; goes before passages."""
    options: tuple[Option, ...] = ()
    ruling: Ruling | None = None
    """What the rules said, where they were asked."""
    back: str | None = None
    """What to ask back, where it is not “which of these”."""
    also: Hit | None = None
    """A second entry nearly as likely, told beside the first where neither is sure: two short answers are quicker
    for a shopper than one question back."""

    def as_trace(self) -> dict[str, object]:
        """What the log keeps, so that a follow-up and the why-panel can build on it."""
        return {
            "question": self.question,
            "decision": self.decision,
            "confidence": round(self.confidence, 3),
            "passage": self.hits[0].passage.id if self.hits else None,
            "facts": [f.cite.id for f in self.facts],
        }


async def gather(shop: Shop, ask: Ask, talk: Conversation, order: str | None = None) -> Evidence:
    """Search every reading of `ask`, keep the likeliest, and decide: answer, ask back, or say we do not know."""
    if not ask.completions and says_nothing(ask.question):
        return Evidence(ask, ask.question, "clarify", 0.0, back=phrase("clarify.fragment"))
    question, hits = await find(shop, ask, talk)
    best = hits[0].confidence if hits else 0.0
    answer_at = float(shop.settings.get("answer_at", ANSWER_AT))
    pair_at = float(shop.settings.get("pair_at", PAIR_AT))
    clarify_at = float(shop.settings.get("clarify_at", CLARIFY_AT))
    if sizing := size_advice(shop, ask.question, question, talk, answered=best >= answer_at):
        if sizing.facts:
            return Evidence(ask, question, "answer", sizing.facts[0].confidence, hits, sizing.facts)
        return Evidence(ask, question, "clarify", best, hits, options=sizing.options, back=sizing.ask)
    if ruling := await rule(shop, ask.question, question, talk, order, answered=best >= answer_at):
        if ruling.beside and best >= answer_at:
            return Evidence(ask, question, "answer", best, hits, ruling=ruling, back=ruling.ask)
        return _ruled(ask, question, hits, ruling)
    if told := await order_facts(shop, question, order):
        return Evidence(ask, question, "answer", told[0].confidence, hits, told)
    facts = product_facts(shop, question, talk)
    if facts and not (best >= ENTRY_FIRST and hits[0].passage.kind == "faq" and facts[0].attribute_named):
        return Evidence(ask, question, "answer", facts[0].confidence, hits, facts)
    if best >= pair_at and (second := _nearly_as_likely(hits)):
        return Evidence(ask, question, "answer", best, hits, also=second)
    if best >= answer_at:
        return Evidence(ask, question, "answer", best, hits)
    if best >= clarify_at:
        return Evidence(ask, question, "clarify", best, hits, options=_options(hits))
    return Evidence(ask, question, "none", best, hits)


def _ruled(ask: Ask, question: str, hits: tuple[Hit, ...], ruling: Ruling) -> Evidence:
    decision: Literal["answer", "clarify"] = "answer" if ruling.facts else "clarify"
    confidence = ruling.facts[0].confidence if ruling.facts else 0.5
    hits = () if ruling.alone else hits
    return Evidence(ask, question, decision, confidence, hits, ruling.facts, ruling.options, ruling, ruling.ask)


def _nearly_as_likely(hits: Sequence[Hit]) -> Hit | None:
    """The entry to tell beside the best where the best is not sure; None where one is enough or two are too much."""
    if len(hits) < 2 or hits[0].confidence >= SURE or hits[0].passage.kind != "faq":
        return None
    second = next((h for h in hits[1:3] if h.passage.kind == "faq" and h.passage.text != hits[0].passage.text), None)
    if second is None or second.score < hits[0].score * NEARLY:
        return None
    short = all(len(h.passage.text) <= SHORT for h in (hits[0], second))
    return second if short else None


def _options(hits: tuple[Hit, ...]) -> tuple[Option, ...]:
    """Up to three different questions the shopper may have meant."""
    seen: dict[str, Option] = {}
    for hit in hits:
        label = hit.passage.question.rsplit(" > ", 1)[-1]
        if label and hit.passage.kind == "faq" and label not in seen:
            seen[label] = Option(label=label, says=label)
    return tuple(list(seen.values())[:3])


def by_category(shop: Shop, evidence: Evidence) -> Found | None:
    """A reason to call a person because of what the nearest entry is about (`handoff_categories` of the shop).

    Where the entry nearest to a message is the one about fire or injury, a person is called even if it is not sure:
    a needless call costs a minute, a missed one can cost a house.
    """
    categories: dict[str, dict[str, Any]] = shop.settings.get("handoff_categories", {})
    for hit in evidence.hits[:1]:
        for category, rule_ in categories.items():
            if hit.passage.category.startswith(category) and hit.confidence >= float(rule_["at"]):
                return Found(rule_["reason"], rule_["level"], "")
    return None


_PROMISES_A_PERSON = re.compile(r"我(?:现在|马上|立即|这就|立刻)就?(?:为您|帮您|给您)?转人工")


def promises_a_person(evidence: Evidence) -> bool:
    """Whether the entry given says that a person is being called now: what is said must then happen."""
    return not evidence.facts and bool(evidence.hits) and bool(_PROMISES_A_PERSON.search(evidence.hits[0].passage.text))


def cite(hit: Hit, quote: str | None = None) -> Cite:
    """The passage as a citation, with the words as they stand now."""
    passage = hit.passage
    return Cite(id=passage.id, source=passage.source, title=passage.question, quote=quote or passage.text)
