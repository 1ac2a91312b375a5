"""Runs: start one, watch it, read what came out, find the answers that were wrong."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nicegui import ui

from assistant.console.clock import when
from assistant.console.quality_common import fact, nothing, percent, runs_of, settings_of, within
from assistant.console.shell import Visit
from assistant.console.words import say, table
from eval import report
from eval.case import CASES
from eval.runfile import Run, read_run
from eval.runs import Listed, start

AT_ONCE = 20
"""Wrong answers shown before one asks for more."""
WATCH_SECONDS = 2.0
STILL_SECONDS = 60.0
"""A run whose file has not grown for this long has stopped."""


class Runs:
    """The pane."""

    def __init__(self, visit: Visit, shop: str) -> None:
        self._visit, self._shop = visit, shop
        self._pace: dict[str, tuple[float, int]] = {}
        self._shown = ""
        with ui.element("div").classes("stack"):
            with ui.element("div").classes("card stack"):
                ui.label(say("quality.runs.start")).classes("subhead")
                ui.label(say("quality.runs.about")).classes("muted small")
                with ui.element("div").classes("line wrap"):
                    sets = {"": say("quality.runs.all"), **{p.stem: p.stem for p in sorted(CASES.glob("*.jsonl"))}}
                    cases = ui.select(sets, value="", label=say("quality.runs.cases")).props("dense outlined")
                    cases.classes("pick")
                    trials = ui.number(say("quality.runs.trials"), value=1, min=1, max=10, precision=0)
                    trials.props("dense outlined").classes("few")
                    variants = ui.select(
                        table("quality.runs.variant"), multiple=True, value=[], label=say("quality.runs.variants")
                    )
                    variants.props("dense outlined use-chips").classes("pick")
                    ui.element("div").classes("grow")
                    go = ui.button(say("quality.runs.go"), icon="play_arrow").props("unelevated no-caps")
                    go.on_click(lambda: self._start(cases.value, int(trials.value or 1), variants.value))
            ui.label(say("quality.runs.list")).classes("subhead")
            self._list = ui.element("div").classes("stack runs")
            self._about = ui.element("div").classes("stack")
        visit.every(WATCH_SECONDS, self._watch)

    async def show(self) -> None:
        """Read the list and draw it."""
        self._draw(await runs_of(self._visit.house, self._shop))

    async def _start(self, cases: str, trials: int, variants: Sequence[str]) -> None:
        with self._visit.failing():
            settings = settings_of(self._visit.house)
            chosen = [cases] if cases else []
            start(settings, shop=self._shop, cases=chosen, trials=trials, variants=variants)
            self._visit.tell(say("quality.runs.started"))

    async def _watch(self) -> None:
        found = await runs_of(self._visit.house, self._shop)
        state = repr([(run.name, run.done, _still(run)) for run in found])
        if state != self._shown:
            self._draw(found)

    def _draw(self, found: list[Listed]) -> None:
        self._shown = repr([(run.name, run.done, _still(run)) for run in found])
        self._list.clear()
        with self._list:
            if not found:
                nothing("quality.runs.empty")
            for run in found[:30]:
                self._row(run)

    def _row(self, run: Listed) -> None:
        with ui.element("div").classes("card line run").props(f'data-run="{run.name}"'):
            with ui.element("div").classes("grow"):
                ui.label(run.name).classes("strong")
                ui.label(when(run.at.isoformat())).classes("faint small")
            if run.complete:
                ui.label(f"{percent(run.right / run.of if run.of else None)} %").classes("figure")
                ui.label(say("quality.runs.done")).classes("pill green")
            else:
                ui.linear_progress(run.done / max(run.of, 1), show_value=False, size="6px").classes("bar")
                name = "quality.runs.stopped" if _still(run) else "quality.runs.going"
                ui.label(say(name, done=run.done, of=run.of)).classes("pill amber")
                if _still(run):
                    again = ui.button(say("quality.runs.resume")).props("flat dense no-caps")
                    again.on_click(lambda: self._resume(run))
                elif left := self._left(run):
                    ui.label(say("quality.runs.left", left=left)).classes("muted small")
            see = ui.button(say("quality.runs.open")).props("flat no-caps")
            see.on_click(lambda: self._open(run.path))

    def _left(self, run: Listed) -> int | None:
        """Seconds to go, at the pace seen so far."""
        began, done = self._pace.setdefault(run.name, (time.monotonic(), run.done))
        passed = time.monotonic() - began
        return round((run.of - run.done) * passed / (run.done - done)) if run.done > done and passed > 1 else None

    async def _resume(self, run: Listed) -> None:
        with self._visit.failing():
            head = run.head
            start(settings_of(self._visit.house), shop=self._shop, trials=int(head.get("trials", 1)), name=run.name)
            self._visit.tell(say("quality.runs.started"))

    async def _open(self, path: Path) -> None:
        """What came out of this run."""
        self._about.clear()
        with self._visit.failing():
            run = await asyncio.to_thread(read_run, path)
            found = await asyncio.to_thread(report.summary, run.lines)
            with self._about:
                _headline(found, path, run)
                with ui.element("div").classes("two"):
                    _intents(found)
                    Failures(run)


def _still(run: Listed) -> bool:
    return not run.complete and time.time() - run.at.timestamp() > STILL_SECONDS


def _headline(found: dict[str, Any], path: Path, run: Run) -> None:
    low, high = within(found)
    with ui.element("div").classes("card stack result"):
        with ui.element("div").classes("line wrap"):
            with ui.element("div").classes("grow"):
                ui.label(say("quality.runs.headline", value=percent(found["accuracy"]))).classes("big")
                ui.label(say("quality.runs.within", low=low, high=high, of=found["of"])).classes("muted")
            ui.button(say("quality.runs.html"), icon="download", on_click=lambda: _html(run, path)).props(
                "flat no-caps"
            )
            ui.button(say("quality.runs.xlsx"), icon="table_view", on_click=lambda: _xlsx(run, path)).props(
                "flat no-caps"
            )
        with ui.element("div").classes("line wrap"):
            if found["weighted"] is not None:
                ui.label(say("quality.runs.weighted", value=percent(found["weighted"]))).classes("pill blue")
            colour = "red" if found["invented"] else "green"
            ui.label(say("quality.runs.invented", count=found["invented"])).classes(f"pill {colour}")
            ui.label(say("quality.runs.times", p50=found["ms_p50"])).classes("pill")


async def _html(run: Run, path: Path) -> None:
    from eval.html import page

    ui.download.content(await asyncio.to_thread(page, run), f"{path.stem}.html")


async def _xlsx(run: Run, path: Path) -> None:
    from eval.boss import workbook

    def book() -> bytes:
        kept = io.BytesIO()
        workbook(run).save(kept)
        return kept.getvalue()

    ui.download.content(await asyncio.to_thread(book), f"{path.stem}.xlsx")


def _intents(found: dict[str, Any]) -> None:
    rows = [
        {"name": name, "rate": percent(row["accuracy"]), "range": "–".join(within(row)), "of": row["of"]}
        for name, row in sorted(found["intents"].items(), key=lambda each: each[1]["accuracy"] or 0)
    ]
    columns: list[dict[str, Any]] = [
        {"name": "name", "label": say("quality.runs.intent"), "field": "name", "align": "left"},
        {"name": "rate", "label": say("quality.runs.rate"), "field": "rate", "sortable": True},
        {"name": "range", "label": say("quality.runs.range"), "field": "range"},
        {"name": "of", "label": say("quality.runs.count"), "field": "of", "sortable": True},
    ]
    with ui.element("div"):
        ui.label(say("quality.runs.intents")).classes("subhead")
        ui.table(rows=rows, columns=columns, row_key="name", pagination=0).classes("dense wide").props(
            "flat dense hide-pagination"
        )


class Failures:
    """The wrong answers, each beside what was expected; `AT_ONCE` at a time."""

    def __init__(self, run: Run) -> None:
        self._all = [line for line in run.lines if not line["right"] and not line.get("broken")]
        self._most = AT_ONCE
        with ui.element("div"):
            with ui.element("div").classes("line"):
                self._title = ui.label().classes("subhead grow")
                self._words = ui.input(placeholder=say("quality.runs.search"))
                self._words.props("dense outlined clearable debounce=300")
            self._list = ui.element("div").classes("stack")
        self._words.on_value_change(self._draw)
        self._draw()

    def _draw(self) -> None:
        wanted = (self._words.value or "").strip()
        found = [line for line in self._all if wanted in "".join((*line["turns"], line["text"], *line["tags"]))]
        self._title.text = say("quality.runs.failures_of", shown=min(self._most, len(found)), all=len(found))
        self._list.clear()
        with self._list:
            if not found:
                nothing("quality.runs.none_failed")
            for line in found[: self._most]:
                wrong(line)
            if len(found) > self._most:
                ui.button(say("quality.runs.more", count=AT_ONCE), on_click=self._further).props("flat no-caps")

    def _further(self) -> None:
        self._most += AT_ONCE
        self._draw()


def wrong(line: Any) -> None:
    """One wrong answer: question, answer, what was expected, why it is wrong, what it rests on."""
    with ui.element("div").classes("card stack wrong"):
        with ui.element("div").classes("line wrap"):
            ui.label(" ／ ".join(line["turns"])).classes("strong grow pre")
            for tag in line["tags"][:3]:
                ui.label(tag).classes("pill")
        fact(say("quality.runs.got"), str(line["text"]), classes="clip")
        fact(say("quality.runs.why"), report.reasons(line), classes="bad")
        expected = line["expected"]
        actions = [say(f"quality.action.{action}") for action in expected.get("action", ())]
        wants = [" / ".join(actions), *expected.get("facts", ()), *expected.get("figures", ())]
        fact(say("quality.runs.expected"), "；".join(map(str, wants)))
        if line["cites"]:
            fact(say("quality.runs.source"), "；".join(line["cites"]))
