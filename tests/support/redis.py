"""A Redis of one's own, to be stopped and killed at will, or a line that says why there is none."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator

import pytest


class OwnRedis:
    """A `redis-server` process without any file."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}"
        self._process: Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no", stdout=DEVNULL, stderr=DEVNULL
        )
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def pause(self) -> None:
        """Hang: connections stay open and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def own_redis() -> AsyncIterator[OwnRedis]:
    """A Redis on a free port. Skips the test where there is no `redis-server`."""
    if shutil.which("redis-server") is None:
        pytest.skip("Redis: no redis-server on the path")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    redis = OwnRedis(port)
    await redis.start()
    try:
        yield redis
    finally:
        with contextlib.suppress(ProcessLookupError):
            redis.go_on()
        await redis.kill()
