"""A real server on a free port for every test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.service.reception import Reception
from tests.support.server import app_of, reception, serving
from tests.support.shopper import Shopper

Serve = Callable[..., Awaitable["Served"]]


@dataclass
class Served:
    """A running server and what a test does with it."""

    address: str
    reception: Reception
    http: httpx.AsyncClient
    _stack: AsyncExitStack

    async def shopper(self, **hello: Any) -> Shopper:
        """A shopper who has said hello."""
        shopper = Shopper(self.address)
        await shopper.open(**hello)
        self._stack.push_async_callback(shopper.close)
        return shopper

    async def log_in(self, name: str) -> dict[str, str]:
        """The headers of a member of staff."""
        answer = await self.http.post("/api/login", json={"name": name, "password": "secret"})
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts servers: `await serve(answer=…, limits=…, origins=…)`."""
    async with AsyncExitStack() as stack:

        async def starts(url: str = "", app: dict[str, Any] | None = None, **options: Any) -> Served:
            receives = await reception(url or f"sqlite:///{tmp_path}/log.db", sweep_seconds=0.05, **options)
            address = await stack.enter_async_context(serving(app_of(receives, **(app or {}))))
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://{address}"))
            return Served(address, receives, http, stack)

        yield starts
