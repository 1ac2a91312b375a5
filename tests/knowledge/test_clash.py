"""Contradictions: the same question with other figures, or yes against no; and nothing that merely looks like it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from knowledge.clash import find_clashes
from knowledge.figures import figures
from knowledge.moments import parse_moment
from knowledge.types import Passage, identified


def entry(question: str, answer: str, line: int = 2, **more: object) -> Passage:
    return identified(Passage("", "faq", answer, f"f.csv#{line}", question, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("签收后七天内", [("时间", 168)]),
        ("三十天", [("时间", 720)]),
        ("30 天、720小时", [("时间", 720), ("时间", 720)]),
        ("两年质保", [("时间", 17520)]),
        ("半年", [("时间", 4380)]),
        ("3个月", [("时间", 2160)]),
        ("3个工作日", [("时间", 72)]),
        ("￥1,200.50", [("金额", Fraction("1200.5"))]),
        ("满299减50元", [("金额", 50)]),
        ("八折", [("折扣", 8)]),
        ("80%", [("比例", 80)]),
        ("11月11日", []),
        ("2026年11月", []),
        ("第2件半价", []),
        ("一二三", []),
    ],
)
def test_what_a_figure_is_worth(text: str, found: list[tuple[str, Fraction]]) -> None:
    assert [(each.measure, each.value) for each in figures(text)] == found


CONTRADICTIONS = {
    "other days": ("怎么退货 → 签收后30天内可退", "怎么退货 → 签收后7天内可退", "30天", "7天"),
    "politeness": ("怎么退货 → 签收后三十天可退", "请问怎么退货呢？ → 签收后七天可退", "三十天", "七天"),
    "another order": ("怎么退货 → 签收后30天内可退", "退货怎么退 → 签收后7天内可退", "30天", "7天"),
    "two scripts": ("怎麼退貨 → 簽收後30天內可退", "怎么退货 → 签收后7天内可退", "30天", "7天"),
    "other money": ("运费多少 → 运费 10 元", "运费多少钱 → 运费8元", "10元", "8元"),
    "one figure of two": ("怎么退货 → 7天内可退，24小时审核", "怎么退货 → 7天内可退，48小时审核", "24小时", "48小时"),
    "one of two that were equal": (
        "怎么退货 → 3天内申请，退款3天到账",
        "怎么退货 → 3天内申请，退款5天到账",
        "3天",
        "5天",
    ),
    "yes and no": ("支持货到付款吗 → 支持的", "支持货到付款吗 → 暂不支持货到付款", "支持", "暂不支持"),
}


@pytest.mark.parametrize(("one", "other", "here", "there"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_contradicts(one: str, other: str, here: str, there: str) -> None:
    (clash,) = find_clashes([entry(*one.split(" → ")), entry(*other.split(" → "), line=3)])
    assert (clash.here, clash.there) == (here, there)


def test_a_similar_question_counts_as_a_question() -> None:
    first = entry("怎么退货", "30天内可退", similar=("退货流程是什么",))
    (clash,) = find_clashes([first, entry("退货流程是什么", "7天内可退", 3)])
    assert (clash.one.question, clash.other.question) == ("怎么退货", "退货流程是什么")


def window(start: str, end: str) -> dict[str, object]:
    return {"valid_from": parse_moment(start, end=False), "valid_until": parse_moment(end, end=True)}


HARMONIES = {
    "the same figure": (entry("怎么退货", "七天内可退"), entry("怎么退货", "7 天内可以退", 3)),
    "in another unit": (entry("怎么退货", "168小时内可退"), entry("怎么退货", "7天内可退", 3)),
    "another product": (entry("手机保修多久", "保修12个月"), entry("耳机保修多久", "保修6个月", 3)),
    "another promise": (entry("7天价保是什么", "7天内补差"), entry("30天价保是什么", "30天内补差", 3)),
    "another wish": (entry("退货运费多少", "运费10元"), entry("换货运费多少", "运费8元", 3)),
    "another measure": (entry("怎么退货", "7天内可退"), entry("怎么退货", "运费10元", 3)),
    "one says more": (entry("怎么退货", "7天内可退"), entry("怎么退货", "7天内可退，48小时退款", 3)),
    "a campaign beside the everyday rule": (
        entry("包邮吗", "满99元包邮"),
        entry("包邮吗", "满49元包邮", 3, **window("2026-11-01", "2026-11-11")),
    ),
    "a product beside the shop": (entry("保修多久", "保修1年"), entry("保修多久", "保修2年", 3, products=("空调",))),
    "windows that never meet": (
        entry("满减多少", "满100减10元", **window("2026-11-01", "2026-11-02")),
        entry("满减多少", "满100减20元", 3, **window("2026-12-01", "2026-12-02")),
    ),
}


@pytest.mark.parametrize(("one", "other"), HARMONIES.values(), ids=HARMONIES)
def test_what_does_not_contradict(one: Passage, other: Passage) -> None:
    assert find_clashes([one, other]) == []
