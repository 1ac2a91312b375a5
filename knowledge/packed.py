"""A shop's index kept in one file, so that it opens in a millisecond or two instead of being encoded and fitted again.

Thousands of shops share a process by being open only while somebody asks them. The file holds the passages, their
encoded texts and the fit; it can be lost or damaged at any time, since the catalogue makes another.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from knowledge.confidence import Confidence, Curves
from knowledge.embedding import Embedding, Matrix
from knowledge.index import ShopIndex
from knowledge.types import Passage

log = logging.getLogger(__name__)

FORM = 1
"""Changes with the meaning of the file: one of another form is not read."""
_SEAL = 16


class Packs:
    """The packed shops of a folder. Nothing here raises: a shop that cannot be packed or read is opened anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, shop: str, version: str, index: ShopIndex) -> bool:
        """Keep `index` as the shop's at `version`; False where the disk does not take it."""
        if index.vectors is None or index.answers is None or (rows := index.vectors.matrix()) is None:
            return False
        head = orjson.dumps(
            {
                "form": FORM,
                "shop": shop,
                "version": version,
                "model": index.embedding.fingerprint,
                "rows": len(rows),
                "dim": rows.shape[1],
                "share": index.faq_share,
                "curves": asdict(index.curves),
                "passages": [_written(passage) for passage in index.passages],
            }
        )
        body = b"".join([head, b"\n", rows.astype(np.float16).tobytes(), index.answers.astype(np.float16).tobytes()])
        target = self._place(shop)
        part = target.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(body + _seal(body))
            part.replace(target)
        except OSError as why:
            log.warning("shop cannot be packed: %s", why)
            with contextlib.suppress(OSError):
                part.unlink()
            return False
        return True

    def get(self, shop: str, version: str, embedding: Embedding) -> ShopIndex | None:
        """The shop as it was packed at `version` with this model, or None."""
        try:
            data = self._place(shop).read_bytes()
            body, seal = data[:-_SEAL], data[-_SEAL:]
            if _seal(body) != seal:
                return None
            end = body.index(b"\n")
            head = orjson.loads(body[:end])
            wanted = (FORM, shop, version, embedding.fingerprint)
            if tuple(head[name] for name in ("form", "shop", "version", "model")) != wanted:
                return None
            return _opened(head, body[end + 1 :], embedding)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _place(self, shop: str) -> Path:
        return self._folder / f"{blake2b(shop.encode(), digest_size=12).hexdigest()}.shop"


def _opened(head: dict[str, Any], body: bytes, embedding: Embedding) -> ShopIndex:
    passages = [_read(fields) for fields in head["passages"]]
    both = np.frombuffer(body, dtype=np.float16).reshape(-1, head["dim"])
    curves = Curves(**{name: Confidence(**curve) for name, curve in head["curves"].items()})
    known = _Known(embedding, both[: head["rows"]], both[head["rows"] :])
    index = ShopIndex.build(passages, known)
    return replace(index, embedding=embedding, faq_share=head["share"], curves=curves)


class _Known:
    """A model that gives what was packed: first the rows, then the answers; anything else it has encoded anew."""

    def __init__(self, model: Embedding, *packed: np.ndarray[Any, np.dtype[np.float16]]) -> None:
        self._model, self._packed = model, list(packed)
        self.name, self.fingerprint, self.instant = model.name, model.fingerprint, model.instant
        self.curves = model.curves

    @property
    def dim(self) -> int:
        return self._model.dim

    def novelty(self, texts: Sequence[str]) -> float:
        return self._model.novelty(texts)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._model.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        if self._packed and len(self._packed[0]) == len(texts):
            return self._packed.pop(0).astype(np.float32)
        self._packed.clear()
        return self._model.encode_passages(texts)


def _written(passage: Passage) -> list[Any]:
    return [
        passage.id,
        passage.kind,
        passage.text,
        passage.source,
        passage.question,
        passage.similar,
        passage.counter,
        passage.category,
        passage.tags,
        passage.products,
        passage.valid_from and passage.valid_from.isoformat(),
        passage.valid_until and passage.valid_until.isoformat(),
    ]


def _read(fields: list[Any]) -> Passage:
    id_, kind, text, source, question, similar, counter, category, tags, products, begins, ends = fields
    return Passage(
        id=id_,
        kind=kind,
        text=text,
        source=source,
        question=question,
        similar=tuple(similar),
        counter=tuple(counter),
        category=category,
        tags=tuple(tags),
        products=tuple(products),
        valid_from=begins and datetime.fromisoformat(begins),
        valid_until=ends and datetime.fromisoformat(ends),
    )


def _seal(body: bytes) -> bytes:
    return blake2b(body, digest_size=_SEAL).digest()
