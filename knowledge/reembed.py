"""Changing the embedding model without a pause: the old index serves while the new vectors are made in the background.

A slow model needs minutes for a shop of any size. Until all of a shop's texts are kept (in Chroma), the shop is
searched with the model that served before, or with the shipped one, which needs no time. How far it is stands in a
small file that `doctor` reads.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from knowledge.embedding import Embedding, EmbeddingAway, EmbeddingUnusable, open_embedding
from knowledge.index import ShopIndex, rows_of
from knowledge.types import Passage
from knowledge.vectors import VectorStore, open_index

log = logging.getLogger(__name__)

AT_ONCE = 256
"""Texts that are encoded while a shop opens: a few changed rows are worth no detour."""
BATCH = 64
PAUSE = 30.0
"""Seconds until a model that was away is asked again."""


class Reembedding:
    """Opens shops with `new`, or with what served before it while `new` is not ready for them."""

    def __init__(
        self, new: Embedding, vectors: VectorStore, folder: Path, *, old: Callable[[str], Embedding] = open_embedding
    ) -> None:
        self._new, self._vectors, self._folder = new, vectors, folder
        self._open_old = old
        self._old: Embedding | None = None
        self._ready: Callable[[str], None] = lambda _shop: None
        self._far: dict[str, tuple[int, int]] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="re-embed")
        self._stop = threading.Event()
        self._guard = threading.Lock()

    def on_ready(self, tell: Callable[[str], None]) -> None:
        """Call `tell(shop)` when a shop can be opened with the new model; from another thread."""
        self._ready = tell

    def open(self, shop: str, passages: list[Passage], before: ShopIndex | None) -> ShopIndex:
        """The shop's index, with the new model if that takes no time."""
        if self._new.instant:
            return open_index(shop, passages, self._new, self._vectors, before)
        missing = self._missing(shop, passages, before)
        if len(missing) <= AT_ONCE or self._vectors.away:
            index = open_index(shop, passages, self._new, self._vectors, before)
            self._told(shop, None)
            return index
        with self._guard:
            busy = shop in self._far
        self._told(shop, (0, len(missing)))
        if not busy:
            self._worker.submit(self._encode, shop, missing)
        return open_index(shop, passages, self._serving(), None, before)

    def close(self) -> None:
        """Stop; what was encoded is kept, the rest is done next time."""
        self._stop.set()
        self._worker.shutdown(wait=True)

    def _missing(self, shop: str, passages: Sequence[Passage], before: ShopIndex | None) -> list[str]:
        texts = dict.fromkeys([*rows_of(passages).texts, *(passage.text for passage in passages)])
        if before is not None and before.embedding.fingerprint == self._new.fingerprint:
            known = {*before.rows.texts, *(passage.text for passage in before.passages)}
            return [text for text in texts if text not in known]
        kept = self._vectors.fetch(shop, self._new, list(texts))
        return [text for text in texts if text not in kept]

    def _serving(self) -> Embedding:
        """What served before: the model named in the folder, or the shipped one."""
        with self._guard:
            if self._old is None:
                name = _read(self._folder / "embedding.json").get("name") or ""
                try:
                    self._old = self._open_old("" if name == self._new.name else name)
                except EmbeddingUnusable as gone:
                    log.warning("%s", gone)
                    self._old = self._open_old("")
            return self._old

    def _encode(self, shop: str, texts: Sequence[str]) -> None:
        done = 0
        while done < len(texts) and not self._stop.is_set():
            part = texts[done : done + BATCH]
            try:
                rows = dict(zip(part, self._new.encode_passages(part), strict=True))
            except EmbeddingAway as away:
                log.warning("%s", away)
                self._stop.wait(PAUSE)
                continue
            self._vectors.keep(shop, self._new, rows)
            done += len(part)
            self._told(shop, (done, len(texts)))
        if not self._stop.is_set():
            self._told(shop, None)
            self._ready(shop)

    def _told(self, shop: str, far: tuple[int, int] | None) -> None:
        """Note how far a shop is; with none left, the new model is the one that serves."""
        with self._guard:
            if far is None:
                self._far.pop(shop, None)
            else:
                self._far[shop] = far
            left = {name: list(numbers) for name, numbers in self._far.items()}
        _write(self._folder / "embedding.json", {"name": self._new.name} if not left else None)
        _write(self._folder / "reembedding.json", {"model": self._new.name, "shops": left})


def progress(folder: Path) -> tuple[str, int, int] | None:
    """The model being changed to, texts done and texts in all; None when no change is under way."""
    found = _read(folder / "reembedding.json")
    if not found.get("shops"):
        return None
    numbers = list(found["shops"].values())
    return str(found["model"]), sum(done for done, _ in numbers), sum(total for _, total in numbers)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, value: dict[str, Any] | None) -> None:
    if value is None:
        return
    try:
        part = file.with_suffix(".part")
        part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        part.replace(file)
    except OSError as why:  # only a note: nothing depends on it
        log.warning("progress cannot be noted: %s", why)
