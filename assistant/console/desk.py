"""The agents' desk: queue, conversation, packet. What keys and buttons do is here; how it looks is in the panes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import nicegui
from nicegui import ui

from assistant.console import dialogs
from assistant.console.bar import Bar
from assistant.console.board import Board
from assistant.console.cards import level_pill
from assistant.console.packet_pane import PacketPane
from assistant.console.queue_pane import QueuePane, shopper
from assistant.console.shell import Visit, page
from assistant.console.talk import TalkPane, composer, words_for_script
from assistant.console.words import said, say
from assistant.conversation.events import WaitsOn
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, NoSuchTalk
from assistant.errors import HouseError
from assistant.service import drafts
from assistant.service.canned import canned
from assistant.service.desk import Desk, NotYours


@page("desk", icon="support_agent", roles=("agent", "merchant"), order=10)
async def desk(visit: Visit) -> None:
    """Queue, conversation, packet."""
    seat = Seat(visit)
    await seat.begin(visit.query.get("talk", ""))


class Seat:
    """One open desk."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.me = visit, visit.me
        self.reception = visit.house.reception
        self.desk = Desk(self.reception.store, self.reception.folds, self.reception.shops)
        self.speaks = visit.me.role in ("agent", "admin")
        """Whether they receive shoppers; the merchant looks on, notes and hands out."""
        board: Board = nicegui.app.state.board
        with ui.element("div").classes("desk"):
            with ui.element("aside").classes("queue").props(f'aria-label="{say("queue.title")}"'):
                with ui.element("div").classes("top"):
                    self._bar = Bar(visit, self.desk.presence, speaks=self.speaks)
                self.queue = QueuePane(visit, board, self.open, self._bar)
            with ui.element("section").classes("talk").props(f'aria-label="{say("talk.log")}"'):
                self._head = ui.element("div").classes("top")
                self.pane = TalkPane(visit, self._moved)
                self._empty = ui.label(say("talk.none")).classes("nothing")
                self._box = composer()
                self._box.set_visibility(False)
            with ui.element("aside").classes("packet").props(f'aria-label="{say("packet.title")}"'):
                self.packet = PacketPane(visit, self.desk)
        self._shop = ""
        self._shown: object = None
        self._opening = asyncio.Lock()
        """Held while a conversation is being opened: a key pressed meanwhile means the one that was clicked."""
        self._saying = asyncio.Lock()
        """Held while a reply is stored: several sent at once, as after a broken line, stay in their order."""

    async def begin(self, talk: str) -> None:
        """Draw, listen to the keys, open what the address names."""
        await self._bar.begin()
        ui.on("say", lambda e: self._said(e.args))
        ui.on("note", lambda e: self._noted(e.args))
        ui.on("typing", lambda e: self._typed(str(e.args)))
        ui.on("key", lambda e: self._key(str(e.args)))
        self.visit.script("desk.start", self.me.name, words_for_script())
        if talk:
            await self.open(talk)
        await self._phrases()

    # — the conversation —

    async def open(self, talk: str) -> None:
        """Show a conversation."""
        async with self._opening:
            await self._open(talk)

    async def _open(self, talk: str) -> None:
        with self.visit.failing():
            self.packet.clear()
            self._shop = (await self.reception.store.head(talk)).shop
            self._shown = None
            await self.pane.open(talk)
            self._empty.set_visibility(False)
            self._box.set_visibility(True)
            self.queue.chosen(talk)
            self.visit.script("history.replaceState", None, "", f"?talk={talk}")
            await self._phrases()

    async def _moved(self, now: Conversation, entries: list[Entry]) -> None:
        if (seen := (now.held_by, now.holder, now.ticket)) != self._shown:
            self._shown = seen
            self._draw_head(now, solved=any(entry.kind == "resolved" for entry in entries))
        self.packet.show(self.pane.talk, self._shop, now, entries)

    def _draw_head(self, now: Conversation, *, solved: bool) -> None:
        self._head.clear()
        with self._head:
            with ui.element("div").classes("who-speaks"):
                ui.label(shopper(self.pane.talk)).classes("strong")
                ui.label(self._holder(now)).classes(f"muted small held {now.held_by}")
            if now.ticket:
                ui.html(level_pill(now.level), sanitize=False)
                ui.label(said(f"reason.{now.reason}")).classes("muted small")
            ui.element("div").classes("grow")
            if solved and now.ticket is None:
                self._button("reopen", "replay", self.reopen)
            self._actions(now)

    def _holder(self, now: Conversation) -> str:
        if now.held_by == "staff":
            return say("talk.held_mine") if self.pane.mine else say("talk.held_staff", name=now.holder)
        return say(f"talk.held_{now.held_by}")

    def _actions(self, now: Conversation) -> None:
        if self.pane.mine:
            with self._button("wait", "hourglass_empty", self._nothing), ui.menu():
                for on in ("shopper", "warehouse", "carrier", "platform"):
                    ui.menu_item(said(f"waits_on.{on}"), lambda on=on: self.wait_on(on))
            self._button("promise", "event", self.promise)
            self._button("transfer", "swap_horiz", self.transfer)
            self._button("release", "smart_toy", self.release)
            self._button("resolve", "task_alt", self.resolve).props(remove="flat").props("unelevated color=primary")
        elif now.held_by != "staff":
            if self.me.role != "agent":
                self._button("assign", "person_add", self.transfer)
            if self.speaks:
                self._button("claim", "front_hand", self.claim).props(remove="flat").props("unelevated color=primary")

    async def _nothing(self) -> None:
        pass

    def _button(self, name: str, icon: str, do: Callable[[], Awaitable[None]]) -> ui.button:
        button = ui.button(say(f"do.{name}"), icon=icon, on_click=do).props("flat dense no-caps")
        return button.classes(f"do-{name}").tooltip(say(f"do.{name}_title"))

    # — what an agent does —

    async def claim(self) -> None:
        """Take the line; of two who try, the slower is told who was quicker."""
        if not self.pane.talk and (free := next((row for row in self.queue.rows if row.free), None)):
            await self.open(free.talk)
        if self.pane.talk and self.speaks:
            with self._mine():
                await self.desk.claim(self.pane.talk, self.me.name, shown=self.me.shown)

    async def release(self) -> None:
        """Give the line back to the assistant."""
        with self._mine():
            await self.desk.release(self.pane.talk, self.me.name)

    async def transfer(self) -> None:
        """To a colleague, or back into the queue."""
        mine = self.pane.mine
        if not mine and self.pane.now.held_by == "staff":
            return
        found = await self.desk.presence.staff(self._shop)
        others = [one for one in found if one.name != self.me.name and one.state != "offline"]
        onward = await dialogs.whereto(others, queue=mine, title=say("dialog.transfer" if mine else "dialog.assign"))
        if onward is None:
            return
        with self._mine():
            talk, name = self.pane.talk, self.me.name
            if onward.to is None:
                await self.desk.to_queue(talk, name, onward.note)
            elif mine:
                await self.desk.transfer(talk, name, onward.to.name, shown=onward.to.shown, note=onward.note)
            else:
                await self.desk.assign(talk, name, onward.to.name, shown=onward.to.shown, note=onward.note)

    async def resolve(self) -> None:
        """End the ticket, with a summary; its answer may be offered to the merchant."""
        if not self.pane.mine:
            return
        talk, ticket = self.pane.talk, self.pane.now.ticket
        draft = drafts.drafted(await self.reception.store.read(talk), ticket) if ticket else None
        end = await dialogs.ending(self._summary(), draft)
        if end is None:
            return
        with self._mine():
            await self.desk.resolve(talk, self.me.name, end.summary)
            if end.draft and ticket and (kept := await drafts.offer(self.reception.store, talk, ticket, self.me.name)):
                await drafts.edit(self.reception.store, kept.shop, kept.id, question=end.draft[0], answer=end.draft[1])
                self.visit.tell(say("dialog.drafted"))

    async def reopen(self) -> None:
        """The last ticket was not solved after all: it waits again."""
        with self._mine():
            await self.desk.reopen(self.pane.talk, self.me.name)

    async def wait_on(self, on: WaitsOn) -> None:
        """Whose move it is, where it is not plain from who spoke last."""
        with self._mine():
            await self.desk.wait_on(self.pane.talk, self.me.name, on)

    async def promise(self) -> None:
        """Owe the shopper something by a time."""
        if not self.pane.talk:
            return
        if (found := await dialogs.promised()) is not None:
            with self._mine():
                await self.desk.promise(self.pane.talk, self.me.name, found[0], found[1])

    def _summary(self) -> str:
        packet = self.packet.packet
        asked = (packet.wishes[-1:] or (packet.why,))[0] if packet else ""
        told = packet.promised[-1] if packet and packet.promised else ""
        return say("dialog.summary_of", asked=asked, told=told) if asked or told else ""

    # — what the browser tells —

    async def _said(self, item: dict[str, Any]) -> None:
        """A reply, once however often it comes: the browser sends it again until it hears that it is stored."""
        talk, once = str(item["talk"]), str(item["client_id"])
        try:
            async with self._saying:
                await self._ours(talk)
                await self.desk.reply(talk, self.me.name, str(item["text"])[:4000], shown=self.me.shown, client_id=once)
        except HouseError as why:
            if why.status >= 500:
                return self.visit.warn(str(why))  # it stays in the browser and comes again
            now = await self.reception.folds.at(talk)
            if not any(message.client_id == once for message in now.messages):
                self.visit.warn(self._plainly(why))
                return self.visit.script("desk.refused", once)
        self.visit.script("desk.stored", once)

    def _typed(self, talk: str) -> None:
        if talk == self.pane.talk and self.pane.mine:
            self.reception.bus.typing(talk, "staff")

    async def _noted(self, item: dict[str, Any]) -> None:
        with self.visit.failing():
            await self._ours(str(item["talk"]))
            await self.desk.note(str(item["talk"]), self.me.name, str(item["text"])[:4000])

    async def _ours(self, talk: str) -> None:
        if not self.me.serves((await self.reception.store.head(talk)).shop):
            raise NoSuchTalk(talk=talk)

    async def _key(self, name: str) -> None:
        doing: dict[str, Callable[[], Awaitable[None]]] = {
            "claim": self.claim,
            "release": self.release,
            "transfer": self.transfer,
            "resolve": self.resolve,
            "promise": self.promise,
        }
        if name in doing:
            async with self._opening:
                pass
            await doing[name]()
        elif name in ("next", "previous"):
            await self._step(1 if name == "next" else -1)
        elif name == "help":
            dialogs.shortcuts()
        elif name == "search":
            ui.navigate.to("/history")
        elif name == "mute":
            self._bar.mute()
        elif name == "not_mine":
            self.visit.warn(say("talk.claim_first"))

    async def _step(self, by: int) -> None:
        talks = [row.talk for row in self.queue.rows]
        if talks:
            at = talks.index(self.pane.talk) if self.pane.talk in talks else -1 if by > 0 else 0
            await self.open(talks[(at + by) % len(talks)])

    async def _phrases(self) -> None:
        shops = [self._shop] if self._shop else self.visit.shops
        found = [one for shop in shops for one in await canned(self.reception.store, shop, self.me.name)]
        told = [{"group": one.group, "key": one.code, "title": one.code, "text": one.text} for one in found]
        self.visit.script("desk.phrases", told)

    @contextlib.contextmanager
    def _mine(self) -> Iterator[None]:
        """A block that only goes through while the line is ours to move."""
        try:
            yield
        except HouseError as why:
            self.visit.warn(self._plainly(why))

    @staticmethod
    def _plainly(why: HouseError) -> str:
        """What was refused, as a colleague would put it."""
        if isinstance(why, NotYours):
            return say("talk.quicker", name=why.about.get("holder", ""))
        return str(why)
