"""The line breaks, the server dies: the shopper loses nothing, sees nothing twice, and is told what is going on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.web.conftest import DESKTOP, Chat, Here, Visit, tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class Server:
    """The server in a process of its own, on one port and one database, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._database = f"sqlite:///{folder / 'talks.db'}"
        self._process: asyncio.subprocess.Process | None = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def start(self) -> None:
        command = ["-m", "tests.web.serve", "--database", self._database, "--port", str(self.port), "--pace", "0.4"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=Path(__file__).parents[2], env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        async with asyncio.timeout(60), httpx.AsyncClient() as asks:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await asks.get(self.url("/health/live"))).is_success:
                        return
                assert self._process.returncode is None, "the server did not start"
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    started = Server(tmp_path)
    await started.start()
    yield started
    await started.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def chat(chromium: Browser, server: Server) -> AsyncIterator[Chat]:
    context = await chromium.new_context(**DESKTOP)
    context.set_default_timeout(30_000)
    yield await (await tab(context, server.url("/demo"))).open()
    await context.close()


async def network_is_back(chat: Chat) -> None:
    """What a browser tells a page then; without it the widget would try by itself, a little later."""
    await chat.page.evaluate("window.dispatchEvent(new Event('online'))")


async def test_a_server_killed_in_mid_answer_finishes_it_after_its_restart(chat: Chat, server: Server) -> None:
    await chat.say("第一个问题")
    await expect(chat.theirs).to_contain_text(["您问的是：第一个问题。"])
    await server.kill()
    await expect(chat.panel.get_by_text("连接已断开，正在重连…")).to_be_visible()
    await expect(chat.button("立即重连")).to_be_visible()
    await chat.say("断线时写的")
    await expect(chat.log.locator(".status.stored")).to_have_count(1)
    await server.start()
    await network_is_back(chat)
    await expect(chat.mine).to_have_text(["第一个问题", "断线时写的"])
    await expect(chat.log.locator(".status.stored")).to_have_count(2)
    await expect(chat.theirs.last).to_contain_text("这是回答。", timeout=30_000)
    shown = await chat.log.inner_text()
    assert shown.count("您问的是：第一个问题。") == 1, "what was shown before the server died is not shown again"
    before = await chat.theirs.all_inner_texts()
    await chat.page.reload()
    await expect(chat.mine).to_have_text(["第一个问题", "断线时写的"])
    await expect(chat.theirs).to_have_text(before)


async def test_a_message_written_while_the_server_is_away_can_be_sent_again_by_hand(chat: Chat, server: Server) -> None:
    await chat.page.clock.install()
    await chat.page.reload()
    await expect(chat.panel).to_be_visible()
    await server.kill()
    await chat.say("等一等再发")
    await chat.page.clock.fast_forward(11_000)
    retry = chat.button("重试")
    await expect(retry).to_be_visible()
    # While the page's clock stands still its own retries do: the button is what sends.
    await chat.page.clock.pause_at(await chat.page.evaluate("Date.now() + 1"))
    await server.start()
    await retry.click()
    await chat.page.clock.resume()
    await expect(chat.log.locator(".status.stored")).to_have_count(1)
    await expect(chat.mine).to_have_text(["等一等再发"])


async def test_a_reload_while_the_server_is_away_keeps_what_was_not_sent(chat: Chat, server: Server) -> None:
    await chat.say("先说一句")
    await expect(chat.log.locator(".status.stored")).to_have_count(1)
    await server.kill()
    await chat.say("没发出去的")
    await expect(chat.mine).to_have_count(2)
    await server.start()
    await chat.page.reload()
    await expect(chat.mine).to_have_text(["先说一句", "没发出去的"])
    await expect(chat.log.locator(".status.stored")).to_have_count(2)


async def test_a_person_called_while_the_line_is_broken_comes_once_it_is_back(chat: Chat, server: Server) -> None:
    await chat.say("先说一句")
    await expect(chat.log.locator(".status.stored")).to_have_count(1)
    await server.kill()
    await expect(chat.panel.get_by_text("正在重连")).to_be_visible()
    await chat.button("转人工").click()
    await expect(chat.button("正在转接")).to_be_visible()
    await server.start()
    await network_is_back(chat)
    await expect(chat.panel.locator(".who")).to_have_text("正在转人工")
    await expect(chat.log.get_by_text("已转人工，等待客服接入")).to_have_count(1)


async def test_without_a_network_the_shopper_is_told_and_it_goes_on_by_itself(visit: Visit, here: Here) -> None:
    chat = await visit()
    sockets = []
    await chat.page.context.route_web_socket("**/talk/**", lambda ws: sockets.append((ws, ws.connect_to_server())))
    await chat.page.goto(here.url("/demo"))
    await chat.open()
    await chat.say("七天无理由")
    await expect(chat.theirs).to_have_count(1)
    await chat.page.context.set_offline(True)
    for ours, theirs in sockets:
        await ours.close()
        await theirs.close()
    await expect(chat.panel.get_by_text("网络似乎断开了")).to_be_visible()
    await chat.say("没有网的时候写的")
    await chat.page.context.set_offline(False)
    await expect(chat.log.locator(".status.stored")).to_have_count(2)
    await expect(chat.mine).to_have_text(["七天无理由", "没有网的时候写的"])


async def test_frames_lost_on_the_way_are_asked_for_again(visit: Visit, here: Here) -> None:
    """A proxy that swallows one event: the gap is noticed, and filled from the last number held."""
    chat = await visit()
    swallowed: list[str] = []

    def proxy(ours: object) -> None:
        server = ours.connect_to_server()  # type: ignore[attr-defined]

        def pass_on(frame: str) -> None:
            if '"kind":"part"' in frame and not swallowed:
                swallowed.append(frame)
            else:
                ours.send(frame)  # type: ignore[attr-defined]

        server.on_message(pass_on)

    await chat.page.context.route_web_socket("**/talk/**", proxy)
    await chat.page.goto(here.url("/demo"))
    await chat.open()
    await chat.say("七天无理由")
    await expect(chat.theirs.last).to_contain_text("退货运费由您承担。", timeout=15_000)
    await expect(chat.theirs).to_have_count(1)
    assert swallowed
