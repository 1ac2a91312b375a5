"""Hearing a conversation from any number on: every event once, in order, whatever the bus drops, doubles or delays."""

from __future__ import annotations

import asyncio

from assistant.conversation.bus import Bus, Listener, Look, Told, Typing
from assistant.conversation.events import Audience
from assistant.conversation.store import Entry, Store

PAGE = 100
"""Events read at once when catching up: more would be made for nothing when the client does not take them."""


class FellBehind(Exception):
    """The reader did not keep up and was dropped; it should resume from its last number."""


class Follow:
    """One reader of one conversation."""

    def __init__(self, store: Store, talk: str, listener: Listener, audience: Audience, after: int) -> None:
        self.last = after
        """The last number handed out, as the audience counts."""
        self.wake = listener.wake
        """Set when `ready` has something to do."""
        self._store, self._talk, self._listener, self._audience = store, talk, listener, audience
        self._behind = True
        self.wake.set()

    async def ready(self) -> list[Entry | Typing]:
        """What is new since the last call, in order. Raises `FellBehind`, and `StoreBusy` (then call again)."""
        self.wake.clear()
        if self._listener.dropped:
            raise FellBehind
        new: list[Entry | Typing] = []
        for news in self._listener.take():
            match news:
                case Told():
                    self._sort(news, new)
                case Typing():
                    new.append(news)
                case Look():
                    self._behind = True
        if self._behind:
            new += await self._read()
        return new

    def _sort(self, news: Told, new: list[Entry | Typing]) -> None:
        for entry in news.entries:
            number = entry.number(self._audience)
            if number is None or number <= self.last:
                continue
            if self._behind or number != self.last + 1:
                self._behind = True  # the store has this one, too
            else:
                self.last = number
                new.append(entry)

    async def _read(self) -> list[Entry]:
        try:
            rows = await self._store.read(self._talk, after=self.last, audience=self._audience, limit=PAGE)
        except BaseException:
            self.wake.set()
            raise
        if rows:
            self.last = rows[-1].number(self._audience) or self.last
        if len(rows) == PAGE:
            self.wake.set()
        else:
            self._behind = False
        return rows

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()


async def follow(
    store: Store, bus: Bus, talk: str, *, after: int, audience: Audience, wake: asyncio.Event | None = None
) -> Follow:
    """Start to hear `talk` behind number `after`: listen first, then read, so that nothing falls between."""
    return Follow(store, talk, await bus.listen(talk, wake), audience, after)
