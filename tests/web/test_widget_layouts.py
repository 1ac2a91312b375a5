"""The chat window for everybody: phone and desktop, keyboard alone, large text, Traditional, another shop's page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Browser, expect

from assistant.api import site
from tests.support.server import app_of, reception, serving
from tests.web.answers import Gates, answerer
from tests.web.conftest import DESKTOP, PHONE, Chat, Here, Visit, tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CONTRASTS = """panel => {
    const parse = (css) => css.match(/[\\d.]+/g).map(Number);
    const linear = (c) => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
    const over = ([...top], under) => under.slice(0, 3).map((c, i) => top[i] * (top[3] ?? 1) + c * (1 - (top[3] ?? 1)));
    const ground = (el) => {
        if (!el) return [255, 255, 255];
        const own = parse(getComputedStyle(el).backgroundColor);
        return own[3] === 0 ? ground(el.parentElement) : over(own, ground(el.parentElement));
    };
    const poor = [];
    const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const el = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !el.checkVisibility() || el.closest(".hidden, :disabled")) continue;
        const under = ground(el), ink = over(parse(getComputedStyle(el).color), under);
        const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
        const ratio = (a + .05) / (b + .05);
        if (ratio < 4.5) poor.push(`${walker.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
    }
    return poor;
}"""
"""Every text in sight whose contrast with what lies under it is below 4.5 to 1 (WCAG 2.2, 1.4.3)."""


async def box_of(chat: Chat) -> dict[str, float]:
    box = await chat.panel.bounding_box()
    assert box is not None
    return dict(box)  # type: ignore[arg-type]


async def everything(chat: Chat) -> None:
    """Bring every kind of thing into the log."""
    await chat.say("七天无理由")
    await chat.button("来源 1：七天无理由怎么算").click()
    await chat.say("我的订单能退吗")
    await chat.button("有帮助").last.click()
    await expect(chat.log.get_by_role("region", name="核对结果")).to_be_visible()


async def test_on_a_desktop_the_window_stands_beside_the_page(visit: Visit) -> None:
    chat = await (await visit()).open()
    box = await box_of(chat)
    assert 380 <= box["width"] <= 420
    assert box["x"] + box["width"] <= 1280
    assert box["y"] >= 0
    await expect(chat.panel).to_have_attribute("aria-modal", "false")


async def test_on_a_phone_the_window_is_the_screen_and_the_page_behind_does_not_scroll(visit: Visit) -> None:
    chat = await visit("/demo/p/NY-KZ01", reduced_motion="reduce", **PHONE)
    assert await chat.page.evaluate("document.documentElement.scrollWidth") == 390, "the shop fits the phone"
    await chat.page.locator(".launcher").tap()
    assert await box_of(chat) == {"x": 0, "y": 0, "width": 390, "height": 844}
    await expect(chat.panel).to_have_attribute("aria-modal", "true")
    assert await chat.page.evaluate("document.documentElement.style.overflow") == "hidden"
    await everything(chat)
    assert await chat.panel.locator(".scroller").evaluate("el => el.scrollWidth <= el.clientWidth")
    small = await chat.panel.evaluate(
        "el => [...el.querySelectorAll('button')].filter((it) => it.checkVisibility())"
        ".filter((it) => it.getBoundingClientRect().height < 24).map((it) => it.textContent)"
    )
    assert small == [], "WCAG 2.2, 2.5.8: nothing to tap is smaller than 24 pixels"
    await chat.button("收起对话").tap()
    assert await chat.page.evaluate("document.documentElement.style.overflow") == ""


async def test_the_window_stays_above_the_keyboard_of_a_phone(visit: Visit) -> None:
    chat = await visit(reduced_motion="reduce", **PHONE)
    await chat.page.locator(".launcher").tap()
    await chat.page.set_viewport_size({"width": 390, "height": 480})  # what is left above the keyboard
    await expect(chat.box).to_be_in_viewport(ratio=1)
    await expect(chat.button("转人工")).to_be_in_viewport(ratio=1)
    assert (await box_of(chat))["height"] == 480


async def test_everything_can_be_done_with_the_keyboard_alone(visit: Visit) -> None:
    chat = await visit()
    page, keys = chat.page, chat.page.keyboard
    launcher = page.locator(".launcher")
    await launcher.focus()
    await keys.press("Enter")
    await expect(chat.box).to_be_focused()
    await keys.type("七天无理由")
    await keys.press("Enter")
    cite = chat.button("来源 1：七天无理由怎么算")
    await expect(cite).to_be_visible()
    seen = []
    for _ in range(30):
        await keys.press("Tab")
        seen.append(await page.evaluate("document.activeElement.shadowRoot?.activeElement?.ariaLabel ?? ''"))
        if seen[-1] == "来源 1：七天无理由怎么算":
            break
    await expect(cite).to_be_focused()
    assert await cite.evaluate("el => getComputedStyle(el).outlineStyle") == "solid", "the focus can be seen"
    await keys.press("Enter")
    await expect(chat.log.locator(".quote")).to_be_visible()
    await keys.press("Escape")
    await expect(chat.panel).to_be_hidden()
    await expect(launcher).to_be_focused()


async def test_tab_goes_round_inside_the_window(visit: Visit) -> None:
    chat = await (await visit()).open()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(25):
            await chat.page.keyboard.press(key)
            assert await chat.page.evaluate("document.activeElement.localName") == "shop-chat"


async def test_the_focus_goes_back_to_what_opened_the_window(visit: Visit) -> None:
    chat = await visit("/demo/p/NY-DJ01")
    ask = chat.page.get_by_role("button", name="拿不准？问问客服")
    await ask.focus()
    await chat.page.keyboard.press("Enter")
    await expect(chat.box).to_be_focused()
    await chat.page.keyboard.press("Escape")
    await expect(ask).to_be_focused()


async def test_a_screen_reader_hears_new_sentences_and_not_the_old_ones_again(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    await expect(chat.log).to_have_attribute("aria-live", "polite")
    await expect(chat.log.locator(".row.assistant .hidden").first).to_have_text("AI 助手说")
    heard = """el => {
        window.heard = [];
        const hear = (all) => all.forEach((it) => it.addedNodes.forEach((node) => window.heard.push(node.textContent)));
        new MutationObserver(hear).observe(el, { childList: true, subtree: true });
    }"""
    await expect(chat.theirs).to_have_count(1)
    await chat.log.evaluate(heard)
    await chat.say("换个问题")
    await expect(chat.theirs.last).to_have_text("您问的是：换个问题。我记下了。")
    said = await chat.page.evaluate("window.heard.join('')")
    assert "支持七天无理由" not in said
    assert said.count("我记下了。") == 1
    await chat.page.reload()
    await expect(chat.theirs).to_have_count(2)
    spoken = "el => el.getAttribute('aria-live') === 'polite' && el.children.length > 0"
    await chat.page.wait_for_function(
        f"() => ({spoken})(document.querySelector('shop-chat').shadowRoot.querySelector('.list'))"
    )


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("large", [False, True], ids=["usual", "large"])
async def test_every_text_can_be_read(visit: Visit, options: dict[str, object], large: bool) -> None:
    chat = await visit(**options)
    await chat.page.emulate_media(reduced_motion="reduce")
    await chat.page.evaluate("ShopChat.open()")
    if large:
        await chat.button("大字").click()
    await everything(chat)
    await chat.button("转人工").click()
    await expect(chat.log.get_by_text("已转人工")).to_be_visible()
    assert await chat.panel.evaluate(CONTRASTS) == []


async def test_large_text_is_larger_everywhere_and_remembered_for_the_next_visit(visit: Visit, here: Here) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    size = "el => parseFloat(getComputedStyle(el).fontSize)"
    before = await chat.theirs.last.evaluate(size)
    await chat.button("大字").click()
    after = await chat.theirs.last.evaluate(size)
    assert after >= before * 1.25
    await expect(chat.button("大字")).to_have_attribute("aria-pressed", "true")
    again = await (await tab(chat.page.context, here.url("/demo"))).open()
    await expect(again.theirs.last).to_be_visible()
    assert await again.theirs.last.evaluate(size) == after


async def test_nothing_moves_for_who_asked_for_no_motion(visit: Visit) -> None:
    chat = await visit(reduced_motion="reduce")
    await chat.page.evaluate("ShopChat.open()")
    await chat.say("七天无理由")
    await expect(chat.theirs).to_have_count(1)
    assert await chat.page.evaluate("document.querySelector('shop-chat').shadowRoot.getAnimations().length") == 0


async def test_a_traditional_page_has_a_traditional_window(visit: Visit) -> None:
    chat = await visit("/demo/p/NY-DJ01?lang=zh-TW")
    await chat.page.get_by_role("button", name="諮詢客服").click()
    await expect(chat.panel.locator(".greeting")).to_contain_text("您好，我是本店的 AI 助手，尺碼、發貨")
    for name in ("轉人工", "大字", "尺碼怎麼選", "收起對話"):
        await expect(chat.button(name)).to_be_visible()
    await chat.say("七天無理由可以退嗎")
    await expect(chat.theirs).to_have_count(1)
    await expect(chat.log.locator("time")).to_contain_text("今天")
    assert await chat.panel.evaluate("el => el.parentElement.lang") == "zh-TW"


@contextlib.asynccontextmanager
async def another_shop(widget: str, tag: str) -> AsyncIterator[str]:
    """A shop's own site on another origin, with styles that must not reach the widget."""
    page = FastAPI()

    @page.get("/", response_class=HTMLResponse)
    async def front() -> str:
        return f"""<!doctype html><html lang="zh-CN"><title>别家店</title>
            <style>* {{ color: red !important; font-size: 40px; }} button {{ display: none; }}</style>
            <body><h1>别家店</h1><script async src="http://{widget}/widget.js" {tag}></script></body></html>"""

    async with serving(page) as address:
        yield address


async def test_a_shop_on_another_origin_embeds_it_with_one_tag(chromium: Browser) -> None:
    receives = await reception(answer=answerer(Gates()))
    context = await chromium.new_context(**DESKTOP)
    origins: list[str] = []
    async with serving(app_of(receives, pages=[site.router], origins=lambda _: origins)) as widget:
        tag = 'data-shop="demo" data-title="别家的客服" data-color="#ffd400" data-large'
        async with another_shop(widget, tag) as shop:
            origins.append(f"http://{shop}")
            chat = await (await tab(context, f"http://{shop}/")).open()
            await expect(chat.panel.get_by_role("heading")).to_have_text("别家的客服")
            await chat.say("七天无理由")
            await expect(chat.theirs.last).to_contain_text("支持七天无理由退货")
            await expect(chat.button("大字")).to_have_attribute("aria-pressed", "true")
            assert await chat.panel.evaluate(CONTRASTS) == [], "the page's styles stay out, its colour is made readable"
            assert chat.trouble == []
            await context.close()


async def test_the_demo_shop_sells_finds_and_asks(visit: Visit) -> None:
    chat = await visit()
    page = chat.page
    cards = page.locator(".card")
    await expect(cards).to_have_count(25)
    await page.get_by_label("搜商品").fill("炸锅")
    await expect(cards).to_have_count(2)
    await page.get_by_label("搜商品").fill("没有的东西")
    await expect(page.locator(".none")).to_be_visible()
    await page.get_by_label("搜商品").fill("")
    await page.get_by_role("link", name="鞋帽").click()
    await expect(cards).to_have_count(2)
    await cards.first.click()
    await expect(page.get_by_role("heading", name="女士加绒雪地靴")).to_be_visible()
    await page.get_by_role("button", name="36", exact=True).click()
    await expect(page.locator(".stock")).to_contain_text("暂时没货")
    await page.get_by_role("button", name="栗色").click()
    await expect(page.locator(".stock")).to_contain_text("现货，剩 6 件")
    await expect(page.get_by_role("row", name="38 235–240")).to_be_visible()


async def test_the_demo_shopper_finds_an_order_and_asks_about_it(visit: Visit, staff: httpx.AsyncClient) -> None:
    chat = await visit()
    page = chat.page
    await page.get_by_role("link", name="我的订单").click()
    await page.get_by_role("link").filter(has_text="雪岸女士中长款羽绒服").click()
    await expect(page.locator(".track li").first).to_contain_text("本人签收")
    await page.get_by_role("button", name="问问这一单").click()
    await chat.button("申请退货").click()
    await expect(chat.theirs.first).to_be_visible()
    log = (await staff.get(f"/talks/{(await chat.seat())['talk']}")).json()
    number = page.url.rsplit("/", 1)[-1]
    assert {"kind": "visited", "product": None, "order": number, "buyer": None} in [it["event"] for it in log["events"]]


async def test_the_server_learns_which_product_is_looked_at(visit: Visit, staff: httpx.AsyncClient) -> None:
    chat = await (await visit("/demo/p/NY-DJ01")).open()
    await chat.say("这款多久发货")
    await expect(chat.theirs).to_have_count(1)
    log = (await staff.get(f"/talks/{(await chat.seat())['talk']}")).json()
    assert {"kind": "visited", "product": "NY-DJ01", "order": None, "buyer": None} in [
        it["event"] for it in log["events"]
    ]
