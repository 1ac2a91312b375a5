"""Two windows, one story: the assistant, a person, a colleague, the end, and what is learnt from it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.console.conftest import PATIENCE, Come, LogIn
from tests.support.wait import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_from_the_assistant_to_a_person_to_a_colleague_to_the_shops_knowledge(
    staff: LogIn, shopper: Come
) -> None:
    li, wang = await staff("li"), await staff("wang")
    await expect(li.page.locator(".state")).to_contain_text("在线接待")

    # The assistant answers; the shopper wants a person.
    chat = await shopper("/demo/o/660210480033")
    await chat.say("这件羽绒服不喜欢，能退吗")
    await expect(chat.theirs.last).to_contain_text("七天无理由")
    talk = (await chat.seat())["talk"]
    await chat.say("转人工")

    # Both colleagues see who waits, and hear it; the packet says all that is known.
    await expect(li.row(talk)).to_be_visible()
    await expect(wang.row(talk)).to_be_visible()
    await expect(li.page).to_have_title(re.compile(r"^\(\d+\) 接待 · 店伴$"))
    await li.page.wait_for_function("desk.rung > 0")
    await li.row(talk).click()
    await wang.row(talk).click()
    await expect(li.packet).to_contain_text("这件羽绒服不喜欢，能退吗")
    await expect(li.packet.locator(".order")).to_contain_text("660210480033")
    await expect(li.packet.locator(".verdict")).to_contain_text("七天无理由退货")
    await li.packet.locator(".verdict summary").click()
    await expect(li.packet.locator(".verdict")).to_contain_text("seven_day_no_reason@")

    # One takes it; the slower is told who was quicker.
    await li.claim()
    await expect(wang.page.locator(".held")).to_have_text("由 li 接待")
    await wang.page.keyboard.press("Alt+a")
    await wang.told("慢了一步：这个会话现在由 li 接待")

    # They talk, each sees the other write, and the assistant is silent.
    robot = await li.page.locator("#log .said.bot").count()
    await seen_writing(chat.box, li.page.locator("#typing"))
    await chat.say("顺丰能上门取件吗")
    await expect(li.log.last).to_have_text("顺丰能上门取件吗")
    await seen_writing(li.box, chat.panel.get_by_text("正在输入"))
    await li.say("可以的")
    await expect(chat.theirs.last).to_have_text("可以的")

    # What the same rules would answer goes out with one key.
    await chat.say("退货运费谁出")
    first = li.page.locator('[data-reply="1"]')
    await expect(first).to_contain_text("运费")
    words = await first.get_attribute("data-text")
    assert words
    await li.page.keyboard.press("Alt+1")
    await expect(chat.theirs.last).to_have_text(words)
    assert await li.page.locator("#log .said.bot").count() == robot

    # A note is for colleagues; the transfer hands it on with what is known.
    await li.page.keyboard.press("Alt+n")
    await li.say("顾客赶时间，先帮她约取件")
    await expect(li.page.locator("#log .note")).to_contain_text("顾客赶时间")
    await li.page.keyboard.press("Alt+t")
    await li.dialog.get_by_text("客服小王").click()
    await li.dialog.get_by_role("textbox").fill("取件归你约")
    await li.dialog.get_by_role("button", name="确定").click()
    await expect(wang.do("resolve")).to_be_visible()
    await expect(wang.page.locator("#log")).to_contain_text("取件归你约")
    await expect(li.do("resolve")).to_have_count(0)
    await li.say("我还想说一句")
    await li.told("接入之后才能回复")
    await expect(li.box).to_have_value("我还想说一句")

    # The colleague promises, answers, and ends it with a summary and a draft.
    await wang.page.keyboard.press("Alt+g")
    await wang.dialog.get_by_label("答应顾客什么").fill("取件码发给顾客")
    await wang.dialog.get_by_role("button", name="记下").click()
    await expect(wang.packet.locator(".promises")).to_contain_text("取件码发给顾客")
    await wang.say("顺丰可以上门取件，在退货页面点“预约取件”就行")
    await expect(chat.theirs.last).to_contain_text("预约取件")
    await wang.do("resolve").click()
    await wang.dialog.get_by_label("问题").fill("退货能让顺丰上门取件吗")
    await wang.dialog.get_by_label("答案").fill("可以，退货页面点“预约取件”，顺丰会上门。")
    await wang.dialog.get_by_role("button", name="结束", exact=True).click()
    await wang.told("问答草稿已交给店主")
    assert "顾客赶时间" not in await chat.panel.inner_text()

    # The shopper is asked once how it was.
    await chat.panel.get_by_role("radio").last.check(force=True)
    await chat.button("提交评价").click()
    await expect(wang.notices.filter(has_text="★★★★★")).to_have_count(1)
    await expect(chat.panel.get_by_role("radio")).to_have_count(0)

    # The merchant takes the draft in; from then on the assistant knows it.
    boss = await staff("boss", "drafts")
    draft = boss.page.locator(".draft")
    await expect(draft.get_by_label("问题")).to_have_value("退货能让顺丰上门取件吗")
    await draft.get_by_role("button", name="采纳").click()
    await boss.told("已采纳")
    await expect(boss.page.locator(".draft")).to_have_count(0)
    other = await shopper("/demo")
    await expect(other.box).to_be_visible()

    async def asked() -> None:
        await other.say("退货能让顺丰上门取件吗")
        await expect(other.theirs.last).to_contain_text("预约取件", timeout=4_000)

    for left in range(10, -1, -1):  # new knowledge is in force within a second of being taken in
        try:
            await asked()
            break
        except AssertionError:
            if not left:
                raise


async def seen_writing(box: Locator, sign: Locator) -> None:
    """Write until the other side sees that somebody writes; how often that is told is the window's own business."""

    async def seen() -> bool:
        await box.press_sequentially("嗯")
        return await sign.is_visible()

    await eventually(seen, PATIENCE / 1000)
