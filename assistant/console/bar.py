"""The head of the queue: whether I am here, how many I take, sound, what I owe, help."""

from __future__ import annotations

from typing import Any, Literal, get_args

import nicegui
from nicegui import ui

from assistant.console import dialogs
from assistant.console.clock import when
from assistant.console.shell import Visit
from assistant.console.words import say
from assistant.service.ledger import ledger
from assistant.service.presence import CAPACITY, Presence

HERE_SECONDS = 15.0
"""How often a desk says that its agent is there (`service/presence.py`)."""
PROMISES_SECONDS = 30.0
Chosen = Literal["online", "away"]


class Bar:
    """Draws itself where it is made; `quiet` is whether new tickets come without a sound."""

    def __init__(self, visit: Visit, presence: Presence, *, speaks: bool) -> None:
        self._visit, self._presence, self._speaks = visit, presence, speaks
        kept: dict[str, Any] = nicegui.app.storage.user
        self._kept = kept
        self.state: Chosen = "away" if kept.get("away") else "online"
        with ui.element("div").classes("line wide"):
            if speaks:
                with ui.button(color=None).props("flat dense no-caps").classes("state") as self._button:
                    self._dot = ui.icon("circle").classes("dot")
                    self._label = ui.label()
                    with ui.menu(), ui.element("div").classes("about-me"):
                        for state in get_args(Chosen):
                            ui.menu_item(say(f"bar.{state}"), lambda state=state: self.choose(state))
                        self._capacity = ui.number(say("bar.capacity"), min=1, max=99, value=CAPACITY, format="%d")
                        self._capacity.props("dense outlined").on("change", self.here)
            else:
                ui.label(say("queue.title")).classes("strong")
            ui.element("div").classes("grow")
            self._owed = ui.button(icon="event").props("flat dense no-caps size=sm").classes("owes")
            with self._owed, ui.menu().classes("owed-menu") as self._owed_list:
                pass
            self._sound = ui.button(on_click=self.mute).props("flat dense round size=sm")
            ui.button(icon="keyboard", on_click=dialogs.shortcuts).props(
                f'flat dense round size=sm aria-label="{say("keys.title")}"'
            ).tooltip(say("keys.title_key"))
        self._draw()

    @property
    def quiet(self) -> bool:
        return bool(self._kept.get("quiet"))

    async def begin(self) -> None:
        """Say that we are here, and again; look at what is owed, and again."""
        if self._speaks:
            mine = next((one for one in await self._presence.staff() if one.name == self._visit.me.name), None)
            self._capacity.set_value(mine.capacity if mine else CAPACITY)
            await self.here()
            self._visit.every(HERE_SECONDS, self.here)
        await self.owed()
        self._visit.every(PROMISES_SECONDS, self.owed)

    async def here(self) -> None:
        """This agent is at the desk; capacity as chosen."""
        me = self._visit.me
        capacity = int(self._capacity.value) if self._capacity.value else None
        with self._visit.failing():
            await self._presence.here(me.name, shown=me.shown, shops=me.shops, state=self.state, capacity=capacity)

    async def choose(self, state: Chosen) -> None:
        """Be here, or away for a while."""
        self.state = state
        self._kept["away"] = state == "away"
        self._draw()
        await self.here()

    def mute(self) -> None:
        """With or without sound."""
        self._kept["quiet"] = not self.quiet
        self._draw()

    async def owed(self) -> None:
        """What I promised and have not done, soonest first."""
        found = await ledger(self._visit.house.reception.store, by=self._visit.me.name)
        self._owed.set_visibility(bool(found.all))
        self._owed.set_text(str(len(found.all)))
        self._owed.props(f"color={'negative' if found.overdue else 'primary'}")
        self._owed.props(f'aria-label="{say("bar.owed", n=len(found.all), late=len(found.overdue))}"')
        self._owed_list.clear()
        with self._owed_list:
            for one in found.all[:12]:
                late = one in found.overdue
                there = ui.menu_item(on_click=lambda _, talk=one.talk: ui.navigate.to(f"/desk?talk={talk}"))
                with there, ui.element("div").classes("stack tight"):
                    ui.label(one.text)
                    due = ui.label(say("bar.late" if late else "bar.due", due=when(one.due)))
                    due.classes("small " + ("trouble" if late else "muted"))

    def _draw(self) -> None:
        if self._speaks:
            self._dot.classes(replace=f"dot {self.state}")
            self._label.set_text(say(f"bar.{self.state}"))
        name = say("bar.quiet" if self.quiet else "bar.loud")
        self._sound.props(f'icon={"notifications_off" if self.quiet else "notifications"} aria-label="{name}"')
