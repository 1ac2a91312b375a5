"""The quality page, from the first finding to its appeal, from two runs to a signature, from a draw to κ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from assistant.conversation.sql import open_store
from eval.audit.rules import Example
from eval.audit.written import entries_of
from eval.case import read_cases
from knowledge.database import open_engine
from tests.console.conftest import Desk, LogIn, Server
from tests.support.wait import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
RUDE = Example(("顾客：尺码准吗", "客服小李：有病吧你，烦死了。", "顾客：什么态度", "客服小李：抱歉，我帮您看一下。"))


async def happened(server: Server, example: Example) -> str:
    """A conversation in the log of the running shop."""
    engine = open_engine(f"sqlite:///{server.data / 'dianban.db'}")
    store = await open_store(engine)
    talk, _ = await store.open_talk("demo")
    await store.append(talk, [entry.event for entry in entries_of(example)])
    await store.close()
    return talk


def run(path: Path, right: int, of: int, knowledge: str) -> None:
    """A finished run in the shop's folder."""
    head = {"kind": "head", "shop": "demo", "tasks": of, "trials": 1, "knowledge": knowledge}
    lines: list[dict[str, Any]] = [
        {
            "id": f"c{n}", "key": f"c{n}", "trial": 0, "variant": None, "turns": [f"第{n}问：多久发货"],
            "tags": ["发货时间"],
            "right": n < right, "broken": "", "action": "answer", "reason": None, "text": f"答{n}",
            "cites": [], "quotes": [],
            "verdict": None, "confidence": 0.9, "engine": "offline", "expected": {"action": ["answer"]},
            "group": f"g{n}", "scores": {"facts": {"value": float(n < right), "because": "没有说到 48小时"}},
            "trace": None, "weight": 1.0, "tokens": None, "ms": 3.0,
        }
        for n in range(of)
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in (head, *lines)) + "\n", "utf-8")


async def reason(desk: Desk, text: str, button: str) -> None:
    """Fill in the dialog and go on."""
    await desk.dialog.get_by_label("理由").fill(text)
    await desk.dialog.get_by_role("button", name=button).click()


async def test_an_agent_appeals_another_decides_and_the_confirmed_finding_becomes_a_case(
    server: Server, staff: LogIn
) -> None:
    await happened(server, RUDE)
    li = await staff("li", "quality")
    card = li.page.locator(".finding").filter(has_text="有病吧")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("有病吧")
    await expect(card).to_contain_text("可以改成")
    await expect(li.page.get_by_role("tab")).to_have_count(1)
    await card.locator(".do-appeal").click()
    await reason(li, "顾客先骂人的", "申诉")
    await li.told("已提交申诉")
    await expect(card).to_contain_text("申诉中")
    await expect(card.locator(".do-uphold")).to_have_count(0)

    wang = await staff("wang", "quality")
    await expect(wang.page.get_by_text("查出的问题")).to_be_visible()
    await expect(wang.page.get_by_text("有病吧")).to_have_count(0)

    qa = await staff("qa", "quality?tab=findings")
    judged = qa.page.locator(".finding").filter(has_text="有病吧")
    await judged.locator(".do-uphold").click()
    await reason(qa, "顾客没有骂人", "维持")
    await qa.told("已记下")
    await judged.locator(".do-keep").click()
    await qa.told("已存成题目")
    (case,) = read_cases([server.data / "eval" / "cases" / "demo-inspection.jsonl"])
    assert case.turns[0] == "尺码准吗"


async def test_a_worse_change_is_seen_and_only_the_owner_signs(server: Server, staff: LogIn) -> None:
    run(server.data / "eval" / "一旧版.jsonl", 190, 200, "v1")
    run(server.data / "eval" / "二新版.jsonl", 150, 200, "v2")
    qa = await staff("qa", "quality?tab=runs")
    await qa.page.locator('[data-run="二新版"]').get_by_role("button", name="查看").click()
    await expect(qa.page.get_by_text("准确率 75.0 %")).to_be_visible()
    await expect(qa.page.get_by_text("答错的题（20/50）")).to_be_visible()

    await qa.go("quality?tab=gate")
    for label, name in (("现在的版本", "一旧版"), ("改动后的版本", "二新版")):
        await qa.page.get_by_label(label).click()
        await qa.page.get_by_role("option", name=name).click()
        await expect(qa.page.get_by_role("option")).to_have_count(0)
    await qa.page.get_by_role("button", name="比较").click()
    await expect(qa.page.get_by_text("明显变差", exact=True)).to_be_visible()
    await expect(qa.page.get_by_text("变差的题（40）")).to_be_visible()
    change = qa.page.locator(".change")
    await expect(change).to_contain_text("不能上线")
    await expect(change).to_contain_text("需要店主签字")
    await expect(change.get_by_role("button", name="签字放行")).to_have_count(0)

    boss = await staff("boss", "quality?tab=gate")
    await boss.page.locator(".change").get_by_role("button", name="签字放行").click()
    await reason(boss, "换季必须先上", "签字放行")
    await expect(boss.page.locator(".change")).to_contain_text("已签字：boss，换季必须先上")


async def test_two_people_label_blind_and_their_kappa_is_told(server: Server, staff: LogIn) -> None:
    run(server.data / "eval" / "三标注.jsonl", 2, 2, "v3")
    for name, keys in (("qa", ("1", "2")), ("boss", ("1", "2"))):
        desk = await staff(name, "quality?tab=labels")
        if name == "qa":
            await desk.page.get_by_label("从哪次评测里抽").click()
            await desk.page.get_by_role("option", name="三标注").click()
            await desk.page.get_by_role("button", name="抽题").click()
        await desk.page.locator(".batch .do-label").click()
        panel = desk.page.locator(".labelling")
        seen: list[str] = []
        for left, _ in zip((2, 1), keys, strict=True):
            await expect(panel).to_contain_text(f"还剩 {left} 条")
            await expect(panel).not_to_contain_text("没有说到")
            text = await panel.inner_text()
            seen.append(text)
            # Each rater has an order of their own: the same answer gets the same label.
            await desk.page.keyboard.press("1" if "答0" in text else "2")
        await expect(panel).to_contain_text("这一批您都标完了")
        assert len(set(seen)) == 2
    await expect(desk.page.locator(".batch")).to_contain_text("κ = 1.00")
    await expect(desk.page.locator(".batch")).to_contain_text("2/2 条标完")


async def test_a_run_is_started_and_watched_to_its_end(server: Server, staff: LogIn) -> None:
    qa = await staff("qa", "quality?tab=runs")
    await qa.page.get_by_label("哪些题").click()
    await qa.page.get_by_role("option", name="chat", exact=True).click()
    before = {path.name for path in (server.data / "eval").glob("*.jsonl")}
    await qa.page.get_by_role("button", name="开始").click()
    await qa.told("已经开始")

    def new() -> list[str]:
        return [path.stem for path in (server.data / "eval").glob("*.jsonl") if path.name not in before]

    await eventually(lambda: bool(new()), 300)
    row = qa.page.locator(f'[data-run="{new()[0]}"]')
    await expect(row).to_contain_text("已完成", timeout=300_000)
