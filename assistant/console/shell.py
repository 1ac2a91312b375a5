"""The frame of every page: who may see it, the navigation, what a page may use. How to add one: `__init__.py`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import nicegui
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, background_tasks, ui

from assistant.console.door import PREFIX
from assistant.console.house import House, Staff
from assistant.console.words import say
from assistant.errors import HouseError

log = logging.getLogger(__name__)

KEPT_SECONDS = 120.0
"""How long a page waits on the server for its browser to come back; what happened meanwhile is then caught up."""
BUILD_SECONDS = 30.0
CHECK_SECONDS = 20.0
"""How often an open page asks whether its session is still good."""

PRIMARY = "#1c6656"


@dataclass(frozen=True, slots=True)
class Page:
    """One entry of the navigation."""

    name: str
    icon: str
    roles: tuple[str, ...]
    order: int

    def open_to(self, role: str) -> bool:
        return role == "admin" or role in self.roles


PAGES: list[Page] = []
"""Filled by `page`."""


@dataclass
class Visit:
    """One open page of one colleague."""

    house: House
    me: Staff
    query: Mapping[str, str]
    client: Client = field(repr=False)

    @property
    def shops(self) -> Sequence[str]:
        """The open shops that they work for."""
        return [shop for shop in self.house.reception.shops if self.me.serves(shop)]

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """What the house refuses in this block becomes a note on the screen."""
        try:
            yield
        except HouseError as why:
            self.warn(str(why))

    def warn(self, text: str) -> None:
        """A note that something did not work."""
        with self.client.layout:
            ui.notify(text, type="warning", position="top", multi_line=True, timeout=6000)

    def tell(self, text: str) -> None:
        """A note that something was done."""
        with self.client.layout:
            ui.notify(text, type="positive", position="top", timeout=2500)

    def script(self, call: str, *arguments: Any) -> None:
        """Call a function of `assets/*.js` in the browser."""
        told = ", ".join(json.dumps(argument, ensure_ascii=False) for argument in arguments)
        self.client.run_javascript(f"{call}({told})")

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it or the page ends."""
        task = background_tasks.create(_quietly(work))
        self.client.on_delete(task.cancel)

    def every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` again and again while the page is open."""

        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                await work()

        self.background(again())


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("work behind a page broke")


async def _still(visit: Visit) -> None:
    """Whoever logged out in another tab, or may no longer be here, is shown the door."""
    me = logged_in()
    if me is None or me.name != visit.me.name or me.role != visit.me.role:
        visit.client.open("/login")


Draw = Callable[[Visit], Awaitable[None]]


def page(name: str, *, icon: str, roles: Sequence[str], order: int) -> Callable[[Draw], Draw]:
    """A page at `/console/<name>` for colleagues with one of `roles`; see the docstring of the package."""

    def register(draw: Draw) -> Draw:
        here = Page(name, icon, tuple(roles), order)
        PAGES.append(here)
        PAGES.sort(key=lambda each: each.order)

        @ui.page(
            f"/{name}",
            title=f"{say(f'nav.{name}')} · {say('title')}",
            response_timeout=BUILD_SECONDS,
            reconnect_timeout=KEPT_SECONDS,
        )
        async def shown(request: Request) -> Response | None:
            if (me := logged_in()) is None:
                return to_login(str(request.url.path).removeprefix(PREFIX), request.url.query)
            dress()
            visit = Visit(house(), me, dict(request.query_params), ui.context.client)
            visit.every(CHECK_SECONDS, lambda: _still(visit))
            with ui.element("div").classes("frame"):
                navigation(visit, name)
                with ui.element("main").classes("page").props(f'aria-label="{say(f"nav.{name}")}"'):
                    if here.open_to(me.role):
                        await draw(visit)
                    else:
                        ui.label(say("shell.not_for_you")).classes("nothing")
            return None

        return draw

    return register


def house() -> House:
    """The product, as it was handed in."""
    found: House = nicegui.app.state.house
    return found


def logged_in() -> Staff | None:
    """Who this browser's session belongs to. Asked anew for each page: rights that were taken are gone at once."""
    token = nicegui.app.storage.user.get("token")
    if not token:
        return None
    try:
        return house().gate.whose(token)
    except HouseError:
        nicegui.app.storage.user.pop("token", None)
        return None


def to_login(path: str = "", query: str = "") -> Response:
    """To the log-in page, and back to `path` afterwards."""
    to = f"?to={quote(path + ('?' + query if query else ''))}" if path else ""
    return RedirectResponse(f"{PREFIX}/login{to}", status_code=303)


def first_page(role: str) -> str:
    """Where somebody of this role begins."""
    return next((f"/{each.name}" for each in PAGES if each.open_to(role)), "/login")


def dress() -> None:
    """The looks of every page."""
    ui.colors(primary=PRIMARY, secondary="#5a6863", accent="#b4581f", positive="#1c6656", warning="#a5620f")
    ui.add_head_html(f'<link rel="stylesheet" href="{PREFIX}/assets/console.css">')
    ui.add_body_html(f'<script src="{PREFIX}/assets/console.js"></script>')


def navigation(visit: Visit, here: str) -> None:
    """The rail at the left edge."""
    with ui.element("nav").classes("rail").props(f'aria-label="{say("shell.navigation")}"'):
        ui.image("/assets/mark.svg").classes("mark").props('no-spinner no-transition alt=""')
        for each in PAGES:
            if each.open_to(visit.me.role):
                with ui.link(target=f"/{each.name}").classes("way" + (" here" if each.name == here else "")) as way:
                    ui.icon(each.icon)
                    ui.label(say(f"nav.{each.name}"))
                way.props('aria-current="page"' if each.name == here else "")
        ui.element("div").classes("grow")
        with ui.button(color=None).classes("way me").props("flat no-caps"):
            ui.icon("account_circle")
            ui.label(visit.me.name)
            with ui.menu(), ui.element("div").classes("about-me"):
                ui.label(visit.me.shown or visit.me.name).classes("strong")
                ui.label(say(f"role.{visit.me.role}")).classes("muted")
                ui.button(say("shell.log_out"), icon="logout", on_click=log_out).props("flat dense no-caps")


def log_out() -> None:
    """End this browser's session."""
    nicegui.app.storage.user.clear()
    ui.run_javascript("desk.leave()")
    ui.navigate.to("/login")
