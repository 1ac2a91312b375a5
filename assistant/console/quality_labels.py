"""People label answers: blind, two raters, a third where they differ."""

from __future__ import annotations

import asyncio
from pathlib import Path

from nicegui import ui
from nicegui.events import KeyEventArguments

from assistant.console.clock import when
from assistant.console.quality_common import fact, marking, nothing, runs_of, settings_of
from assistant.console.shell import Visit
from assistant.console.words import say
from eval.judge import Item, item_of
from eval.label import (
    Batch,
    Label,
    Progress,
    batches,
    draw,
    export,
    label,
    labelled,
    left_for,
    open_batch,
    progress,
    settle,
)
from eval.marks import Mark
from eval.runfile import read_run
from eval.runs import runs_folder

COUNT = 60
KEYS: dict[str, Label] = {"1": "right", "2": "wrong", "3": "unsure"}


class Labels:
    """The pane: the batches, or one item to label."""

    def __init__(self, visit: Visit, shop: str) -> None:
        self._visit, self._shop = visit, shop
        self._now: tuple[Batch, Item] | None = None
        with ui.element("div").classes("stack"):
            ui.label(say("quality.labels.about")).classes("muted small")
            self._desk = ui.element("div").classes("stack")
            with ui.element("div").classes("card line wrap"):
                ui.label(say("quality.labels.new")).classes("subhead")
                self._run = ui.select({}, label=say("quality.labels.from")).props("dense outlined").classes("pick")
                self._count = ui.number(say("quality.labels.count"), value=COUNT, min=1, max=500, precision=0)
                self._count.props("dense outlined").classes("few")
                ui.element("div").classes("grow")
                ui.button(say("quality.labels.go"), icon="shuffle", on_click=self._open).props("unelevated no-caps")
            ui.label(say("quality.labels.list")).classes("subhead")
            self._list = ui.element("div").classes("stack batches")
        ui.keyboard(on_key=self._key, repeating=False)

    async def show(self) -> None:
        """Read and draw."""
        runs = [run.name for run in await runs_of(self._visit.house, self._shop) if run.done]
        picked = self._run.value
        self._run.set_options({name: name for name in runs}, value=picked if picked in runs else next(iter(runs), None))
        async with marking(self._visit.house) as marks:
            found = await batches(marks, self._shop)
            said = await marks.all(self._shop, "labelled", "settled")
        self._list.clear()
        with self._list:
            if not found:
                nothing("quality.labels.empty")
            for one in found:
                self._batch(one, [mark for mark in said if mark.about == one.id])

    async def _open(self) -> None:
        if not self._run.value:
            return
        with self._visit.failing():
            path = runs_folder(settings_of(self._visit.house)) / f"{self._run.value}.jsonl"
            run = await asyncio.to_thread(read_run, path)
            answered = [item_of(line) for line in run.as_written if not line.get("broken")]
            # The seed is the run's name: the same run is never drawn twice in two ways to choose between.
            items = draw(answered, int(self._count.value or COUNT), seed=len(run.lines))
            async with marking(self._visit.house) as marks:
                await open_batch(marks, self._shop, items, self._visit.me.name)
            self._visit.tell(say("quality.labels.opened", count=len(items)))
        await self.show()

    def _batch(self, one: Batch, said: list[Mark]) -> None:
        now = progress(one, said)
        left = left_for(self._visit.me.name, one, said)
        done = labelled(one, said)
        with ui.element("div").classes("card stack batch").props(f'data-batch="{one.id}"'):
            with ui.element("div").classes("line wrap"):
                with ui.element("div").classes("grow"):
                    ui.label(say("quality.labels.state", labelled=now.labelled, items=now.items)).classes("strong")
                    ui.label(f"{one.by}　{when(one.at)}").classes("faint small")
                ui.label(_kappa(now)).classes("pill blue" if now.agreement.kappa is not None else "pill")
                if done:
                    button = ui.button(say("quality.labels.export", count=len(done)), icon="download")
                    button.props("flat no-caps").on_click(lambda: _download(one, done))
                ui.label(say("quality.labels.mine", count=len(left))).classes("muted small")
                if left:
                    go = ui.button(say("quality.labels.label"), icon="edit_note").props("unelevated no-caps")
                    go.on_click(lambda: self._next(one)).classes("do-label")
            if now.differ:
                self._differ(one, now, said)

    def _differ(self, one: Batch, now: Progress, said: list[Mark]) -> None:
        """What two saw differently, for a third; whoever labelled it is not asked again."""
        mine = {str(mark.body["item"]) for mark in said if mark.by == self._visit.me.name}
        with ui.element("details").classes("differ"):
            with ui.element("summary"):
                ui.label(say("quality.labels.differ", count=len(now.differ))).classes("muted")
            for item in one.items:
                if item.id in now.differ and item.id not in mine:
                    with ui.element("div").classes("stack"):
                        _item(item)
                        with ui.element("div").classes("line"):
                            for name, right in (("settle_right", True), ("settle_wrong", False)):
                                button = ui.button(say(f"quality.labels.{name}")).props("flat dense no-caps")
                                button.on_click(lambda i=item, r=right: self._settle(one, i, r))

    async def _settle(self, one: Batch, item: Item, right: bool) -> None:
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                await settle(marks, self._shop, one, item.id, self._visit.me.name, right=right)
        await self.show()

    async def _next(self, one: Batch) -> None:
        """The next item of this rater's."""
        async with marking(self._visit.house) as marks:
            left = left_for(self._visit.me.name, one, await marks.all(self._shop, "labelled", about=one.id))
        self._now = (one, left[0]) if left else None
        self._desk.clear()
        with self._desk, ui.element("div").classes("card stack labelling"):
            if not left:
                ui.label(say("quality.labels.finished")).classes("nothing")
                return
            with ui.element("div").classes("line"):
                ui.label(say("quality.labels.ask")).classes("subhead grow")
                ui.label(say("quality.labels.left", count=len(left))).classes("muted small")
            _item(left[0])
            with ui.element("div").classes("line"):
                for name, colour in (("right", "primary"), ("wrong", "accent"), ("unsure", "grey-7")):
                    button = ui.button(say(f"quality.labels.{name}"), color=colour).props("unelevated no-caps")
                    button.classes(f"say-{name}").on_click(lambda n=name: self._label(n))
                ui.label(say("quality.labels.keys")).classes("faint small")

    async def _label(self, said: Label) -> None:
        if self._now is None:
            return
        (one, item), self._now = self._now, None
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                await label(marks, self._shop, one, item.id, self._visit.me.name, said)
        await self._next(one)
        await self.show()

    async def _key(self, key: KeyEventArguments) -> None:
        if key.action.keydown and self._now is not None and (said := KEYS.get(str(key.key))):
            await self._label(said)


def _item(item: Item) -> None:
    fact(say("quality.labels.question"), item.question, classes="strong")
    fact(say("quality.labels.answer"), item.answer)
    fact(say("quality.labels.sources"), item.sources or say("quality.labels.no_sources"), classes="muted clip")


def _kappa(now: Progress) -> str:
    kappa = now.agreement.kappa
    return say("quality.labels.kappa_none") if kappa is None else say("quality.labels.kappa", kappa=f"{kappa:.2f}")


async def _download(one: Batch, done: list[Item]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{one.id}.jsonl"
        export(done, path)
        ui.download.content(path.read_bytes(), path.name)
