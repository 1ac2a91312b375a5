"""Looking through what was said: search, then the whole conversation beside it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape
from nicegui import ui

from assistant.console.clock import when
from assistant.console.queue_pane import shopper
from assistant.console.shell import Visit, page
from assistant.console.talk import TalkPane, words_for_script
from assistant.console.words import said, say
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, Said

FOUND = 60
AROUND = 40
"""Characters shown either side of what was looked for."""


@page("history", icon="manage_search", roles=("agent", "merchant", "qa"), order=20)
async def history(visit: Visit) -> None:
    """Words on the left, the conversation on the right."""
    look = History(visit)
    await look.search(visit.query.get("q", ""))
    if talk := visit.query.get("talk"):
        await look.open(talk)


class History:
    """One open page of it."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._chosen = visit, ""
        with ui.element("div").classes("desk history"):
            with ui.element("aside").classes("queue").props(f'aria-label="{say("history.title")}"'):
                with ui.element("div").classes("top"):
                    self._words = ui.input(placeholder=say("history.words")).classes("wide")
                    self._words.props("dense outlined clearable autofocus type=search debounce=300 maxlength=80")
                    self._words.on_value_change(lambda e: self.search(e.value or ""))
                self._found = ui.element("div").classes("rows").props("role=list")
            with ui.element("section").classes("talk").props(f'aria-label="{say("talk.log")}"'):
                with ui.element("div").classes("top"):
                    self._head = ui.label().classes("strong grow")
                    self._onward = ui.link(say("history.to_desk"), "/desk").classes("link small")
                self._onward.set_visibility(False)
                self._pane = TalkPane(visit, self._moved)
                self._empty = ui.label(say("history.none_open")).classes("nothing")
        visit.script("desk.start", visit.me.name, words_for_script())

    async def search(self, words: str) -> None:
        """Messages that hold `words`, newest first; without words the tickets that moved last."""
        words = words.strip()
        if self._words.value != words and words:
            self._words.set_value(words)
            return  # and we are called again
        with self._visit.failing():
            store, shops = self._visit.house.reception.store, self._visit.shops
            if words:
                self._draw_found(await store.search(words, shops=shops, limit=FOUND), words)
            else:
                tickets = await store.tickets(shops=shops, limit=2000)
                tickets.sort(key=lambda ticket: ticket.changed_at, reverse=True)
                self._draw(
                    [
                        (
                            ticket.talk,
                            ticket.changed_at,
                            said(f"reason.{ticket.reason}"),
                            said(f"ticket.{ticket.state}"),
                        )
                        for ticket in tickets[:FOUND]
                    ]
                )

    async def open(self, talk: str, seq: int | None = None) -> None:
        """Show the conversation, at `seq` if one was found there."""
        with self._visit.failing():
            await self._pane.open(talk)
            self._chosen = talk
            self._empty.set_visibility(False)
            self._head.set_text(shopper(talk))
            self._onward.props(f'href="/console/desk?talk={talk}"').set_visibility(self._visit.me.role != "qa")
            if seq is not None:
                self._visit.script("desk.seek", seq)

    async def _moved(self, now: Conversation, entries: list[Entry]) -> None:
        pass

    def _draw_found(self, found: Sequence[Said], words: str) -> None:
        self._draw(
            [(one.talk, one.at, _marked(one.text, words), said(f"by.{one.by}")) for one in found],
            [one.seq for one in found],
        )

    def _draw(self, rows: Sequence[tuple[str, str, str | Markup, str]], at: Sequence[int] = ()) -> None:
        self._found.clear()
        with self._found:
            if not rows:
                ui.label(say("history.nothing")).classes("none")
            for n, (talk, moment, text, under) in enumerate(rows):
                body = Markup(
                    '<span class="line"><span class="name">{}</span><span class="grow"></span><time>{}</time></span>'
                    '<span class="last two">{}</span><span class="small faint">{}</span>'
                ).format(shopper(talk), when(moment), text, under)
                row = (
                    ui.html(body, sanitize=False, tag="button")
                    .classes("row-of-queue")
                    .props("type=button role=listitem")
                )
                row.on("click", lambda _, talk=talk, seq=at[n] if at else None: self.open(talk, seq))


def _marked(text: str, words: str) -> Markup:
    """A piece of `text` round the first `words`, which are marked."""
    at = text.find(words)
    if at < 0:
        return escape(text[: 2 * AROUND])
    start, end = max(at - AROUND, 0), at + len(words)
    return Markup("{}{}<mark>{}</mark>{}").format("…" if start else "", text[start:at], words, text[end : end + AROUND])
