"""What the catalogue says outright: an attribute, the price, what is in stock. Looked up, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from assistant.conversation.events import Cite
from assistant.conversation.state import Conversation
from assistant.turn.shop import Product, Shop
from assistant.turn.wishes import wants_something_done
from knowledge.text import fold
from prompts import phrase, words

NAMED = 0.86
"""Confidence of an attribute looked up for a product the shopper named."""
IN_CONTEXT = 0.72
"""The same where the product is only the page they ask from, or the one spoken of before."""
ELLIPTICAL = 0.9
"""The same where the whole message is the attribute: “多重”, “多少钱” after a product was named."""
REMEMBERED = 8
"""Messages back in which a product named still counts as the one meant."""
MOST_PRODUCTS = 2
"""More products than this in one question is a comparison for a person or the product pages."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence the shop's own records say."""

    text: str
    cite: Cite
    confidence: float
    attribute_named: bool = False
    """A lasting attribute of a product that the question names: the merchant may have written an entry for just this.
    Price and stock of today only the catalogue knows, and an entry may be about another product than the page."""


@cache
def _lexicon() -> tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]:
    return tuple(
        (kind, tuple(entry["names"]), re.compile(entry["says"])) for kind, entry in words("lexicon_attributes").items()
    )


def named_products(text: str, shop: Shop) -> list[Product]:
    """The products whose title or alias stands in `text` (folded); a longer name hides the shorter within it."""
    found: list[tuple[int, int, Product]] = []
    for product, names in shop.product_names:
        if longest := next((name for name in names if name in text), None):
            start = text.index(longest)
            found.append((start, start + len(longest), product))
    return [p for a, b, p in found if not any((c <= a and b <= d and (c, d) != (a, b)) for c, d, _ in found)]


def products_meant(shop: Shop, question: str, talk: Conversation) -> list[Product]:
    """The products named in `question`; else the page's; else those the shopper named last."""
    if named := named_products(question, shop):
        return named
    if page := [p for p in shop.products if p.sku == talk.product]:
        return page
    for message in reversed(talk.messages[-REMEMBERED:]):
        if message.by == "shopper" and (named := named_products(fold(message.text), shop)):
            return named
    return []


def without_products(question: str, shop: Shop) -> str:
    """`question` (folded) without the names of the products in it: “毛衣满多少钱包邮” asks what “满多少钱包邮” asks."""
    for product in named_products(question, shop):
        for name in sorted(map(fold, (product.title, *product.aliases)), key=len, reverse=True):
            question = question.replace(name, " ")
    return question.strip()


def product_facts(shop: Shop, question: str, talk: Conversation) -> tuple[Fact, ...]:
    """Facts that answer `question` (folded) about the product it names, or is asked from; else ().

    Whoever wants something done about a product (exchanged, mended, made good) is not asking what it is like.
    """
    if not shop.products or wants_something_done(question):
        return ()
    products = products_meant(shop, question, talk)
    if not products or len(products) > MOST_PRODUCTS:
        return ()
    named = named_products(question, shop)
    bare = without_products(question, shop)
    kinds = [(kind, names) for kind, names, says in _lexicon() if says.search(bare)]
    kinds += _by_name(products, bare) if not kinds else []
    confidence = NAMED if named else ELLIPTICAL if len(bare.strip("?？呢啊呀 ")) <= 4 else IN_CONTEXT
    facts = [
        Fact(
            text,
            Cite(id=f"catalogue:{p.sku}", source=f"catalogue.yaml#{p.sku}", title=p.title, quote=quote),
            confidence,
            attribute_named=bool(named) and kind not in ("price", "stock"),
        )
        for p in products
        for kind, names in kinds
        for text, quote in _says(p, kind, names, bare)
    ]
    return tuple({fact.text: fact for fact in facts}.values())


_HAS_IT = re.compile(r"有(?!效|什么|啥|没有)|还在|货|没了")


def _by_name(products: Sequence[Product], question: str) -> list[tuple[str, tuple[str, ...]]]:
    """What is asked by the catalogue's own words: “裤长多少”, or a colour and size with “有…吗”."""
    names = {fold(name) for product in products for name in product.attributes if len(name) > 1}
    if named := tuple(name for name in names if name in question):
        return [("named", named)]
    asked = any(_variant_asked(variant, question) for product in products for variant in product.stock)
    return [("stock", ())] if asked and _HAS_IT.search(question) else []


def _says(product: Product, kind: str, names: tuple[str, ...], question: str) -> list[tuple[str, str]]:
    if kind == "price":
        text = phrase("product.price", title=product.title, price=_yuan(product.price_fen))
        return [(text, f"{product.title} {_yuan(product.price_fen)}元")]
    if kind == "stock":
        return [(text, text) for text in _stock(product, question)]
    own = [(n, v) for n, v in product.attributes.items() if any(name in fold(n) for name in names)]
    return [(phrase("product.attribute", title=product.title, name=n, value=v), f"{n}：{v}") for n, v in own[:2]]


def _stock(product: Product, question: str) -> list[str]:
    if not product.stock:
        return []
    asked = [v for v in product.stock if _variant_asked(v, question)]
    if asked:
        name = "product.variant_in_stock"
        return [
            phrase(name if product.stock[v] > 0 else "product.sold_out", title=product.title, variant=v)
            for v in asked[:3]
        ]
    there = [v for v, count in product.stock.items() if count > 0]
    return [phrase("product.in_stock", title=product.title, variants="、".join(there))] if there else []


def _variant_asked(variant: str, question: str) -> bool:
    """Whether every part of a variant the question could mean (`黑色/M`) is named: colour and size both, or the one."""
    parts = [fold(p) for p in re.split(r"[/ ·,，]", variant) if p]
    # A size code must stand alone (L is not the L of XL); a colour may touch anything.
    hits = [re.search(rf"(?<![a-z0-9]){p}(?![a-z0-9])" if p.isascii() else re.escape(p), question) for p in parts]
    return bool(hits) and all(hits)


def _yuan(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"
