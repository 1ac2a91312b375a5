"""`python -m knowledge`: the promised commands, exit codes and lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from knowledge.__main__ import main

FAQ = "问题,答案,相似问\n怎么退货,签收后7天内可以退货,如何退货##想退货\n几天发货,当天发货,什么时候发货\n"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs the command in a folder with its own data: in this process, which is quick, or in one of its own."""

    def __init__(self, folder: Path, streams: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._streams = streams

    def write(self, name: str, content: str | bytes) -> str:
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def run(self, *arguments: str) -> Done:
        self._streams.readouterr()
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        said = self._streams.readouterr()
        return Done(code, said.out, said.err)

    def start(self, *arguments: str) -> Done:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-m", "knowledge", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return Shell(tmp_path, capsys)


def test_the_command_stands_on_its_own(shell: Shell) -> None:
    done = shell.start("import", "--shop", "demo", shell.write("faq.csv", FAQ), "--json")
    assert (done.returncode, json.loads(done.stdout)["added"]) == (0, 2)
    refused = shell.start("import", "--shop", "demo", "missing.csv")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr


def test_import_export_import_search_lint(shell: Shell) -> None:
    file = shell.write("faq.csv", FAQ)
    assert shell.json("import", "--shop", "demo", file) == {
        "file": "faq.csv",
        "rows": 2,
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "rejected": [],
        "warnings": [],
        "passages": 2,
    }
    done = shell.run("import", file, "--shop", "demo")
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "faq.csv：读到 2 行，已新增 0，更新 0，未变 2，移除 0；这个文件现有 2 条知识",
    )
    assert "正在读取" in done.stderr
    assert shell.run("export", "--shop", "demo", "--out", "out.xlsx").returncode == 0
    assert shell.json("import", "--shop", "demo", "out.xlsx")["unchanged"] == 2
    hits = shell.json("search", "--shop", "demo", "我想退货", "--k", "1")["hits"]
    assert [(hit["source"], hit["text"]) for hit in hits] == [("faq.csv#2", "签收后7天内可以退货")]
    clean = shell.run("lint", "--shop", "demo")
    assert (clean.returncode, "提醒" in clean.stdout) == (0, True)
    shell.run("import", "--shop", "demo", shell.write("b.csv", "问题,答案\n怎么退货,签收后30天内可以退货\n"))
    bad = shell.run("lint", "--shop", "demo", "--json")
    report = json.loads(bad.stdout)
    assert (bad.returncode, report["errors"]) == (1, 1)
    assert report["findings"][0]["kind"] == "contradiction"


def test_a_dry_run_writes_nothing(shell: Shell) -> None:
    shell.run("import", "--shop", "demo", shell.write("faq.csv", FAQ), "--dry-run")
    assert shell.run("export", "--shop", "demo", "--out", "out.csv").returncode == 2


def test_several_files_are_a_list_and_columns_can_be_mapped(shell: Shell) -> None:
    first = shell.write("a.csv", "客户说,客服说\n怎么退货,七天\n")
    second = shell.write("b.csv", "客户说,客服说\n几天发货,当天\n")
    for arguments in (
        ("--map", "客户说=question", "客服说=answer", "--shop", "one", first, second),
        ("--shop", "three", "--map", "客户说=question", "客服说=answer", first, second),
        (first, second, "--shop", "two", "--map", "客户说=question", "--map", "客服说=answer"),
    ):
        reports = shell.json("import", *arguments)
        assert [(each["file"], each["added"]) for each in reports] == [("a.csv", 1), ("b.csv", 1)]


def test_validity_is_asked_for_a_moment(shell: Shell) -> None:
    shell.run("import", "--shop", "demo", shell.write("f.csv", "问题,答案,有效结束日期\n双十一活动,满减,2026-11-11\n"))
    on = ("search", "--shop", "demo", "双十一活动", "--now")
    assert len(shell.json(*on, "2026-11-11T23:59:59+08:00")["hits"]) == 1
    assert shell.json(*on, "2026-11-12T00:00:00+08:00")["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("import", "--shop", "demo", "missing.csv"), "missing.csv：找不到", id="no such file"),
        pytest.param(("import", "--shop", "demo", "scan.pdf"), "scan.pdf：内容不是 PDF", id="an unusable file"),
        pytest.param(("import", "faq.csv"), "缺少 --shop", id="no shop"),
        pytest.param(("import", "--shop", "demo"), "缺少 FILE", id="no file"),
        pytest.param(("import", "--shop", "../x", "faq.csv"), "店铺名 '../x' 不能用", id="a shop that is a path"),
        pytest.param(("import", "--shop", "demo", "faq.csv", "--mode", "wild"), "--mode", id="a wrong mode"),
        pytest.param(
            ("import", "--shop", "demo", "faq.csv", "--map", "甲=answer"), "没有“甲”这一列", id="a wrong column"
        ),
        pytest.param(
            ("import", "--shop", "demo", "faq.csv", "--map", "答案=x"), "没有 'x' 这个字段", id="a wrong field"
        ),
        pytest.param(("search", "--shop", "nobody", "退货"), "没有店铺 'nobody'", id="an unknown shop"),
        pytest.param(("search", "--shop", "demo", "退货", "--k", "0"), "--k 的值 '0' 无法识别", id="no results wanted"),
        pytest.param(("search", "--shop", "demo", "退货", "--now", "明天"), "--now", id="a moment in words"),
        pytest.param(("export", "--shop", "nobody", "--out", "x.csv"), "没有店铺", id="nothing to export"),
        pytest.param(("export", "--shop", "demo", "--out", "x.doc"), ".csv .xlsx .jsonl", id="a wrong extension"),
        pytest.param(("lint", "--shop", "nobody"), "没有店铺", id="nothing to check"),
        pytest.param(("wish",), "", id="an unknown command"),
        pytest.param((), "", id="no command"),
    ],
)
def test_wrong_use_is_one_line_and_two(shell: Shell, arguments: tuple[str, ...], says: str) -> None:
    shell.write("faq.csv", FAQ)
    shell.write("scan.pdf", b"MZ")
    done = shell.run(*arguments)
    (*progress, line) = done.stderr.strip().split("\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in line
    assert all(each.endswith("…") for each in progress)


def test_a_database_that_is_away_is_one_line(shell: Shell) -> None:
    shell.write("faq.csv", FAQ)
    (shell.folder / ".env").write_text("DATABASE_URL=postgresql://postgres@127.0.0.1:9/none\n")
    done = shell.run("import", "--shop", "demo", "faq.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    (shell.folder / ".env").write_text("DATABASE_URL=oracle://x\n")
    done = shell.run("import", "--shop", "demo", "faq.csv")
    assert (done.returncode, "DATABASE_URL" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", [(), ("import",), ("search",), ("export",), ("lint",)])
def test_every_command_explains_itself(shell: Shell, command: tuple[str, ...]) -> None:
    done = shell.run(*command, "--help")
    assert done.returncode == 0
    assert "--help" in done.stdout
