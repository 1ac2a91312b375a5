"""接待质检: what was found in live conversations, who may disagree, and the random check."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from nicegui import ui

from assistant.console.clock import SHANGHAI, when
from assistant.console.dialogs import asking
from assistant.console.quality_common import fact, marking, nothing, percent, settings_of
from assistant.console.shell import Visit
from assistant.console.words import say, table
from eval.audit import report
from eval.audit.appeal import appeal, check_finding, check_talk, decide, sample
from eval.audit.case import case_of, keep
from eval.audit.inspect import inspected
from eval.audit.report import Inspection, agent_name
from eval.audit.scan import Finding
from eval.audit.source import one, open_database

MOST = 30
WEEK = "7"


class Findings:
    """The pane."""

    def __init__(self, visit: Visit, shop: str) -> None:
        self._visit, self._shop = visit, shop
        self._mine = visit.me.role == "agent"
        self._found: Inspection | None = None
        self._sampled: frozenset[str] = frozenset()
        self._most = MOST
        with ui.element("div").classes("stack"):
            ui.label(say("quality.findings.about")).classes("muted small")
            with ui.element("div").classes("line wrap"):
                self._days = self._pick("since", table("quality.findings.days"), WEEK, self.show)
                self._agent = self._pick("agent", {"": say("quality.findings.everyone")}, "", self._draw)
                self._rule = self._pick("rule", {"": say("quality.findings.every_rule")}, "", self._draw)
                self._level = self._pick("level", table("quality.findings.levels"), "all", self._draw)
                self._only = ui.checkbox(say("quality.findings.sample"), on_change=self._draw).props("dense")
                ui.element("div").classes("grow")
                ui.button(say("quality.findings.refresh"), icon="refresh", on_click=self.show).props("flat no-caps")
            self._agent.set_visibility(not self._mine)
            self._only.set_visibility(not self._mine)
            self._top = ui.element("div").classes("stack")
            self._list = ui.element("div").classes("stack findings")

    def _pick(self, name: str, options: dict[str, str], value: str, changed: Any) -> ui.select:
        select = ui.select(options, value=value, label=say(f"quality.findings.{name}")).props("dense outlined")
        return select.classes("pick").on_value_change(changed)

    async def show(self) -> None:
        """Inspect, and draw."""
        self._top.clear()
        with self._top:
            ui.label(say("quality.findings.working")).classes("nothing")
        with self._visit.failing():
            days = int(self._days.value)
            today = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
            since = today - timedelta(days=days - 1) if days else None
            opened = self._visit.house.reception.shops.get(self._shop)
            settings = settings_of(self._visit.house)
            found = await asyncio.to_thread(inspected, settings, self._shop, since=since, opened=opened)
            self._found = found
            # One draw a day: everybody who looks today is asked the same.
            drawn = sample(found.seen, report.standing(found), seed=today.toordinal())
            self._sampled = frozenset((*(f.id for f in drawn.findings), *drawn.talks))
            self._offer(found)
            self._draw_top(found, drawn.talks)
            self._draw()

    def _offer(self, found: Inspection) -> None:
        """The agents and rules there are to choose from."""
        agents = {seen.agent: agent_name(seen.agent) for seen in found.seen}
        agents |= {f.agent: agent_name(f.agent) for f in found.findings}
        rules = {f.rule: f.name for f in found.findings}
        for select, everything, options in (
            (self._agent, "everyone", agents),
            (self._rule, "every_rule", rules),
        ):
            offered = {"": say(f"quality.findings.{everything}"), **dict(sorted(options.items(), key=lambda o: o[1]))}
            select.set_options(offered, value=select.value if select.value in offered else "")

    def _draw_top(self, found: Inspection, clean: tuple[str, ...]) -> None:
        self._top.clear()
        if self._mine:
            return
        told = report.summary(found)
        with self._top:
            _figures(told)
            with ui.element("div").classes("two even"):
                _agents(told)
                _trend(told)
            if clean:
                self._clean(clean)

    def _clean(self, talks: tuple[str, ...]) -> None:
        """Conversations in which nothing was found, for a person to look at."""
        with ui.element("div").classes("card stack"):
            ui.label(say("quality.findings.clean_talks")).classes("subhead")
            ui.label(say("quality.findings.clean_hint")).classes("muted small")
            for talk in talks[:5]:
                with ui.element("div").classes("line clean-talk").props(f'data-talk="{talk}"'):
                    ui.link(talk, f"/history?talk={talk}").classes("link grow")
                    for name, is_clean in (("really_clean", True), ("missed", False)):
                        button = ui.button(say(f"quality.findings.{name}")).props("flat dense no-caps")
                        button.on_click(lambda t=talk, c=is_clean: self._looked(t, c))

    async def _looked(self, talk: str, clean: bool) -> None:
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                await check_talk(marks, self._shop, talk, self._visit.me.name, clean=clean)
            self._visit.tell(say("quality.findings.decided"))
        await self.show()

    def _chosen(self) -> list[Finding]:
        if self._found is None:
            return []
        mine = (self._visit.me.name, self._visit.me.shown)
        return sorted(
            (
                f
                for f in self._found.findings
                if (not self._mine or f.agent in mine)
                and self._agent.value in ("", f.agent)
                and self._rule.value in ("", f.rule)
                and self._level.value in ("all", f.level)
                and (not self._only.value or f.id in self._sampled)
            ),
            key=lambda f: (f.level != "red", f.at),
        )

    def _draw(self) -> None:
        found = self._chosen()
        self._list.clear()
        with self._list:
            shown = min(self._most, len(found))
            ui.label(say("quality.findings.list", shown=shown, all=len(found))).classes("subhead")
            if not found:
                nothing("quality.findings.clean")
            for finding in found[: self._most]:
                self._card(finding)
            if len(found) > self._most:
                ui.button(say("quality.runs.more", count=MOST), on_click=self._further).props("flat no-caps")

    def _further(self) -> None:
        self._most += MOST
        self._draw()

    def _card(self, f: Finding) -> None:
        assert self._found is not None
        state = self._found.states.get(f.id, "open")
        gone = " gone" if state == "withdrawn" else ""
        with ui.element("div").classes(f"card stack finding {f.level}{gone}").props(f'data-finding="{f.id}"'):
            with ui.element("div").classes("line wrap"):
                ui.label(say(f"quality.findings.levels.{f.level}")).classes(f"pill {f.level}")
                ui.label(f.name).classes("strong")
                ui.label(f"−{f.points}").classes("faint small")
                ui.element("div").classes("grow")
                ui.label(f"{agent_name(f.agent)}　{when(f.at)}　{f.topic}").classes("muted small")
                if f.id in self._sampled and not self._mine:
                    ui.label(say("quality.findings.sampled")).classes("pill blue")
                if state != "open":
                    ui.label(report.state_name(state)).classes("pill amber" if state == "appealed" else "pill")
            if f.asked:
                fact(say("quality.findings.asked"), f.asked, classes="clip")
            fact(say("quality.findings.said"), f.quote, classes="quoted")
            fact(say("quality.findings.because"), f.because, classes="muted")
            fact(say("quality.findings.rewrite"), f.rewrite, classes="better")
            with ui.element("div").classes("line wrap buttons"):
                ui.link(say("quality.findings.see"), f"/history?talk={f.talk}").classes("link small")
                ui.element("div").classes("grow")
                self._buttons(f, state)

    def _buttons(self, f: Finding, state: str) -> None:
        def button(name: str, do: Any) -> None:
            ui.button(say(f"quality.findings.{name}"), on_click=do).props("flat dense no-caps").classes(f"do-{name}")

        if state == "open":
            button("appeal", lambda: self._appeal(f))
        if self._mine:
            return
        if state == "appealed":
            button("uphold", lambda: self._decide(f, True))
            button("withdraw", lambda: self._decide(f, False))
        if state == "open" and f.id in self._sampled:
            button("agree", lambda: self._checked(f, True))
            button("disagree", lambda: self._checked(f, False))
        if state == "upheld":
            button("keep", lambda: self._keep(f))

    async def _appeal(self, f: Finding) -> None:
        reason = await _reason(say("quality.findings.appeal_title"), say("quality.findings.appeal"))
        if reason is None:
            return
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                await appeal(marks, f, self._visit.me.name, reason)
            self._visit.tell(say("quality.findings.appealed"))
        await self.show()

    async def _decide(self, f: Finding, uphold: bool) -> None:
        name = "uphold" if uphold else "withdraw"
        reason = await _reason(say("quality.findings.decide_title"), say(f"quality.findings.{name}"))
        if reason is None:
            return
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                await decide(marks, f, self._visit.me.name, uphold=uphold, reason=reason)
            self._visit.tell(say("quality.findings.decided"))
        await self.show()

    async def _checked(self, f: Finding, agrees: bool) -> None:
        with self._visit.failing():
            async with marking(self._visit.house) as marks:
                await check_finding(marks, f, self._visit.me.name, agrees=agrees)
            self._visit.tell(say("quality.findings.decided"))
        await self.show()

    async def _keep(self, f: Finding) -> None:
        with self._visit.failing():
            settings = settings_of(self._visit.house)
            out = settings.DATA_DIR / "eval" / "cases" / f"{self._shop}-inspection.jsonl"
            async with open_database(settings) as engine:
                case = case_of(f, await one(engine, f.talk))
            new = keep([case], out)
            self._visit.tell(say("quality.findings.kept", path=out) if new else say("quality.findings.kept_before"))


async def _reason(title: str, name: str) -> str | None:
    """Why; None where the dialog was left."""
    with asking(title) as dialog:
        reason = ui.textarea(say("quality.gate.reason")).props("outlined dense autogrow autofocus maxlength=500")
        reason.classes("wide")
        with ui.element("div").classes("line"):
            ui.element("div").classes("grow")
            ui.button(name, on_click=lambda: dialog.submit((reason.value or "").strip() or None)).props(
                "unelevated no-caps"
            )
    said: str | None = await dialog
    return said


def _figures(told: dict[str, Any]) -> None:
    """The four numbers at the top."""
    bad = len({f["talk"] for f in told["findings"] if f["state"] != "withdrawn"})
    low, high = report.share(bad, told["talks"])
    checked = told["recheck"]
    with ui.element("div").classes("grid-4"):
        for key, value, below, colour in (
            ("red", str(told["red"]), _counted(told, "red"), "red" if told["red"] else ""),
            ("amber", str(told["amber"]), _counted(told, "amber"), ""),
            (
                "bad",
                f"{bad}",
                say(
                    "quality.findings.bad_range",
                    rate=percent(bad / told["talks"] if told["talks"] else None), low=percent(low), high=percent(high),
                ),
                "",
            ),
            (
                "agreement",
                percent(checked["agreement"]) + (" %" if checked["checked"] else ""),
                _agreed(checked),
                "",
            ),
        ):  # fmt: skip
            with ui.element("div").classes("card"):
                ui.label(say(f"quality.findings.{key}")).classes("muted small")
                ui.label(value).classes(f"big {colour}")
                ui.label(below).classes("faint small")
    ui.label(say("quality.findings.summary", talks=told["talks"], messages=told["messages"])).classes("muted small")


def _counted(told: dict[str, Any], level: str) -> str:
    """The two commonest rules of this level."""
    names = Counter(f["name"] for f in told["findings"] if f["level"] == level and f["state"] != "withdrawn")
    return "、".join(f"{name} {count}" for name, count in names.most_common(2))


def _agreed(checked: dict[str, Any]) -> str:
    if not checked["checked"]:
        return say("quality.findings.agreement_none")
    low, high = checked["ci95"]
    rate = percent(checked["agreement"])
    return say(
        "quality.findings.agreement_some", rate=rate, low=percent(low), high=percent(high), checked=checked["checked"]
    )


def _agents(told: dict[str, Any]) -> None:
    names = ("name", "score", "grade", "talks", "red", "amber")
    titles = ("agent", "score", "grade", "talks", "red", "amber")
    columns: list[dict[str, Any]] = [
        {"name": n, "label": say(f"quality.findings.{t}"), "field": n, "align": "left" if n == "name" else "right"}
        for n, t in zip(names, titles, strict=True)
    ]
    rows = [{"name": agent_name(name), **row} for name, row in told["agents"].items()]
    with ui.element("div").classes("stack"):
        ui.label(say("quality.findings.agents")).classes("subhead")
        ui.table(rows=sorted(rows, key=lambda r: r["score"]), columns=columns, row_key="name", pagination=0).classes(
            "dense wide"
        ).props("flat dense hide-pagination")


def _trend(told: dict[str, Any]) -> None:
    days = list(told["days"])
    series = [
        {"name": say(f"quality.findings.{level}"), "type": "bar", "stack": "all", "color": colour, "barMaxWidth": 28}
        | {"data": [told["days"][day][level] for day in days]}
        for level, colour in (("red", "#a8322a"), ("amber", "#d99a52"))
    ]
    with ui.element("div").classes("stack"):
        ui.label(say("quality.findings.trend")).classes("subhead")
        ui.echart(
            {
                "grid": {"left": 34, "right": 12, "top": 28, "bottom": 24},
                "legend": {"right": 0, "top": 0, "itemWidth": 10, "itemHeight": 10},
                "tooltip": {"trigger": "axis"},
                "xAxis": {"type": "category", "data": [day[5:] for day in days]},
                "yAxis": {"type": "value", "minInterval": 1, "splitLine": {"lineStyle": {"color": "#eceeea"}}},
                "series": series,
            }
        ).classes("card chart")
