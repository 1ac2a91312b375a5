"""What an agent writes is neither lost nor doubled, whatever becomes of the line, the page or the server."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.console.conftest import Come, LogIn, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_drafts_outlive_a_reload_and_replies_a_dead_server(staff: LogIn, shopper: Come, server: Server) -> None:
    li = await staff("li")
    chat = await shopper("/demo")
    await chat.say("转人工")
    talk = (await chat.seat())["talk"]
    await li.row(talk).click()
    await li.claim()

    # Half written: a reload brings the same conversation and the same words.
    await li.box.fill("您好，我先查一下")
    await li.page.reload()
    await expect(li.do("resolve")).to_be_visible()
    await expect(li.box).to_have_value("您好，我先查一下")
    await li.box.press("Enter")
    await expect(chat.theirs.last).to_have_text("您好，我先查一下")

    # Sent twice by the browser, it is said once.
    twice = {"talk": talk, "client_id": "the-same", "text": "稍等，正在查"}
    for _ in range(2):
        await li.page.evaluate("item => emitEvent('say', item)", twice)
    await li.say("查到了")
    await expect(chat.theirs.last).to_have_text("查到了")
    await expect(li.log.last).to_have_text("查到了")
    await expect(li.log.filter(has_text="正在查")).to_have_count(1)

    # The agent's line breaks: both sides go on, and afterwards both have all of it once, in one order.
    await li.page.context.set_offline(True)
    await chat.say("还在吗")
    await chat.say("我再补充一点")
    await expect(chat.mine.last).to_have_text("我再补充一点")
    await li.say("断线时说的")
    await expect(li.page.locator("#outbox .said")).to_have_count(1)
    await li.page.context.set_offline(False)
    await expect(chat.theirs.last).to_have_text("断线时说的")
    await expect(li.page.locator("#outbox .said")).to_have_count(0)
    shown = await li.page.locator("#log .lines .said .text").all_inner_texts()
    assert shown[-3:] == ["还在吗", "我再补充一点", "断线时说的"]

    # The server dies; what is said meanwhile waits in the browser and goes out once, in order.
    await server.kill()
    await li.say("第一句")
    await li.say("第二句")
    await expect(li.page.locator("#outbox .said")).to_have_count(2)
    await server.start()
    await expect(li.page.locator("#outbox .said")).to_have_count(0)
    await expect(chat.theirs.last).to_have_text("第二句")
    said = [text.strip() for text in await chat.theirs.all_inner_texts()]
    assert said[-3:] == ["断线时说的", "第一句", "第二句"]
    await expect(li.log.filter(has_text="句")).to_have_text(["第一句", "第二句"])
    await expect(li.page.locator(".held")).to_have_text("由我接待")
