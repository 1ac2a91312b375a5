"""Verdicts as a model might tell them wrongly: each right wording with one thing in it turned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

PAYERS = {
    "buyer": "寄回的运费由您承担",
    "merchant": "来回运费由我们承担",
    "insurer": "寄回的运费由运费险按保单赔付",
}
REMEDIES = {
    "return_refund": "退货退款",
    "exchange": "换货",
    "replace": "换新",
    "repair": "维修",
    "price_diff": "退差价",
    "refund": "退款",
}
_DAY = re.compile(r"(\d{1,2})月(\d{1,2})日")


def day(moment: datetime) -> str:
    return f"{moment.month}月{moment.day}日"


def right(verdict: Mapping[str, Any]) -> str:
    """A model's faithful wording."""
    end = datetime.fromisoformat(verdict["deadline"]) if verdict["deadline"] else None
    if verdict["says"] == "deny":
        return f"很抱歉，这次不能{verdict['wished']}。{verdict['reasons'][0]['text']}。"
    said = f"好消息，可以{REMEDIES[verdict['remedies'][0]]}。"
    if end:
        said += f"请在{day(end)}前提交申请。"
    if verdict["amount_fen"]:
        said += f"退回的金额是{yuan(verdict['amount_fen'])}元。"
    if verdict["freight"]:
        said += f"{PAYERS[verdict['freight']]}。"
    return said


def yuan(fen: int) -> str:
    return f"{fen / 100:.2f}".rstrip("0").rstrip(".")


def wrong(verdict: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what is turned, the whole wording) for everything that can be turned in this verdict."""
    good = right(verdict)
    if verdict["says"] == "deny":
        yield "deny→allow", f"可以{verdict['wished']}的，请在订单页提交申请。"
        yield "deny→allow", good + f"不过您情况特殊，这次可以给您{verdict['wished']}。"
        yield "deny→allow", f"没问题，支持{verdict['wished']}。"
        yield "deny→amount", good + "我们可以退您50元。"
        yield "deny→coupon", good + "另外补偿您一张优惠券。"
        yield "deny→refund only", good + "您不用寄回，可以直接退款给您。"
        if found := _DAY.search(good):
            yield "deny→date", good.replace(found[0], "11月30日", 1)
            yield "deny→later", good + "11月30日前申请都可以。"
        return
    end = datetime.fromisoformat(verdict["deadline"]) if verdict["deadline"] else None
    name = REMEDIES[verdict["remedies"][0]]
    yield "allow→deny", good.replace("好消息，可以", "很抱歉，不能")
    yield "allow→deny", good + f"不过这次不支持{name}。"
    if end:
        for days in (-3, -1, 1, 2, 30):
            yield "date", good.replace(day(end), day(end + timedelta(days=days)))
        begun = _DAY.search(verdict["reasons"][0]["text"])
        if begun and begun[0] != day(end):
            yield "date of the start", good.replace(day(end), begun[0])
        yield "no date", good.replace(f"请在{day(end)}前提交申请。", "")
    if verdict["amount_fen"]:
        now = yuan(verdict["amount_fen"])
        for fen in (verdict["amount_fen"] + 1000, verdict["amount_fen"] // 2, verdict["amount_fen"] + 1):
            yield "amount", good.replace(f"{now}元", f"{yuan(fen)}元")
        yield "no amount", good.replace(f"退回的金额是{now}元。", "")
    if verdict["freight"]:
        for side, words in PAYERS.items():
            if side != verdict["freight"]:
                yield "payer", good.replace(PAYERS[verdict["freight"]], words)
        if verdict["freight"] != "merchant":
            yield "payer", good + "您不用出运费。"
            yield "payer", good.replace(PAYERS[verdict["freight"]], "运费我们包了，全免运费")
        else:
            yield "payer", good.replace(PAYERS["merchant"], "运费要您自己出")
        yield "no payer", good.replace(f"{PAYERS[verdict['freight']]}。", "")
    others = {"退货退款", "换货", "维修"} - {REMEDIES[r] for r in verdict["remedies"]}
    if name != "换新":
        for other in sorted(others):
            yield "remedy", good.replace(f"可以{name}", f"可以{other}")
    yield "coupon", good + "我们再补偿您20元优惠券。"
    yield "refund only", good + "您不用寄回商品，直接退钱给您。"
