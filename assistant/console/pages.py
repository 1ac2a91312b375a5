"""Every page there is, and NiceGUI around them. Only `door.py` imports this, when somebody first comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nicegui
from fastapi import FastAPI
from nicegui import ui
from starlette.types import ASGIApp

from assistant.console import desk, drafts, history, login, phrases, quality  # noqa: F401 — importing a page puts it in the navigation
from assistant.console.board import Board
from assistant.console.door import PREFIX
from assistant.console.house import House
from assistant.console.words import say

NOTICED_SECONDS = 10.0
"""Sets how soon a dead line is noticed (after 0.8 of this); `shell.KEPT_SECONDS` is how long we wait then."""


@asynccontextmanager
async def opened(house: House, secret: str) -> AsyncIterator[ASGIApp]:
    """The pages around `house`, running."""
    nicegui.app.state.house = house
    nicegui.app.state.board = board = Board(house)
    nicegui.app.add_static_files("/assets", Path(__file__).parent / "assets", max_cache_age=0)
    # NiceGUI hangs its start and its end on an application. The real one has been running for a while, so a carrier
    # that serves nothing does for that, and `Door` passes on to NiceGUI what comes under its prefix.
    carrier = FastAPI()
    ui.run_with(
        carrier,
        mount_path=PREFIX,
        title=say("title"),
        favicon=Path(__file__).parent / "assets" / "mark.svg",
        language="zh-CN",
        reconnect_timeout=NOTICED_SECONDS,
        message_history_length=3000,
        tailwind=False,
        storage_secret=secret,
        session_middleware_kwargs={"session_cookie": "dianban_console", "path": PREFIX, "same_site": "lax"},
        show_welcome_message=False,
    )
    async with carrier.router.lifespan_context(carrier):
        yield nicegui.app
        await board.close()
