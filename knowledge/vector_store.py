"""What shops ask of their kept vectors: keep and fetch rows by text, find the nearest of a large shop. Never raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from hashlib import blake2b
from typing import Protocol

import numpy as np

from knowledge.vector_rows import REST, ChromaRows, Floats, Keys, VectorRows

__all__ = ["REST", "VectorStore", "row_key"]

POOLS = 32
"""Collections that small shops share."""
PATIENCE = 0.25
"""Seconds a search waits for Chroma before it reads every row itself."""
SLICE = 250
"""Rows handed over at once."""
BREATH = 0.002
"""Seconds between two slices: the interpreter is free for answers meanwhile."""
QUEUE = 64
"""Shops whose rows may wait to be kept. Beyond it a shop is not kept: what is quick to encode can be encoded again."""


class Named(Protocol):
    """A model, as far as keeping its vectors goes."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def instant(self) -> bool: ...


Rows = Callable[[], Mapping[str, Floats]]


class VectorStore:
    """Chroma at a folder or a URL, opened on first use. Never raises in use; `away` says what is the matter."""

    def __init__(self, url: str, rows: VectorRows | None = None) -> None:
        self.url = url
        self._rows = rows or ChromaRows(url)
        self._waiting = 0
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="vectors-read")
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="vectors-write")

    @property
    def away(self) -> str:
        """Why Chroma cannot be used now, or nothing."""
        return self._rows.away

    @property
    def note(self) -> str:
        """What had to be done to open it, or nothing."""
        return self._rows.note

    def ping(self) -> str:
        """Where the vectors are, once it is known to answer; raises `VectorsAway`."""
        self._rows.ping()
        return self.url

    def close(self) -> None:
        """Finish writing and let go of the folder."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._rows.close()

    def fetch(self, shop: str, model: Named, texts: Sequence[str]) -> dict[str, Floats]:
        """Kept vectors of `texts`; those not kept, or not readable now, are missing."""
        wanted = {row_key(shop, text): text for text in texts}
        keys, rows = self._rows.get(_pool(shop, model), list(wanted))
        return {wanted[key]: row for key, row in zip(keys, rows, strict=True)}

    def keep(self, shop: str, model: Named, rows: Mapping[str, Floats]) -> None:
        """Store vectors of a shop's texts."""
        if rows:
            self._rows.put(_pool(shop, model), shop, [row_key(shop, text) for text in rows], np.stack([*rows.values()]))

    def keep_soon(self, shop: str, model: Named, rows: Rows) -> Future[bool]:
        """Store the vectors of all of a shop's texts in the background, in place of everything kept of the shop."""
        if model.instant and self._waiting >= QUEUE:
            (skipped := Future[bool]()).set_result(False)
            return skipped
        self._waiting += 1
        return self._writers.submit(self._kept, shop, model, rows)

    def index_soon(self, shop: str, model: Named, rows: Rows) -> Future[bool]:
        """Bring a large shop's own collection up to date in the background; True once it can be searched."""
        return self._writers.submit(self._indexed, shop, model, rows)

    def nearest(self, shop: str, model: Named, vector: Floats) -> tuple[Keys, Floats] | None:
        """Keys of a large shop's rows nearest to `vector`, with cosines; None when Chroma does not answer in time."""
        try:
            return self._readers.submit(self._rows.nearest, _own(shop, model), vector).result(timeout=PATIENCE)
        except (Late, RuntimeError):  # too slow, or closed meanwhile
            return None

    def _kept(self, shop: str, model: Named, rows: Rows) -> bool:
        self._waiting -= 1
        return self._brought_up(_pool(shop, model), shop, rows())

    def _indexed(self, shop: str, model: Named, rows: Rows) -> bool:
        name, wanted = _own(shop, model), rows()
        for _ in range(2):
            sample = np.stack([*wanted.values()][:: max(len(wanted) // 20, 1)])
            if self._brought_up(name, shop, wanted) and self._rows.findable(name, len(wanted), sample):
                return True
            # An index that does not find its own rows is built again; the client may be the stale part.
            self._rows.forget(name)
        return False

    def _brought_up(self, name: str, shop: str, rows: Mapping[str, Floats]) -> bool:
        """Make the collection hold just these rows of the shop, a slice at a time."""
        keyed: dict[str, Floats] = {}
        for number, (text, row) in enumerate(rows.items(), 1):
            keyed[row_key(shop, text)] = row
            if number % (8 * SLICE) == 0:
                time.sleep(BREATH)
        missing = self._rows.tidy(name, shop, list(keyed))
        if missing is None:
            return False
        for at in range(0, len(missing), SLICE):
            part = missing[at : at + SLICE]
            if not self._rows.put(name, shop, part, np.stack([keyed[key] for key in part])):
                return False
            time.sleep(BREATH)
        return True


def row_key(shop: str, text: str) -> str:
    """The id of a shop's text in Chroma: 16 hexadecimal digits."""
    return blake2b(f"{shop}\0{text}".encode("utf-8", "replace"), digest_size=8).hexdigest()


def _pool(shop: str, model: Named) -> str:
    return f"pool-{model.fingerprint}-{blake2b(shop.encode(), digest_size=2).digest()[0] % POOLS:02d}"


def _own(shop: str, model: Named) -> str:
    return f"shop-{model.fingerprint}-{blake2b(shop.encode(), digest_size=8).hexdigest()}"
