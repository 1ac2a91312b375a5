"""A real Chromium in front of a real server; every visitor has a browser profile of their own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright

from assistant.api import site
from tests.support.server import app_of, reception, serving
from tests.web.answers import Gates, answerer

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@dataclass
class Here:
    """The server of a test module."""

    address: str
    gates: Gates

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"


@dataclass
class Chat:
    """The widget on one page, by what a person sees and does there."""

    page: Page
    trouble: list[str]
    """What the page complained of: script errors, and anything the policy of the page forbade."""

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def box(self) -> Locator:
        return self.panel.get_by_role("textbox").last

    @property
    def log(self) -> Locator:
        return self.panel.get_by_role("log")

    @property
    def mine(self) -> Locator:
        return self.log.locator(".row.mine .text")

    @property
    def theirs(self) -> Locator:
        return self.log.locator(".row.theirs .text")

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name, exact=True)

    async def open(self) -> Chat:
        await self.page.locator(".launcher").click()
        await self.panel.wait_for()
        return self

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def seat(self) -> dict[str, str]:
        """The conversation this browser holds, as soon as the server has given it one."""
        held = "JSON.parse(Object.entries(localStorage).find(([name]) => name.endsWith(':seat'))?.[1] ?? 'null')"
        return dict(await (await self.page.wait_for_function(held)).json_value())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: the widget goes untested in a browser")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Here]:
    gates = Gates()
    receives = await reception(answer=answerer(gates))
    async with serving(app_of(receives, pages=[site.router])) as address:
        yield Here(address, gates)


Visit = Callable[..., Awaitable[Chat]]


async def tab(context: BrowserContext, url: str) -> Chat:
    """A page of the shop in this browser, with the widget on it."""
    page = await context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda problem: trouble.append(str(problem)))
    page.on("console", lambda said: trouble.append(said.text) if "Content Security Policy" in said.text else None)
    await page.goto(url)
    await page.locator("shop-chat").wait_for(state="attached")
    return Chat(page, trouble)


@pytest_asyncio.fixture(loop_scope="module")
async def visit(chromium: Browser, here: Here) -> AsyncIterator[Visit]:
    """Come to a page of the demo shop as a new visitor: `await visit("/demo", **context_options)`."""
    contexts: list[BrowserContext] = []
    chats: list[Chat] = []

    async def come(path: str = "/demo", **options: Any) -> Chat:
        context = await chromium.new_context(
            **{**DESKTOP, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        chats.append(await tab(context, here.url(path)))
        return chats[-1]

    yield come
    for context in contexts:
        await context.close()
    assert [chat.trouble for chat in chats if chat.trouble] == []


@pytest_asyncio.fixture(loop_scope="module")
async def staff(here: Here) -> AsyncIterator[httpx.AsyncClient]:
    """客服小李 at the desk."""
    async with httpx.AsyncClient(base_url=here.url("/api")) as desk:
        login = await desk.post("/login", json={"name": "li", "password": "secret"})
        desk.headers["Authorization"] = f"Bearer {login.json()['token']}"
        yield desk
