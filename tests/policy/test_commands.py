"""`policy lint` and `policy decide` as a program calls them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.policy import cli
from assistant.policy.load import SHIPPED

LAMP: dict[str, Any] = {
    "id": "灯",
    "now": "2026-11-08T10:00:00",
    "wish": "return",
    "order": {
        "ordered_at": "2026-11-01",
        "signed_at": "2026-11-05",
        "lines": [{"line": "1", "sku": "a", "title": "台灯", "category": "家居", "paid_fen": 9900}],
    },
    "said": {"intact": True},
}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers(dest="command", required=True))
    return cli.run(parser.parse_args(["policy", *words]))


def facts_file(folder: Path, *lines: str) -> str:
    path = folder / "facts.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_decide_prints_one_verdict_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = json.dumps(LAMP, ensure_ascii=False)
    assert run("decide", "--policies", str(SHIPPED), "--facts", facts_file(tmp_path, line, "", line), "--json") == 0
    out, err = capsys.readouterr()
    assert [json.loads(one)["says"] for one in out.splitlines()] == ["allow", "allow"]
    assert "灯" in out
    assert err == ""


def test_decide_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decide", "--facts", facts_file(tmp_path, json.dumps(LAMP)), "--text") == 0
    assert "可以\t七天无理由退货\t到2026年11月12日24:00\t¥99\t运费买家" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "named"),
    [
        pytest.param("{", "JSON", id="broken"),
        pytest.param("[]", "对象", id="a list"),
        pytest.param('{"id": "1"}', "now", id="facts missing"),
        pytest.param(json.dumps({**LAMP, "moon": 1}), "moon", id="fact unknown"),
        pytest.param("[" * 100_000, "JSON|嵌套", id="nested too deep"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, named: str
) -> None:
    path = facts_file(tmp_path, json.dumps(LAMP), line, json.dumps(LAMP))
    assert run("decide", "--facts", path) == 2
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert len(err.splitlines()) == 1
    assert "facts.jsonl:2:" in err
    assert any(word in err for word in named.split("|"))


def test_a_year_without_holidays_is_named_on_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = {**LAMP, "now": "2026-12-30", "order": {**LAMP["order"], "signed_at": "2026-12-29"}}
    assert run("decide", "--facts", facts_file(tmp_path, json.dumps(late), json.dumps(LAMP))) == 2
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "2027" in err
    assert "holidays.yaml" in err


def test_what_is_not_there_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decide", "--facts", str(tmp_path / "none.jsonl")) == 2
    assert run("decide", "--facts", str(tmp_path)) == 2
    assert run("decide", "--policies", str(tmp_path / "none"), "--facts", facts_file(tmp_path, "{}")) == 2
    (tmp_path / "gbk.jsonl").write_bytes("中文".encode("gbk"))
    assert run("decide", "--facts", str(tmp_path / "gbk.jsonl")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 4


def test_lint_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.yaml").write_text("id: x\n", encoding="utf-8")
    assert run("lint", str(tmp_path), "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == 1
    assert {"file", "line", "level", "rule", "says", "fix"} == set(document["problems"][0])
