"""A real server in a process of its own, and Chromium windows of shoppers and of staff in front of it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.support.wait import eventually
from tests.web.conftest import CHROMIUM, DESKTOP, FLAGS, Chat, tab

PATIENCE = 60_000
"""Milliseconds for anything to appear. Only ever spent by a test that fails, or on a very busy machine."""
expect.set_options(timeout=PATIENCE)
NOISE = ("net::ERR_", "WebSocket connection", "favicon", "reloading because", "Failed to load resource")
"""What a browser says of a server that was killed on purpose."""


@dataclass
class Server:
    """The demo shop, with people `li`, `wang`, `boss`, `qa` whose password is `secret`."""

    data: Path
    port: int
    process: asyncio.subprocess.Process | None = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-m", "tests.console.serve", "--data", str(self.data), "--port", str(self.port)]
        self.process = await asyncio.create_subprocess_exec(*command)
        async with httpx.AsyncClient() as http:

            async def ready() -> bool:
                assert self.process is not None
                assert self.process.returncode is None, "the server did not start"
                try:
                    return (await http.get(self.url("/health/ready"))).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, 120)

    async def kill(self) -> None:
        """As the power does."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()


@dataclass
class Desk:
    """A colleague's browser at the console, by what they see and do there."""

    page: Page
    server: Server
    trouble: list[str] = field(default_factory=list)

    @property
    def rows(self) -> Locator:
        return self.page.locator("#rows .row-of-queue")

    @property
    def log(self) -> Locator:
        return self.page.locator("#log .said .text")

    @property
    def notices(self) -> Locator:
        return self.page.locator("#log .notice")

    @property
    def box(self) -> Locator:
        return self.page.locator("#say")

    @property
    def packet(self) -> Locator:
        return self.page.locator("aside.packet")

    @property
    def dialog(self) -> Locator:
        return self.page.locator(".q-dialog .q-card")

    def do(self, name: str) -> Locator:
        return self.page.locator(f".do-{name}")

    def row(self, talk: str) -> Locator:
        return self.page.locator(f'#rows [data-talk="{talk}"]')

    async def go(self, path: str) -> None:
        await self.page.goto(self.server.url(f"/console/{path}"))

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def claim(self) -> None:
        """Take the open conversation, with the key."""
        await expect(self.do("claim")).to_be_visible()
        await self.page.wait_for_function("desk.ready")
        await self.page.keyboard.press("Alt+a")
        await expect(self.do("resolve")).to_be_visible()

    async def told(self, text: str) -> None:
        """Wait for a note on the screen."""
        await self.page.locator(".q-notification").filter(has_text=text).first.wait_for()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: the console goes untested in a browser")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Server(tmp_path_factory.mktemp("console"), port)
    await running.start()
    yield running
    await running.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        await browser.close()


LogIn = Callable[..., Awaitable[Desk]]
Come = Callable[..., Awaitable[Chat]]


@pytest_asyncio.fixture(loop_scope="session")
async def windows(chromium: Browser) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    """A browser profile of one's own: `await windows(width=1366)`."""
    opened: list[BrowserContext] = []

    async def window(**options: Any) -> BrowserContext:
        context = await chromium.new_context(
            **{**DESKTOP, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context

    yield window
    for context in opened:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def staff(server: Server, windows: Callable[..., Awaitable[BrowserContext]]) -> AsyncIterator[LogIn]:
    """`await staff("li")`: that colleague at the page they asked for."""
    desks: list[Desk] = []

    async def log_in(name: str, path: str = "desk") -> Desk:
        page = await (await windows(viewport={"width": 1366, "height": 768})).new_page()
        desk = Desk(page, server)
        page.on("pageerror", lambda problem: desk.trouble.append(str(problem)))
        page.on("console", lambda said: desk.trouble.append(said.text) if said.type == "error" else None)
        await desk.go(path)
        await page.get_by_label("账号").fill(name)
        await page.get_by_label("密码").first.fill("secret")
        await page.keyboard.press("Enter")
        await page.get_by_role("navigation").wait_for()
        desks.append(desk)
        return desk

    yield log_in
    for desk in desks:
        assert [text for text in desk.trouble if not any(noise in text for noise in NOISE)] == []


@pytest_asyncio.fixture(loop_scope="session")
async def shopper(server: Server, windows: Callable[..., Awaitable[BrowserContext]]) -> Come:
    """A shopper with the chat open: `await shopper("/demo/o/660210480033")`."""

    async def come(path: str = "/demo") -> Chat:
        chat = await tab(await windows(viewport={"width": 480, "height": 800}), server.url(path))
        return await chat.open()

    return come
