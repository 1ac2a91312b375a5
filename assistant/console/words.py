"""The console's words, from `prompts/console.yaml`."""

from __future__ import annotations

from typing import Any

from prompts import PromptError, wording, words


def say(name: str, /, **slots: object) -> str:
    """The text `name` with its slots filled: `say("desk.waiting", n=3)`. `PromptError` on a wrong name or slot."""
    return wording("console", name, **{slot: str(value) for slot, value in slots.items()})


def said(name: str, /, otherwise: str = "") -> str:
    """The text `name` where there is one, for names that come with data (reasons, kinds …); else `otherwise`."""
    try:
        return say(name)
    except PromptError:
        return otherwise or name.rpartition(".")[2]


def table(name: str) -> Any:
    """A whole group of words."""
    found: Any = words("console")
    for step in name.split("."):
        found = found[step]
    return found
