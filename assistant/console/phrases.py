"""快捷短语: the team's and one's own; in and out as a table."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import events, ui

from assistant.console.shell import Visit, page
from assistant.console.words import say
from assistant.service.canned import Canned, canned, read_phrases, save, write_phrases

LARGEST_BYTES = 2_000_000


@page("phrases", icon="bolt", roles=("agent", "merchant"), order=40)
async def phrases(visit: Visit) -> None:
    """One list at a time: the team's, which the merchant keeps, or one's own."""
    if not visit.shops:
        ui.label(say("shell.no_shop")).classes("nothing")
        return
    view = Phrases(visit)
    await view.read()


class Phrases:
    """The list of one shop, of one owner."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._store = visit, visit.house.reception.store
        self._all: list[Canned] = []
        team = visit.me.role in ("merchant", "admin")
        with ui.element("div").classes("sheet"):
            with ui.element("div").classes("line wrap"):
                ui.label(say("phrases.title")).classes("head")
                self._shop = ui.select(list(visit.shops), value=visit.shops[0], on_change=self.read)
                self._shop.props("dense outlined options-dense").set_visibility(len(visit.shops) > 1)
                self._whose = ui.toggle(
                    {"own": say("phrases.own"), "team": say("phrases.team")},
                    value="team" if team else "own",
                    on_change=self.read,
                ).props("dense no-caps unelevated toggle-color=primary color=white text-color=primary")
                ui.element("div").classes("grow")
                self._add = ui.button(say("phrases.add"), icon="add", on_click=self._ask).props("flat dense no-caps")
                self._upload = ui.upload(on_upload=self._read_file, auto_upload=True, max_file_size=LARGEST_BYTES)
                self._upload.props('accept=".csv,.xlsx,.txt"').classes("hidden-upload")
                self._upload.on("rejected", lambda: visit.warn(say("phrases.too_large")))
                self._import = ui.button(say("phrases.import"), icon="upload").props("flat dense no-caps")
                self._import.on_click(lambda: self._upload.run_method("pickFiles"))
                ui.button(say("phrases.export"), icon="download", on_click=self._write_file).props("flat dense no-caps")
            ui.label(say("phrases.hint")).classes("muted small")
            self._list = ui.element("div").classes("card phrases")

    @property
    def _owner(self) -> str | None:
        return self._visit.me.name if self._whose.value == "own" else None

    @property
    def _may(self) -> bool:
        return self._owner is not None or self._visit.me.role in ("merchant", "admin")

    async def read(self) -> None:
        """From the store, and draw."""
        with self._visit.failing():
            team = await canned(self._store, self._shop.value)
            both = await canned(self._store, self._shop.value, self._owner)
            self._all = both[len(team) :] if self._owner else team
        for button in (self._add, self._import):
            button.set_visibility(self._may)
        self._draw()

    def _draw(self) -> None:
        self._list.clear()
        with self._list:
            if not self._all:
                ui.label(say("phrases.none")).classes("nothing")
            for group in dict.fromkeys(one.group for one in self._all):
                ui.label(group or say("phrases.no_group")).classes("muted small")
                for one in (each for each in self._all if each.group == group):
                    with ui.element("div").classes("line phrase"):
                        ui.label(one.code).classes("pill blue" if one.code else "pill")
                        ui.label(one.text).classes("grow pre")
                        if self._may:
                            edit = ui.button(icon="edit", on_click=lambda _, one=one: self._ask(one))
                            edit.props(f'flat dense round size=sm aria-label="{say("phrases.edit")}"')
                            drop = ui.button(icon="delete", on_click=lambda _, one=one: self._keep(one, None))
                            drop.props(f'flat dense round size=sm color=grey-7 aria-label="{say("phrases.drop")}"')

    async def _ask(self, old: Canned | None = None) -> None:
        old = old if isinstance(old, Canned) else None
        with ui.dialog() as dialog, ui.card().classes("ask").style("width: 480px"):
            ui.label(say("phrases.edit" if old else "phrases.add")).classes("head")
            group = ui.input(say("phrases.group"), value=old.group if old else "").props("dense outlined maxlength=40")
            code = ui.input(say("phrases.code"), value=old.code if old else "").props("dense outlined maxlength=20")
            text = ui.textarea(say("phrases.text"), value=old.text if old else "").props(
                "dense outlined autogrow autofocus maxlength=2000"
            )
            with ui.element("div").classes("line"):
                ui.element("div").classes("grow")
                ui.button(say("dialog.leave"), on_click=lambda: dialog.submit(None)).props("flat no-caps color=grey-8")
                ui.button(
                    say("phrases.save"),
                    on_click=lambda: dialog.submit(Canned(group.value.strip(), code.value.strip(), text.value.strip())),
                ).props("unelevated no-caps")
        new: Canned | None = await dialog
        if new is not None and new.text:
            await self._keep(old, new)

    async def _keep(self, old: Canned | None, new: Canned | None) -> None:
        rows = [new if each is old else each for each in self._all]
        if old is None:
            rows.append(new)
        await self._save([each for each in rows if each is not None])

    async def _save(self, rows: Sequence[Canned]) -> None:
        with self._visit.failing():
            await save(self._store, self._shop.value, rows, self._owner)
        await self.read()

    async def _read_file(self, e: events.UploadEventArguments) -> None:
        """What is in the file is put behind what there is; the same text again replaces its line."""
        with self._visit.failing():
            new = read_phrases(e.file.name, await e.file.read())
            fresh = {one.text for one in new}
            await self._save([*(one for one in self._all if one.text not in fresh), *new])
            self._visit.tell(say("phrases.imported", n=len(new)))
        self._upload.reset()

    def _write_file(self) -> None:
        ui.download.content(write_phrases(self._all), f"{say('phrases.file')}.csv", "text/csv")
