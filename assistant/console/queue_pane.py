"""The left of the desk: what is mine, who waits, what colleagues have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from markupsafe import Markup
from nicegui import ui

from assistant.console.bar import Bar
from assistant.console.board import Board, Row
from assistant.console.cards import level_pill
from assistant.console.shell import Visit
from assistant.console.words import said, say

LATE = {"L3": 60, "L2": 180, "L1": 1800}
"""Seconds after which a wait is shown as long: L3 is a person now, L2 the three minutes shops are judged by."""


class QueuePane:
    """Draws the board as far as it is ours, again after each change."""

    def __init__(self, visit: Visit, board: Board, choose: Callable[[str], Awaitable[None]], bar: Bar) -> None:
        self._visit, self._board, self._choose, self._bar = visit, board, choose, bar
        self._chosen = ""
        self._drawn: object = None
        self._known: set[str] | None = None
        self._list = ui.element("div").classes("rows").props('id=rows role="list"')
        visit.client.on_delete(board.listen(self.draw))
        self.draw()

    @property
    def rows(self) -> Sequence[Row]:
        """What is ours to see, in the order shown."""
        ours = [row for row in self._board.rows if self._visit.me.serves(row.waiting.shop)]
        mine = [row for row in ours if row.waiting.holder == self._visit.me.name]
        free = [row for row in ours if row.free]
        return (*mine, *free, *(row for row in ours if not row.free and row not in mine))

    def chosen(self, talk: str) -> None:
        """Mark the conversation that is open."""
        self._chosen = talk
        self.draw()

    def draw(self) -> None:
        """Draw anew, if anything changed."""
        if self._visit.client.is_deleted:
            return
        rows = self.rows
        free = [row for row in rows if row.free]
        signature = (
            self._chosen,
            [(r.waiting.state, r.waiting.holder, r.waiting.level, r.asked, r.by, r.talk) for r in rows],
        )
        if signature == self._drawn:
            return
        self._drawn = signature
        come = {row.waiting.ticket + row.waiting.state for row in free}
        loud = self._known is not None and bool(come - self._known) and not self._bar.quiet
        self._known = come
        self._list.clear()
        with self._list:
            self._group("mine", [row for row in rows if row.waiting.holder == self._visit.me.name])
            self._group("free", free)
            self._group("others", [r for r in rows if not r.free and r.waiting.holder != self._visit.me.name])
        self._visit.script("desk.badge", len(free), loud)

    def _group(self, name: str, rows: Sequence[Row]) -> None:
        head = Markup('<div class="group"><span>{}</span><b>{}</b></div>').format(say(f"queue.{name}"), len(rows) or "")
        ui.html(head, sanitize=False)
        if not rows and name != "others":
            ui.label(say(f"queue.no_{name}")).classes("none")
        for row in rows:
            it = ui.html(_row(row), sanitize=False, tag="button").classes("row-of-queue")
            it.classes("chosen" if row.talk == self._chosen else "")
            it.classes("ours-to-move" if name == "mine" and row.by == "shopper" else "")
            it.props(f'type=button role=listitem data-talk="{row.talk}"')
            it.on("click", lambda _, talk=row.talk: self._choose(talk))


def _row(row: Row) -> Markup:
    waiting = row.waiting
    held = "" if row.free else waiting.holder_name or waiting.holder or ""
    since = Markup('<time data-since="{}" data-late="{}"></time>').format(row.since, LATE.get(waiting.level, 180))
    state = say("queue.reopened") if waiting.state == "reopened" else held
    on = said(f"waits_on.{waiting.waiting_on}") if waiting.waiting_on in ("warehouse", "carrier", "platform") else ""
    return Markup(
        '<span class="line">{}<span class="name">{}</span><span class="grow"></span>{}</span>'
        '<span class="last">{}</span><span class="line small faint"><span>{}</span><span class="grow"></span>{}</span>'
    ).format(
        level_pill(waiting.level),
        shopper(waiting.talk),
        since if row.free else Markup("<i>{}</i>").format(on),
        row.asked,
        said(f"reason.{waiting.reason}"),
        state,
    )


def shopper(talk: str) -> str:
    """What colleagues call a shopper who has no name: the end of the conversation's id."""
    return say("queue.shopper", id=talk[-4:])
