"""What the shop's files hold for one question: every reading of it is searched, the likeliest kept.

A question may be read alone, completed from what was said before, or without the product it names. What the retriever
finds is then trusted less where it is about another thing (`kinds`) or does not say what is asked (`spoken`).
"""

from __future__ import annotations

from dataclasses import replace

from assistant.conversation.state import Conversation
from assistant.turn.kinds import OTHER_THING, fitting
from assistant.turn.meaning import Ask
from assistant.turn.products import named_products, product_facts, without_products
from assistant.turn.shop import Shop
from assistant.turn.spoken import calls_a_person, spoken_of
from assistant.turn.wishes import wants_something_done
from knowledge.coverage import Asked
from knowledge.text import fold
from knowledge.types import Hit

SURE = 0.75
"""Confidence from which no other reading and no second entry is looked for."""
MATTER = 4
"""Telling words that must be left of a question without its product for the rest to be searched alone."""
AGAIN = 0.8
"""What is left of a completion that only leads back to the entry just given: the new words ask for something else."""
LEAN = 0.75
"""A half-question on its own must beat its completion by this much: “多久到账” belongs to what was said before."""
UNSAID = 0.85
"""What is left of a reading with the topic of before where the question does not point back."""


async def find(shop: Shop, ask: Ask, talk: Conversation) -> tuple[str, tuple[Hit, ...]]:
    """The likeliest reading of `ask` and its hits, best first, each with the confidence it deserves."""
    if ask.sure:
        return ask.completions[0], await _hits(shop, ask.completions[0], talk)
    best: tuple[float, str, tuple[Hit, ...]] = (-1.0, ask.question, ())
    for reading in (*ask.completions, ask.question, *ask.topical):
        hits = await _hits(shop, reading, talk)
        weight = hits[0].confidence if hits else 0.0
        if reading in ask.completions and product_facts(shop, reading, talk):
            return reading, hits  # the catalogue answers the completed question outright
        if reading in ask.topical:
            weight *= UNSAID
        if ask.completions and reading == ask.question:
            weight *= LEAN
        elif reading != ask.question and hits and hits[0].passage.id == _given_last(talk):
            weight *= AGAIN
        if weight > best[0]:
            best = (weight, reading, hits)
    return best[1], best[2]


async def _hits(shop: Shop, question: str, talk: Conversation) -> tuple[Hit, ...]:
    found = await shop.retriever.asearch(question, k=6, valid_on=shop.now())
    hits = _of_product(spoken_of(question, fitting(question, found), shop), question, shop, talk)
    matter = without_products(question, shop)
    if matter != question and len(Asked.of(matter).telling) >= MATTER and not (hits and hits[0].confidence >= SURE):
        # “毛衣满多少钱包邮”: the product drags the search to what is said of it, the matter is the shop's for all.
        general = [h for h in await shop.retriever.asearch(matter, k=6, valid_on=shop.now()) if _for_all(h, shop)]
        said = spoken_of(question, fitting(question, general), shop)
        if said and (not hits or said[0].confidence > hits[0].confidence):
            return said
    return hits


def _for_all(hit: Hit, shop: Shop) -> bool:
    return not named_products(fold(hit.passage.question), shop)


def _of_product(hits: tuple[Hit, ...], question: str, shop: Shop, talk: Conversation) -> tuple[Hit, ...]:
    """`hits` with those about other products than the one meant trusted less and put behind; repairs, returns and
    dangers are much alike for all products and are left as they are."""
    named = named_products(question, shop)
    meant = {p.sku for p in named or [p for p in shop.products if p.sku == talk.product]}
    if len(meant) != 1 or wants_something_done(question):
        return hits
    own: list[Hit] = []
    others: list[Hit] = []
    for hit in hits:
        about = {p.sku for p in named_products(fold(hit.passage.question), shop)}
        if about and not about & meant and not calls_a_person(hit, shop):
            others.append(replace(hit, confidence=hit.confidence * OTHER_THING))
        else:
            own.append(hit)
    return (*own, *others)


def _given_last(talk: Conversation) -> str | None:
    """The entry the last answer came from."""
    answered = talk.traces[-1].meaning.get("answered", ()) if talk.traces else ()
    return str(answered[-1].get("passage")) if answered else None
