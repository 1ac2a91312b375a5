"""What a shopper's tabs show equals the log, whatever shopper, staff, network and server do in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from websockets.exceptions import ConnectionClosed

from assistant.service.desk import Desk, NotYours
from assistant.service.reception import Reception
from tests.support.answers import paced
from tests.support.server import app_of, reception, serving
from tests.support.shopper import Shopper
from tests.support.wait import eventually

T = TypeVar("T")
TABS = st.sampled_from([0, 1])


class TwoTabs(RuleBasedStateMachine):
    """One shopper with two tabs, an agent, a server that restarts. The answers come slowly enough to be cut."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.sent: list[tuple[str, str]] = []
        self.acked: dict[str, int] = {}

    def wait(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(doing)

    @initialize()
    def open(self) -> None:
        self.tabs = [Shopper("nowhere"), Shopper("nowhere")]
        self.wait(self._start())
        self.wait(self.tabs[0].open())
        self.tabs[1].token = self.tabs[0].token
        self.wait(self.tabs[1].open())

    async def _start(self) -> None:
        self.stack = AsyncExitStack()
        self.receives: Reception = await reception(
            f"sqlite:///{self.folder.name}/log.db", answer=paced(0.003), sweep_seconds=0.02
        )
        self.desk = Desk(self.receives.store, self.receives.folds)
        address = await self.stack.enter_async_context(serving(app_of(self.receives)))
        for tab in self.tabs:
            tab.url = f"ws://{address}/talk/demo"

    async def _stop(self) -> None:
        await self.stack.aclose()

    async def _connected(self, tab: Shopper) -> None:
        if tab.socket is None:
            assert (await tab.open())["type"] == "welcome"

    async def _say(self, tab: Shopper, client_id: str, text: str) -> None:
        await self._connected(tab)
        try:
            acked = await tab.say(text, client_id)
        except ConnectionClosed:
            tab.socket = None
            return
        assert acked["type"] == "ack", acked
        assert self.acked.setdefault(client_id, acked["seq"]) == acked["seq"]

    @rule(tab=TABS)
    def say(self, tab: int) -> None:
        client_id = f"c{len(self.sent)}"
        self.sent.append((client_id, f"第{len(self.sent)}句"))
        self.wait(self._say(self.tabs[tab], *self.sent[-1]))

    @rule(tab=TABS)
    def say_and_lose_the_line(self, tab: int) -> None:
        """Neither shopper nor server knows whether it arrived."""

        async def lose() -> None:
            shopper = self.tabs[tab]
            await self._connected(shopper)
            client_id, text = f"c{len(self.sent)}", f"第{len(self.sent)}句"
            self.sent.append((client_id, text))
            await shopper.send(type="say", client_id=client_id, text=text)
            assert shopper.socket is not None
            shopper.socket.transport.abort()
            shopper.socket = None

        self.wait(lose())

    @precondition(lambda self: self.sent)
    @rule(tab=TABS, data=st.data())
    def resend(self, tab: int, data: st.DataObject) -> None:
        self.wait(self._say(self.tabs[tab], *data.draw(st.sampled_from(self.sent))))

    @rule(tab=TABS)
    def read_a_little(self, tab: int) -> None:
        async def read() -> None:
            shopper = self.tabs[tab]
            await self._connected(shopper)
            head = await self.receives.store.head(shopper.talk)
            if shopper.last < head.shopper_seq:
                await shopper.hear()

        self.wait(read())

    @rule(tab=TABS)
    def lose_the_line(self, tab: int) -> None:
        async def lose() -> None:
            shopper = self.tabs[tab]
            if shopper.socket is not None:
                shopper.socket.transport.abort()
                shopper.socket = None

        self.wait(lose())

    @rule(tab=TABS)
    def call_a_person(self, tab: int) -> None:
        async def call() -> None:
            await self._connected(self.tabs[tab])
            await self.tabs[tab].send(type="call_person")

        self.wait(call())

    @rule(does=st.sampled_from(["claim", "reply", "note", "release", "resolve"]))
    def the_agent_acts(self, does: str) -> None:
        async def act() -> None:
            talk = self.tabs[0].talk
            match does:
                case "claim":
                    await self.desk.claim(talk, "li")
                case "reply":
                    await self.desk.reply(talk, "li", "在的", shown="客服小李")
                case "note":
                    await self.desk.note(talk, "li", "老顾客")
                case "release":
                    await self.desk.release(talk, "li")
                case _:
                    await self.desk.resolve(talk, "li")

        with contextlib.suppress(NotYours):
            self.wait(act())

    @rule()
    def restart(self) -> None:
        async def again() -> None:
            await self.receives.close(patience=0)
            await self._stop()
            await self._start()
            for tab in self.tabs:
                tab.socket = None

        self.wait(again())

    @rule()
    def compare(self) -> None:
        self.wait(self._compare())

    async def _compare(self) -> None:
        store, talk = self.receives.store, self.tabs[0].talk

        async def at_rest() -> bool:
            return (await store.head(talk)).asked_seq is None and self.receives.turns == 0

        for tab in self.tabs:
            await self._connected(tab)
            await tab.send(type="knock")  # its answer comes after all that was sent before has been dealt with
            await tab.until(lambda frame: frame["type"] == "error")
        await eventually(at_rest)
        log = await store.read(talk, audience="shopper")
        for tab in self.tabs:
            while tab.last < len(log):
                await tab.hear()
            shown = [(seq, tab.events[seq]) for seq in sorted(tab.events)]
            assert shown == [(seq, json.loads(entry.body)) for seq, entry in enumerate(log, start=1)]
            assert tab.twice == []
        stored = {
            entry.event.client_id: entry.shopper_seq  # type: ignore[union-attr]
            for entry in log
            if '"by":"shopper"' in entry.body
        }
        assert len(stored) == sum('"by":"shopper"' in entry.body for entry in log)
        assert self.acked.items() <= stored.items()

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.compare()
            for tab in self.tabs:
                if tab.socket is not None:
                    self.wait(tab.close())
            self.wait(self._stop())
        self.loop.close()
        self.folder.cleanup()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_shown_is_what_is_stored() -> None:
    run_state_machine_as_test(
        TwoTabs,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a step takes real time: no hours of shrinking
        ),
    )
