"""Requests we do not take: instructions to the assistant, deals off the platform, other people's data, homework."""

from __future__ import annotations

import re
from functools import cache

from prompts import words


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile("|".join(f"(?:{p})" for p in ps))) for kind, ps in words("lexicon_outside").items())


def outside(text: str) -> str | None:
    """The kind of request (a name under `decline` in phrases.yaml), or None. `text` is folded."""
    return next((kind for kind, pattern in _patterns() if pattern.search(text)), None)
