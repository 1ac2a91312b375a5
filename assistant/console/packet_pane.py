"""The right of the desk: the packet, and what might be said next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from markupsafe import Markup
from nicegui import ui

from assistant.console import cards
from assistant.console.clock import moment, when
from assistant.console.shell import Visit
from assistant.console.words import say
from assistant.conversation.events import Traced
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, StoreBusy
from assistant.service.assist import Recommended, recommend
from assistant.service.desk import Desk
from assistant.service.packet import Packet, packet_with_order
from assistant.turn.shop import Shop

REPLIES = 3
NEAR_ENOUGH = 0.2
"""An entry less likely than this is not even worth a question back, so it is no reply to recommend."""
REST_SECONDS = 0.15


class PacketPane:
    """Draws the packet of the open conversation, again after each step of it."""

    def __init__(self, visit: Visit, desk: Desk) -> None:
        self._visit, self._desk = visit, desk
        self._stale = asyncio.Event()
        self._at: tuple[str, str, Conversation, list[Entry]] | None = None
        self.packet: Packet | None = None
        self._cards: dict[str, tuple[ui.element, ui.html]] = {}
        for name in ("matter", "replies", "verdict", "order", "promises", "answered"):
            with ui.element("section").classes(f"card {name}") as card:
                ui.label(say(f"packet.{name}")).classes("title")
                self._cards[name] = card, ui.html("", sanitize=False)
                card.set_visibility(False)
                if name == "promises":
                    self._promises = ui.element("div").classes("stack")
        visit.background(self._keep())

    def show(self, talk: str, shop: str, now: Conversation, entries: list[Entry]) -> None:
        """The conversation has come so far."""
        self._at = talk, shop, now, entries
        self._stale.set()

    def clear(self) -> None:
        """Nothing is open."""
        self._at = self.packet = None
        for card, _ in self._cards.values():
            card.set_visibility(False)

    async def _keep(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            if self._at is not None:
                await self._draw(*self._at)
            await asyncio.sleep(REST_SECONDS)

    async def _draw(self, talk: str, shop_id: str, now: Conversation, entries: list[Entry]) -> None:
        shop = self._visit.house.reception.shops.get(shop_id)
        packet = await packet_with_order(shop, talk, entries)
        traces = [entry.event for entry in entries if isinstance(entry.event, Traced)]
        trace = next((one for one in traces if one.verdict and one.verdict == packet.verdict), None)
        replies = await _replies(shop, now, packet) if shop is not None else ()
        if self._at is None or self._at[0] != talk:
            return  # another one was opened meanwhile
        self.packet = packet
        self._put("matter", cards.matter(packet))
        wanted = now.held_by != "assistant" and (replies or packet.open_question)
        self._put("replies", _reply_cards(replies) if wanted else Markup(""))
        self._put("verdict", cards.verdict(packet.verdict, trace))
        self._put("order", cards.order(packet.order, packet.order_number))
        self._put("answered", cards.answered(packet.answered))
        await self._draw_promises(talk)

    def _put(self, name: str, html: Markup) -> None:
        card, body = self._cards[name]
        card.set_visibility(bool(html))
        if html and body.content != html:
            body.set_content(html)

    async def _draw_promises(self, talk: str) -> None:
        try:
            owed = await self._visit.house.reception.store.promises(talk=talk)
        except StoreBusy:
            return
        card, _ = self._cards["promises"]
        card.set_visibility(bool(owed))
        self._promises.clear()
        with self._promises:
            for one in owed:
                late = moment(one.due) < datetime.now(UTC)
                with ui.element("div").classes("line owed" + (" late" if late else "")):
                    ui.label(one.text).classes("grow pre")
                    ui.label(when(one.due)).classes("muted small")
                    keep = ui.button(icon="check", on_click=lambda _, p=one.id: self._kept(talk, p))
                    keep.props(f'flat dense round size=sm aria-label="{say("packet.keep")}"').tooltip(
                        say("packet.keep")
                    )
                    drop = ui.button(icon="close", on_click=lambda _, p=one.id: self._kept(talk, p, dropped=True))
                    drop.props(f'flat dense round size=sm aria-label="{say("packet.drop")}"').tooltip(
                        say("packet.drop")
                    )

    async def _kept(self, talk: str, promise: str, *, dropped: bool = False) -> None:
        with self._visit.failing():
            await self._desk.keep(talk, self._visit.me.name, promise, dropped=dropped)


async def _replies(shop: Shop, now: Conversation, packet: Packet) -> Sequence[Recommended]:
    """What the same retrieval and the same rules would answer; then what the next best entries would.

    Only what has a source: small talk of the assistant is no reply for a person to send.
    """
    first = await recommend(shop, now)
    for asked in reversed(packet.wishes):  # a bare 转人工 waits for no answer: what was asked before it does
        if first is None or first.reason != "asked_for_person":
            break
        first = await recommend(shop, now, asked)
    if first is None or first.reason == "asked_for_person":
        return ()
    found = [first]
    for passage in first.passages:
        near = float(passage.get("confidence", 0))
        if near >= NEAR_ENOUGH and (other := await recommend(shop, now, str(passage.get("question")))):
            found.append(replace(other, confidence=near))  # how well it fits what was asked, not its own question
    once: dict[str, Recommended] = {}
    for one in found:
        if one.text and one.cites:
            once.setdefault(one.text, one)
    return tuple(once.values())[:REPLIES]


def _reply_cards(replies: Sequence[Recommended]) -> Markup:
    each = []
    for n, one in enumerate(replies, 1):
        source = "；".join(dict.fromkeys(cite.title or cite.source for cite in one.cites))
        sure = f"{round(one.confidence * 100)}%" if one.confidence is not None else ""
        each.append(
            Markup(
                '<div class="reply" data-reply="{}" data-text="{}"><div class="pre clip">{}</div>'
                '<div class="line"><i class="small faint grow clip-line">{}</i>'
                '<button type="button" class="tool" data-do="edit" title="{}">{}</button>'
                '<button type="button" class="tool send" data-do="reply" title="{}">{} <kbd>Alt {}</kbd></button>'
                "</div></div>"
            ).format(
                n,
                one.text,
                one.text,
                " · ".join(filter(None, (source, sure))),
                say("packet.edit_title", n=n),
                say("packet.edit"),
                say("packet.send_title", n=n),
                say("talk.send"),
                n,
            )
        )
    return Markup("").join(each) if each else Markup('<div class="muted small">{}</div>').format(say("packet.no_reply"))
