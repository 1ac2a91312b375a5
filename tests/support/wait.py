"""Waiting for what will be so, and for no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    """Return as soon as `holds()`; `TimeoutError` if it never does. The limit only ends a test that has failed."""
    async with asyncio.timeout(seconds):
        while True:
            now = holds()
            if now if isinstance(now, bool) else await now:
                return
            await asyncio.sleep(0.01)
