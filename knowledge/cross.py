"""`RERANK_MODEL`: a cross-encoder that reads question and entry together and orders the first hits again.

Off unless set: none was shown to pay here. It has a time budget; what comes later than that is dropped and the order
stands as it was. Its order replaces ours among the hits it read. Its scores mean nothing to a curve fitted to ours: the
first hit has the confidence the first hit had, since a better order makes it no less sure.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from typing import Any, Protocol

from knowledge.embedding import EmbeddingUnusable
from knowledge.types import Hit

log = logging.getLogger(__name__)

TOP = 20
"""Hits it reads."""
BUDGET = 0.4
"""Seconds it may take."""
ANSWER = 200
"""Characters of the answer it reads beside the question."""


class Reranker(Protocol):
    """Orders hits again."""

    def ordered(self, question: str, hits: Sequence[Hit]) -> list[Hit] | None:
        """The same hits in its order; None when it was too late or failed."""
        ...


class CrossReranker:
    """A sentence-transformers CrossEncoder by name or folder; one question at a time, on one thread."""

    def __init__(self, name: str, *, budget: float = BUDGET) -> None:
        try:
            import torch
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise EmbeddingUnusable(
                what=f"RERANK_MODEL={name} 需要 sentence-transformers，但没有安装。"
                "请执行 pip install 'dianban[models]'，或去掉 RERANK_MODEL。"
            ) from error
        torch.set_num_threads(1)
        try:
            self._model: Any = CrossEncoder(name, device="cpu")
            probe = self._scores([("退货运费谁出？", "退货运费由买家承担。")])
        except Exception as error:  # the library raises whatever hub, disk or config raise
            said = " ".join(str(error).split())[:160]
            raise EmbeddingUnusable(
                what=f"RERANK_MODEL={name} 打不开（{type(error).__name__}：{said}）。"
                "请检查模型名或文件夹；没有网络时只能用本地文件夹。"
            ) from error
        if len(probe) != 1 or not math.isfinite(probe[0]):
            raise EmbeddingUnusable(what=f"RERANK_MODEL={name} 给不出一个分数，不能用于重排。请换一个 CrossEncoder。")
        self.name, self._budget = name, budget
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rerank")
        self._running: Future[list[float]] | None = None

    def ordered(self, question: str, hits: Sequence[Hit]) -> list[Hit] | None:
        """The first `TOP` hits in the model's order, the rest behind them."""
        if self._running is not None and not self._running.done():
            return None  # the last one was late and is not over: another would be later still
        read, rest = list(hits[:TOP]), list(hits[TOP:])
        self._running = self._thread.submit(self._scores, [(question, _said(hit)) for hit in read])
        try:
            scores = self._running.result(timeout=self._budget)
        except Late:
            log.info("reranker late, order kept")
            return None
        except Exception:  # whatever a model raises, the search stands
            log.warning("reranker failed, order kept", exc_info=True)
            return None
        order = sorted(range(len(read)), key=lambda at: -scores[at])
        return [
            replace(read[at], score=was.score, confidence=was.confidence) for at, was in zip(order, read, strict=True)
        ] + rest

    def _scores(self, pairs: list[tuple[str, str]]) -> list[float]:
        scores = self._model.predict(pairs, show_progress_bar=False)
        if getattr(scores, "ndim", 1) != 1:
            raise ValueError("the model gives several scores for a pair")
        return [float(score) for score in scores]


def _said(hit: Hit) -> str:
    return f"{hit.passage.question} {hit.passage.text[:ANSWER]}".strip()


def open_reranker(name: str | None) -> CrossReranker | None:
    """The model `RERANK_MODEL` names, or None. Raises `EmbeddingUnusable`."""
    return CrossReranker(name) if name else None
