"""Who sees what; and the pages beside the desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from assistant.service.canned import Canned, read_phrases, write_phrases
from tests.console.conftest import Come, LogIn, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_each_role_has_its_pages_and_a_foreign_shop_is_not_there(staff: LogIn, shopper: Come) -> None:
    chat = await shopper("/demo")
    await chat.say("我要投诉你们")
    talk = (await chat.seat())["talk"]

    qa = await staff("qa")
    await qa.go("desk")
    await expect(qa.page.get_by_text("没有打开这一页的权限")).to_be_visible()
    await expect(qa.page.get_by_role("navigation")).not_to_contain_text("接待")
    await qa.page.get_by_role("link", name="会话").click()
    await qa.page.get_by_placeholder("搜").fill("投诉你们")
    await expect(qa.page.locator(".row-of-queue mark").first).to_have_text("投诉你们")
    await qa.page.locator(".row-of-queue").first.click()
    await expect(qa.log.filter(has_text="我要投诉你们").first).to_be_visible()

    boss = await staff("boss", f"desk?talk={talk}")
    await expect(boss.do("assign")).to_be_visible()
    await expect(boss.do("claim")).to_have_count(0)

    other = await staff("other", f"desk?talk={talk}")
    await other.told("没有会话")
    await expect(other.rows).to_have_count(0)

    li = await staff("li")
    await expect(li.row(talk)).to_be_visible()
    await li.page.locator(".way.me").click()
    await li.page.get_by_role("button", name="退出登录").click()
    await expect(li.page.get_by_label("账号")).to_be_visible()
    await li.go("desk")
    await expect(li.page.get_by_label("账号")).to_be_visible()
    await li.page.get_by_label("账号").fill("li")
    await li.page.get_by_label("密码").first.fill("wrong")
    await li.page.keyboard.press("Enter")
    await expect(li.page.get_by_role("alert")).to_have_text("用户名或密码不对")


async def test_a_foreign_page_cannot_use_a_colleagues_cookie(server: Server) -> None:
    line = server.url("/console/_nicegui_ws/socket.io/?EIO=4&transport=websocket").replace("http", "ws", 1)
    async with connect(line, origin=Origin(server.url(""))) as ours:
        assert str(await ours.recv()).startswith("0")
    with pytest.raises(InvalidStatus):
        async with connect(line, origin=Origin("http://elsewhere.example")):
            pass


async def test_phrases_come_in_and_go_out_as_a_table_and_a_slash_finds_them(
    staff: LogIn, shopper: Come, tmp_path: Path
) -> None:
    phrases = [Canned("发货", "kd", "默认发中通，当天 16 点前付款当天发。"), Canned("", "wh", "您好，我是人工客服。")]
    table = tmp_path / "短语.csv"
    table.write_bytes(write_phrases(phrases).decode("utf-8-sig").encode("gb18030"))

    boss = await staff("boss", "phrases")
    await boss.page.locator("input[type=file]").set_input_files(table)
    await boss.told("导入 2 条")
    await expect(boss.page.locator(".phrase")).to_have_count(2)
    async with boss.page.expect_download() as download:
        await boss.page.get_by_role("button", name="导出表格").click()
    await (await download.value).save_as(tmp_path / "out.csv")
    assert in_table(tmp_path / "out.csv") == phrases

    chat = await shopper("/demo")
    await chat.say("转人工")
    talk = (await chat.seat())["talk"]
    li = await staff("li", f"desk?talk={talk}")
    await li.claim()
    await li.box.fill("/中通")
    await expect(li.page.locator("#phrases button")).to_have_count(1)
    await li.box.press("Enter")
    await expect(li.box).to_have_value(phrases[0].text)
    await li.box.press("Enter")
    await expect(chat.theirs.last).to_have_text(phrases[0].text)
    await li.page.locator("#log").click()
    await li.page.keyboard.press("?")
    await expect(li.dialog).to_contain_text("发送第 1 条推荐回复")


def in_table(file: Path) -> list[Canned]:
    """What a shop would read in a file."""
    return read_phrases(file.name, file.read_bytes())
