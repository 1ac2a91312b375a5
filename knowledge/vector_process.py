"""Chroma in a process of its own, so that its work and its accidents are not ours.

Writing 20,000 rows keeps an interpreter busy for ten seconds, and a damaged folder can end the process that reads it.
Both now befall a child that runs at low priority and leaves when nobody has asked for a while. It is started on first
use and again after it died; meanwhile everything is searched in memory, as whenever Chroma is away.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.embedding import Matrix
from knowledge.vector_home import VectorsAway
from knowledge.vector_rows import REST, ChromaRows, Floats, Keys

IDLE = 20.0
"""Seconds without a question after which the child closes its folder in order and leaves."""
LONGEST = 180.0
"""Seconds one question may take: opening a damaged folder examines it first."""
NICE = 15
"""How far the child steps back behind answers."""
_WRITES = frozenset({"tidy", "put", "findable", "forget"})
_ASKED = _WRITES | {"ping", "get", "nearest"}


class RowsBeside:
    """`knowledge.vector_rows.VectorRows` in a child process."""

    def __init__(self, url: str, *, idle: float = IDLE) -> None:
        self.away = ""
        self.note = ""
        self._url, self._idle = url, idle
        self._starting = threading.Lock()
        self._child: _Child | None = None
        self._lost = -REST
        self._closed = False

    def ping(self) -> None:
        said = self._ask("ping")
        if said is not None or self.away:
            raise VectorsAway(said or self.away)

    def get(self, name: str, keys: Sequence[str]) -> tuple[list[str], Matrix]:
        return self._ask("get", name, list(keys)) or ([], np.zeros((0, 0), dtype=np.float32))

    def tidy(self, name: str, shop: str, keys: Sequence[str]) -> list[str] | None:
        missing: list[str] | None = self._ask("tidy", name, shop, list(keys))
        return missing

    def put(self, name: str, shop: str, keys: Sequence[str], rows: Matrix) -> bool:
        return bool(self._ask("put", name, shop, list(keys), rows))

    def nearest(self, name: str, vector: Floats) -> tuple[Keys, Floats] | None:
        found: tuple[Keys, Floats] | None = self._ask("nearest", name, vector)
        return found

    def findable(self, name: str, count: int, sample: Matrix) -> bool:
        return bool(self._ask("findable", name, count, sample))

    def forget(self, name: str) -> None:
        self._ask("forget", name)

    def close(self) -> None:
        self._closed = True
        with self._starting:
            if self._child is not None:
                self._child.close()
                self._child = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.runs else None

    def _ask(self, what: str, *given: Any) -> Any:
        """The child's answer, or None when there is none to be had; then `away` says why."""
        for _ in range(2):
            child = self._running()
            if child is None:
                return None
            try:
                answer, self.away, self.note = child.ask(what, given)
                return answer
            except _Left:
                continue  # it left for want of questions, just as this one came
            except (OSError, EOFError, Late) as why:
                self.away = f"{self._url}：向量进程没有回答（{type(why).__name__}）"
                self._lost = time.monotonic()
                child.kill()
                return None
        return None

    def _running(self) -> _Child | None:
        with self._starting:
            if self._child is not None and self._child.runs:
                return self._child
            if self._closed or time.monotonic() - self._lost < REST:
                return None
            self._child = _Child(self._url, self._idle)
            return self._child


class _Left(Exception):
    """The child closed in order before it heard the question."""


class _Child:
    """One child process and the questions that wait for it."""

    def __init__(self, url: str, idle: float) -> None:
        ours, theirs = socket.socketpair()
        package = str(Path(__file__).parent.parent)
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-m", "knowledge.vector_process", url, str(theirs.fileno()), str(idle)]
        with theirs:
            self._process = subprocess.Popen(
                command, pass_fds=(theirs.fileno(),), env=os.environ | {"PYTHONPATH": path}, stdin=subprocess.DEVNULL
            )
        self._line = Connection(ours.detach())
        self._sending = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._over: BaseException | None = None
        threading.Thread(target=self._listen, name="vectors-heard", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether questions can still be put to it."""
        return self._over is None

    def ask(self, what: str, given: Sequence[Any]) -> Any:
        """Its answer with `away` and `note`."""
        number, answer = next(self._numbers), Future[Any]()
        self._waiting[number] = answer
        try:
            with self._sending:
                if self._over is not None:
                    raise self._over
                self._line.send((number, what, given))
            return answer.result(timeout=LONGEST)
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Let it finish, close its folder and leave."""
        with contextlib.suppress(OSError, _Left, EOFError), self._sending:
            self._line.send((-1, "leave", ()))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LONGEST)
        self.kill()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        over: BaseException = EOFError()
        try:
            while True:
                number, answer = self._line.recv()
                if number < 0:
                    over = _Left()
                    break
                if (waiting := self._waiting.get(number)) is not None:
                    waiting.set_result(answer)
        except (OSError, EOFError):
            pass
        with self._sending:
            self._over = over
            self._line.close()
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(over)
        self._process.wait()


def serve(url: str, line: Connection, idle: float) -> None:
    """The child: answers until it is told to leave, its parent is gone, or nobody has asked for `idle` seconds."""
    rows = ChromaRows(url)
    sending = threading.Lock()

    def answer(number: int, what: str, given: Sequence[Any]) -> None:
        try:
            said = getattr(rows, what)(*given)
        except VectorsAway as away:
            said = str(away)
        with sending:
            line.send((number, (said, rows.away, rows.note)))

    # Writing takes seconds; a search must not wait behind it.
    with ThreadPoolExecutor(1) as writer:
        busy: set[Future[None]] = set()
        while True:
            busy = {one for one in busy if not one.done()}
            try:
                if not line.poll(idle):
                    if busy:
                        continue
                    break
                number, what, given = line.recv()
            except (EOFError, OSError):
                break  # our parent is gone
            if what not in _ASKED:
                break
            if what in _WRITES:
                busy.add(writer.submit(answer, number, what, given))
            else:
                answer(number, what, given)
    rows.close()
    with contextlib.suppress(OSError):
        line.send((-1, None))


if __name__ == "__main__":
    os.nice(NICE)
    serve(sys.argv[1], Connection(int(sys.argv[2])), float(sys.argv[3]))
