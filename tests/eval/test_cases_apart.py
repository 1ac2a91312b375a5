"""The shipped questions: sound, over every intent, and nobody's copy.

A question that stands in the shop's files or in the training text is answered from memory and measures nothing. So no
turn of any case may be equal or nearly equal to one: neither by edit distance nor by shared character pairs.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from openpyxl import load_workbook

from assistant.demo.load import HOME, demo_files
from eval.case import CASES, EvalCase, read_cases
from knowledge.text import fold

ROOT = Path(__file__).parents[2]
TRAINING = ROOT / "knowledge" / "training" / "text"

LEAST = 800
NEAR = 0.7
SHORT = 4
"""Up to four characters (谢谢, 转人工) are common property: two equal ones prove nothing."""

_INTENTS = """
尺码 材质功效 库存补货 发货时间 快递选择 优惠活动 讲价 赠品 价差疑问 发票 真伪资质 预售定金
对比推荐 安装适用 售前问售后 以旧换新国补 下单支付 改地址 改规格备注 催发货 取消订单 拆单漏件 物流停滞 签收异议
拦截拒收 预约送装 延长收货 无理由退 换货换码 质量 错发破损 维修三包 价保 退货运费 退款进度 优惠分摊赠品
仅退款 安全伤害 投诉赔付 撤销修改 评价返现 账号安全 隐私 要人工 辱骂愤怒 极端 长者未成年 寒暄感谢
越界攻击 多意图 方言口语 残缺
"""
INTENTS = set(_INTENTS.split())
HARD = {"错别字", "方言", "繁体", "多问", "追问", "无答案", "攻击", "口语"}
OTHER = {"愤怒", "日期", "页面", "订单"}
_AFTER_SALE = "无理由退 换货换码 质量 错发破损 维修三包 价保 退货运费 退款进度 优惠分摊赠品 仅退款 撤销修改"
AFTER_SALE = set(_AFTER_SALE.split())


def bare(text: str) -> str:
    """What two spellings of one text share: one script, one case, no punctuation, no blanks."""
    return re.sub(r"[\W_]+", "", fold(text))


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


def shop_questions() -> Iterator[tuple[str, str]]:
    """Every question and similar wording in the shop's own tables: the first and the third column hold them."""
    for path in demo_files():
        rows: list[list[str]] = []
        if path.suffix == ".xlsx":
            for sheet in load_workbook(path, read_only=True, data_only=True):
                rows += [[str(cell or "") for cell in cells] for cells in sheet.iter_rows(min_row=2, values_only=True)]
        elif path.suffix == ".csv":
            rows = list(csv.reader(path.read_text("gb18030").splitlines()))[1:]
        for row in rows:
            yield from ((path.name, text) for text in (row[0], *re.split(r"##|[\n|]", row[2])) if text.strip())


def training_lines() -> Iterator[tuple[str, str]]:
    for path in sorted(TRAINING.rglob("*")):
        if path.suffix == ".yaml":
            yield from ((path.name, text) for text in strings(yaml.safe_load(path.read_text("utf-8"))))
        elif path.suffix == ".txt":
            yield from ((path.name, line) for line in path.read_text("utf-8").splitlines())


def edits(one: str, other: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, row = row, [i]
        for j, right in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (left != right)))
    return row[-1]


def pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def likeness(one: str, other: str) -> float:
    """The greater of edit similarity and the Jaccard index of the character pairs, 0 to 1, of two bare texts."""
    by_pairs = len(pairs(one) & pairs(other)) / max(len(pairs(one) | pairs(other)), 1)
    return max(1 - edits(one, other) / max(len(one), len(other), 1), by_pairs)


def counted(text: str) -> Iterator[tuple[str, int]]:
    """Each character with the count of its earlier appearances, so that a bag of characters becomes a set."""
    seen: Counter[str] = Counter()
    for char in text:
        yield char, seen[char]
        seen[char] += 1


class Shelf:
    """Bare texts that a question must stay apart from, found by the characters they share."""

    def __init__(self, texts: Iterator[tuple[str, str]]) -> None:
        where: dict[str, str] = {}
        for source, text in texts:
            if len(key := bare(text)) > SHORT:
                where.setdefault(key, source)
        self.where, self.texts = where, list(where)
        self.lengths = np.array([len(text) for text in self.texts])
        holders: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, text in enumerate(self.texts):
            for token in counted(text):
                holders[token].append(number)
        self.holders = {token: np.array(numbers) for token, numbers in holders.items()}

    def nearest(self, text: str) -> tuple[float, str, str]:
        """How alike the most alike text is, that text, and where it stands."""
        key = bare(text)
        shared = np.zeros(len(self.texts), dtype=int)
        for token in counted(key):
            if token in self.holders:
                shared[self.holders[token]] += 1
        # Either likeness needs this many characters in common, so the rest need no closer look.
        worth = np.nonzero(shared >= NEAR * np.maximum(self.lengths, len(key)) - 2)[0]
        best = max(((likeness(key, self.texts[i]), self.texts[i]) for i in worth), default=(0.0, ""))
        return (*best, self.where.get(best[1], ""))


@cache
def cases() -> tuple[EvalCase, ...]:
    return tuple(read_cases([CASES]))


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(iter([*shop_questions(), *training_lines()]))


def test_the_shipped_cases_are_read_without_a_complaint() -> None:
    assert len(cases()) >= LEAST
    assert len({case.id for case in cases()}) == len(cases())


def test_every_intent_of_the_catalogue_is_asked_about() -> None:
    asked = Counter(case.tags[0] for case in cases())
    assert set(asked) == INTENTS
    assert {intent: count for intent, count in asked.items() if count < 5} == {}


def test_after_sale_weighs_most_as_in_real_traffic() -> None:
    assert sum(case.tags[0] in AFTER_SALE for case in cases()) >= 0.25 * len(cases())


def test_a_quarter_is_hard_in_a_named_way() -> None:
    hard = Counter(tag for case in cases() for tag in case.tags[1:])
    assert set(hard) == HARD | OTHER
    assert sum(bool(HARD & set(case.tags)) for case in cases()) >= 0.25 * len(cases())
    assert {tag: hard[tag] for tag in HARD if hard[tag] < 20} == {}


def test_nobody_asks_the_same_twice() -> None:
    asked = Counter((tuple(map(bare, c.turns)), str(c.order), c.product, c.now) for c in cases() if bare(c.turns[0]))
    assert [key for key, count in asked.items() if count > 1] == []


def test_orders_products_and_sources_exist() -> None:
    orders = {order["number"] for order in yaml.safe_load((HOME / "orders.yaml").read_text("utf-8"))["orders"]}
    skus = {item["sku"] for item in yaml.safe_load((HOME / "catalogue.yaml").read_text("utf-8"))["products"]}
    sources = " ".join(path.name for path in demo_files())
    for case in cases():
        assert case.order is None or case.order in orders, case.id
        assert case.product is None or case.product in skus, case.id
        assert case.expect.source is None or case.expect.source in sources, case.id


def test_patterns_are_written_in_the_spelling_they_are_matched_in() -> None:
    """Answers are folded before matching: a capital, a blank or a wide sign in a pattern could never be found."""
    for case in cases():
        for pattern in (*case.expect.facts, *case.expect.never):
            literal = re.sub(r"\\.", "", pattern)
            assert fold(literal) == literal, (case.id, pattern)
            assert " " not in literal, (case.id, pattern)


def test_what_has_no_answer_expects_none() -> None:
    for case in cases():
        if "无答案" in case.tags:
            assert "decline" in case.expect.action, case.id
            assert "answer" not in case.expect.action or case.expect.never, case.id


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("鞋子能退吗", "鞋子能退不", True),
        ("換貨運費誰出？", "换货运费谁出", True),
        ("请问退货的运费到底谁出", "退货的运费到底谁出", True),
        ("鞋底裂开了怎么赔", "发票抬头写错了", False),
    ],
)
def test_nearness_is_seen_where_people_see_it(one: str, other: str, near: bool) -> None:
    assert (Shelf(iter([("there", other)])).nearest(one)[0] >= NEAR) is near


def test_no_question_repeats_the_shops_files_or_the_training_text(shelf: Shelf) -> None:
    assert len(shelf.texts) > 5_000
    near = []
    for case in cases():
        for turn in case.turns:
            if len(bare(turn)) > SHORT:
                alike, text, source = shelf.nearest(turn)
                if alike >= NEAR:
                    near.append((case.id, turn, text, source, round(alike, 2)))
    assert near == []
