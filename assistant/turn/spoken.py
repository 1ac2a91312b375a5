"""Whether an entry speaks of what is asked of a product: “暖风机带照明灯吗” is not answered by what its socket needs.

Entries about one product are near each other whatever is asked of it, so nearness alone says too little there. Measured
on questions that name a product (262 answerable, 29 not): the area under the curve for “this entry answers” is .86 for
the retriever's confidence and .90 to .94 for the share of the question's own words that the entry says at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.turn.products import without_products
from assistant.turn.shop import Shop
from assistant.turn.wishes import wants_something_done
from knowledge.coverage import Asked, spoken
from knowledge.types import Hit

ENOUGH = 0.45
"""Share of the telling words asked that an entry must say to be trusted in full; below, trust falls with its square."""
UNSURE = 0.5
"""Confidence below which the same holds of a question that names no product: “榴莲千层几寸够六个人”."""


def spoken_of(question: str, hits: Sequence[Hit], shop: Shop) -> tuple[Hit, ...]:
    """`hits` with those trusted less that do not say what `question` (folded) asks.

    Whoever wants something done (退、换、修 …) or reports a fault says it in their own words; those are left alone, and
    so is what calls a person (`handoff_categories` of the shop): fire is not looked up by its spelling.
    """
    if wants_something_done(question):
        return tuple(hits)
    matter = without_products(question, shop)
    asked, sure_at = Asked.of(matter).telling, UNSURE if matter == question else 1.0
    return tuple(
        replace(hit, confidence=hit.confidence * min(1.0, _share(asked, hit) / ENOUGH) ** 2)
        if hit.confidence < sure_at and not calls_a_person(hit, shop)
        else hit
        for hit in hits
    )


def _share(asked: frozenset[str], hit: Hit) -> float:
    """Of the telling words asked, the share that the entry says; all of none."""
    return len(asked & spoken(hit.passage)) / len(asked) if asked else 1.0


def calls_a_person(hit: Hit, shop: Shop) -> bool:
    """Whether an entry is of a category for which a person is called (`handoff_categories` of the shop)."""
    return hit.passage.category.startswith(tuple(shop.settings.get("handoff_categories", ())))
