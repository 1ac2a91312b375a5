"""Compare two runs, keep what came of it, and sign where a worse change shall go live all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from nicegui import ui

from assistant.console.clock import when
from assistant.console.dialogs import asking
from assistant.console.quality_common import fact, marking, nothing, percent, runs_of, settings_of
from assistant.console.shell import Visit
from assistant.console.words import say
from eval.compare import Change as Answer
from eval.compare import Comparison
from eval.publish import SIGNERS, Change, changes, measure, sign
from eval.runfile import Run, read_run
from eval.runs import runs_folder

MOST = 15
_COLOURS = {"open": "green", "blocked": "red", "signed": "amber", "unknown": ""}
_VERDICTS = {"better": "green", "worse": "red", "tie": ""}


class GatePane:
    """The pane."""

    def __init__(self, visit: Visit, shop: str) -> None:
        self._visit, self._shop = visit, shop
        with ui.element("div").classes("stack"):
            with ui.element("div").classes("card stack"):
                ui.label(say("quality.gate.about")).classes("muted small")
                with ui.element("div").classes("line wrap"):
                    self._before = ui.select({}, label=say("quality.gate.before")).props("dense outlined")
                    self._after = ui.select({}, label=say("quality.gate.after")).props("dense outlined")
                    self._before.classes("pick")
                    self._after.classes("pick")
                    ui.element("div").classes("grow")
                    ui.button(say("quality.gate.go"), icon="compare_arrows", on_click=self._compare).props(
                        "unelevated no-caps"
                    )
            self._result = ui.element("div").classes("stack")
            ui.label(say("quality.gate.changes")).classes("subhead")
            self._list = ui.element("div").classes("stack changes")

    async def show(self) -> None:
        """Read runs and changes."""
        runs = [run for run in await runs_of(self._visit.house, self._shop) if run.complete]
        names = {run.name: f"{run.name}（{percent(run.right / run.of if run.of else None)} %）" for run in runs}
        picked = [self._before.value, self._after.value]
        self._before.set_options(names, value=picked[0] if picked[0] in names else next(iter(list(names)[1:2]), None))
        self._after.set_options(names, value=picked[1] if picked[1] in names else next(iter(names), None))
        async with marking(self._visit.house) as marks:
            self._draw(await changes(marks, self._shop))

    async def _compare(self) -> None:
        before, after = self._before.value, self._after.value
        if not before or not after or before == after:
            self._visit.warn(say("quality.gate.same"))
            return
        with self._visit.failing():
            runs = [await asyncio.to_thread(read_run, self._path(name)) for name in (before, after)]
            change, found = await self._measured(runs[0], runs[1], (before, after))
            self._result.clear()
            with self._result:
                _verdict(change, found)
            await self.show()

    async def _measured(self, before: Run, after: Run, names: tuple[str, str]) -> tuple[Change, Comparison]:
        async with marking(self._visit.house) as marks:
            return await measure(marks, self._shop, before, after, self._visit.me.name, names=names)

    def _path(self, name: str) -> Path:
        return runs_folder(settings_of(self._visit.house)) / f"{name}.jsonl"

    def _draw(self, found: Sequence[Change]) -> None:
        self._list.clear()
        with self._list:
            if not found:
                nothing("quality.gate.empty")
            for change in found:
                self._row(change)

    def _row(self, change: Change) -> None:
        with ui.element("div").classes("card line change").props(f'data-change="{change.id}"'):
            with ui.element("div").classes("grow"):
                ui.label(f"{change.before} → {change.after}").classes("strong")
                ui.label(f"{when(change.at)}　{_numbers(change)}").classes("muted small")
                if change.signed_by:
                    ui.label(say("quality.gate.signed", by=change.signed_by, reason=change.reason)).classes("small")
            colour = _COLOURS[change.standing]
            ui.label(say(f"quality.gate.standing.{change.standing}")).classes(f"pill {colour}")
            if change.standing == "blocked":
                if self._visit.me.role in SIGNERS:
                    button = ui.button(say("quality.gate.sign"), icon="draw").props("flat no-caps color=accent")
                    button.on_click(lambda: self._sign(change))
                else:
                    ui.label(say("quality.gate.ask_owner")).classes("faint small")

    async def _sign(self, change: Change) -> None:
        with asking(say("quality.gate.sign_title")) as dialog:
            ui.label(say("quality.gate.sign_hint", worse=change.worse)).classes("muted")
            reason = ui.textarea(say("quality.gate.reason")).props("outlined dense autogrow maxlength=500")
            reason.classes("wide")
            with ui.element("div").classes("line"):
                ui.element("div").classes("grow")
                ui.button(say("quality.gate.sign"), on_click=lambda: dialog.submit(reason.value or "")).props(
                    "unelevated no-caps"
                )
        said = await dialog
        if said is None:
            return
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                me = self._visit.me
                await sign(marks, self._shop, change.id, me.name, me.role, said)
            self._visit.tell(say("quality.gate.done"))
        await self.show()


def _numbers(change: Change) -> str:
    return say(
        "quality.gate.numbers",
        change=f"{100 * change.change:+.1f}", within="", better=change.better, worse=change.worse,
    )  # fmt: skip


def _verdict(change: Change, found: Comparison) -> None:
    within = found.all.interval
    span = within and say("quality.gate.within", low=f"{100 * within.low:+.1f}", high=f"{100 * within.high:+.1f}")
    with ui.element("div").classes("card stack result"):
        ui.label(say(f"quality.gate.{found.all.verdict}")).classes(f"big {_VERDICTS[found.all.verdict]}")
        ui.label(
            say(
                "quality.gate.numbers",
                change=f"{100 * found.all.change:+.1f}",
                within=span or "",
                better=found.all.better,
                worse=found.all.worse,
            )
        ).classes("muted")
        if found.smallest is not None:
            ui.label(say("quality.gate.smallest", change=f"{100 * found.smallest:.1f}")).classes("faint small")
        if change.standing == "blocked" and found.all.verdict != "worse":
            ui.label(say("quality.gate.incomplete")).classes("bad")
    with ui.element("div").classes("grid-2"):
        _answers("quality.gate.list_worse", found.worse)
        _answers("quality.gate.list_better", found.better)


def _answers(title: str, answers: Sequence[Answer]) -> None:
    with ui.element("div").classes("stack"):
        ui.label(say(title, count=len(answers))).classes("subhead")
        if not answers:
            nothing("quality.none")
        for each in answers[:MOST]:
            with ui.element("div").classes("card stack"):
                ui.label(" ／ ".join(each.turns)).classes("strong pre")
                fact(say("quality.gate.was"), str(each.before["text"]), classes="clip")
                fact(say("quality.gate.now"), str(each.after["text"]), classes="clip")
