"""Every word a model or a shopper sees. `load(name)` reads a prompt, `phrase(name, …)` a fixed sentence."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_SLOT = re.compile(r"\{(\w+)\}")


class PromptError(ValueError):
    """A prompt or phrase was asked for that does not exist, or filled with missing or spare names."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file: front matter (purpose, version), then text with `{slots}`."""

    name: str
    version: int
    text: str

    @property
    def digest(self) -> str:
        """What an answer remembers of the prompt it was made with."""
        return f"v{self.version}-{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"

    def render(self, **slots: str) -> str:
        """The text with every slot filled. Raises `PromptError` on a missing or spare name."""
        return _fill(self.name, self.text, slots)


def _fill(name: str, text: str, slots: dict[str, str]) -> str:
    wanted, given = set(_SLOT.findall(text)), set(slots)
    if wanted != given:
        raise PromptError(f"{name}: missing {sorted(wanted - given)}, spare {sorted(given - wanted)}")
    # One pass: a slot's own text is data and is never searched for slots.
    return _SLOT.sub(lambda slot: slots[slot[1]], text)


@cache
def load(name: str) -> Prompt:
    """The prompt `prompts/<name>.md`."""
    file = files(__name__) / f"{name}.md"
    if not file.is_file():
        raise PromptError(f"no prompt named {name!r}")
    _, head, body = file.read_text("utf-8").split("---\n", 2)
    return Prompt(name, int(yaml.safe_load(head)["version"]), body.strip())


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load((files(__name__) / f"{name}.yaml").read_text("utf-8"))
    return table


def phrase(name: str, /, **slots: str) -> str:
    """The fixed sentence `name` of phrases.yaml (dots walk down: `handoff.asked_for_person`)."""
    return wording("phrases", name, **slots)


def wording(table: str, name: str, /, **slots: str) -> str:
    """The sentence `name` of `prompts/<table>.yaml`, its slots filled. Raises `PromptError` as `Prompt.render` does."""
    text: Any = _table(table)
    for step in name.split("."):
        if not isinstance(text, dict) or step not in text:
            raise PromptError(f"no phrase named {name!r}")
        text = text[step]
    if not isinstance(text, str):
        raise PromptError(f"{name!r} is a group of phrases, not one")
    return _fill(name, text.strip(), slots)


def words(name: str) -> dict[str, Any]:
    """The word table `prompts/<name>.yaml`: lexicons that merchants may extend."""
    return _table(name)
