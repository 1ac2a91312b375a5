"""The way in: everything under `/console`. NiceGUI and the pages are imported when somebody first comes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.console.house import House

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/console"


@asynccontextmanager
async def console_at(app: FastAPI, house: House, *, secret: str, kept: Path) -> AsyncIterator[None]:
    """Mount the console on `app`, behind all its routes. `kept`: the folder for what a browser's session holds."""
    door = Door(house, secret, kept)
    app.mount(PREFIX, door)
    try:
        yield
    finally:
        await door.close()


class Door:
    """An ASGI application that opens another one, once, when it is first asked for."""

    def __init__(self, house: House, secret: str, kept: Path) -> None:
        self._house, self._secret, self._kept = house, secret, kept
        self._inside: ASGIApp | None = None
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not _from_here(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        inside = self._inside or await self._open()
        await inside(scope, receive, send)

    async def close(self) -> None:
        """End what the pages still run."""
        await self._stack.aclose()

    async def _open(self) -> ASGIApp:
        async with self._lock:
            if self._inside is None:
                os.environ.setdefault("NICEGUI_STORAGE_PATH", str(self._kept))  # read when NiceGUI is imported
                opened = await asyncio.to_thread(_opened)
                self._inside = await self._stack.enter_async_context(opened(self._house, self._secret))
            return self._inside


def _opened() -> Callable[[House, str], AbstractAsyncContextManager[ASGIApp]]:
    from assistant.console.pages import opened

    return opened


def _from_here(scope: Scope) -> bool:
    """Whether a socket is opened by a page of our own host: a foreign page must not use a colleague's cookie."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get(b"host", "").lower()
