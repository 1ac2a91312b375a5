"""A small shop for tests, its knowledge in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from assistant.turn.shop import Shop
from knowledge.embedding import open_embedding
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.types import Passage

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

ROWS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("多久发货", "付款后48小时内发出，预售商品除外。", ("什么时候发货", "几天能发")),
    ("默认发什么快递", "默认发中通快递。想换顺丰补12元差价。", ("用什么快递", "能发顺丰吗")),
    ("怎么开发票", "付款后在订单详情页点“申请发票”，24小时内开好电子发票。", ("可以开票吗", "发票在哪申请")),
    ("退货运费谁出", "不喜欢退货，运费由您承担。质量问题退货，运费由我们承担。", ("退货要自己出运费吗",)),
    ("羽绒服可以机洗吗", "羽绒服可以30℃以下轻柔机洗，不要烘干。", ("羽绒服怎么洗",)),
    ("鞋子可以机洗吗", "鞋子不能机洗，用软刷蘸清水刷洗后阴干。", ("鞋子怎么洗", "球鞋能放洗衣机吗")),
)


def passages() -> list[Passage]:
    """The rows as passages of `faq.csv`."""
    return [
        Passage(id=f"p{n}", kind="faq", text=answer, source=f"faq.csv#{n}", question=question, similar=similar)
        for n, (question, answer, similar) in enumerate(ROWS, 2)
    ]


def small_shop(**more: Any) -> Shop:
    """An open shop with those six entries, at noon of a working day."""
    index = ShopIndex.build(passages(), open_embedding())
    return Shop("test", "测试店", HybridRetriever(index=index), now=lambda: NOON, **more)
