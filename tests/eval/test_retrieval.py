"""`python -m eval retrieval`: what it prints, and what it says to a bad file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.retrieval import auroc, interval, main, run

KB: list[dict[str, Any]] = [
    {"id": "a", "question": "退货运费谁承担", "answer": "质量问题我们承担。", "similar": ["退回去邮费谁出"]},
    {"id": "b", "question": "多久发货", "answer": "48 小时内。"},
    {"id": "c", "question": "可以开发票吗"},
]
QUERIES: list[dict[str, Any]] = [
    {"query": "退货邮费谁出啊", "gold_ids": ["a"]},
    {"query": "啥时候发货", "gold_ids": ["b"]},
    {"query": "能开发票不", "gold_ids": ["a"], "ignore_ids": ["c"]},
    {"query": "老板今年多大", "gold_ids": []},
]


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows), "utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "kb.jsonl", KB), write(tmp_path / "queries.jsonl", QUERIES)


def test_it_prints_the_promised_document(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kb", str(files[0]), "--queries", str(files[1]), "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    assert list(got) == [
        *("queries", "answerable", "hit@1", "hit@3", "hit@5", "mrr@10", "ci95"),
        *("no_answer_auroc", "index_seconds", "query_ms", "retriever", "embedding"),
    ]
    assert (got["queries"], got["answerable"]) == (4, 3)
    assert set(got["ci95"]) == {"hit@1", "hit@3", "hit@5", "mrr@10"}
    assert set(got["query_ms"]) == {"p50", "p99"}
    assert got["hit@1"] >= round(2 / 3, 4)
    assert got["hit@3"] == got["hit@5"] == 1.0


def test_an_ignored_entry_leaves_the_ranking(tmp_path: Path) -> None:
    kb = write(tmp_path / "kb.jsonl", KB)
    asked = {"query": "可以开发票吗", "gold_ids": ["b"]}
    places = {}
    for name, ignored in (("kept", []), ("one", ["c"]), ("all", ["a", "c"])):
        queries = write(tmp_path / f"{name}.jsonl", [asked | {"ignore_ids": ignored}])
        places[name] = run(kb, queries)["mrr@10"]
    assert places["kept"] < 1 == places["all"]
    assert places["kept"] <= places["one"] <= places["all"]


def test_figures_without_unanswerable_questions_leave_the_auroc_open(tmp_path: Path) -> None:
    kb = write(tmp_path / "kb.jsonl", KB)
    assert run(kb, write(tmp_path / "q.jsonl", QUERIES[:2]))["no_answer_auroc"] is None
    nothing = run(kb, write(tmp_path / "n.jsonl", QUERIES[3:]))
    assert nothing["hit@1"] is None
    assert nothing["answerable"] == 0


@pytest.mark.parametrize(
    ("kb", "queries", "says"),
    [
        pytest.param([], QUERIES, "里一行也没有", id="empty KB"),
        pytest.param(["{"], QUERIES, "第 1 行：不是合法的 JSON", id="broken JSON"),
        pytest.param(["[1]"], QUERIES, "第 1 行：不是 JSON 对象", id="a list"),
        pytest.param([{"id": "a"}], QUERIES, "缺少 question", id="no question"),
        pytest.param([KB[0], KB[0]], QUERIES, "编号 a 出现了两次", id="the same id twice"),
        pytest.param([KB[0] | {"similar": "x"}], QUERIES, "similar 应是字符串列表", id="similar is no list"),
        pytest.param(KB, [{"query": "x"}], "gold_ids 应是列表", id="no gold"),
        pytest.param(KB, [{"query": "x", "gold_ids": ["z"]}], "gold_ids 里的 z 不在知识库里", id="files do not match"),
    ],
)
def test_a_bad_file_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kb: list[Any], queries: list[Any], says: str
) -> None:
    paths = [str(write(tmp_path / "kb.jsonl", kb)), str(write(tmp_path / "q.jsonl", queries))]
    assert main(["--kb", paths[0], "--queries", paths[1]]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert not said.out


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("missing.jsonl", None, "读不出来"), ("gbk.jsonl", "退货".encode("gbk"), "不是 UTF-8 文本")],
)
def test_an_unreadable_file_is_one_clear_line(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, says: str
) -> None:
    path = files[0].with_name(name)
    if content is not None:
        path.write_bytes(content)
    assert main(["--kb", str(path), "--queries", str(files[1])]) == 2
    assert says in capsys.readouterr().err


def test_an_unknown_embedding_is_one_clear_line(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["--kb", str(files[0]), "--queries", str(files[1]), "--embedding", str(tmp_path / "no-model")]
    assert main(arguments) == 2
    assert "no-model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tops", "answerable", "expected"),
    [
        pytest.param([0.9, 0.8, 0.1], [True, True, False], 1.0, id="all surer"),
        pytest.param([0.1, 0.9], [True, False], 0.0, id="all less sure"),
        pytest.param([0.5, 0.5], [True, False], 0.5, id="a tie is half"),
    ],
)
def test_auroc(tops: list[float], answerable: list[bool], expected: float) -> None:
    assert auroc(np.array(tops), np.array(answerable)) == expected


def test_the_interval_holds_the_mean_and_shrinks_with_more_questions() -> None:
    few, many = np.tile([0.0, 1.0], 10), np.tile([0.0, 1.0], 1000)
    low, high = interval(few) or [0, 0]
    closer_low, closer_high = interval(many) or [0, 0]
    assert low < closer_low < 0.5 < closer_high < high
