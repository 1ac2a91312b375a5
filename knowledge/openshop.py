"""One shop's retriever from the catalogue, with all the shop has taught; for commands, which open a shop and leave."""

from __future__ import annotations

from dataclasses import replace

from knowledge.catalogue import Catalogue
from knowledge.embedding import Embedding
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.vectors import open_index


async def worded_index(catalogue: Catalogue, shop: str, embedding: Embedding) -> ShopIndex:
    """The shop's index, not yet fitted, its words made one. Raises `NoSuchShop`."""
    given, terms = await catalogue.passages(shop), await catalogue.own.terms(shop)
    return ShopIndex.build([terms.worded(passage) for passage in given], embedding)


async def retriever_of(catalogue: Catalogue, shop: str, embedding: Embedding) -> HybridRetriever:
    """The shop as shoppers find it. Raises `NoSuchShop`."""
    own = catalogue.own
    given, terms = await catalogue.passages(shop), await own.terms(shop)
    worded = [terms.worded(passage) for passage in given]
    changed = {new.id: old for new, old in zip(worded, given, strict=True) if new is not old}
    index = open_index(shop, worded, embedding)
    if (tuning := await own.tuning(shop, embedding.fingerprint)) is not None:
        index = replace(index, faq_share=tuning.faq_share, curves=tuning.curves)
    return HybridRetriever(index=index, terms=terms, given=changed, memory=await own.memory(shop))
