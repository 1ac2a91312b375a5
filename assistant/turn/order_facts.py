"""What the order book says outright: where a parcel is, what state an order is in. Looked up, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from assistant.conversation.events import Cite
from assistant.turn.products import Fact
from assistant.turn.shop import Shop
from assistant.turn.verdict_words import yuan
from prompts import phrase

_ASKS_STATE = re.compile(
    r"到哪|到(?:啥|什么)地方|哪里了|哪儿了|到(?:了)?(?:没|吗|么)|物流|快递.{0,6}(?:动|更新|到|呢|在哪|查)|包裹.{0,4}(?:哪|呢|到)"
    r"|(?:什么|啥|几)时(?:候)?(?:能|会)?(?:到|送|收到)|几天(?:能)?到|几时到|多久(?:能)?到|发货了?(?:没|吗|么)|发了(?:没|吗|么)"
    r"|(?:还|怎么|咋|为什么|为啥).{0,4}(?:不|没|未)(?:给我)?(?:发|到|动|更新)|单号|订单.{0,4}(?:状态|情况|怎么样|进度|呢)"
    r"|(?:不动|没动静|停(?:那|在|了)|卡(?:在|了)?.{0,6}(?:不动|没动|天)|没(?:更新|动))|怎么没了|差多少尾款|尾款.{0,6}(?:多少|差)"
    r"|(?:哪个|邊個|边个|啥)(?:城市|地方)|依家|查.{0,4}(?:订单|快递|物流|单)|退款.{0,6}(?:到|进度|好|没|哪|退)|退.{0,3}到账|退到哪|钱.{0,4}(?:退|到)"
)
CONFIDENCE = 0.9


def asks_state(question: str) -> bool:
    """Whether a question (folded) asks where an order stands."""
    return bool(_ASKS_STATE.search(question))


STALLED = timedelta(hours=48)
"""A parcel on its way without a scan for longer is traced with the courier."""


async def order_facts(shop: Shop, question: str, number: str | None) -> tuple[Fact, ...]:
    """Where the order named stands, if `question` (folded) asks for that and the order is the shopper's own."""
    if not number or shop.orders is None or not asks_state(question):
        return ()
    order = await shop.orders.order(number)
    if order is None:
        return ()
    cite = Cite(
        id=f"order:{number}",
        source=f"order#{number}",
        title=phrase("order.title", number=number),
        quote="\n".join(_scans(order)) or str(order.get("state", "")),
    )
    return tuple(Fact(text, cite, CONFIDENCE) for text in [*_sentences(order, number), *_about(order, shop.now())])


def _about(order: Mapping[str, Any], now: datetime) -> list[str]:
    """What follows from the state by itself: a parcel at a standstill, an unpaid order closed, a balance to pay."""
    told = []
    scans = [datetime.fromisoformat(str(s["at"])) for s in order.get("logistics") or () if s.get("at")]
    on_the_way = order.get("shipped_at") and not order.get("signed_at")
    if scans and on_the_way and now - max(scans) > STALLED:
        told.append(phrase("order.stalled"))
    if str(order.get("state")) == "已关闭" and not order.get("paid_at"):
        told.append(phrase("order.closed_unpaid"))
    lines = order.get("lines") or ()
    if str(order.get("state")) == "待付尾款" and all(line.get("list_fen") for line in lines):
        due = sum(int(line["list_fen"]) - int(line["paid_fen"]) for line in lines)
        told.append(phrase("order.balance", yuan=yuan(due)))
    return told


def _sentences(order: Mapping[str, Any], number: str) -> list[str]:
    lines = order.get("lines") or ()
    title = str(lines[0].get("title", "")) if lines else ""
    more = phrase("order.more", count=str(len(lines))) if len(lines) > 1 else ""
    if not (state := str(order.get("state", ""))):
        return []
    said = [phrase("order.state", number=number, title=title + more, state=state)]
    if scans := _scans(order):
        said.append(phrase("order.last_scan", scan=scans[-1]))
    elif shipped := order.get("shipped_at"):
        said.append(phrase("order.shipped", when=_when(str(shipped))))
    return said


def _scans(order: Mapping[str, Any]) -> list[str]:
    """The parcel's scans, oldest first, each with its time."""
    scans = sorted(order.get("logistics") or (), key=lambda scan: str(scan.get("at", "")))
    return [f"{_when(str(scan['at']))} {scan['text']}" for scan in scans if scan.get("at")]


def _when(moment: str) -> str:
    at = datetime.fromisoformat(moment)
    return f"{at.month}月{at.day}日 {at:%H:%M}"
