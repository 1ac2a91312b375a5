"""What people answered, waiting to become the shop's knowledge: the merchant edits, takes it in or drops it."""

from __future__ import annotations

from nicegui import ui

from assistant.console.clock import when
from assistant.console.queue_pane import shopper
from assistant.console.shell import Visit, page
from assistant.console.words import say
from assistant.service import drafts as service
from assistant.service.drafts import Draft


@page("drafts", icon="library_add_check", roles=("agent", "merchant"), order=50)
async def drafts(visit: Visit) -> None:
    """The drafts that wait, oldest first. Agents see them; the merchant decides."""
    view = Drafts(visit)
    await view.read()


class Drafts:
    """The list."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._store = visit, visit.house.reception.store
        self._decides = visit.me.role in ("merchant", "admin") and visit.house.catalogue is not None
        with ui.element("div").classes("sheet"):
            ui.label(say("drafts.title")).classes("head")
            ui.label(say("drafts.hint" if self._decides else "drafts.hint_agent")).classes("muted small")
            self._list = ui.element("div").classes("stack")

    async def read(self) -> None:
        """From the store, and draw."""
        found: list[Draft] = []
        with self._visit.failing():
            found = await service.drafts(self._store, self._visit.shops)
        self._list.clear()
        with self._list:
            if not found:
                ui.label(say("drafts.none")).classes("nothing card")
            for draft in sorted(found, key=lambda each: each.at):
                self._draw(draft)

    def _draw(self, draft: Draft) -> None:
        with ui.element("div").classes("card stack draft").props(f'data-draft="{draft.id}"'):
            with ui.element("div").classes("line"):
                ui.label(say("drafts.from", name=draft.by, when=when(draft.at))).classes("muted small grow")
                ui.link(shopper(draft.talk), f"/history?talk={draft.talk}").classes("link small")
            frozen = "" if self._decides else "readonly"
            question = ui.input(say("dialog.question"), value=draft.question).props(f"dense outlined {frozen}")
            answer = ui.textarea(say("dialog.answer"), value=draft.answer).props(f"dense outlined autogrow {frozen}")
            report = ui.element("div").classes("stack small")
            if not self._decides:
                return
            with ui.element("div").classes("line"):
                ui.element("div").classes("grow")
                ui.button(say("drafts.drop"), on_click=lambda: self._drop(draft)).props("flat no-caps color=grey-8")
                check = ui.button(say("drafts.check"), icon="rule").props("flat no-caps")
                check.on_click(lambda: self._take(draft, question.value, answer.value, report, dry_run=True))
                take = ui.button(say("drafts.accept"), icon="check").props("unelevated no-caps")
                take.on_click(lambda: self._take(draft, question.value, answer.value, report, dry_run=False))

    async def _drop(self, draft: Draft) -> None:
        with self._visit.failing():
            await service.drop(self._store, draft.shop, draft.id)
        await self.read()

    async def _take(self, draft: Draft, question: str, answer: str, report: ui.element, *, dry_run: bool) -> None:
        catalogue = self._visit.house.catalogue
        assert catalogue is not None
        with self._visit.failing():
            if (question.strip(), answer.strip()) != (draft.question, draft.answer):
                await service.edit(self._store, draft.shop, draft.id, question=question, answer=answer)
            told = await service.accept(self._store, catalogue, draft.shop, draft.id, dry_run=True)
            problems = [*told.rejected, *told.warnings]
            if not dry_run and not told.rejected:
                await service.accept(self._store, catalogue, draft.shop, draft.id)
                self._visit.tell(say("drafts.accepted"))
                return await self.read()
            report.clear()
            with report:
                for problem in problems:
                    ui.label(problem.problem).classes("pill amber pre")
                if not problems:
                    ui.label(say("drafts.clean")).classes("pill green")
