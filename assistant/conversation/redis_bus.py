"""The bus of several processes. Redis is only the doorbell: it may be slow, flap, lose or go, and nothing is lost.

Every process hears its own beat through Redis. When the beat stays away, for whatever reason, listeners are told to
look into the store every second until it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistant.conversation.bus import Listener, Look, MemoryBus, Told, Typing
from assistant.conversation.store import Entry

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
DEAF_SECONDS = 1.2
"""Without a beat for so long we do not trust Redis and look ourselves."""
LOOK_SECONDS = 1.0
_UNSENT = 10_000
_PREFIX = "dianban:"
_EVERYTHING = f"{_PREFIX}all"
_CONTROL = f"{_PREFIX}control"


class RedisBus(MemoryBus):
    """`MemoryBus` within the process, Redis pub/sub between processes."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._me = secrets.token_hex(6)
        # No retries inside the client: going deaf and coming back is handled here, in one place.
        self._redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
        self._pubsub: Any = None
        self._send_lock = asyncio.Lock()
        self._out: deque[tuple[str, bytes]] = deque()
        self._out_wake = asyncio.Event()
        self._joined: dict[str, asyncio.Event] = {}
        self._unsure: set[str] = set()
        self._heard = float("-inf")
        self._began = 0.0
        self._missed_out = False
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def healthy(self) -> bool:
        return time.monotonic() - self._heard < DEAF_SECONDS

    def tell(self, talk: str, entries: Sequence[Entry]) -> None:
        super().tell(talk, entries)
        rows = [[one.seq, one.shopper_seq, one.at, one.kind, one.body] for one in entries]
        self._send(talk, {"from": self._me, "talk": talk, "told": rows})

    def typing(self, talk: str, by: Literal["shopper", "assistant", "staff"]) -> None:
        super().typing(talk, by)
        self._send(talk, {"from": self._me, "talk": talk, "typing": by})

    async def listen(self, talk: str | None, wake: asyncio.Event | None = None) -> Listener:
        self._begin()
        topic = _topic(talk)
        listener = self._join(talk, wake or asyncio.Event())
        if topic not in self._joined:
            self._joined[topic] = asyncio.Event()
            await self._subscribe(topic)
        joined = self._joined[topic]
        if self.healthy or time.monotonic() - self._began < DEAF_SECONDS:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DEAF_SECONDS):
                    await joined.wait()
        if not joined.is_set():
            self._unsure.add(topic)  # begins to listen before Redis does: is told to look when Redis has begun
        return listener

    async def close(self) -> None:
        for task in (*self._tasks, *self._leaving):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._leaving, return_exceptions=True)
        await super().close()
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    # — out —

    def _send(self, talk: str, message: dict[str, Any]) -> None:
        self._begin()
        if len(self._out) >= _UNSENT:
            self._out.clear()
            self._missed_out = True
        payload = orjson.dumps(message)
        self._out.append((_topic(talk), payload))
        self._out.append((_EVERYTHING, payload))
        self._out_wake.set()

    def _begin(self) -> None:
        if not self._tasks:
            self._began = time.monotonic()
            self._tasks = [
                asyncio.create_task(work(), name=f"redis-bus {work.__name__}")
                for work in (self._sender, self._hearer, self._watcher)
            ]

    async def _sender(self) -> None:
        """Publish what waits, and a beat."""
        beat = -BEAT_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._out_wake.wait()
            self._out_wake.clear()
            batch = list(self._out)
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    if self._missed_out:
                        pipe.publish(_CONTROL, orjson.dumps({"from": self._me, "look": True}))
                    for topic, payload in batch:
                        pipe.publish(topic, payload)
                    if time.monotonic() - beat >= BEAT_SECONDS:
                        pipe.publish(self._beat, b"{}")
                        beat = time.monotonic()
                    await pipe.execute()
            except (RedisError, OSError, TimeoutError) as why:
                log.warning("redis does not take what we tell: %r", why)
                await asyncio.sleep(BEAT_SECONDS)
            else:
                self._missed_out = False
                for _ in range(min(len(batch), len(self._out))):
                    self._out.popleft()

    # — in —

    @property
    def _beat(self) -> str:
        return f"{_PREFIX}beat:{self._me}"

    async def _subscribe(self, *topics: str) -> None:
        if self._pubsub is not None:
            with contextlib.suppress(RedisError, OSError, TimeoutError):  # the hearer notices, and starts again
                async with self._send_lock:
                    await self._pubsub.subscribe(*topics)

    async def _hearer(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await self._hear_all(pubsub)
            except (RedisError, OSError, TimeoutError) as why:
                log.warning("redis is not heard: %r", why)
            finally:
                self._pubsub = None
            await asyncio.sleep(BEAT_SECONDS)

    async def _hear_all(self, pubsub: Any) -> None:
        """Hear until nothing is heard any more."""
        began = time.monotonic()
        self._heard = float("-inf")  # the first beat makes everybody look for what was told meanwhile
        topics = set(self._joined)
        for topic in topics:
            self._joined[topic].clear()
        await pubsub.subscribe(_CONTROL, self._beat, *topics)  # in one command: no beat comes before the topics
        self._pubsub = pubsub
        if late := set(self._joined) - topics:
            await self._subscribe(*late)
        while self.healthy or time.monotonic() - began < DEAF_SECONDS:
            message = await pubsub.get_message(timeout=DEAF_SECONDS)
            if message is not None:
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        topic = message["channel"].decode()
        if message["type"] == "subscribe":
            if (joined := self._joined.get(topic)) is not None:
                joined.set()
                if topic in self._unsure:
                    self._unsure.discard(topic)
                    self._all_look(topic)
            return
        if message["type"] != "message":
            return
        if topic == self._beat:
            if not self.healthy:
                self._all_look()  # what was told while we were deaf was told to nobody
            self._heard = time.monotonic()
            return
        told = orjson.loads(message["data"])
        if told["from"] == self._me:
            return
        if topic == _CONTROL:
            self._all_look()
            return
        news = (
            Typing(told["talk"], told["typing"])
            if "typing" in told
            else Told(told["talk"], [Entry(*row) for row in told["told"]])
        )
        for listener in tuple(self._listeners.get(None if topic == _EVERYTHING else told["talk"], ())):
            listener.put(news)

    def _all_look(self, topic: str | None = None) -> None:
        for talk, there in tuple(self._listeners.items()):
            if topic is None or _topic(talk) == topic:
                for listener in tuple(there):
                    listener.put(Look())

    async def _watcher(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.healthy:
                self._all_look()

    def _left(self, talk: str | None, gone: Listener) -> None:
        super()._left(talk, gone)
        if talk not in self._listeners and self._joined.pop(_topic(talk), None) is not None:
            self._unsure.discard(_topic(talk))
            task = asyncio.get_running_loop().create_task(self._unsubscribe(talk))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _unsubscribe(self, talk: str | None) -> None:
        if self._pubsub is not None and talk not in self._listeners:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                async with self._send_lock:
                    if talk in self._listeners:
                        return  # somebody has come back meanwhile
                    await self._pubsub.unsubscribe(_topic(talk))


def _topic(talk: str | None) -> str:
    return _EVERYTHING if talk is None else f"{_PREFIX}talk:{talk}"
