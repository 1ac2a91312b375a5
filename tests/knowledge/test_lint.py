"""What `lint` finds: contradictions, duplicates, gaps, what has run out."""

from __future__ import annotations

from datetime import datetime

import pytest

from knowledge.lint import check
from knowledge.moments import SHANGHAI, parse_moment
from knowledge.types import Passage, identified

NOW = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)


def entry(question: str, answer: str, line: int = 2, until: str = "", **more: object) -> Passage:
    end = parse_moment(until, end=True)
    return identified(Passage("", "faq", answer, f"f.csv#{line}", question, valid_until=end, **more))  # type: ignore[arg-type]


def found(*passages: Passage) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (finding.kind, finding.level, finding.places)
        for finding in check(passages, now=NOW)
        if not finding.problem.startswith("没有关于")
    ]


@pytest.mark.parametrize(
    ("passages", "expected"),
    [
        pytest.param(
            [entry("怎么退货", "30天内"), entry("怎么退货", "7天内", 3)],
            [("contradiction", "error", ("f.csv#2", "f.csv#3"))],
            id="a contradiction, told once",
        ),
        pytest.param(
            [entry("怎么退货", "联系客服"), entry("怎么退货吗", "自己申请", 3)],
            [("duplicate", "error", ("f.csv#2", "f.csv#3"))],
            id="two answers to one question",
        ),
        pytest.param(
            [entry("怎么退货", "联系客服"), entry("怎麼退貨", "聯繫客服", 3)],
            [("duplicate", "warning", ("f.csv#2", "f.csv#3"))],
            id="the same entry twice",
        ),
        pytest.param([entry("怎么退货", "待补充")], [("gap", "error", ("f.csv#2",))], id="an answer never written"),
        pytest.param(
            [entry("怎么退货", "七天", until="2026-11-11")],
            [("gap", "warning", ("f.csv#2",)), ("expired", "warning", ("f.csv#2",))],
            id="run out, and nothing to fall back on",
        ),
        pytest.param(
            [entry("怎么退货", "七天"), entry("怎么退货", "十五天", 3, until="2026-11-22")],
            [("expired", "warning", ("f.csv#3",))],
            id="runs out within the week",
        ),
        pytest.param([entry("怎么退货", "七天内可退"), entry("几天发货", "当天", 3)], [], id="nothing"),
    ],
)
def test_what_is_found(passages: list[Passage], expected: list[object]) -> None:
    assert found(*passages) == expected


def test_what_has_run_out_contradicts_nothing() -> None:
    passages = [entry("怎么退货", "30天", until="2026-11-01"), entry("怎么退货", "7天", 3, until="2026-12-31")]
    assert not [each for each in found(*passages) if each[0] == "contradiction"]


def test_topics_nobody_wrote_about_are_named() -> None:
    problems = [finding.problem for finding in check([entry("怎么开发票", "在订单页申请")], now=NOW)]
    assert any("退款多久到账" in problem for problem in problems)
    assert not any("“发票”" in problem for problem in problems)
