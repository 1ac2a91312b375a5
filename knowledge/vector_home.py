"""Opens Chroma, in a folder or on a server, without trusting what lies there.

Measured with chromadb 1.5.9, and the reason for each step below: a damaged folder can end the process (SIGSEGV) or
answer with rows missing or altered, so a folder is sealed with checksums when it is closed, and one that was not closed
is examined in a child process; two processes on one folder read stale results without any error, so one owns it; the
cache of open indexes is a fifth of the file limit, so the limit is raised first; and the default embedding function
would download a model, so none is ever used.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

PROBE_SECONDS = 120.0
FOUND = 1e-3
"""Cosine distance within which a row has found itself."""
MISSED = 0.1
"""Share of rows that may miss themselves in a sound index: its graph is approximate, most so among equal rows."""


class VectorsAway(Exception):
    """Chroma cannot be used now; the message says why. Exact search in memory goes on."""


class Home:
    """An open Chroma. `note` says what had to be done to open it, or nothing."""

    def __init__(self, url: str) -> None:
        self.note = ""
        self._lock: IO[str] | None = None
        self._seal: Path | None = None
        self._folder: Path | None = None
        if url.startswith(("http://", "https://")):
            self.client = _server(url)
            self.shared = True
        else:
            self.client = self._own(Path(url))
            self.shared = False

    def _own(self, folder: Path) -> Any:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "owner.lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise VectorsAway(
                f"{folder} 正由另一个进程使用；多个进程请改用 Chroma 服务器（VECTOR_URL=http://…）"
            ) from error
        try:
            # Only ever our own sub-folder is deleted, wherever VECTOR_URL points.
            home, seal = folder / "chroma", folder / "sealed.json"
            if home.exists() and (found := _broken(home, seal)):
                shutil.rmtree(home)
                self.note = f"{home} 已损坏（{found}），已删除并按知识目录重建"
            seal.unlink(missing_ok=True)
            self._folder, self._seal = home, seal
            return _client(home)
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Seal the folder, so that the next start need not examine it, and let go of it."""
        if self._lock is None or self._folder is None or self._seal is None:
            return
        with contextlib.suppress(Exception):  # a half-closed client must not keep the lock
            self.client.close()
            self._seal.write_text(json.dumps(_sums(self._folder)))
        self._lock.close()


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    except Exception as error:  # the Rust side raises its own kinds
        raise VectorsAway(f"{folder}：{type(error).__name__} {str(error)[:120]}") from error


def _server(url: str) -> Any:
    import chromadb
    from chromadb.config import Settings

    at = urlsplit(url)
    try:
        client = chromadb.HttpClient(
            host=at.hostname or "localhost",
            port=at.port or (443 if at.scheme == "https" else 8000),
            ssl=at.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
        client.heartbeat()
    except Exception as error:  # httpx, chroma and value errors have no common base
        raise VectorsAway(f"{url} 连不上：{type(error).__name__} {' '.join(str(error).split())[:120]}") from error
    return client


def _sums(folder: Path) -> dict[str, str]:
    out = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = blake2b(digest_size=16)
            while block := file.read(1 << 20):
                digest.update(block)
        out[str(path.relative_to(folder))] = digest.hexdigest()
    return out


def _broken(folder: Path, seal: Path) -> str:
    """Why the folder cannot be trusted, or nothing. Without a seal, its last owner did not close it: it is tried."""
    try:
        wanted = json.loads(seal.read_text())
    except (OSError, ValueError):
        return _examined(folder)
    return "" if wanted == _sums(folder) else "关闭之后文件变了"


def _examined(folder: Path) -> str:
    """What a child process found wrong with the folder, or nothing."""
    package = str(Path(__file__).parent.parent)
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        child = subprocess.run(
            [sys.executable, "-m", "knowledge.vector_home", str(folder)],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            env=os.environ | {"PYTHONPATH": path},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "检查超时"
    if child.returncode == 0:
        return ""
    return f"信号 {-child.returncode}" if child.returncode < 0 else (child.stdout.strip()[:120] or "检查失败")


def examine(folder: Path, *, sample: int = 40) -> str:
    """What is wrong with a Chroma folder, or nothing: every collection must find its own vectors. May not return."""
    client = _client(folder)
    for collection in client.list_collections():
        count = collection.count()
        if len(collection.get(include=[])["ids"]) != count:
            return f"{collection.name}：行数对不上"
        offsets = range(0, count, max(count // sample, 1))
        missed = 0
        for offset in offsets:
            row = collection.get(limit=1, offset=offset, include=["embeddings"])
            near = collection.query(query_embeddings=row["embeddings"], n_results=min(3, count), include=["distances"])
            # Equal texts of two shops have equal vectors: any row at distance 0 will do.
            missed += not near["ids"][0] or near["distances"][0][0] > FOUND
        if missed > len(offsets) * MISSED:
            return f"{collection.name}：{len(offsets)} 行里有 {missed} 行查不到自己"
    return ""


def refusing() -> Any:
    """Stands where Chroma would put its default embedding function, which downloads a model."""
    from chromadb import Documents, EmbeddingFunction, Embeddings
    from chromadb.utils.embedding_functions import known_embedding_functions, register_embedding_function

    name = "dianban-explicit-only"
    if name not in known_embedding_functions:

        class Refusing(EmbeddingFunction[Documents]):
            def __init__(self) -> None: ...

            def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 (Chroma's own name)
                raise RuntimeError("vectors are always given explicitly")

            @staticmethod
            def name() -> str:
                return name

            def get_config(self) -> dict[str, Any]:
                return {}

            @staticmethod
            def build_from_config(config: dict[str, Any]) -> EmbeddingFunction[Documents]:
                return known_embedding_functions[name]()

        register_embedding_function(Refusing)  # type: ignore[no-untyped-call]
    return known_embedding_functions[name]()


if __name__ == "__main__":
    try:
        found = examine(Path(sys.argv[1]))
    except Exception as error:  # whatever it is, the folder cannot be trusted
        found = f"{type(error).__name__} {' '.join(str(error).split())[:100]}"
    print(found)
    sys.exit(1 if found else 0)
