"""What a shopper sees and does in the chat window, in a real browser against a real server."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.web.answers import RETURNS, XSS
from tests.web.conftest import Here, Visit, tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ANSWER = "".join(RETURNS)


async def test_a_question_gets_its_answer_and_is_ticked_as_stored(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("支持七天无理由吗")
    await expect(chat.theirs.last).to_have_text(ANSWER)
    await expect(chat.mine).to_have_text(["支持七天无理由吗"])
    await expect(chat.log.locator(".row.mine .status.stored")).to_have_attribute("title", "已送达")
    await expect(chat.box).to_have_value("")


async def test_an_answer_streams_sentence_by_sentence_and_settles_in_place(visit: Visit, here: Here) -> None:
    chat = await (await visit()).open()
    question = "一会儿说说七天无理由，就在原地"
    await chat.say(question)
    row = chat.log.locator(".row.assistant")
    await expect(row.locator(".text")).to_have_text(RETURNS[0])
    await expect(row).to_have_class(re.compile(r"\blive\b"))
    await row.evaluate("el => { el.querySelector('.text').firstChild.same = true; el.same = true }")
    here.gates.let_go(question)
    await expect(row.locator(".text")).to_have_text(ANSWER)
    await expect(row).not_to_have_class(re.compile(r"\blive\b"))
    # Not a new bubble with the same words: the very one, with the very first sentence.
    assert await row.evaluate("el => el.same && el.querySelector('.text').firstChild.same")


async def test_a_citation_opens_the_quoted_passage_and_closes_again(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    first = chat.button("来源 1：七天无理由怎么算")
    second = chat.button("来源 2：退货运费")
    await expect(first).to_have_attribute("aria-expanded", "false")
    await first.click()
    quote = chat.log.get_by_role("region", name="七天无理由怎么算")
    await expect(quote).to_contain_text("自签收次日起 7 天内，商品完好、吊牌未剪可以申请。")
    await expect(quote).to_contain_text("售后问答.xlsx 退换货 第 12 行")
    await expect(first).to_have_attribute("aria-expanded", "true")
    await second.click()
    await expect(chat.log.locator(".quote")).to_have_count(1)
    await expect(chat.log.locator(".quote")).to_contain_text("退换货说明.pdf 第 3 页")
    await second.click()
    await expect(chat.log.locator(".quote")).to_have_count(0)


async def test_a_suggestion_is_sent_with_a_tap_and_only_the_last_answer_offers_some(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    await chat.button("怎么申请").click()
    await expect(chat.mine.last).to_have_text("怎么申请退货？")
    await expect(chat.theirs.last).to_have_text("您问的是：怎么申请退货？。我记下了。")
    await expect(chat.log.locator(".chip")).to_have_count(0)
    await expect(chat.box).to_be_focused()


async def test_an_empty_conversation_greets_says_what_it_is_and_offers_questions(visit: Visit) -> None:
    chat = await (await visit("/demo/p/NY-DF01")).open()
    await expect(chat.panel.locator(".greeting")).to_contain_text("AI 助手")
    await expect(chat.panel.locator(".ai-notice")).to_contain_text("由 AI 依据店铺资料生成")
    await chat.button("保修多久").click()
    await expect(chat.mine).to_have_text(["这款保修多久？"])
    await expect(chat.panel.locator(".starts")).to_be_hidden()


async def test_the_verdict_card_tells_what_until_when_how_much_and_who_pays(visit: Visit) -> None:
    chat = await (await visit(timezone_id="America/New_York")).open()
    await chat.say("我的订单能退吗")
    card = chat.log.get_by_role("region", name="核对结果")
    for says in ("可以办理", "退货退款 · 换货", "11月12日 24:00 前", "¥599.05", "由您承担"):
        await expect(card).to_contain_text(says)
    await expect(card.get_by_text("签收次日起七天内")).to_be_hidden()
    await card.get_by_text("为什么").click()
    await expect(card.get_by_text("签收次日起七天内")).to_be_visible()


async def test_helpful_or_not_is_kept_with_the_answer(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    await chat.button("没帮助").click()
    await expect(chat.button("没帮助")).to_have_attribute("aria-pressed", "true")
    await expect(chat.log.get_by_text("收到，我们会改进")).to_be_visible()
    await chat.page.reload()
    await expect(chat.button("没帮助")).to_have_attribute("aria-pressed", "true")
    await expect(chat.button("有帮助")).to_have_attribute("aria-pressed", "false")


async def test_from_the_assistant_to_a_person_and_back_with_stars(visit: Visit, staff: httpx.AsyncClient) -> None:
    chat = await (await visit()).open()
    who = chat.panel.locator(".who")
    await expect(who).to_have_text("AI 助手")
    await chat.button("转人工").click()
    await expect(who).to_have_text("正在转人工")
    await expect(chat.log.get_by_text("已转人工，等待客服接入")).to_be_visible()
    await expect(chat.button("等待人工接入")).to_have_attribute("aria-disabled", "true")
    talk = (await chat.seat())["talk"]
    await chat.say("我的鞋开胶了")
    assert (await staff.post(f"/talks/{talk}/claim")).is_success
    await expect(chat.button("人工服务中")).to_be_visible()
    assert (await staff.post(f"/talks/{talk}/typing")).is_success
    await expect(chat.panel.get_by_text("正在输入")).to_be_visible()
    assert (await staff.post(f"/talks/{talk}/reply", json={"text": "您好，我来看看"})).is_success
    await expect(chat.theirs.last).to_have_text("您好，我来看看")
    await expect(chat.panel.get_by_text("正在输入")).to_be_hidden()
    await expect(who).to_have_text("人工 客服小李")
    assert (await staff.post(f"/talks/{talk}/resolve", json={"summary": "换新"})).is_success
    await expect(who).to_have_text("AI 助手")
    await chat.panel.get_by_role("radio", name="4 星，满意").check()
    await chat.panel.get_by_label("说说哪里好").fill("回得快")
    await chat.button("提交评价").click()
    await expect(chat.log.get_by_text("感谢评价，您给了 4 星")).to_be_visible()
    await expect(chat.panel.get_by_text("这次服务您还满意吗？")).to_be_hidden()
    log = (await staff.get(f"/talks/{talk}")).json()
    assert [(it["event"]["stars"], it["event"]["note"]) for it in log["events"] if it["event"]["kind"] == "rated"] == [
        (4, "回得快")
    ]


async def test_stars_refused_once_are_not_asked_for_again(visit: Visit, staff: httpx.AsyncClient) -> None:
    chat = await (await visit()).open()
    await chat.button("转人工").click()
    await expect(chat.panel.locator(".who")).to_have_text("正在转人工")
    talk = (await chat.seat())["talk"]
    assert (await staff.post(f"/talks/{talk}/claim")).is_success
    assert (await staff.post(f"/talks/{talk}/resolve", json={})).is_success
    await chat.button("暂不评价").click()
    await expect(chat.panel.get_by_text("这次服务您还满意吗？")).to_be_hidden()
    await chat.page.reload()
    await expect(chat.log.get_by_text("本次服务已结束")).to_be_visible()
    await expect(chat.panel.get_by_text("这次服务您还满意吗？")).to_be_hidden()


async def test_the_ai_label_and_the_way_to_a_person_are_in_sight_in_every_state(visit: Visit) -> None:
    chat = await (await visit()).open()
    for text in ("长长的回答", "七天无理由", "我的订单能退吗"):
        await chat.say(text)
        await expect(chat.log.locator(".row.assistant:not(.live)").last).to_be_visible()
        await expect(chat.panel.locator(".who")).to_be_in_viewport(ratio=1)
        await expect(chat.button("转人工")).to_be_in_viewport(ratio=1)


async def test_whatever_is_said_stays_text(visit: Visit) -> None:
    chat = await (await visit()).open()
    for payload in XSS:
        await chat.say(payload)
        await expect(chat.mine.last).to_have_text(payload, use_inner_text=False)
    await chat.say("坏东西")
    await expect(chat.theirs.last).to_contain_text(XSS[0])
    await chat.log.locator(".cite").last.click()
    await expect(chat.log.locator(".quote blockquote")).to_contain_text(XSS[1])
    await chat.log.locator(".verdict summary").first.click()
    tags = await chat.log.evaluate("el => [...el.querySelectorAll('*')].map((it) => it.localName)")
    assert not {"script", "iframe", "img", "object", "embed", "style"} & set(tags)
    assert await chat.page.evaluate("window.pwned") is None
    links = await chat.log.locator("a").evaluate_all("all => all.map((it) => [it.protocol, it.rel])")
    assert links
    assert all(it == ["https:", "noopener noreferrer nofollow"] for it in links)


async def test_long_words_and_addresses_stay_inside_the_window(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("https://example.com/" + "a" * 600)
    await expect(chat.theirs).to_have_count(1)
    await chat.say("啊" * 500 + "😀" * 40)
    await expect(chat.theirs).to_have_count(2)
    wide = await chat.panel.locator(".scroller").evaluate("el => el.scrollWidth - el.clientWidth")
    assert wide <= 0


async def test_shift_enter_breaks_the_line_and_an_input_method_s_enter_does_not_send(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.box.press_sequentially("第一行")
    await chat.box.press("Shift+Enter")
    await chat.box.press_sequentially("第二行")
    await expect(chat.box).to_have_value("第一行\n第二行")
    composing = """el => el.dispatchEvent(new KeyboardEvent("keydown",
        { key: "Enter", isComposing: true, bubbles: true, cancelable: true, composed: true }))"""
    assert await chat.box.evaluate(composing), "the input method keeps its key"
    await expect(chat.mine).to_have_count(0)
    await chat.box.press("Enter")
    await expect(chat.mine).to_have_text(["第一行\n第二行"], use_inner_text=True)


async def test_a_message_over_the_limit_is_counted_and_held_back(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.box.fill("字" * 1799)
    await expect(chat.panel.locator(".count")).to_be_hidden()
    await chat.box.fill("字" * 1990)
    await expect(chat.panel.locator(".count")).to_have_text("还可以输入 10 字")
    await chat.box.fill("字" * 1999 + "😀😀😀")
    await expect(chat.panel.locator(".count")).to_have_text("超出 2 字，请分成几条发送")
    await chat.box.press("Enter")
    await expect(chat.mine).to_have_count(0)
    await chat.box.fill("字" * 1999 + "😀")
    await chat.box.press("Enter")
    await expect(chat.mine).to_have_count(1)


async def test_a_reload_resumes_the_conversation_the_window_and_the_draft(visit: Visit) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    await expect(chat.theirs.last).to_have_text(ANSWER)
    await chat.box.fill("还没写完的")
    await chat.page.reload()
    await expect(chat.panel).to_be_visible()
    await expect(chat.mine).to_have_text(["七天无理由"])
    await expect(chat.theirs.last).to_have_text(ANSWER)
    await expect(chat.box).to_have_value("还没写完的")


async def test_the_conversation_goes_along_to_another_page_of_the_shop(visit: Visit, here: Here) -> None:
    chat = await (await visit()).open()
    await chat.say("七天无理由")
    await expect(chat.theirs.last).to_have_text(ANSWER)
    await chat.page.goto(here.url("/demo/p/NY-DJ01"))
    await expect(chat.mine).to_have_text(["七天无理由"])


async def test_two_tabs_show_one_conversation(visit: Visit, here: Here) -> None:
    one = await visit()
    two = await tab(one.page.context, here.url("/demo"))
    await one.open()
    await two.open()
    await one.say("来自第一个标签页")
    await expect(two.mine).to_have_text(["来自第一个标签页"])
    await expect(two.theirs).to_have_count(1)
    await two.say("来自第二个标签页")
    await expect(one.mine).to_have_text(["来自第一个标签页", "来自第二个标签页"])
    await expect(one.theirs).to_have_count(2)
    await expect(two.theirs).to_have_text(await one.theirs.all_text_contents())
    assert await one.seat() == await two.seat()


async def test_what_comes_while_the_window_is_closed_is_counted_and_the_title_given_back(
    visit: Visit, here: Here
) -> None:
    chat = await (await visit()).open()
    question = "一会儿再说说七天，我先看商品"
    await chat.say(question)
    await expect(chat.theirs).to_have_text([RETURNS[0]])
    await chat.button("收起对话").click()
    title = "暖屿生活"
    await expect(chat.page).to_have_title(title)
    here.gates.let_go(question)
    await expect(chat.page.locator(".badge")).to_have_text("1")
    await expect(chat.page).to_have_title(f"（1 条新消息）{title}")
    await expect(chat.page.get_by_role("button", name="咨询客服 1 条未读消息")).to_be_visible()
    await chat.open()
    await expect(chat.page).to_have_title(title)
    await chat.button("收起对话").click()
    await expect(chat.page.locator(".badge")).to_be_hidden()


async def test_who_has_scrolled_up_is_told_of_new_messages_and_not_moved(visit: Visit, here: Here) -> None:
    chat = await (await visit()).open()
    await chat.say("长长的回答")
    await expect(chat.theirs.last).to_contain_text("第30句")
    question = "一会儿再来一条"
    await chat.say(question)
    await expect(chat.theirs).to_have_count(2)
    scroller, pill = chat.panel.locator(".scroller"), chat.button("新消息")
    await expect(chat.theirs.last).to_be_in_viewport()
    await scroller.evaluate("el => { el.scrollTop = 0 }")
    await expect(pill).to_be_hidden()
    here.gates.let_go(question)
    await expect(pill).to_be_visible()
    assert await scroller.evaluate("el => el.scrollTop") == 0
    await pill.click()
    await expect(chat.theirs.last).to_be_in_viewport()
    await expect(pill).to_be_hidden()


async def test_page_code_opens_closes_and_hears_when_the_widget_is_ready(visit: Visit, here: Here) -> None:
    chat = await visit()
    await chat.page.evaluate("ShopChat.open()")
    await expect(chat.panel).to_be_visible()
    await chat.page.evaluate("ShopChat.toggle()")
    await expect(chat.panel).to_be_hidden()
    assert await chat.page.evaluate("new Promise((done) => ShopChat.on('ready', () => done('ready')))") == "ready"


async def test_calls_made_before_the_widget_is_there_are_kept(visit: Visit, here: Here) -> None:
    chat = await visit()
    await chat.page.context.add_init_script(
        """Object.defineProperty(window, "ShopChat", { configurable: true, set(chat) {
            Object.defineProperty(window, "ShopChat", { value: chat }); chat.open(); } })"""
    )
    await chat.page.goto(here.url("/demo"))
    await expect(chat.panel).to_be_visible()


async def test_a_shopper_the_shop_knows_goes_on_with_that_conversation(visit: Visit) -> None:
    known = await (await visit()).open()
    await known.say("在手机上问的")
    await expect(known.theirs).to_have_count(1)
    token = (await known.seat())["token"]
    other = await (await visit()).open()
    await other.say("在电脑上问的")
    await expect(other.theirs).to_have_count(1)
    await other.page.evaluate("token => ShopChat.identify({ token })", token)
    await expect(other.mine).to_have_text(["在手机上问的"])


async def test_a_conversation_that_was_deleted_ends_and_a_new_one_begins(visit: Visit, here: Here) -> None:
    chat = await (await visit()).open()
    await chat.say("请删除我的资料")
    await expect(chat.theirs).to_have_count(1)
    talk = (await chat.seat())["talk"]
    async with httpx.AsyncClient(base_url=here.url("/api")) as desk:
        login = await desk.post("/login", json={"name": "boss", "password": "secret"})
        gone = await desk.delete(f"/talks/{talk}", headers={"Authorization": f"Bearer {login.json()['token']}"})
        assert gone.is_success, gone.text
    await chat.page.reload()
    await expect(chat.panel.get_by_text("之前的对话已经结束")).to_be_visible()
    await expect(chat.mine).to_have_count(0)
    await chat.say("新的问题")
    await expect(chat.theirs).to_have_count(1)
