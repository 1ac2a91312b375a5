"""A real server on a free port: in this process, or in one of its own (`python -m tests.support.server`)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI

from assistant.api.app import create_app, server
from assistant.api.auth import Account, hash_password
from assistant.conversation.bus import open_bus
from assistant.conversation.sql import open_store
from assistant.service.reception import Reception
from assistant.service.running import Answer
from knowledge.database import open_engine, reading, writing
from tests.support.answers import echo, paced, shop

SECRET = "for tests only"
ACCOUNTS = {
    name: Account(name, hash_password("secret"), role, shops, shown)  # type: ignore[arg-type]
    for name, role, shops, shown in (
        ("li", "agent", ("demo",), "客服小李"),
        ("wang", "agent", ("demo",), "客服小王"),
        ("other", "agent", ("other",), "别家客服"),
        ("boss", "merchant", ("demo",), ""),
        ("qa", "qa", ("demo",), ""),
        ("root", "admin", ("*",), ""),
    )
}


async def reception(url: str = "sqlite://", bus: str = "memory://", answer: Answer = echo, **options: Any) -> Reception:
    """A reception over a real store and a real bus, with the shops `demo` and `other`."""
    engine = open_engine(url)
    store = await open_store(engine, reading(engine), writing(engine))
    return Reception(store, open_bus(bus), {"demo": shop(), "other": shop("other")}, answer, **options)


@contextlib.asynccontextmanager
async def serving(app: FastAPI, **options: Any) -> AsyncIterator[str]:
    """Serve `app` in this process; gives `127.0.0.1:port`."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        host, port = listening.getsockname()
        running = server(app, host, port, **options)
        task = asyncio.create_task(running.serve([listening]))
        try:
            while not running.started:
                if task.done():
                    task.result()
                    raise RuntimeError("the server did not start")
                await asyncio.sleep(0.005)
            yield f"{host}:{port}"
        finally:
            running.should_exit = True
            await task


def app_of(receives: Reception, **options: Any) -> FastAPI:
    """The application around `receives`, with staff that all have the password `secret`."""
    return create_app(receives, secret=SECRET, accounts=ACCOUNTS, **options)


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="sqlite://")
    parser.add_argument("--bus", default="memory://")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--pace", type=float, default=0.0, help="seconds before each sentence")
    chosen = parser.parse_args()
    answer = paced(chosen.pace) if chosen.pace else echo
    app = app_of(await reception(chosen.database, chosen.bus, answer))
    await server(app, "127.0.0.1", chosen.port).serve()


if __name__ == "__main__":
    asyncio.run(_main())
