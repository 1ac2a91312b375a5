"""Runs, as the command line and the console's quality page use them: plan, carry out, start apart, watch, list.

A run is one file. It is carried out in any process; whoever wants to see it reads the file. What was answered before a
kill is kept, and the same command goes on from there.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from assistant.errors import HouseError
from assistant.settings import Settings
from eval.case import CASES, BadCase, EvalCase, read_cases
from eval.plan import (
    Head,
    Task,
    commit,
    digest_of_cases,
    digest_of_files,
    digest_of_passages,
    digest_of_rules,
    moment,
    tasks,
)
from eval.recording import Mode
from eval.run import SHANGHAI
from eval.runfile import Run, Writer, read_run
from eval.sealed import Sealed, sealed
from eval.wording import say
from eval.worker import Job, Worker, ask, begin

CLOCK = "2026-11-22T15:00:00+08:00"
"""The moment the shipped cases are asked at: their dates are written around it."""
BATCH = 12
ATTEMPTS = 4
"""Pools tried: a process that dies (killed, out of memory) takes its pool with it."""
FEW = 200
"""Answers below which opening a shop in every process costs more than it saves."""
CONVERSATIONS = 8
"""Held at once in one process while a model is waited for."""


class WorkersDied(HouseError):
    """Processes kept dying; what they answered is kept."""

    says = "跑题目的进程一再意外结束，已经答的都存在 {file}。请看看内存够不够，再用同样的命令接着跑，或加 --jobs 1"


@dataclass(frozen=True, slots=True)
class Request:
    """What to run."""

    cases: Sequence[Path] = (CASES,)
    shop: str = "demo"
    trials: int = 1
    variants: Sequence[str] = ()
    seed: int = 0
    clock: str | None = None
    """None: `CLOCK` for the shipped cases, else the moment the run begins."""
    jobs: int | None = None
    """Processes; None: one per core."""
    mode: Mode = "count"
    recordings: Path | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    done: int
    of: int
    right: int
    fresh: int
    """Answered by this process."""
    seconds: float
    """Since the first of those: opening the shop is not part of the pace."""

    @property
    def left_seconds(self) -> float | None:
        """Seconds still to go at this pace."""
        return self.seconds / self.fresh * (self.of - self.done) if self.fresh and self.seconds else None


Watch = Callable[[Progress], None]


def carry_out(request: Request, out: Path, settings: Settings, watch: Watch = lambda progress: None) -> Run:
    """Carry out the run in this process (and its workers), or go on with it; the run once it is complete."""
    cases = read_cases(request.cases)
    clock = _clock(request, out)
    with ExitStack() as stack:
        apart = stack.enter_context(_sealed(settings, request.shop))
        planned = tasks(cases, trials=request.trials, seed=request.seed, variants=request.variants)
        head = _head(request, apart, cases, planned, clock)
        writer = Writer(out, head.as_json())
        stack.callback(writer.close)
        job = Job(apart.settings, request.shop, clock, request.mode, request.recordings, _together(apart.settings))
        left = [task for task in planned if task.key not in writer.done]
        _answer(job, left, request.jobs or len(os.sched_getaffinity(0)), writer, watch, len(planned))
    return read_run(out)


@contextmanager
def _sealed(settings: Settings, shop: str) -> Iterator[Sealed]:
    with asyncio.Runner() as runner:
        context = sealed(settings, shop)
        apart = runner.run(context.__aenter__())
        try:
            yield apart
        finally:
            runner.run(context.__aexit__(None, None, None))


def _clock(request: Request, out: Path) -> str:
    if request.clock:
        try:
            return moment(request.clock).isoformat()
        except ValueError:
            raise BadCase(place="--now", why=say("run.bad_moment", moment=request.clock)) from None
    if all(path == CASES or not path.exists() for path in request.cases):
        return CLOCK
    begun = read_run(out).head.get("clock") if out.is_file() and not _complete(out) else None
    return str(begun or datetime.now(SHANGHAI).replace(microsecond=0).isoformat())


def _complete(out: Path) -> bool:
    try:
        return read_run(out).complete
    except BadCase:
        return True


def _together(settings: Settings) -> int:
    return CONVERSATIONS if settings.LLM_MODEL else 1


def _head(request: Request, apart: Sealed, cases: list[EvalCase], planned: list[Task], clock: str) -> Head:
    settings = apart.settings

    return Head(
        shop=request.shop,
        clock=clock,
        trials=request.trials,
        seed=request.seed,
        variants=tuple(request.variants),
        cases=len(cases),
        tasks=len(planned),
        engine="llm" if settings.LLM_MODEL or request.mode == "replay" else "offline",
        model=settings.LLM_MODEL,
        embedding=settings.EMBEDDING_MODEL,
        commit=commit(),
        digests={
            "cases": digest_of_cases(cases),
            "knowledge": digest_of_passages(apart.passages),
            "policies": digest_of_rules(settings.shops_home / request.shop),
            "prompts": digest_of_files("prompts", suffixes=(".md", ".yaml")),
            "engine": digest_of_files("assistant.turn", "assistant.turn.figures", "assistant.policy", "knowledge"),
            "scorers": digest_of_files("eval", suffixes=("scorers.py", "findings.py", "transcript.py", "run.py")),
        },
        knowledge_version=apart.version,
    )


def _answer(job: Job, left: list[Task], jobs: int, writer: Writer, watch: Watch, of: int) -> None:
    """Have every task answered and written down, by this process alone or by several."""
    began, fresh, right = 0.0, 0, 0
    batches = [left[at : at + BATCH] for at in range(0, len(left), BATCH)]
    done_before = of - len(left)

    def took(lines: list[bytes]) -> None:
        nonlocal began, fresh, right
        began = began or time.monotonic()
        writer.add(lines)
        fresh += len(lines)
        right += sum(bool(orjson.loads(line)["right"]) for line in lines)
        watch(Progress(done_before + fresh, of, right, fresh, time.monotonic() - began))

    if jobs < 2 or len(left) < FEW:
        worker = Worker(job) if batches else None
        for batch in batches:
            assert worker is not None
            took(worker.ask(batch))
        if worker is not None:
            worker.close()
        return
    for _ in range(ATTEMPTS):
        batches = _by_several(job, batches, jobs, took)
        if not batches:
            return
    raise WorkersDied(file=writer.path.name)


def _by_several(
    job: Job, batches: Sequence[list[Task]], jobs: int, took: Callable[[list[bytes]], None]
) -> list[list[Task]]:
    """Have these batches answered by several processes; those left over when one of the processes died."""
    with (
        _one_thread_each(),
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=begin, initargs=(job,)) as pool,
    ):
        waiting = {pool.submit(ask, batch): batch for batch in batches}
        left: list[list[Task]] = []
        for future in as_completed(waiting):
            try:
                took(future.result())
            except BrokenProcessPool:
                left.append(waiting[future])
        return left


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started now do their sums on one core each: several at once would only wait for each other."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# For the console: a run is started in a process of its own and watched through its file.


@dataclass(frozen=True, slots=True)
class Started:
    """A run that goes on by itself."""

    name: str
    path: Path
    process: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One line in the list of runs."""

    name: str
    path: Path
    head: dict[str, Any]
    done: int
    of: int
    right: int
    at: datetime
    """When it was last written to."""

    @property
    def complete(self) -> bool:
        """Whether every answer is there."""
        return self.done >= self.of


def runs_folder(settings: Settings) -> Path:
    """Where the console keeps its runs."""
    return settings.DATA_DIR / "eval"


def start(
    settings: Settings,
    *,
    shop: str = "demo",
    cases: Sequence[str] = (),
    trials: int = 1,
    variants: Sequence[str] = (),
    name: str | None = None,
) -> Started:
    """Start a run in a process of its own; `watch_run` tells how far it is. The same `name` goes on where it was."""
    folder = runs_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    name = name or datetime.now(SHANGHAI).strftime("%Y%m%d-%H%M%S")
    path = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "eval", "run", *cases, "--shop", shop, "--trials", str(trials), "--out", str(path)]
    for variant in variants:
        command += ["--perturb", variant]
    env = {**os.environ, "DATA_DIR": str(settings.DATA_DIR), "DATABASE_URL": settings.DATABASE_URL}
    with path.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    # Somebody must take note of its end, or it stays a zombie for as long as this process lives.
    threading.Thread(target=process.wait, name=f"eval {name}", daemon=True).start()
    return Started(name, path, process.pid)


def watch_run(path: Path) -> Listed | None:
    """How far the run in this file is, or None while nothing has been written."""
    if not path.is_file():
        return None
    run = read_run(path)
    right = sum(bool(line["right"]) for line in run.as_written)
    at = datetime.fromtimestamp(path.stat().st_mtime, SHANGHAI)
    return Listed(path.stem, path, dict(run.head), len(run.lines), run.wanted, right, at)


def list_runs(settings: Settings) -> list[Listed]:
    """The console's runs, newest first; files that are no runs are passed over."""
    found: list[Listed] = []
    for path in runs_folder(settings).glob("*.jsonl"):
        try:
            listed = watch_run(path)
        except BadCase:
            continue
        if listed is not None:
            found.append(listed)
    return sorted(found, key=lambda run: run.at, reverse=True)
