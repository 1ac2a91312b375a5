"""kill -9 of the server at random moments while shoppers talk; then every promise is checked against the log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from assistant.conversation.events import HandedOver, Message, Part
from assistant.conversation.sql import SqlStore, open_store
from assistant.conversation.store import Entry
from knowledge.database import open_engine, reading
from tests.support.shopper import Shopper
from tests.support.wait import eventually

QUESTIONS = ("多久发货", "运费谁出", "能开发票吗", "怎么退货", "羽绒服怎么洗", "有没有优惠券", "发什么快递")
GONE = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, EOFError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Plan:
    kills: int
    shoppers: int
    pace: float
    seed: int
    database: str = ""
    """Where the log is; a new SQLite file if empty."""
    data_dir: Path | None = None
    """A data folder with the demo shop in it: the product itself is killed, not the test's small server."""


@dataclass(slots=True)
class Report:
    """What was found. Everything from `lost` on should be nought."""

    kills: int = 0
    cut_answers: int = 0
    """Answers that had been begun and not finished when the server was killed."""
    sent: int = 0
    acknowledged: int = 0
    answers: int = 0
    handed_over: int = 0
    """Questions whose turn was killed so often that a person got them."""
    slowest_end: float = 0.0
    """Seconds from the last restart until no question was open any more."""
    lost: int = 0
    doubled: int = 0
    renumbered: int = 0
    gaps: int = 0
    unended: int = 0
    mixed: int = 0
    views: int = 0

    _MEANING = (
        ("kills", "kill -9"),
        ("cut_answers", "answers cut in mid-sentence"),
        ("sent", "messages sent"),
        ("acknowledged", "messages acknowledged"),
        ("answers", "answers"),
        ("handed_over", "handed to a person after repeated kills"),
        ("slowest_end", "seconds from last restart to last answer"),
        ("lost", "acknowledged messages lost"),
        ("doubled", "messages stored twice"),
        ("renumbered", "messages acknowledged with another number"),
        ("gaps", "gaps in the numbers"),
        ("unended", "questions without an end"),
        ("mixed", "answers doubled, mixed or not what was shown"),
        ("views", "shoppers whose view is not the log"),
    )

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not any((self.lost, self.doubled, self.renumbered, self.gaps, self.unended, self.mixed, self.views))

    def table(self) -> str:
        rows = [f"{meaning:<48} {round(getattr(self, name), 1):>8}" for name, meaning in self._MEANING]
        return "\n".join([*rows, f"{'every promise kept':<48} {'yes' if self.clean else 'NO':>8}"])


class Stubborn(Shopper):
    """A shopper who talks, and after every cut comes back, resumes and resends."""

    def __init__(self, address: str, name: str, chance: random.Random) -> None:
        super().__init__(address)
        self.name, self._chance = name, chance
        self.unacked: dict[str, str] = {}
        self.acked: dict[str, int] = {}
        self.wrong_numbers = 0
        self.stopping = asyncio.Event()
        self._count = 0

    async def talk_on(self) -> None:
        """Talk until told to stop, then until everything sent is acknowledged."""
        while not (self.stopping.is_set() and not self.unacked):
            try:
                await self._while_connected()
            except GONE:
                self.socket = None
                await asyncio.sleep(0.05)

    async def see_to(self, last: int) -> None:
        """Look until the view reaches number `last`."""
        while self.last < last:
            try:
                if self.socket is None:
                    await self.open()
                await self.hear()
            except GONE:
                self.socket = None

    async def _while_connected(self) -> None:
        if self.socket is None:
            welcome = await self.open()
            if welcome["type"] != "welcome":
                raise RuntimeError(f"refused: {welcome['message']}")
        for client_id, text in self.unacked.items():
            await self.send(type="say", client_id=client_id, text=text)
        while self.unacked:
            self._note(await self.hear())
        if self.stopping.is_set():
            return
        client_id = f"{self.name}-{self._count}"
        self._count += 1
        self.unacked[client_id] = f"{self._chance.choice(QUESTIONS)}（{client_id}）"
        await self.send(type="say", client_id=client_id, text=self.unacked[client_id])
        if self._chance.random() < 0.2:
            return  # a second message on the heels of the first
        before = len(self.answers())
        while self.unacked or len(self.answers()) == before:
            self._note(await self.hear())
        if any(event["kind"] == "handed_over" for event in self.events.values()):
            self.stopping.set()  # people have it now, and nobody is there to answer

    def answers(self) -> list[dict[str, object]]:
        return [event for event in self.events.values() if event.get("by") == "assistant"]

    def _note(self, frame: dict[str, object]) -> None:
        if frame["type"] == "ack":
            client_id, seq = str(frame["client_id"]), int(str(frame["seq"]))
            self.unacked.pop(client_id, None)
            self.wrong_numbers += self.acked.setdefault(client_id, seq) != seq


class Server:
    """The server in a process of its own, always on the same port."""

    def __init__(self, plan: Plan, database: str) -> None:
        self._plan, self._database = plan, database
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._process: Process | None = None

    async def start(self) -> None:
        command = ["-m", "tests.support.server", "--database", self._database, "--pace", str(self._plan.pace)]
        environment = dict(os.environ)
        if self._plan.data_dir is not None:
            command = ["-m", "assistant", "serve"]
            environment |= {"DATA_DIR": str(self._plan.data_dir), "DATABASE_URL": self._database}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *command, "--port", str(self.port), env=environment, stdout=DEVNULL, stderr=DEVNULL
        )

    async def ready(self) -> None:
        """Until it accepts connections."""
        while True:
            assert self._process is not None
            if self._process.returncode is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()


@contextlib.asynccontextmanager
async def _log_at(plan: Plan) -> AsyncIterator[tuple[str, SqlStore]]:
    with tempfile.TemporaryDirectory() as folder:
        own = f"sqlite:///{plan.data_dir}/dianban.db" if plan.data_dir else f"sqlite:///{folder}/log.db"
        url = plan.database or own
        engine = open_engine(url)
        store = await open_store(engine, reading(engine))
        try:
            yield url, store
        finally:
            await store.close()


async def kill_again_and_again(plan: Plan) -> Report:
    """Carry out `plan` and check every promise."""
    chance = random.Random(plan.seed)
    report = Report()
    async with _log_at(plan) as (url, store):
        server = Server(plan, url)
        await server.start()
        await server.ready()
        shoppers = [Stubborn(server.address, f"s{n}", random.Random(f"{plan.seed}-{n}")) for n in range(plan.shoppers)]
        talking = [asyncio.create_task(shopper.talk_on()) for shopper in shoppers]
        try:
            for _ in range(plan.kills):
                await asyncio.sleep(chance.uniform(0.05, 1.5))
                await server.kill()
                report.kills += 1
                report.cut_answers += await _cut(store, shoppers)
                await server.start()
                await server.ready()
            restarted = time.monotonic()
            for shopper in shoppers:
                shopper.stopping.set()
            await asyncio.gather(*talking)
            await eventually(lambda: _ended(store, shoppers), 120)
            report.slowest_end = time.monotonic() - restarted
            for shopper in shoppers:
                await _check(report, store, shopper)
        finally:
            for task in talking:
                task.cancel()
            await server.kill()
    return report


async def _cut(store: SqlStore, shoppers: Sequence[Stubborn]) -> int:
    """How many conversations stand in the middle of an answer."""
    cut = 0
    for shopper in shoppers:
        if shopper.talk:
            log = await store.read(shopper.talk)
            cut += bool(log) and log[-1].kind == "part"
    return cut


async def _ended(store: SqlStore, shoppers: Sequence[Stubborn]) -> bool:
    heads = [await store.head(shopper.talk) for shopper in shoppers]
    return all(head.asked_seq is None for head in heads)


async def _check(report: Report, store: SqlStore, shopper: Stubborn) -> None:
    log = await store.read(shopper.talk)
    seen = [entry for entry in log if entry.shopper_seq is not None]
    report.gaps += [entry.seq for entry in log] != list(range(1, len(log) + 1))
    report.gaps += [entry.shopper_seq for entry in seen] != list(range(1, len(seen) + 1))
    said = [
        (entry.event.client_id, entry.shopper_seq)
        for entry in seen
        if isinstance(entry.event, Message) and entry.event.by == "shopper"
    ]
    stored = dict(said)
    report.sent += shopper._count
    report.acknowledged += len(shopper.acked)
    report.lost += sum(client_id not in stored for client_id in shopper.acked)
    report.doubled += sum(count - 1 for count in Counter(client_id for client_id, _ in said).values())
    report.renumbered += shopper.wrong_numbers
    report.renumbered += sum(stored.get(client_id, seq) != seq for client_id, seq in shopper.acked.items())
    _check_answers(report, log)
    await shopper.see_to(len(seen))
    view = [shopper.events.get(seq) for seq in range(1, len(seen) + 1)]
    report.views += view != [json.loads(entry.body) for entry in seen] or bool(shopper.twice)
    await shopper.close()


def _check_answers(report: Report, log: Sequence[Entry]) -> None:
    """Every question is followed by an answer or a person; an answer is the sentences that were shown, once."""
    shown, open_questions, queued, answered = "", 0, False, set[int | None]()
    for event in (entry.event for entry in log):
        if isinstance(event, Part):
            shown += event.text
        elif isinstance(event, HandedOver):
            report.handed_over, queued = report.handed_over + 1, True
        elif isinstance(event, Message) and event.by == "shopper":
            open_questions += not queued
        elif isinstance(event, Message):
            report.answers += 1
            report.mixed += event.text != shown or event.answers in answered or open_questions == 0
            answered.add(event.answers)
            shown, open_questions = "", 0
    report.unended += open_questions
    report.mixed += shown != ""
