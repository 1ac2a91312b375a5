"""The words of reports and messages, from `prompts/eval.yaml`; a missing or spare slot is an error."""

from __future__ import annotations

from typing import Any

from prompts import PromptError, words


def say(name: str, /, **slots: str) -> str:
    """The text `name` of prompts/eval.yaml (dots walk down), its slots filled."""
    text: Any = words("eval")
    for step in name.split("."):
        if not isinstance(text, dict) or step not in text:
            raise PromptError(f"no text named {name!r} in eval.yaml")
        text = text[step]
    try:
        return str(text).format_map(slots) if "{" in str(text) else str(text)
    except KeyError as missing:
        raise PromptError(f"{name}: missing {missing}") from None


def label(group: str, key: str) -> str:
    """The name for people of a key (a scorer, a column, a variant), or the key itself."""
    return str(words("eval").get(group, {}).get(key, key))
