"""Clients that never read what they are sent: closed in time, and the others' answers come no later."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from dataclasses import dataclass, field

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from assistant.conversation.events import Message
from assistant.conversation.sql import open_store
from knowledge.database import open_engine, reading
from tests.support.shopper import Shopper
from tests.support.wait import eventually

CLOSED_WITHIN = 15.0
OTHERS = 1.2
BACKLOG = 3000
"""Events of 6 KB that wait for each of them: more than the system takes for a client that does not read."""


@dataclass(slots=True)
class Slow:
    """Seconds of the answers without and with the stuck clients, half and half in turn."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    """Seconds from the hello of a stuck client until the server let go of it."""
    stuck: int = 0
    others: int = 0

    @property
    def ratio(self) -> float:
        return float(np.percentile(self.beside, 99) / np.percentile(self.alone, 99))

    @property
    def clean(self) -> bool:
        """Whether all were closed in time and the others did not notice."""
        return len(self.closed) == self.stuck and max(self.closed) <= CLOSED_WITHIN and self.ratio <= OTHERS

    def table(self) -> str:
        def ms(seconds: list[float]) -> str:
            p50, p99 = np.percentile(seconds, [50, 99]) * 1000
            return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms ({len(seconds)} answers)"

        return "\n".join(
            [
                f"{self.others} shoppers alone: {ms(self.alone)}",
                f"beside {self.stuck} who never read: {ms(self.beside)}",
                f"p99 with / without: {self.ratio:.2f} (at most {OTHERS})",
                f"closed: {len(self.closed)} of {self.stuck}, the last after {max(self.closed, default=0):.1f} s "
                f"(at most {CLOSED_WITHIN:g})",
                f"every promise kept: {'yes' if self.clean else 'NO'}",
            ]
        )


async def slow(clients: int = 500, stuck: int = 50, seconds: float = 20.0, rounds: int = 2) -> Slow:
    """Serve from another process; measure by turns alone and beside clients that never read."""
    found = Slow(others=clients - stuck, stuck=stuck * rounds)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/log.db"
        token = await _backlog(url)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["-m", "tests.support.server", "--database", url, "--port", str(port)]
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=DEVNULL, stderr=DEVNULL)
        address = f"127.0.0.1:{port}"
        try:
            await _up(port)
            others = [Shopper(address) for _ in range(clients - stuck)]
            for start in range(0, len(others), 50):
                await asyncio.gather(*(one.open() for one in others[start : start + 50]))
            await _ask(others, 3.0, [])
            for _ in range(rounds):
                await _ask(others, seconds, found.alone)
                closing = asyncio.create_task(_closing(address, token, stuck))
                await _ask(others, seconds, found.beside)
                found.closed += await closing
            await asyncio.gather(*(one.close() for one in others))
        finally:
            process.terminate()
            await process.wait()
    return found


async def _backlog(url: str) -> str:
    """A conversation with more to show than a client that does not read is sent; the token that resumes it."""
    engine = open_engine(url)
    store = await open_store(engine, reading(engine))
    talk, token = await store.open_talk("demo")
    long = [Message(by="staff", name="li", text="长" * 2000) for _ in range(100)]
    for _ in range(BACKLOG // 100):
        await store.append(talk, long)
    await store.close()
    return token


async def _up(port: int) -> None:
    async def answers() -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        return False

    await eventually(answers, 60)


async def _ask(others: list[Shopper], seconds: float, took: list[float]) -> None:
    """Every shopper asks now and then, as people do; how long each answer took is noted."""
    until = time.monotonic() + seconds

    async def one(shopper: Shopper, chance: random.Random) -> None:
        await asyncio.sleep(chance.random() * min(seconds, 8.0))
        while time.monotonic() < until:
            began = time.perf_counter()
            await shopper.ask("能退吗")
            took.append(time.perf_counter() - began)
            await asyncio.sleep(4 + chance.random() * 8)

    await asyncio.gather(*(one(shopper, random.Random(n)) for n, shopper in enumerate(others)))


async def _never_read(address: str, token: str) -> ClientConnection:
    """Say hello and read nothing more."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # what the system takes for us stays small
    line.setblocking(False)
    host, port = address.split(":")
    await asyncio.get_running_loop().sock_connect(line, (host, int(port)))
    stuck = await connect(
        f"ws://{address}/talk/demo", sock=line, compression=None, max_queue=1, ping_interval=None, close_timeout=1
    )
    await stuck.send(json.dumps({"type": "hello", "token": token, "after": 0}))
    stuck.transport.pause_reading()
    return stuck


async def _closing(address: str, token: str, count: int) -> list[float]:
    """Seconds from the hellos of `count` clients that never read until the server dropped each (by its own count).

    The client's system cannot tell: while what was sent lies unread before it, it does not see the end.
    """
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=30) as http:
        before, closed = await _dropped(http), list[float]()
        lines = await asyncio.gather(*(_never_read(address, token) for _ in range(count)))
        began = time.monotonic()
        while len(closed) < count and time.monotonic() - began < 60:
            gone = int(await _dropped(http) - before)
            closed += [time.monotonic() - began] * (gone - len(closed))
            await asyncio.sleep(0.25)
    for line in lines:
        line.transport.abort()
    return closed


async def _dropped(http: httpx.AsyncClient) -> float:
    lines = (await http.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("dianban_sockets_dropped_total"))
