"""Who is told that a conversation moved. The log is the truth; the bus only saves the asking.

A listener that does not keep up is dropped and must resume from the store. Nothing is lost with the bus: whoever hears
of a number that is not the next one, or only "look", reads the store (`follow.py`).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.conversation.store import Entry

QUEUE = 256
"""News a listener may leave unread."""


@dataclass(frozen=True, slots=True)
class Told:
    """These events were stored."""

    talk: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is writing. The only thing told that is not stored."""

    talk: str
    by: Literal["shopper", "assistant", "staff"]


@dataclass(frozen=True, slots=True)
class Look:
    """Something may have been missed: read the store."""


News = Told | Typing | Look


class Listener:
    """The bounded queue of one who listens."""

    def __init__(self, wake: asyncio.Event, leave: Callable[[Listener], None], size: int = QUEUE) -> None:
        self.wake = wake
        """Set when there is news, or when the listener was dropped."""
        self.dropped = False
        self._news: deque[News] = deque()
        self._leave = leave
        self._size = size

    def put(self, news: News) -> None:
        """Queue `news`; a queue that is full drops its listener."""
        if self.dropped or (isinstance(news, Look) and self._news and isinstance(self._news[-1], Look)):
            return
        if len(self._news) >= self._size:
            self.dropped = True
            self._news.clear()
            self._leave(self)
        else:
            self._news.append(news)
        self.wake.set()

    def take(self) -> list[News]:
        """All news that waits, oldest first."""
        news = list(self._news)
        self._news.clear()
        return news

    def close(self) -> None:
        """Listen no more."""
        self._leave(self)


class Bus(Protocol):
    """Tells every process what was stored."""

    def tell(self, talk: str, entries: Sequence[Entry]) -> None:
        """Say that `entries` were stored. Returns at once."""

    def typing(self, talk: str, by: Literal["shopper", "assistant", "staff"]) -> None:
        """Say that somebody is writing. May be lost."""

    async def listen(self, talk: str | None, wake: asyncio.Event | None = None) -> Listener:
        """Hear of one conversation, or of all (None), from the moment this returns."""

    @property
    def healthy(self) -> bool:
        """Whether other processes are heard at once; if not, listeners are told to look every second or two."""

    async def close(self) -> None:
        """Stop telling."""


class MemoryBus:
    """The bus of a single process."""

    def __init__(self) -> None:
        self._listeners: dict[str | None, set[Listener]] = defaultdict(set)

    def tell(self, talk: str, entries: Sequence[Entry]) -> None:
        self._give(talk, Told(talk, entries))

    def typing(self, talk: str, by: Literal["shopper", "assistant", "staff"]) -> None:
        self._give(talk, Typing(talk, by))

    async def listen(self, talk: str | None, wake: asyncio.Event | None = None) -> Listener:
        return self._join(talk, wake or asyncio.Event())

    @property
    def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        self._listeners.clear()

    def _join(self, talk: str | None, wake: asyncio.Event) -> Listener:
        listener = Listener(wake, lambda gone: self._left(talk, gone))
        self._listeners[talk].add(listener)
        return listener

    def _left(self, talk: str | None, gone: Listener) -> None:
        if (there := self._listeners.get(talk)) is not None:
            there.discard(gone)
            if not there:
                del self._listeners[talk]

    def _give(self, talk: str, news: News) -> None:
        for topic in (talk, None):
            for listener in tuple(self._listeners.get(topic, ())):
                listener.put(news)


def open_bus(url: str) -> Bus:
    """The bus of `memory://` or `redis://…`. Raises `ValueError` for any other URL."""
    scheme = url.partition("://")[0]
    if scheme == "memory":
        return MemoryBus()
    if scheme in ("redis", "rediss", "unix"):
        from assistant.conversation.redis_bus import RedisBus  # an optional dependency

        return RedisBus(url)
    raise ValueError(f"BUS_URL 不支持 {url!r}；请写 memory:// 或 redis://主机:端口")
