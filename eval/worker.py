"""Answers tasks in a process of its own: opens the sealed shop once, then asks batch after batch."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import orjson

from assistant.settings import Settings
from assistant.turn.breaker import Breaker
from assistant.turn.shop import Shop
from assistant.wiring import open_shops
from eval.plan import Task, moment
from eval.recording import Mode, WatchedModel
from eval.run import run_case


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker of a run is told."""

    settings: Settings
    shop: str
    clock: str
    mode: Mode = "count"
    recordings: Path | None = None
    together: int = 1
    """Conversations held at once in one process: more than one only pays while a model is waited for."""


class Worker:
    """One opened shop and the loop it lives in."""

    def __init__(self, job: Job) -> None:
        self._job, self._loop, self._stack = job, asyncio.new_event_loop(), AsyncExitStack()
        self._shop = self._loop.run_until_complete(self._open())
        if self._shop.model is not None or job.mode == "replay":
            name = str(getattr(self._shop.model, "model_name", "")) or job.settings.LLM_MODEL
            model = WatchedModel(inner=self._shop.model, model_name=name, folder=job.recordings, mode=job.mode)
            self._shop = replace(self._shop, model=model)

    async def _open(self) -> Shop:
        # A folder of vectors has one writer: each process keeps its own.
        vectors = str(self._job.settings.DATA_DIR / f"vectors-{os.getpid()}")
        settings = self._job.settings.model_copy(update={"VECTOR_URL": vectors})
        shops = await self._stack.enter_async_context(open_shops(settings))
        return await shops.shop(self._job.shop)

    def ask(self, batch: Sequence[Task]) -> list[bytes]:
        """One line of a run file for each task, in order."""
        return self._loop.run_until_complete(self._ask(batch))

    async def _ask(self, batch: Sequence[Task]) -> list[bytes]:
        room = asyncio.Semaphore(self._job.together)
        clock = moment(self._job.clock)

        async def one(task: Task) -> bytes:
            async with room:
                shop = self._shop
                if isinstance(shop.model, WatchedModel):
                    shop = replace(shop, model=shop.model.for_trial(task.trial), breaker=Breaker())
                result = await run_case(shop, task.case, clock=clock, seed=task.seed)
            about = {"n": task.number, "key": task.key, "trial": task.trial, "variant": task.variant}
            return orjson.dumps({**result.as_json(), **about})

        return list(await asyncio.gather(*(one(task) for task in batch)))

    def close(self) -> None:
        """Close the shop and the loop."""
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()


_worker: Worker | None = None


def begin(job: Job) -> None:
    """Called once in each process of a pool."""
    global _worker
    _worker = Worker(job)
    if parent := multiprocessing.parent_process():
        # A killed parent closes nothing: without this its workers would wait for ever.
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def ask(batch: Sequence[Task]) -> list[bytes]:
    """Called in a process of a pool for each batch."""
    assert _worker is not None
    return _worker.ask(batch)
