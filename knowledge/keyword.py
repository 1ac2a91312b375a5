"""Search by words alone, as a langchain retriever: what to compare against, and what works with no model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from knowledge.postings import Postings, build
from knowledge.rows import Rows, rows_of
from knowledge.types import Passage
from knowledge.words import clean


class KeywordRetriever(BaseRetriever):
    """BM25 over overlapping character uni- and bigrams, best wording per passage."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    passages: SkipValidation[tuple[Passage, ...]]
    rows: SkipValidation[Rows]
    postings: SkipValidation[Postings]
    k: int = 6

    @classmethod
    def over(cls, passages: Sequence[Passage], *, k: int = 6) -> KeywordRetriever:
        """A retriever over `passages`."""
        rows = rows_of(passages)
        return cls(passages=tuple(passages), rows=rows, postings=build(rows.texts), k=k)

    def scored(
        self, question: str, *, k: int | None = None, valid_on: datetime | None = None
    ) -> list[tuple[Passage, float]]:
        """The best passages that share a word with the question, and their scores, best first."""
        if not self.passages:
            return []
        moment = valid_on or datetime.now(UTC)
        score = self.postings.scores(clean(question))
        best = np.maximum.reduceat(np.where(self.rows.counter, 0, score), self.rows.starts)
        ranked = [(self.passages[at], float(best[at])) for at in np.argsort(-best, kind="stable") if best[at] > 0]
        return [(passage, score) for passage, score in ranked if passage.valid_on(moment)][: k or self.k]

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        valid_on: datetime | None = None,
        **_: Any,
    ) -> list[Document]:
        return [
            Document(id=passage.id, page_content=passage.text, metadata={"source": passage.source, "score": score})
            for passage, score in self.scored(query, valid_on=valid_on)
        ]

    # Without this, `ainvoke(…, valid_on=…)` raises: the inherited one does not pass the argument on.
    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        valid_on: datetime | None = None,
        **_: Any,
    ) -> list[Document]:
        return self._get_relevant_documents(query, run_manager=run_manager.get_sync(), valid_on=valid_on)
