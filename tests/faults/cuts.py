"""Sockets cut at random while shopper and agent talk; afterwards both must show the same history: that of the log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed

from assistant.api.limits import Limits
from assistant.conversation.events import Message
from assistant.conversation.store import Entry
from tests.support.server import app_of, reception, serving
from tests.support.shopper import Shopper

FAST = Limits(says=10**9, frames=10**9)
GONE = (ConnectionClosed, OSError, EOFError)


@dataclass(slots=True)
class Cuts:
    """What was found. Everything from `lost` on should be nought."""

    messages: int = 0
    cuts: int = 0
    resent: int = 0
    seconds: float = 0.0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    gaps: int = 0
    shopper_views: int = 0
    agent_views: int = 0

    _MEANING = (
        ("messages", "messages sent by shoppers and agents"),
        ("cuts", "sockets and requests cut"),
        ("resent", "messages sent again"),
        ("seconds", "seconds"),
        ("lost", "acknowledged messages lost"),
        ("doubled", "messages stored twice"),
        ("disordered", "messages out of their sender's order"),
        ("gaps", "gaps in the numbers"),
        ("shopper_views", "shoppers whose view is not the log"),
        ("agent_views", "agents whose view is not the log"),
    )

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not any(getattr(self, name) for name, _ in self._MEANING[4:])

    def table(self) -> str:
        rows = [f"{meaning:<58} {round(getattr(self, name), 1):>9}" for name, meaning in self._MEANING]
        return "\n".join([*rows, f"{'every promise kept':<58} {'yes' if self.clean else 'NO':>9}"])


@dataclass(slots=True)
class _Talk:
    """One shopper and one agent on a bad line."""

    shopper: Shopper
    chance: random.Random
    found: Cuts
    said: list[str] = field(default_factory=list)
    replied: list[str] = field(default_factory=list)
    seen: dict[int, Any] = field(default_factory=dict)
    """The agent's view, by number."""

    async def connect(self) -> None:
        while self.shopper.socket is None:
            try:
                await self.shopper.open()
            except GONE:
                self.shopper.socket = None

    async def cut_now_and_then(self, wait: float) -> None:
        """Cut the shopper's socket at random moments, in the middle of whatever is on its way."""
        while True:
            await asyncio.sleep(self.chance.random() * wait)
            if (socket := self.shopper.socket) is not None:
                socket.transport.abort()
                self.found.cuts += 1

    async def say(self, text: str) -> None:
        """Say something until it is acknowledged, however often the line breaks."""
        client_id, tries = f"s{len(self.said)}", 0
        while True:
            await self.connect()
            tries += 1
            try:
                acked = await self.shopper.say(text, client_id)
            except GONE:
                self.shopper.socket = None
                continue
            if acked["type"] == "ack":
                break
        self.found.resent += tries - 1
        self.said.append(client_id)

    async def reply(self, http: httpx.AsyncClient, headers: dict[str, str], text: str) -> None:
        """The agent's words; some requests are given up before their answer, and sent again."""
        body = {"text": text, "client_id": f"r{len(self.replied)}"}
        while True:
            patience = self.chance.choice((None, 0.0, 0.002, 0.01))
            sending = asyncio.create_task(
                http.post(f"/api/talks/{self.shopper.talk}/reply", json=body, headers=headers)
            )
            try:
                answer = await asyncio.wait_for(sending, patience)
            except (TimeoutError, httpx.HTTPError):
                self.found.cuts += 1
                self.found.resent += 1
                continue
            if answer.status_code == 200:
                self.replied.append(body["client_id"])
                return

    async def look(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        """The agent's page catches up from where it was."""
        while True:
            query = {"after": max(self.seen, default=0), "limit": 500}
            history = (await http.get(f"/api/talks/{self.shopper.talk}", params=query, headers=headers)).json()
            for event in history["events"]:
                assert event["seq"] not in self.seen
                self.seen[event["seq"]] = event["event"]
            if len(history["events"]) < 500:
                return

    async def catch_up(self, last: int) -> None:
        while self.shopper.last < last:
            await self.connect()
            try:
                await self.shopper.hear()
            except GONE:
                self.shopper.socket = None


async def cut(messages: int, seed: int, url: str = "", talks: int = 20) -> Cuts:
    """`messages` said in `talks` conversations over lines that break; half of them with an agent."""
    found, began = Cuts(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        receives = await reception(url or f"sqlite:///{folder}/log.db")
        app = app_of(receives, limits=FAST)
        async with serving(app) as address, httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as http:
            told = await http.post("/api/login", json={"name": "li", "password": "secret"})
            headers = {"Authorization": f"Bearer {told.json()['token']}"}
            share = messages // talks
            lines = [_Talk(Shopper(address), random.Random(f"{seed}-{n}"), found) for n in range(talks)]
            await asyncio.gather(*(_talk(line, http, headers, share, n % 2 == 0) for n, line in enumerate(lines)))
            await receives.rest()
            for line in lines:
                log = await receives.store.read(line.shopper.talk)
                await line.catch_up(max(entry.shopper_seq or 0 for entry in log))
                await line.look(http, headers)
                _check(line, log, found)
                await line.shopper.close()
    found.seconds = time.perf_counter() - began
    return found


async def _talk(line: _Talk, http: httpx.AsyncClient, headers: dict[str, str], share: int, agent: bool) -> None:
    await line.connect()
    if agent:
        await http.post(f"/api/talks/{line.shopper.talk}/claim", headers=headers)
    cutting = asyncio.create_task(line.cut_now_and_then(0.8))
    try:
        for number in range(share // 2 if agent else share):
            await line.say(f"第{number}句")
            if agent:
                await line.reply(http, headers, f"答{number}")
                if line.chance.random() < 0.1:
                    await line.look(http, headers)
    finally:
        cutting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await cutting
    line.found.messages += len(line.said) + len(line.replied)
    line.shopper.socket = None  # it may have been cut last


def _check(line: _Talk, log: list[Entry], found: Cuts) -> None:
    seen = [entry for entry in log if entry.shopper_seq is not None]
    found.gaps += [entry.seq for entry in log] != list(range(1, len(log) + 1))
    found.gaps += [entry.shopper_seq for entry in seen] != list(range(1, len(seen) + 1))
    for by, sent in (("shopper", line.said), ("staff", line.replied)):
        stored = [e.event.client_id for e in log if isinstance(e.event, Message) and e.event.by == by]
        found.lost += len(set(sent) - {str(one) for one in stored})
        found.doubled += len(stored) - len(set(stored))
        found.disordered += [one for one in stored if one in set(sent)] != sent
    view = [line.shopper.events.get(seq) for seq in range(1, len(seen) + 1)]
    found.shopper_views += view != [json.loads(entry.body) for entry in seen] or bool(line.shopper.twice)
    # The agent's page has every field by name; the same event, whatever it leaves out.
    found.agent_views += [line.seen.get(entry.seq) for entry in log] != [json.loads(entry.body) for entry in log]
