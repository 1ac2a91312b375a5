"""The agents' desk."""

from __future__ import annotations

from nicegui import ui

from assistant.console.shell import Visit, page
from assistant.console.words import say


@page("desk", icon="support_agent", roles=("agent", "merchant"), order=10)
async def desk(visit: Visit) -> None:
    """Queue, conversation, packet."""
    ui.label(say("desk.waiting"))
