"""Logging in."""

from __future__ import annotations

import asyncio

import nicegui
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui

from assistant.console.door import PREFIX
from assistant.console.shell import BUILD_SECONDS, PAGES, dress, first_page, house, logged_in
from assistant.console.words import say
from assistant.errors import HouseError


@ui.page("/", response_timeout=BUILD_SECONDS)
async def front() -> Response:
    """To where one begins."""
    return _onward()


@ui.page("/login", title=f"{say('login.title')} · {say('title')}", response_timeout=BUILD_SECONDS)
async def login(request: Request) -> Response | None:
    """Name and password; then on to the page that was asked for."""
    if logged_in() is not None:
        return _onward()
    dress()
    to, address = request.query_params.get("to", ""), request.client.host if request.client else ""
    with ui.element("div").classes("login"), ui.element("form").classes("card") as form:
        form.on("submit.prevent", lambda: enter())
        ui.image("/assets/mark.svg").classes("mark").props('no-spinner no-transition alt=""')
        ui.label(say("login.title")).classes("head")
        name = ui.input(say("login.name")).props('outlined dense autofocus autocomplete="username" name="name"')
        secret = ui.input(say("login.password"), password=True, password_toggle_button=True)
        secret.props('outlined dense autocomplete="current-password" name="password"')
        trouble = ui.label().classes("trouble").props('role="alert"')
        button = ui.button(say("login.enter")).props("type=submit unelevated no-caps").classes("wide")
        if house().demo:
            ui.label(say("login.demo")).classes("muted small")

    async def enter() -> None:
        button.disable()
        try:
            house().attempt(address)
            token, me, _ = await asyncio.to_thread(house().gate.log_in, name.value.strip(), secret.value)
        except HouseError as why:
            trouble.set_text(str(why))
            secret.set_value("")
            return
        finally:
            button.enable()
        nicegui.app.storage.user["token"] = token
        ui.navigate.to(to if _ours(to, me.role) else first_page(me.role))

    return None


def _onward() -> Response:
    me = logged_in()
    return RedirectResponse(PREFIX + (first_page(me.role) if me else "/login"), status_code=303)


def _ours(to: str, role: str) -> bool:
    """Whether `to` is a page of ours that this role may see: the address bar is anybody's to write."""
    name = to.removeprefix("/").partition("?")[0]
    return to.startswith("/") and any(each.name == name and each.open_to(role) for each in PAGES)
