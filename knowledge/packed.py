"""A shop's index kept in one file, so that it opens in a millisecond or two instead of being encoded and fitted again.

Thousands of shops share a process by being open only while somebody asks them. The file holds the passages, their
encoded texts and the fit; it can be lost or damaged at any time, since the catalogue makes another.
"""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from knowledge.confidence import Confidence, Curves
from knowledge.embedding import Embedding
from knowledge.index import Exact, ShopIndex, rows_of
from knowledge.postings import Postings
from knowledge.types import Passage

log = logging.getLogger(__name__)

FORM = 2
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
        ids, lengths = index.postings.source
        head = orjson.dumps(
            {
                "form": FORM,
                "shop": shop,
                "version": version,
                "model": index.embedding.fingerprint,
                "rows": len(rows),
                "dim": rows.shape[1],
                "words": len(ids),
                "share": index.faq_share,
                "curves": asdict(index.curves),
                "passages": [_written(passage) for passage in index.passages],
            }
        )
        arrays = (rows.astype(np.float16), index.answers.astype(np.float16), ids.astype("<u8"), lengths.astype("<i8"))
        body = b"".join([head, b"\n", *(array.tobytes() for array in arrays)])
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


def _opened(head: dict[str, Any], body: bytes, embedding: Embedding) -> ShopIndex | None:
    passages = tuple(_read(fields) for fields in head["passages"])
    rows, count, dim = rows_of(passages), head["rows"], head["dim"]
    if len(rows.texts) != count:
        return None  # written by a release that indexed other texts
    split = np.cumsum([0, 2 * count * dim, 2 * len(passages) * dim, 8 * head["words"], 8 * count]).tolist()
    parts = [memoryview(body)[begin:end] for begin, end in pairwise(split)]
    vectors, answers = (np.frombuffer(part, dtype=np.float16).reshape(-1, dim) for part in parts[:2])
    source = (np.frombuffer(parts[2], dtype="<u8"), np.frombuffer(parts[3], dtype="<i8"))
    none = np.zeros(0)
    before = ShopIndex(
        passages=passages,
        embedding=embedding,
        rows=rows,
        postings=Postings(source[0], none, none, none, none, 0, {}, source),  # type: ignore[arg-type]
        vectors=Exact(vectors.astype(np.float32)),
        answers=answers,
        begins=none,
        ends=none,
        faq_share=head["share"],
        curves=Curves(**{name: Confidence(**curve) for name, curve in head["curves"].items()}),
    )
    # From here on it is an index some of whose passages changed, namely none: nothing is read or encoded again.
    return before.updated(passages)


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
