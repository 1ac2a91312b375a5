"""How good the answers are: measure, compare, sign, inspect, label. Each tab is a file beside this one."""

from __future__ import annotations

from nicegui import ui

from assistant.console.door import PREFIX
from assistant.console.quality_findings import Findings
from assistant.console.quality_gate import GatePane
from assistant.console.quality_labels import Labels
from assistant.console.quality_runs import Runs
from assistant.console.shell import Visit, page
from assistant.console.words import say

TABS = ("runs", "gate", "findings", "labels")


@page("quality", icon="fact_check", roles=("agent", "qa", "merchant"), order=60)
async def quality(visit: Visit) -> None:
    """Quality people and owners see all of it; an agent sees what was found of their own, and may appeal."""
    ui.add_head_html(f'<link rel="stylesheet" href="{PREFIX}/assets/quality.css">')
    shop = visit.query.get("shop", "")
    shop = shop if shop in visit.shops else next(iter(visit.shops), "")
    names = ("findings",) if visit.me.role == "agent" else TABS
    chosen = visit.query.get("tab", names[0])
    chosen = chosen if chosen in names else names[0]
    with ui.element("div").classes("sheet quality"):
        with ui.element("div").classes("line"):
            ui.label(say("quality.title")).classes("head")
            ui.label(say("quality.hint")).classes("muted small grow")
            if len(visit.shops) > 1:
                other = ui.select(list(visit.shops), value=shop, label=say("quality.shop")).props("dense outlined")
                other.on_value_change(lambda e: ui.navigate.to(f"/quality?tab={tabs.value}&shop={e.value}"))
        tabs: ui.tabs
        with ui.tabs().props("dense no-caps align=left inline-label") as tabs:
            for name in names:
                ui.tab(name, say(f"quality.tabs.{name}"))
        panels: dict[str, Runs | GatePane | Findings | Labels] = {}
        with ui.tab_panels(tabs, value=chosen).classes("panes").props("animated=false keep-alive"):
            for name in names:
                with ui.tab_panel(name).classes("pane"):
                    panels[name] = _pane(name, visit, shop)
    if not shop:
        return

    async def show() -> None:
        await panels[str(tabs.value)].show()

    tabs.on_value_change(show)
    await show()


def _pane(name: str, visit: Visit, shop: str) -> Runs | GatePane | Findings | Labels:
    match name:
        case "runs":
            return Runs(visit, shop)
        case "gate":
            return GatePane(visit, shop)
        case "labels":
            return Labels(visit, shop)
        case _:
            return Findings(visit, shop)
