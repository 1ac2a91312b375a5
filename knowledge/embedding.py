"""The embedding model: the small one that ships with the product, any sentence-transformers model, or an API.

    EMBEDDING_MODEL unset          the shipped model: numpy only, no network, 0.05 ms a question
    EMBEDDING_MODEL=name|folder    a sentence-transformers model (imported on use; one torch thread)
    EMBEDDING_MODEL=openai:NAME    an OpenAI-compatible embeddings API (OPENAI_BASE_URL, OPENAI_API_KEY)

All give float32 rows of length 1, so a dot product is the cosine. Cosines of different models live on different
scales: thresholds belong to a model and a shop (`knowledge.confidence`), never to the code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.confidence import Confidence, Curves
from knowledge.errors import KnowledgeError
from knowledge.words import Ids, feature_ids, name_ids

Matrix = NDArray[np.float32]

MODEL = Path(__file__).with_name("model")
"""Where the shipped model lives; its `README.md` says what it is."""

API = "openai:"
_PROBE = "退货运费谁出？"


class EmbeddingAway(KnowledgeError):
    """The model cannot be asked right now. Lexical search goes on; the index says it is degraded."""


class EmbeddingUnusable(KnowledgeError):
    """The setting names no usable model: wrong name, missing package, broken files. One clear line."""


class Embedding(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text may give another vector: then everything is embedded again."""
        ...

    @property
    def instant(self) -> bool:
        """Whether encoding is quicker than fetching a stored vector."""
        ...

    @property
    def curves(self) -> Curves | None:
        """Confidence to start from, fitted on questions the model has not learnt from; None where nobody has yet."""
        ...

    def novelty(self, texts: Sequence[str]) -> float:
        """Share of the texts' word pairs the model has never seen; 0 where that cannot be known."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """One row a question; raises `EmbeddingAway`."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        """One row a wording or passage; raises `EmbeddingAway`."""
        ...


def open_embedding(name: str | None = None, *, base_url: str | None = None, api_key: str | None = None) -> Embedding:
    """The model `EMBEDDING_MODEL` names; None or empty is the one that ships. Raises `EmbeddingUnusable`."""
    if not name:
        return ShippedEmbedding()
    if name.startswith(API):
        return ApiEmbedding(name.removeprefix(API), base_url=base_url, api_key=api_key)
    return TransformerEmbedding(name)


def unit(rows: Any) -> Matrix:
    """Rows of length 1; an all-zero row stays zero."""
    rows = np.asarray(rows, dtype=np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


class ShippedEmbedding:
    """Two layers in numpy: the sum of a text's feature rows, and the intents it comes nearest to.

    Rows are int8 with one scale each, mapped from the file, so processes share them.
    """

    instant = True

    def __init__(self, folder: Path = MODEL) -> None:
        try:
            settings = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            names = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
            self._rows = np.load(folder / "rows.npy", mmap_mode="r")
            self._scales = np.load(folder / "rows_scales.npy")
            self._keys, self._values = (
                np.load(folder / f"{name}.npy") * np.load(folder / f"{name}_scales.npy")[:, None]
                for name in ("keys", "values")
            )
            self._sharpness, self._pull = np.float32(settings["sharpness"]), np.float32(settings["pull"])
            fitted = settings.get("curves")
            self.curves = Curves(Confidence(**fitted["faq"]), Confidence(**fitted["text"])) if fitted else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EmbeddingUnusable(what=f"自带的向量模型读不出来：{folder}（{error}）。请重新安装本软件。") from error
        if not len(names) == len(self._rows) == len(self._scales):
            raise EmbeddingUnusable(what=f"自带的向量模型不完整：{folder}。请重新安装本软件。")
        ids = name_ids(names)
        self._order = np.argsort(ids)
        self._ids = ids[self._order]
        self.name = str(settings["name"])
        self.dim = int(self._rows.shape[1])
        digest = blake2b(self._scales.tobytes(), digest_size=6)
        digest.update("\n".join(names).encode() + self._keys.tobytes())
        self.fingerprint = digest.hexdigest()

    def novelty(self, texts: Sequence[str]) -> float:
        ids, _ = feature_ids(texts)
        pairs = ids[ids >> np.uint64(32) > 0]
        return float((~self._places(pairs)[1]).mean()) if len(pairs) else 0.0

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Matrix:
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for at in range(0, len(texts), 256):
            sums = unit(self._sums(texts[at : at + 256]))
            out[at : at + 256] = unit(sums + self._pull * unit(self._attention(sums) @ self._values))
        return out

    def _attention(self, sums: Matrix) -> Matrix:
        """How much each intent has of each text; nothing for a text without a known feature."""
        close = self._sharpness * (sums @ self._keys.T)
        close = np.exp(close - close.max(axis=1, keepdims=True))
        return np.asarray(close * sums.any(axis=1, keepdims=True), dtype=np.float32)

    def _places(self, ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return at, self._ids[at] == ids

    def _sums(self, texts: Sequence[str]) -> Matrix:
        ids, lengths = feature_ids(texts)
        at, known = self._places(ids)
        owner = np.repeat(np.arange(len(texts)), lengths)[known]
        rows = self._order[at[known]]
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        if len(rows):
            weighed = self._rows[rows] * self._scales[rows, None]
            first = np.flatnonzero(np.diff(owner, prepend=-1))
            out[owner[first]] = np.add.reduceat(weighed, first, axis=0)
        return out


class TransformerEmbedding:
    """Any sentence-transformers model, by name or folder. Its own prompts are used where it defines them."""

    instant = False
    curves: Curves | None = None

    def __init__(self, name: str) -> None:
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbeddingUnusable(
                what=f"EMBEDDING_MODEL={name} 需要 sentence-transformers，但没有安装。"
                "请执行 pip install 'dianban[models]'，或去掉 EMBEDDING_MODEL 改用自带模型。"
            ) from error
        # Two torch threads on busy cores took the 99th percentile from 20 to 380 ms.
        torch.set_num_threads(1)
        try:
            self._model: Any = SentenceTransformer(name, device="cpu")
            probe = self._encode([_PROBE], "query")
        except Exception as error:  # the library raises whatever hub, disk or config raise
            raise EmbeddingUnusable(
                what=f"EMBEDDING_MODEL={name} 打不开（{type(error).__name__}：{_line(error)}）。"
                "请检查模型名或文件夹；没有网络时只能用本地文件夹。"
            ) from error
        if not np.isfinite(probe).all() or not probe.any():
            raise EmbeddingUnusable(
                what=f"EMBEDDING_MODEL={name} 给出的向量全为零或不是数字，不能用于检索。请换一个模型。"
            )
        self.name = name
        self.dim = int(probe.shape[1])
        # Two decimals: another machine's last bits must not look like another model.
        self.fingerprint = _fingerprint(name, np.round(probe, 2).tobytes())

    def novelty(self, texts: Sequence[str]) -> float:
        return 0.0

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._encode(texts, "query")

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        return self._encode(texts, "document")

    def _encode(self, texts: Sequence[str], role: str) -> Matrix:
        prompts = getattr(self._model, "prompts", None) or {}
        names = (role, "passage") if role == "document" else (role,)
        prompt = next((n for n in names if prompts.get(n)), None)
        return unit(self._model.encode(list(texts), prompt_name=prompt, show_progress_bar=False))


class ApiEmbedding:
    """An OpenAI-compatible embeddings endpoint."""

    instant = False
    curves: Curves | None = None

    def __init__(self, model: str, *, base_url: str | None = None, api_key: str | None = None) -> None:
        from langchain_openai import OpenAIEmbeddings

        if not model:
            raise EmbeddingUnusable(what="EMBEDDING_MODEL=openai: 后面缺模型名，例如 openai:text-embedding-v4。")
        self.name = API + model
        self.fingerprint = _fingerprint(self.name, (base_url or os.environ.get("OPENAI_BASE_URL") or "").encode())
        self._dim = 0
        self._client = OpenAIEmbeddings(
            model=model,
            base_url=base_url,
            api_key=api_key or os.environ.get("OPENAI_API_KEY") or "none",  # type: ignore[arg-type]
            # Otherwise texts are cut to OpenAI's own token numbers, which other servers do not read.
            check_embedding_ctx_length=False,
            chunk_size=64,
            max_retries=2,
            timeout=10,
        )

    @property
    def dim(self) -> int:
        """0 until the first answer of the endpoint."""
        return self._dim

    def novelty(self, texts: Sequence[str]) -> float:
        return 0.0

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Matrix:
        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        try:
            rows = unit(self._client.embed_documents(list(texts)))
        except Exception as error:  # openai, httpx and parsing errors have no common base
            raise EmbeddingAway(what=f"{self.name}：{type(error).__name__} {_line(error)}") from error
        if rows.shape[0] != len(texts) or (self._dim and rows.shape[1] != self._dim) or not np.isfinite(rows).all():
            raise EmbeddingAway(what=f"{self.name}：返回的向量数量或维数不对（{rows.shape}）")
        self._dim = int(rows.shape[1])
        return rows


def _fingerprint(name: str, probe: bytes) -> str:
    return blake2b(name.encode() + b"\0" + probe, digest_size=6).hexdigest()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
