"""What is asked of Chroma itself, row by row: get, tidy, put, find. None raises; `away` says what is the matter."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Matrix
from knowledge.vector_home import FOUND, MISSED, Home, VectorsAway, refusing

log = logging.getLogger(__name__)

Keys = NDArray[np.uint64]
Floats = NDArray[np.float32]

NEAR = 300
"""Rows asked of Chroma."""
REST = 30.0
"""Seconds before something that was away is tried again."""
BATCH = 1000


class VectorRows(Protocol):
    """Collections of rows; a row is a key of 16 hexadecimal digits and a vector of length 1."""

    away: str
    """Why the rows cannot be reached now, or nothing."""
    note: str
    """What had to be done to open them, or nothing."""

    def ping(self) -> None:
        """Returns once they answer; raises `VectorsAway`."""

    def get(self, name: str, keys: Sequence[str]) -> tuple[list[str], Matrix]:
        """Those of `keys` that the collection has, and their rows."""
        ...

    def tidy(self, name: str, shop: str, keys: Sequence[str]) -> list[str] | None:
        """Delete every row of the shop but `keys`; which of them are missing. None when it could not be done."""
        ...

    def put(self, name: str, shop: str, keys: Sequence[str], rows: Matrix) -> bool:
        """Store rows of a shop."""
        ...

    def nearest(self, name: str, vector: Floats) -> tuple[Keys, Floats] | None:
        """Keys of the rows nearest to `vector`, with cosines."""
        ...

    def findable(self, name: str, count: int, sample: Matrix) -> bool:
        """Whether the collection has `count` rows and finds these of its own."""
        ...

    def forget(self, name: str) -> None:
        """Delete a collection."""

    def close(self) -> None:
        """Let go of them."""


class ChromaRows:
    """Chroma at a folder or a URL, in this process, opened on first use."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.away = ""
        self.note = ""
        self._home: Home | None = None
        self._tried = -REST
        self._opening = threading.Lock()

    def ping(self) -> None:
        client = self._client()
        if client is None:
            raise VectorsAway(self.away)
        try:
            client.heartbeat()
        except Exception as error:
            raise VectorsAway(f"{self.url}：{_line(error)}") from error

    def get(self, name: str, keys: Sequence[str]) -> tuple[list[str], Matrix]:
        found: list[str] = []
        rows: list[Any] = []
        try:
            if (collection := self._collection(name)) is not None:
                for at in range(0, len(keys), BATCH):
                    got = collection.get(ids=list(keys[at : at + BATCH]), include=["embeddings"])
                    for key, row in zip(got["ids"], got["embeddings"], strict=True):
                        # A row of another length than 1 was not written by us: it counts as missing.
                        if abs(float(np.linalg.norm(row)) - 1) < 1e-3:
                            found.append(key)
                            rows.append(row)
        except Exception as error:
            self._failed(error)
            return [], np.zeros((0, 0), dtype=np.float32)
        return found, np.array(rows, dtype=np.float32)

    def tidy(self, name: str, shop: str, keys: Sequence[str]) -> list[str] | None:
        try:
            collection = self._collection(name, create=True)
            if collection is None:
                return None
            have = set(collection.get(where={"shop": shop}, include=[])["ids"])
            stale = sorted(have.difference(keys))
            for at in range(0, len(stale), BATCH):
                collection.delete(ids=stale[at : at + BATCH])
            return [key for key in keys if key not in have]
        except Exception as error:
            self._failed(error)
            return None

    def put(self, name: str, shop: str, keys: Sequence[str], rows: Matrix) -> bool:
        try:
            collection = self._collection(name, create=True)
            if collection is None:
                return False
            for at in range(0, len(keys), BATCH):
                part = list(keys[at : at + BATCH])
                collection.upsert(ids=part, embeddings=rows[at : at + BATCH], metadatas=[{"shop": shop}] * len(part))
            return True
        except Exception as error:
            self._failed(error)
            return False

    def nearest(self, name: str, vector: Floats) -> tuple[Keys, Floats] | None:
        if self.away and time.monotonic() - self._tried < REST:
            return None
        try:
            collection = self._collection(name)
            if collection is None:
                return None
            got = collection.query(query_embeddings=[vector], n_results=NEAR, include=["distances"])
            keys = np.array([int(key, 16) for key in got["ids"][0]], dtype=np.uint64)
            return keys, 1 - np.array(got["distances"][0], dtype=np.float32)
        except Exception as error:
            self._failed(error)
            return None

    def findable(self, name: str, count: int, sample: Matrix) -> bool:
        try:
            collection = self._collection(name)
            if collection is None or collection.count() != count:
                return False
            got = collection.query(query_embeddings=list(sample), n_results=1, include=["distances"])
            found = sum(bool(row) and row[0] <= FOUND for row in got["distances"])
            return bool(found >= len(sample) * (1 - MISSED))
        except Exception as error:
            self._failed(error)
            return False

    def forget(self, name: str) -> None:
        try:
            if (client := self._client()) is not None:
                client.delete_collection(name)
        except Exception as error:
            self._failed(error)

    def close(self) -> None:
        if self._home is not None:
            self._home.close()
            self._home = None

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


def _line(error: Exception) -> str:
    return f"{type(error).__name__} {' '.join(str(error).split())[:120]}"
