"""One turn while it runs: the answer is made on one side and stored on the other, as far as it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal

from assistant.conversation.bus import Bus
from assistant.conversation.events import Event, HandedOver, Message, Part, Reason, Traced
from assistant.conversation.state import Conversation, fold, line_after
from assistant.conversation.store import Fenced, Lease, Stale, Store, StoreBusy
from assistant.service.folds import Folds
from assistant.service.metrics import HANDED_OVER, TURN_SECONDS, TURNS
from assistant.turn.shop import Shop

RENEW_SECONDS = 1.0
"""How often a turn that has nothing to store says that it is alive."""
TRIES = 5
"""Turns begun for one question before a person gets it: a question that kills the process must not do so for ever."""

Answer = Callable[[Shop, Conversation], AsyncIterator[Event]]
Farewell = Callable[[Shop, Reason, bool], str]
_BESIDE = frozenset({"rated", "judged", "noted", "traced", "visited"})
"""Kinds of events that change nothing for an answer under way."""


def last_words(talk: Conversation, words: str, reason: Reason) -> tuple[Part, Message]:
    """`words` behind whatever was already being said; an answer is always its parts joined."""
    part = Part(text=("\n" if talk.speaking else "") + words, answers=talk.asked_at)
    text = talk.speaking + part.text
    return part, Message(by="assistant", text=text, action="handoff", reason=reason, answers=talk.asked_at)


class Pump:
    """Runs an answer and gathers what it yields, so that all that is ready is stored in one transaction."""

    def __init__(self, events: AsyncIterator[Event], wake: asyncio.Event) -> None:
        self.finished = False
        self.failed: BaseException | None = None
        self._wake = wake
        self._ready: list[Event] = []
        self._task = asyncio.create_task(self._run(events))

    async def _run(self, events: AsyncIterator[Event]) -> None:
        try:
            async for event in events:
                self._ready.append(event)
                self._wake.set()
        except Exception as why:
            self.failed = why
        finally:
            self.finished = True
            self._wake.set()

    def take(self) -> list[Event]:
        """What may be stored now. A finished message waits for its trace and the ticket it promises."""
        ready = self._ready
        last = len(ready)
        if not self.finished:
            last = next((at for at, event in enumerate(ready) if not isinstance(event, Part)), last)
        self._ready = ready[last:]
        return ready[:last]

    async def stop(self) -> None:
        """Run no further."""
        if not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


class Turn:
    """The answer to what one shopper has said since the last answer, under one lease."""

    def __init__(
        self, store: Store, bus: Bus, folds: Folds, shop: Shop, lease: Lease, answer: Answer, farewell: Farewell
    ) -> None:
        self.lease = lease
        self.ended = False
        self._store, self._bus, self._folds, self._shop = store, bus, folds, shop
        self._answer, self._farewell = answer, farewell
        self._wake = asyncio.Event()
        self._moved = False

    def moved(self) -> None:
        """The conversation has moved on: look again before going on."""
        self._moved = True
        self._wake.set()

    async def run(self, seconds: float, seq: int | None = None, *, give_up: bool = False) -> None:
        """Answer, starting again when the shopper writes in between; stop when somebody else has the line.

        Whatever happens, the question is answered or handed to a person within `seconds`; only a database that
        takes no writes is waited for. `seq`: the question's number, where known; `give_up`: hand it over at once.
        """
        began = time.perf_counter()
        talk = await self._folds.at(self.lease.talk, seq)
        asked, deadline = talk.asked_at, time.monotonic() + seconds
        end: Literal["answered", "handed_over", "superseded"] = "superseded"
        while talk.asked_at is not None and talk.held_by == "assistant":
            if talk.asked_at != asked:
                asked, deadline = talk.asked_at, time.monotonic() + seconds
            self._moved = False
            try:
                end = await self._attempt(talk, deadline, give_up)
                break
            except Fenced:
                break
            except Stale:
                talk = await self._folds.at(self.lease.talk)
        else:
            await self.give_back()
        TURNS.labels(end).inc()
        TURN_SECONDS.observe(time.perf_counter() - began)

    async def _attempt(self, talk: Conversation, deadline: float, give_up: bool) -> Literal["answered", "handed_over"]:
        """One run of the answer from where the conversation stands. Raises `Stale` when it has moved on."""
        if give_up:
            talk = await self._put(talk, self._failure(talk, "gave up after several tries"), done=True)
            return "handed_over"
        pump = Pump(self._answer(self._shop, talk), self._wake)
        try:
            await asyncio.sleep(0)  # an offline answer is complete after this one step
            if not pump.finished:
                self._bus.typing(self.lease.talk, "assistant")
            while True:
                self._wake.clear()
                if self._moved:
                    raise Stale(talk=self.lease.talk, after=talk.seq, seq="?")
                late = time.monotonic() >= deadline and not pump.finished
                if late:
                    await pump.stop()
                finished, events = pump.finished, pump.take()
                if finished:
                    events += self._ending(talk, events, "timeout" if late else pump.failed)
                if events or finished:
                    talk = await self._put(talk, events, done=finished)
                if finished:
                    return "answered" if talk.held_by == "assistant" else "handed_over"
                await self._wait(deadline)
        finally:
            await pump.stop()

    async def _wait(self, deadline: float) -> None:
        """Until there is something to store or to stop for; meanwhile the lease is renewed."""
        while not self._wake.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, RENEW_SECONDS)):
                    await self._wake.wait()
                    return
            with contextlib.suppress(StoreBusy):
                await self._store.append(self.lease.talk, (), lease=self.lease)

    def _ending(self, talk: Conversation, events: Sequence[Event], why: BaseException | str | None) -> list[Event]:
        """What is missing so that the shopper is not left without an answer: nothing, if the answer came to an end."""
        held_by, asked_at = talk.held_by, talk.asked_at
        for event in events:
            held_by, asked_at = line_after(held_by, asked_at, talk.seq, event)
        if asked_at is None or held_by != "assistant":
            return []
        talk = fold(list(enumerate(events, start=talk.seq + 1)), talk)
        return self._failure(talk, why if isinstance(why, str) else type(why).__name__ if why else "no answer")

    def _failure(self, talk: Conversation, fault: str) -> list[Event]:
        words = self._farewell(self._shop, "engine_failure", False)
        trace = Traced(answers=talk.asked_at, faults=(fault,))
        part, told = last_words(talk, words, "engine_failure")
        return [part, told, trace, HandedOver(reason="engine_failure", level="L3")]

    async def _put(self, talk: Conversation, events: Sequence[Event], *, done: bool) -> Conversation:
        """Store `events` behind `talk`. What happens beside the answer (a rating, a note) does not disturb it."""
        after = talk.seq
        while True:
            try:
                appended = await self._store.append(self.lease.talk, events, after=after, lease=self.lease, done=done)
            except Fenced:
                raise
            except Stale:
                between = await self._store.read(self.lease.talk, after=after)
                if not between or any(entry.kind not in _BESIDE for entry in between):
                    raise
                after = between[-1].seq
            except StoreBusy:
                await asyncio.sleep(0.2)  # if it was stored after all, the next try is stale and finds it there
            else:
                break
        for event in events:
            if isinstance(event, HandedOver):
                HANDED_OVER.labels(event.reason).inc()
        return await self._folds.at(self.lease.talk, appended.entries[-1].seq if appended.entries else after)

    async def give_back(self) -> None:
        """Leave the question to another worker."""
        with contextlib.suppress(Stale, StoreBusy):
            await self._store.append(self.lease.talk, (), lease=self.lease, done=True)
