"""What the desk asks before it does something: to whom, until when, with what summary."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nicegui import ui

from assistant.console.clock import SHANGHAI
from assistant.console.words import say, table
from assistant.service.presence import Agent


@contextlib.contextmanager
def asking(title: str, width: int = 440) -> Iterator[ui.dialog]:
    """A dialog with a title; what is drawn in the block is its body. Await it for the answer, None if it was left."""
    with ui.dialog() as dialog, ui.card().classes("ask").style(f"width: {width}px"):
        with ui.element("div").classes("line"):
            ui.label(title).classes("head")
            ui.element("div").classes("grow")
            ui.button(icon="close", on_click=lambda: dialog.submit(None)).props(
                f'flat dense round size=sm aria-label="{say("dialog.close")}"'
            )
        yield dialog
    dialog.on("hide", dialog.delete)


def _buttons(dialog: ui.dialog, name: str, answer: object) -> None:
    with ui.element("div").classes("line"):
        ui.element("div").classes("grow")
        ui.button(say("dialog.leave"), on_click=lambda: dialog.submit(None)).props("flat no-caps color=grey-8")
        ui.button(name, on_click=lambda: dialog.submit(answer() if callable(answer) else answer)).props(
            "unelevated no-caps"
        )


@dataclass(frozen=True, slots=True)
class Onward:
    """To whom a conversation goes."""

    to: Agent | None
    """None: back to the queue."""
    note: str


async def whereto(colleagues: Sequence[Agent], *, queue: bool, title: str) -> Onward | None:
    """Which colleague, or the queue; and what to tell them."""
    chosen: dict[str, Agent | None] = {each.name: each for each in colleagues}
    options = {each.name: _about(each) for each in colleagues}
    if queue:
        chosen[""], options[""] = None, say("dialog.queue")
    with asking(title) as dialog:
        if not options:
            ui.label(say("dialog.nobody")).classes("muted")
        first = next((each.name for each in colleagues if each.free), "" if queue else None)
        who = ui.radio(options, value=first).props("dense").classes("who")
        note = ui.textarea(say("dialog.note")).props("outlined dense autogrow rows=2 maxlength=500").classes("wide")
        _buttons(
            dialog, say("dialog.give"), lambda: None if who.value is None else Onward(chosen[who.value], note.value)
        )
    answer: Onward | None = await dialog
    return answer


def _about(agent: Agent) -> str:
    return say(f"dialog.agent_{agent.state}", name=agent.shown or agent.name, load=agent.load, capacity=agent.capacity)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a ticket ends."""

    summary: str
    draft: tuple[str, str] | None
    """Question and answer to offer to the merchant."""


async def ending(summary: str, draft: tuple[str, str] | None) -> Ending | None:
    """The summary, and whether the answer is offered as an entry of the knowledge."""
    with asking(say("dialog.resolve"), 560) as dialog:
        told = ui.textarea(say("dialog.summary"), value=summary).props(
            "outlined dense autogrow maxlength=2000 autofocus"
        )
        told.classes("wide")
        offered = ui.checkbox(say("dialog.draft"), value=draft is not None).props("dense")
        offered.set_visibility(draft is not None)
        with ui.element("div").classes("stack wide") as entry:
            question = ui.input(say("dialog.question"), value=draft[0] if draft else "").props("outlined dense")
            answer = ui.textarea(say("dialog.answer"), value=draft[1] if draft else "").props("outlined dense autogrow")
            ui.label(say("dialog.draft_hint")).classes("muted small")
        entry.bind_visibility_from(offered, "value", value=True) if draft else entry.set_visibility(False)

        def done() -> Ending:
            wanted = bool(draft and offered.value and question.value.strip() and answer.value.strip())
            return Ending(told.value.strip(), (question.value, answer.value) if wanted else None)

        _buttons(dialog, say("dialog.resolve_now"), done)
    found: Ending | None = await dialog
    return found


async def promised(suggested: str = "") -> tuple[str, datetime] | None:
    """What is owed and by when (Shanghai time)."""
    now = datetime.now(SHANGHAI)
    tomorrow = now + timedelta(days=1)
    presets = {
        "hour": now + timedelta(hours=1),
        "tonight": now.replace(hour=21, minute=0),
        "noon": tomorrow.replace(hour=12, minute=0),
        "two_days": now + timedelta(days=2),
    }
    with asking(say("dialog.promise")) as dialog:
        text = ui.textarea(say("dialog.promise_what"), value=suggested).props("outlined dense autogrow autofocus")
        text.props("maxlength=500").classes("wide")
        due = ui.input(say("dialog.promise_due"), value=f"{presets['hour']:%Y-%m-%dT%H:%M}")
        due.props("outlined dense type=datetime-local stack-label").classes("wide")
        with ui.element("div").classes("line wrap"):
            for name, at in presets.items():
                if at > now:
                    chip = ui.button(say(f"dialog.due_{name}")).props("flat dense no-caps size=sm")
                    chip.on_click(lambda _, at=at: due.set_value(f"{at:%Y-%m-%dT%H:%M}"))
        _buttons(dialog, say("dialog.promise_now"), lambda: (text.value.strip(), due.value))
    found = await dialog
    if not found or not found[0] or not found[1]:
        return None
    return found[0], datetime.fromisoformat(found[1]).replace(tzinfo=SHANGHAI)


def shortcuts() -> None:
    """The keys, in a help pop-up."""
    with asking(say("keys.title"), 520) as dialog:
        with ui.element("div").classes("keys"):
            for keys, does in table("keys.all"):
                with ui.element("div").classes("line"):
                    for key in keys.split(" "):
                        ui.html(key, tag="kbd", sanitize=True)
                    ui.label(does)
        ui.label(say("keys.hint")).classes("muted small")
    dialog.open()
