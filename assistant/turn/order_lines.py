"""Which line of an order a shopper means: “裤子退掉，毛衣留着”."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.turn.products import named_products
from assistant.turn.shop import Shop
from assistant.turn.wishes import category_of, handles, keeps, nouns_of
from knowledge.text import fold

_PIECES = re.compile(r"[,，。;；!！?？、\s]+|(?<=了)(?=[^\s]{3})")
_WHOLE_NAME = 4
"""Weight of a product's own name over a word it merely contains."""


def bought_lines(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines that were paid for, gifts left out."""
    return [line for line in order["lines"] if "gift" not in line.get("tags", ())]


def line_meant(shop: Shop, order: Mapping[str, Any], said: Sequence[str]) -> str | None:
    """The line's number: the only one bought, else the one that `said` (folded, newest first) singles out."""
    bought = bought_lines(order)
    if len(bought) == 1:
        return str(bought[0]["line"])
    for text in said:
        if (line := _singled_out(shop, bought, text)) is not None:
            return line
    return None


def _singled_out(shop: Shop, bought: Sequence[Mapping[str, Any]], text: str) -> str | None:
    """One line named more than the others in what is to be handled; then in all that is not to be kept."""
    pieces = [piece for piece in _PIECES.split(text) if piece]
    open_pieces = [piece for piece in pieces if not keeps(piece)]
    for part in ([p for p in open_pieces if handles(p)], open_pieces, pieces):
        weights = {str(line["line"]): sum(_named(shop, line, piece) for piece in part) for line in bought}
        best = max(weights.values(), default=0)
        named = [line for line, weight in weights.items() if weight == best]
        if best and len(named) == 1:
            return named[0]
    return None


def _named(shop: Shop, line: Mapping[str, Any], piece: str) -> int:
    """How clearly a piece names a line: by the product, by a word of its title, by its kind."""
    title = fold(str(line.get("title", "")))
    if any(product.sku == line.get("sku") for product in named_products(piece, shop)):
        return _WHOLE_NAME
    weight = 0
    for noun in nouns_of(piece):
        if noun in title:
            weight = max(weight, 2 + len(noun) // 2)
        elif category_of(noun) == line.get("category"):
            weight = max(weight, 1)
    if not weight:
        pairs = {piece[i : i + 2] for i in range(len(piece) - 1)}
        weight = int(any(pair in title for pair in pairs if pair.isalpha()))
    return weight
