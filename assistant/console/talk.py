"""The middle of the desk: one conversation, live, and the box to speak in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from markupsafe import Markup
from nicegui import background_tasks, ui

from assistant.console.bubbles import bubbles, speaking
from assistant.console.shell import Visit
from assistant.console.words import say, table
from assistant.conversation.bus import Typing
from assistant.conversation.follow import FellBehind
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, NoSuchTalk, StoreBusy

Changed = Callable[[Conversation, list[Entry]], Awaitable[None]]

TAKE_BREATH_SECONDS = 0.5
"""Before the store is asked again when it was too busy to be read."""


class TalkPane:
    """Follows a conversation and draws it. `changed` hears of every step, with all entries up to it."""

    def __init__(self, visit: Visit, changed: Changed) -> None:
        self._visit, self._changed = visit, changed
        self._task: asyncio.Task[None] | None = None
        self._entries: list[Entry] = []
        self.talk = ""
        self.now = Conversation()
        with ui.element("div").classes("log").props(f'id=log role=log aria-label="{say("talk.log")}" tabindex=0'):
            self._said = ui.element("div").classes("lines")
            self._speaking = ui.html("", sanitize=False)
            ui.element("div").props("id=outbox")
            ui.html(say("talk.typing"), sanitize=False).classes("typing").props("id=typing hidden")
        visit.client.on_delete(self.close)

    @property
    def mine(self) -> bool:
        """Whether we have the line."""
        return self.now.held_by == "staff" and self.now.holder == self._visit.me.name

    async def open(self, talk: str) -> None:
        """Show `talk` from its beginning, then what happens. Raises `NoSuchTalk` also for what is not ours to see."""
        head = await self._visit.house.reception.store.head(talk)
        if not self._visit.me.serves(head.shop):
            raise NoSuchTalk(talk=talk)
        self.close()
        self.talk, self._entries, self.now = talk, [], Conversation()
        self._said.clear()
        self._task = background_tasks.create(self._follow(talk))

    def close(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self, talk: str) -> None:
        reception, after = self._visit.house.reception, 0
        while True:
            follow = await reception.follow(talk, after=after, audience="staff")
            try:
                while True:
                    await follow.wake.wait()
                    try:
                        news = await follow.ready()
                    except StoreBusy:
                        await asyncio.sleep(TAKE_BREATH_SECONDS)
                        continue
                    fresh = [each for each in news if isinstance(each, Entry)]
                    after = fresh[-1].seq if fresh else after
                    if any(isinstance(each, Typing) and each.by == "shopper" for each in news):
                        self._visit.script("desk.typing")
                    if fresh:
                        await self._step(fresh)
            except FellBehind:
                continue
            finally:
                follow.close()

    async def _step(self, fresh: list[Entry]) -> None:
        first = not self._entries
        before = self._entries[-1].at if self._entries else ""
        self._entries.extend(fresh)
        self.now = await self._folded(fresh[-1].seq)
        with self._said:
            if drawn := bubbles(fresh, self._visit.me.name, before):
                ui.html(drawn, sanitize=False)
        self._speaking.set_content(speaking(self.now.speaking))
        self._visit.script("desk.open", self.talk, self.mine, first)
        self._visit.script("desk.toEnd", first)
        await self._changed(self.now, self._entries)

    async def _folded(self, seq: int) -> Conversation:
        while True:
            try:
                return await self._visit.house.reception.folds.at(self.talk, seq)
            except StoreBusy:
                await asyncio.sleep(TAKE_BREATH_SECONDS)


def composer() -> ui.element:
    """The box. What is written in it stays in the browser until it is stored (`console.js`)."""
    said = table("talk")
    with ui.element("div").classes("composer").props("id=composer") as box:
        ui.element("div").props(f'id=phrases hidden role=listbox aria-label="{say("talk.phrases")}"')
        ui.element("textarea").props(f'id=say rows=2 maxlength=4000 aria-label="{said["box"]}"')
        ui.html(_buttons(), sanitize=False).classes("tools")
    return box


def _buttons() -> Markup:
    button = Markup('<button type="button" data-do="{}" class="tool {}" title="{}">{}</button>')
    return Markup("").join(
        (
            button.format("phrases", "", say("talk.phrases_title"), say("talk.phrases")),
            button.format("note", "", say("talk.note_title"), say("talk.note")),
            Markup('<span id="left" class="muted small"></span><span class="grow"></span>'),
            Markup('<span class="faint small">{}</span>').format(say("talk.enter")),
            button.format("send", "send", say("talk.send_title"), say("talk.send")),
        )
    )


def words_for_script() -> dict[str, str]:
    """What `console.js` shows."""
    found: dict[str, str] = table("script")
    return found
