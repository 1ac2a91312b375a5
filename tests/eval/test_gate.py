"""The gate says OK, OKISH or FAIL against the numbers we promise, and CI reads its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from eval.__main__ import EXPECTED, main


def run_file(folder: Path, right: int, of: int, invented: int = 0) -> Path:
    lines = [
        {
            "id": str(n),
            "turns": ["?"],
            "tags": ["尺码"],
            "right": n < right,
            "action": "answer",
            "ms": 1.0,
            "scores": {},
        }
        for n in range(of)
    ]
    lines += [
        {"id": f"x{n}", "turns": ["?"], "tags": ["无答案"], "right": True, "action": "answer", "ms": 1.0, "scores": {}}
        for n in range(invented)
    ]
    file = folder / "run.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    return file


@pytest.mark.parametrize(("right", "invented", "status"), [(100, 0, 0), (40, 0, 1), (100, 60, 1)])
def test_the_gate(right: int, invented: int, status: int, tmp_path: Path) -> None:
    assert main(["gate", str(run_file(tmp_path, right, 100, invented))]) == status


def test_every_promise_is_a_number_with_a_tolerance() -> None:
    for promised in yaml.safe_load(EXPECTED.read_text("utf-8")).values():
        assert set(promised) - {"cases"} in ({"accuracy", "tolerance"}, {"at_most", "tolerance"})


def test_a_file_that_is_no_run_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "x.jsonl"
    bad.write_text("not json")
    assert main(["gate", str(bad)]) == 2
    assert "不是运行结果" in capsys.readouterr().err
