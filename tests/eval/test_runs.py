"""A run survives a kill, does not care how many processes carry it out, and a model's replies can be played back."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from assistant.settings import Settings
from eval import report
from eval.case import CASES as SHIPPED
from eval.case import BadCase
from eval.runfile import Writer, read_run
from eval.runs import CLOCK, Request, carry_out, list_runs, start, watch_run
from tests.support.scripted_endpoint import ScriptedEndpoint
from tests.support.wait import eventually

TIMES = ("ms_p50", "ms_p99")
CASES = ("size", "returns", "exchange")
"""Over 200 questions, so that several processes share them."""


def outcome(path: Path) -> tuple[dict[str, Any], str]:
    """The report of a run without what a clock measured."""
    found = report.summary(read_run(path).lines)
    return {name: value for name, value in found.items() if name not in TIMES}, report.failures(read_run(path).lines)


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(folder / "data"), "DATABASE_URL": "", "LLM_MODEL": ""}


def run_command(out: Path) -> list[str]:
    return [sys.executable, "-m", "eval", "run", *CASES, "--jobs", "2", "--out", str(out)]


def begun(out: Path, folder: Path, ending: Callable[[Callable[[], object]], None]) -> subprocess.Popen[bytes]:
    """The command in a process of its own, killed at the end of the test if it is still there."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(run_command(out), env=environment(folder), stdout=quiet, stderr=quiet)
    ending(process.kill)
    return process


def until(holds: Callable[[], bool], seconds: float = 600) -> None:
    asyncio.run(eventually(holds, seconds))


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_run_killed_midway_and_taken_up_again_gives_the_identical_report(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ending = request.addfinalizer
    out, whole = tmp_path / "killed.jsonl", tmp_path / "whole.jsonl"
    process = begun(out, tmp_path, ending)
    until(lambda: lines_of(out) > 20)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not read_run(out).complete
    _, alive = psutil.wait_procs(family, timeout=300)
    assert not alive, "workers end with the process that started them"
    with out.open("ab") as file:
        file.write(b'{"id": "torn by the kil')
    kept = {line["key"]: line for line in read_run(out).lines}
    assert 20 <= len(kept) < 270

    again = begun(out, tmp_path, ending)
    until(lambda: lines_of(out) > len(kept) + 15)
    workers = [p for p in psutil.Process(again.pid).children() if "spawn_main" in " ".join(p.cmdline())]
    workers[0].kill()
    assert again.wait(timeout=600) == 0, "a worker that dies is replaced"
    assert read_run(out).complete
    after = {line["key"]: line for line in read_run(out).lines}
    assert {key: after[key] for key in kept} == kept, "what was answered is not asked again"

    settings = Settings(DATA_DIR=tmp_path / "data", LLM_MODEL="", _env_file=None)  # type: ignore[call-arg]
    carry_out(Request(cases=[Path(name) for name in CASES], jobs=1), whole, settings)
    assert outcome(out) == outcome(whole)


def test_a_run_of_something_else_is_begun_anew_and_the_old_one_kept(tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    head = {"kind": "head", "tasks": 3, "commit": "a", "digests": {"knowledge": "1"}}
    line = json.dumps({"id": "x", "key": "x|0|", "n": 0, "right": True, "text": "好"}).encode()
    first = Writer(out, head)
    first.add([line])
    first.close()
    assert Writer(out, {**head, "commit": "b"}).done == {"x|0|"}, "a commit that changed no digest changes nothing"
    changed = Writer(out, {**head, "digests": {"knowledge": "2"}})
    assert changed.done == frozenset()
    assert read_run(out).lines == ()
    assert len(read_run(tmp_path / "run.jsonl.before").lines) == 1


def test_a_complete_run_is_run_again_not_taken_as_done(tmp_path: Path) -> None:
    out, head = tmp_path / "run.jsonl", {"kind": "head", "tasks": 1}
    writer = Writer(out, head)
    writer.add([b'{"id": "x", "key": "x|0|", "right": true}'])
    assert Writer(out, head).done == frozenset()


@pytest.mark.parametrize("content", ["not json\n", '{"id": 1}\n', "[1, 2]\n"])
def test_a_file_that_is_no_run_is_refused_by_line(content: str, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(content)
    with pytest.raises(BadCase, match=r"x\.jsonl#1"):
        read_run(file)


def test_the_console_starts_watches_and_lists(tmp_path: Path) -> None:
    settings = Settings(DATA_DIR=tmp_path, LLM_MODEL="", _env_file=None)  # type: ignore[call-arg]
    started = start(settings, cases=["chat"], name="first")

    def complete() -> bool:
        seen = watch_run(started.path)
        return seen is not None and seen.complete

    until(complete)
    (listed,) = list_runs(settings)
    assert listed.name == "first"
    assert listed.done == listed.of > 50
    assert listed.head["digests"]["knowledge"]
    until(lambda: not psutil.pid_exists(started.process))


async def test_a_models_replies_are_kept_and_played_back(tmp_path: Path) -> None:
    def says(request: dict[str, Any]) -> str:
        passage = re.search(r"^\[1\] .*?：(.*)$", request["messages"][-1]["content"], re.MULTILINE)
        return f"{passage[1]}[1]" if passage else '{"questions": [], "wants_person": false}'

    cases = tmp_path / "few.jsonl"
    cases.write_text("\n".join((SHIPPED / "invoice.jsonl").read_text("utf-8").splitlines()[:12]), "utf-8")
    kept = tmp_path / "kept"
    async with ScriptedEndpoint(says) as endpoint:
        settings = Settings(  # type: ignore[call-arg]
            DATA_DIR=tmp_path / "d", LLM_MODEL="scripted", OPENAI_BASE_URL=endpoint.base_url, _env_file=None
        )
        record = Request(cases=[cases], jobs=1, clock=CLOCK, mode="record", recordings=kept)
        asked = await asyncio.to_thread(carry_out, record, tmp_path / "a.jsonl", settings)
        assert endpoint.requests
    assert asked.head["engine"] == "llm"
    assert sum(line["engine"] == "llm" for line in asked.lines) >= 3
    replay = Request(cases=[cases], jobs=1, clock=CLOCK, mode="replay", recordings=kept)
    played = await asyncio.to_thread(carry_out, replay, tmp_path / "b.jsonl", settings)
    assert outcome(tmp_path / "a.jsonl") == outcome(tmp_path / "b.jsonl")
    assert [line["text"] for line in played.lines] == [line["text"] for line in asked.lines]

    for recording in kept.iterdir():
        recording.unlink()
    empty = await asyncio.to_thread(carry_out, replay, tmp_path / "c.jsonl", settings)
    found = report.summary(empty.lines)
    assert found["broken"] >= 3, "a model that is away is counted apart"
    assert found["of"] == found["cases"] - found["broken"]
