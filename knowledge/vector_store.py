"""What is asked of Chroma: keep and fetch rows by text, find the nearest of a large shop. It never raises in use."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from hashlib import blake2b
from typing import Any

import numpy as np

from knowledge.approximate import Keys
from knowledge.embedding import Embedding
from knowledge.index import Floats
from knowledge.vector_home import FOUND, MISSED, Home, VectorsAway, refusing

log = logging.getLogger(__name__)

POOLS = 32
"""Collections that small shops share."""
NEAR = 300
"""Rows asked of Chroma."""
PATIENCE = 0.25
"""Seconds a search waits for Chroma before it reads every row itself."""
REST = 30.0
"""Seconds before something that was away is tried again."""
_BATCH = 1000


class VectorStore:
    """Chroma at a folder or a URL, opened on first use. Never raises in use; `away` says what is the matter."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.away = ""
        self.note = ""
        self._home: Home | None = None
        self._tried = -REST
        self._opening = threading.Lock()
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="vectors-read")
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="vectors-write")

    def ping(self) -> str:
        """Where the vectors are, once it is known to answer; raises `VectorsAway`."""
        client = self._client()
        if client is None:
            raise VectorsAway(self.away)
        try:
            client.heartbeat()
        except Exception as error:
            raise VectorsAway(f"{self.url}：{_line(error)}") from error
        return self.url

    def close(self) -> None:
        """Finish writing and let go of the folder."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        if self._home is not None:
            self._home.close()
            self._home = None

    def fetch(self, shop: str, model: Embedding, texts: Sequence[str]) -> dict[str, Floats]:
        """Kept vectors of `texts`; those not kept, or not readable now, are missing."""
        wanted = {row_key(shop, text): text for text in texts}
        found: dict[str, Floats] = {}
        try:
            if (pool := self._collection(_pool(shop, model))) is not None:
                keys = list(wanted)
                for at in range(0, len(keys), _BATCH):
                    got = pool.get(ids=keys[at : at + _BATCH], include=["embeddings"])
                    for key, row in zip(got["ids"], got["embeddings"], strict=True):
                        # A row of another length than 1 was not written by us: it counts as missing.
                        if abs(float(np.linalg.norm(row)) - 1) < 1e-3:
                            found[wanted[key]] = np.asarray(row, dtype=np.float32)
        except Exception as error:
            self._failed(error)
            return {}
        return found

    def keep(self, shop: str, model: Embedding, rows: Mapping[str, Floats], *, only: bool = False) -> None:
        """Store the vectors of a shop's texts. `only`: add what is missing and drop every other text of the shop."""
        self._store(_pool(shop, model), shop, {row_key(shop, text): row for text, row in rows.items()}, only=only)

    def keep_soon(self, shop: str, model: Embedding, rows: Mapping[str, Floats]) -> Future[None]:
        """The same in the background, in place of everything kept of the shop."""
        return self._writers.submit(self.keep, shop, model, rows, only=True)

    def index_soon(self, shop: str, model: Embedding, rows: Callable[[], Mapping[str, Floats]]) -> Future[bool]:
        """Bring a large shop's own collection up to date in the background; True once it can be searched."""
        return self._writers.submit(lambda: self._index(shop, model, rows()))

    def nearest(self, shop: str, model: Embedding, vector: Floats) -> tuple[Keys, Floats] | None:
        """Keys of a large shop's rows nearest to `vector`, with cosines; None when Chroma does not answer in time."""
        if self.away and time.monotonic() - self._tried < REST:
            return None

        def ask() -> tuple[Keys, Floats] | None:
            collection = self._collection(_own(shop, model))
            if collection is None:
                return None
            got = collection.query(query_embeddings=[vector], n_results=NEAR, include=["distances"])
            keys = np.array([int(key, 16) for key in got["ids"][0]], dtype=np.uint64)
            return keys, 1 - np.array(got["distances"][0], dtype=np.float32)

        try:
            return self._readers.submit(ask).result(timeout=PATIENCE)
        except Late:
            return None
        except Exception as error:
            self._failed(error)
            return None

    def _index(self, shop: str, model: Embedding, rows: Mapping[str, Floats]) -> bool:
        name = _own(shop, model)
        keyed = {row_key(shop, text): row for text, row in rows.items()}
        for _ in range(2):
            if self._store(name, shop, keyed, only=True) and self._findable(name, keyed):
                return True
            try:
                # An index that does not find its own rows is built again; the client may be the stale part.
                if (client := self._client()) is not None:
                    client.delete_collection(name)
            except Exception as error:
                self._failed(error)
        return False

    def _findable(self, name: str, rows: Mapping[str, Floats]) -> bool:
        sample = list(rows.values())[:: max(len(rows) // 20, 1)]
        try:
            collection = self._collection(name)
            if collection is None or collection.count() != len(rows):
                return False
            got = collection.query(query_embeddings=sample, n_results=1, include=["distances"])
            found = sum(bool(row) and row[0] <= FOUND for row in got["distances"])
            return bool(found >= len(sample) * (1 - MISSED))
        except Exception as error:
            self._failed(error)
            return False

    def _store(self, name: str, shop: str, rows: Mapping[str, Floats], *, only: bool) -> bool:
        try:
            collection = self._collection(name, create=True)
            if collection is None:
                return False
            have = set(collection.get(where={"shop": shop}, include=[])["ids"]) if only else set()
            missing = [key for key in rows if key not in have]
            for at in range(0, len(missing), _BATCH):
                part = missing[at : at + _BATCH]
                collection.upsert(
                    ids=part, embeddings=[rows[key] for key in part], metadatas=[{"shop": shop}] * len(part)
                )
            stale = sorted(have - rows.keys()) if only else []
            for at in range(0, len(stale), _BATCH):
                collection.delete(ids=stale[at : at + _BATCH])
            return True
        except Exception as error:
            self._failed(error)
            return False

    def _collection(self, name: str, *, create: bool = False) -> Any | None:
        if (client := self._client()) is None:
            return None
        if create:
            return client.get_or_create_collection(
                name, embedding_function=refusing(), configuration={"hnsw": {"space": "cosine"}}
            )
        from chromadb.errors import NotFoundError

        try:
            return client.get_collection(name, embedding_function=refusing())
        except NotFoundError:
            return None

    def _client(self) -> Any | None:
        with self._opening:
            if self._home is None and time.monotonic() - self._tried >= REST:
                self._tried = time.monotonic()
                try:
                    self._home = Home(self.url)
                    self.away, self.note = "", self._home.note
                except (VectorsAway, OSError) as error:
                    self.away = str(error)
                    log.warning("向量库用不了，改为内存精确检索：%s", error)
                if self.note:
                    log.warning("%s", self.note)
            return self._home.client if self._home else None

    def _failed(self, error: Exception) -> None:
        self.away, self._tried = f"{self.url}：{_line(error)}", time.monotonic()
        log.warning("向量库出错，改为内存精确检索：%s", self.away)


def row_key(shop: str, text: str) -> str:
    """The id of a shop's text in Chroma: 16 hexadecimal digits."""
    return blake2b(f"{shop}\0{text}".encode("utf-8", "replace"), digest_size=8).hexdigest()


def _pool(shop: str, model: Embedding) -> str:
    return f"pool-{model.fingerprint}-{blake2b(shop.encode(), digest_size=2).digest()[0] % POOLS:02d}"


def _own(shop: str, model: Embedding) -> str:
    return f"shop-{model.fingerprint}-{blake2b(shop.encode(), digest_size=8).hexdigest()}"


def _line(error: Exception) -> str:
    return f"{type(error).__name__} {' '.join(str(error).split())[:120]}"
