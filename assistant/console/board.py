"""What waits for people, kept fresh for every open page of this process with one listener and one query."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assistant.console.house import House
from assistant.conversation.bus import Look, News, Told
from assistant.conversation.store import StoreBusy
from assistant.service.queue import Waiting, queue

log = logging.getLogger(__name__)

REST_SECONDS = 0.4
"""Between two looks: a burst of events is one look."""
ANYWAY_SECONDS = 20.0
"""A look without news, in case some were lost."""
_MOVES = frozenset({"handed_over", "claimed", "transferred", "released", "resolved", "reopened", "waiting", "message"})


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation on the board."""

    waiting: Waiting
    since: str
    """ISO: since when it waits in this state."""
    asked: str
    """What the shopper said last."""
    by: str
    """Who spoke last; `shopper` means that it is our move."""

    @property
    def talk(self) -> str:
        return self.waiting.talk

    @property
    def free(self) -> bool:
        """Nobody has it."""
        return self.waiting.state != "claimed"


class Board:
    """The live list. `rows` are in the order in which they should be taken."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._told: set[Callable[[], None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._heard: dict[str, int] = {}
        """Number of the last event heard of each conversation."""
        self._words: dict[str, tuple[int, str, str]] = {}
        """What stands in its row, and up to which number that was read: only who moved is read again."""
        self.rows: tuple[Row, ...] = ()

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after each change; returns what ends that."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name="board")
        self._told.add(changed)
        return lambda: self._told.discard(changed)

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def look(self) -> None:
        """Read the queue now."""
        now, rows = datetime.now(UTC), []
        for waiting in await queue(self._house.reception.store, now=now):
            since = (now - timedelta(seconds=waiting.seconds)).isoformat(timespec="seconds")
            _, asked, by = await self._read(waiting.talk)
            rows.append(Row(waiting, since, asked, by))
        self.rows = tuple(rows)
        shown = {row.talk for row in rows}
        self._words = {talk: read for talk, read in self._words.items() if talk in shown}
        self._heard = {talk: seq for talk, seq in self._heard.items() if talk in shown}
        for changed in tuple(self._told):
            changed()

    async def _read(self, talk: str) -> tuple[int, str, str]:
        heard = self._heard.get(talk)
        if (read := self._words.get(talk)) is not None and read[0] >= (heard or 0):
            return read
        now = await self._house.reception.folds.at(talk, heard)
        asked = next((message.text for message in reversed(now.messages) if message.by == "shopper"), "")
        self._words[talk] = read = (now.seq, asked, now.messages[-1].by if now.messages else "")
        return read

    async def _keep(self) -> None:
        bus, wake = self._house.reception.bus, asyncio.Event()
        listener = await bus.listen(None, wake)
        wake.set()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANYWAY_SECONDS):
                    await wake.wait()
            wake.clear()
            news = listener.take()
            dropped = listener.dropped
            if dropped:
                listener = await bus.listen(None, wake)
            for one in news:
                if isinstance(one, Told):
                    self._heard[one.talk] = one.entries[-1].seq
            if dropped or not news or any(isinstance(one, Look) for one in news):
                self._words.clear()  # something may have been missed
            elif not any(map(_matters, news)):
                continue
            try:
                await self.look()
            except StoreBusy:
                wake.set()
            except Exception:
                log.exception("the board cannot be read")
            await asyncio.sleep(REST_SECONDS)


def _matters(news: News) -> bool:
    return isinstance(news, Look) or (isinstance(news, Told) and any(entry.kind in _MOVES for entry in news.entries))
