"""The table counts what it says it counts."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from eval.retrieval import Query
from knowledge.types import Passage
from tests.bench.table import Set, calibration, main, measured, ranks, typo

ENTRIES = [
    Passage(str(n), "faq", f"{q}，请看说明。", f"f.csv#{n}", q)
    for n, q in enumerate(("怎么退货", "多久发货", "能开发票吗", "用什么快递", "尺码偏大吗", "有没有优惠券"))
]
ASKED = {"我想退货": "0", "啥时候发货": "1", "开票不": "2", "发什么快递": "3", "尺码大不大": "4", "优惠券有吗": "5"}
QUERIES = [Query(text, frozenset({id_}), frozenset()) for text, id_ in ASKED.items()]


def test_a_rank_is_the_place_of_the_first_right_entry_without_the_ignored() -> None:
    query = Query("问", frozenset({"c"}), frozenset({"a"}))
    assert ranks(
        lambda _text, k: ["a", "b", "c"][:k], [query, Query("问", frozenset({"z"}), frozenset())]
    ).tolist() == [2, 0]


def test_every_addition_has_a_line_and_all_but_the_first_a_paired_gain() -> None:
    lines = measured(Set("小店", ENTRIES, [*QUERIES, Query("今天天气", frozenset(), frozenset())]))
    assert lines[0].split("|")[2].strip() == "BM25"
    assert len(lines) == 6
    assert [bool(line.split("|")[6].strip()) for line in lines] == [False, *[True] * 5]
    assert lines[-1].split("|")[3].strip().startswith("100.0")


def test_calibration_is_the_distance_of_stated_from_seen() -> None:
    sure = np.array([0.9] * 50 + [0.1] * 50)
    right = np.array([True] * 45 + [False] * 5 + [True] * 5 + [False] * 45)
    assert calibration(sure, right, bins=2) == pytest.approx(0, abs=1e-9)
    assert calibration(sure, ~right, bins=2) == pytest.approx(0.8)


def test_a_typo_is_one_slip() -> None:
    pick = random.Random(1)
    for text in [*ASKED, "退"] * 20:
        slipped = typo(text, pick)
        assert abs(len(slipped) - len(text)) <= 1
        if len(slipped) == len(text):
            assert sum(a != b for a, b in zip(text, slipped, strict=True)) <= 2


def test_the_command_prints_what_was_asked_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write(name: str, rows: list[dict[str, object]]) -> None:
        (tmp_path / name).write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")

    write("kb.jsonl", [{"id": e.id, "question": e.question, "answer": e.text} for e in ENTRIES])
    asked: list[dict[str, object]] = [{"query": text, "gold_ids": [id_]} for text, id_ in ASKED.items()]
    write("queries.jsonl", [*asked, {"query": "今天天气怎么样", "gold_ids": []}])
    main([tmp_path], demo=False)
    shown = capsys.readouterr().out
    assert f"{tmp_path.name}：6 条知识，6 个有答案的问题，1 个没有" in shown
    assert shown.count(f"| {tmp_path.name} |") == 7
