"""An answerer for the widget's tests: says what the test needs to see, and waits where the test tells it to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from assistant.conversation.events import Cite, Event, HandedOver, Message, Option, Part, Traced
from assistant.conversation.state import Conversation
from assistant.turn.shop import Shop

RETURNS = ("支持七天无理由退货。", "从签收次日起算，商品完好、吊牌未剪就可以申请。", "退货运费由您承担。")
CITES = (
    Cite(
        id="p1",
        source="售后问答.xlsx#退换货!12",
        title="七天无理由怎么算",
        quote="自签收次日起 7 天内，商品完好、吊牌未剪可以申请。",
    ),
    Cite(id="p2", source="退换货说明.pdf#p3", title="退货运费", quote="无理由退货的运费由买家承担。"),
)
CHIPS = (Option(label="怎么申请", says="怎么申请退货？"), Option(label="多久到账", says="退款多久到账？"))
VERDICT: dict[str, Any] = {
    "says": "allow",
    "policy": "seven_day_no_reason",
    "version": 3,
    "remedies": ["return_refund", "exchange"],
    "deadline": "2026-11-12T23:59:59+08:00",
    "amount_fen": 59905,
    "freight": "buyer",
    "missing": [],
    "reasons": [{"policy": "seven_day_no_reason", "text": "签收次日起七天内", "cites": []}],
    "alternatives": [],
    "working": ["实付 599.05 元，全额退回"],
}
XSS = (
    "<img src=x onerror=\"window.pwned='img'\">",
    "<script>window.pwned='script'</script>",
    "javascript:window.pwned='js'",
    "<svg/onload=window.pwned='svg'>",
    '"><iframe srcdoc="<script>parent.pwned=\'frame\'</script>">',
    "{{7*7}}${7*7}<%= 7*7 %>",
    "https://example.com/\"onmouseover=\"window.pwned='link'",
    "‮txt.exe",
)


class Gates:
    """Answers wait here: `一会儿` in a question holds the answer after its first sentence until the test lets go."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def wait(self, question: str) -> None:
        await self._open[question].wait()

    def let_go(self, question: str) -> None:
        self._open[question].set()


def answerer(gates: Gates) -> Any:
    """What `Reception` runs in place of `take_turn`."""

    async def answer(_shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        asked, at = talk.pending[-1], talk.asked_at
        if "人工" in asked:
            yield Message(by="assistant", text=talk.speaking + "好的，马上为您转人工。", action="handoff", answers=at)
            yield HandedOver(reason="asked_for_person", level="L3")
            return
        parts, more = _says(asked)
        if talk.speaking:  # more was asked while we spoke: what was shown stays
            parts = tuple(part for part in parts if part not in talk.speaking)
        spoken = talk.speaking
        for n, part in enumerate(parts):
            yield Part(text=part, answers=at)
            spoken += part
            if n == 0 and "一会儿" in asked:
                await gates.wait(asked)
        yield Message(
            **{"by": "assistant", "text": spoken, "action": "answer", "answers": at, "engine": "offline", **more}
        )
        yield Traced(answers=at)

    return answer


def _says(asked: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    if "七天" in asked:
        return RETURNS, {"cites": CITES, "suggestions": CHIPS}
    if "我的订单" in asked:
        return ("您这件还在七天内，可以退。",), {"verdict": VERDICT, "cites": CITES[:1]}
    if "坏东西" in asked:
        cite = Cite(id="x", source=XSS[0], title=XSS[1], quote="\n".join(XSS))
        chip = Option(label=XSS[3], says=XSS[4])
        verdict = {**VERDICT, "reasons": [{"text": XSS[0]}], "working": [XSS[1]], "remedies": [XSS[3]]}
        return XSS, {"cites": (cite,), "suggestions": (chip,), "verdict": verdict}
    if "长" in asked:
        return tuple(f"第{n}句话说得很长很长，为的是让窗口装不下，要滚动才能看完。\n" for n in range(1, 31)), {}
    return (f"您问的是：{asked}。", "我记下了。"), {}
