"""What the panes of the quality page share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from nicegui import ui

from assistant.console.house import House
from assistant.console.words import say
from assistant.settings import Settings, read_settings
from eval.audit.source import open_database
from eval.marks import Marks, open_marks
from eval.runs import Listed, list_runs


def settings_of(house: House) -> Settings:
    """The settings this house runs under."""
    return house.settings or read_settings()


@asynccontextmanager
async def marking(house: House) -> AsyncIterator[Marks]:
    """The marks, for one thing to be read or said."""
    async with open_database(settings_of(house)) as engine:
        yield await open_marks(engine)


async def runs_of(house: House, shop: str) -> list[Listed]:
    """The runs of this shop, newest first."""
    found = await asyncio.to_thread(list_runs, settings_of(house))
    return [run for run in found if run.head.get("shop", shop) == shop]


def percent(value: float | None) -> str:
    """`94.1`, or a dash where there is nothing to divide."""
    return "—" if value is None else f"{100 * value:.1f}"


def within(row: Mapping[str, Any]) -> tuple[str, str]:
    """Both ends of the interval: over groups of wordings where there are enough, else over answers."""
    low, high = row.get("ci95_groups") or row["ci95"]
    return percent(low), percent(high)


def fact(name: str, text: str, *, classes: str = "") -> None:
    """A line of a card: what it is, and what it says."""
    with ui.element("div").classes("fact"):
        ui.label(name).classes("key")
        ui.label(text).classes(f"pre {classes}")


def nothing(name: str) -> None:
    """An empty list says so."""
    ui.label(say(name)).classes("nothing card")
