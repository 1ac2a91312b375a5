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


def spoken_of(question: str, hits: Sequence[Hit], shop: Shop) -> tuple[Hit, ...]:
    """`hits` with those trusted less that do not say what `question` (folded) asks about the product it names.

    Whoever wants something done (退、换、修 …) or reports a fault says it in their own words; those are left alone, and
    so is what calls a person (`handoff_categories` of the shop): fire is not looked up by its spelling.
    """
    asked = _asked(question, shop)
    if not asked or wants_something_done(question):
        return tuple(hits)
    shares = [len(asked & spoken(hit.passage)) / len(asked) for hit in hits]
    return tuple(
        hit
        if share >= ENOUGH or calls_a_person(hit, shop)
        else replace(hit, confidence=hit.confidence * (share / ENOUGH) ** 2)
        for hit, share in zip(hits, shares, strict=True)
    )


def calls_a_person(hit: Hit, shop: Shop) -> bool:
    """Whether an entry is of a category for which a person is called (`handoff_categories` of the shop)."""
    return hit.passage.category.startswith(tuple(shop.settings.get("handoff_categories", ())))


def _asked(question: str, shop: Shop) -> frozenset[str]:
    """The telling words of a question beside the product it names; none where it names no product."""
    rest = without_products(question, shop)
    return Asked.of(rest).telling if rest != question else frozenset()
