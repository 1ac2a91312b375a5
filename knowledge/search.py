"""A shop's index behind langchain's retriever interface: hybrid, and by words alone.

`knowledge.index` does the finding; this file is where langchain begins.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field, PrivateAttr, SkipValidation

from knowledge.cross import TOP, Reranker
from knowledge.feedback import REACH, Memory
from knowledge.index import ShopIndex, rows_of
from knowledge.synonyms import Terms
from knowledge.text import fold
from knowledge.types import Hit, Passage
from knowledge.words import clean

__all__ = ["HybridRetriever", "ShopIndex", "as_document"]


REMEMBERED = 4096
"""Questions whose hits are kept: a shop's shoppers mostly ask the same few hundred things."""


class HybridRetriever(BaseRetriever):
    """A shop's index behind langchain's retriever interface, and the product's own `search` beside it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: SkipValidation[ShopIndex]
    k: int = 6
    terms: SkipValidation[Terms] = Terms()
    """The shop's own words; the index is of passages worded by them."""
    given: SkipValidation[Mapping[str, Passage]] = Field(default_factory=dict)
    """The passages that wording changed, as they may be shown, by id."""
    memory: SkipValidation[Memory] = Memory()
    """What was said of the shop's answers."""
    reranker: SkipValidation[Reranker | None] = None
    """Orders the first hits again, where `RERANK_MODEL` is set."""

    _turning: list[float] = PrivateAttr()
    """Moments at which some passage begins or ends to be valid, sorted: between two of them nothing changes."""
    _found: dict[tuple[str, int, int], list[Hit]] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any, /) -> None:
        """Note when validity changes."""
        moments = np.concatenate([self.index.begins, self.index.ends])
        self._turning = sorted(moments[np.isfinite(moments)].tolist())

    def search(self, question: str, *, k: int | None = None, valid_on: datetime | None = None) -> list[Hit]:
        """Best hits first; see `ShopIndex.search`. The same question is not searched twice while nothing changed."""
        moment = valid_on or datetime.now(UTC)
        if self.index.vectors is None:
            return self._searched(question, k or self.k, moment)[0]  # the model may be back next time
        key = (clean(question), k or self.k, bisect_right(self._turning, moment.timestamp()))
        hits = self._found.get(key)
        if hits is None:
            hits, whole = self._searched(question, k or self.k, moment)
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            if whole:
                self._found[key] = hits
        return list(hits)

    def _searched(self, question: str, k: int, moment: datetime) -> tuple[list[Hit], bool]:
        """The hits, and whether everything that orders them was in time."""
        asked, whole = self.terms.said(question), True
        most = max(k + REACH if self.memory else k, TOP if self.reranker else k)
        hits = self.index.search(asked, most, valid_on=moment)
        if self.reranker is not None and len(hits) > 1:
            again = self.reranker.ordered(asked, hits)
            hits, whole = (hits, False) if again is None else (again, True)
        hits = self.memory.ordered(question, hits, k) if self.memory else hits[:k]
        return ([self._as_given(hit) for hit in hits] if self.given else hits), whole

    def _as_given(self, hit: Hit) -> Hit:
        """The hit with the shop's own text, and the wording that matched as it stands there."""
        if (passage := self.given.get(hit.passage.id)) is None:
            return hit
        matched = fold(hit.wording)
        own = (text for text in rows_of([passage]).texts if fold(self.terms.said(text)) == matched)
        return replace(hit, passage=passage, wording=next(own, ""))

    async def asearch(self, question: str, *, k: int | None = None, valid_on: datetime | None = None) -> list[Hit]:
        """The same without holding up the event loop where the model is slow."""
        if self.index.embedding.instant and self.reranker is None:
            return self.search(question, k=k, valid_on=valid_on)
        return await asyncio.to_thread(self.search, question, k=k, valid_on=valid_on)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        valid_on: datetime | None = None,
        **_: Any,
    ) -> list[Document]:
        return [as_document(hit) for hit in self.search(query, valid_on=valid_on)]

    # Without this, `ainvoke(…, valid_on=…)` raises: the inherited one does not pass the argument on.
    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        valid_on: datetime | None = None,
        **_: Any,
    ) -> list[Document]:
        return [as_document(hit) for hit in await self.asearch(query, valid_on=valid_on)]


def as_document(hit: Hit) -> Document:
    """A hit as langchain knows it."""
    passage = hit.passage
    return Document(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "source": passage.source,
            "question": passage.question,
            "kind": passage.kind,
            "score": hit.score,
            "confidence": hit.confidence,
        },
    )
