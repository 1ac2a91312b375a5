"""Word lists as regular expressions that stay fast however long the list grows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from opencc import OpenCC

_TO_SIMPLIFIED = OpenCC("t2s")
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}


def alternation(words: Iterable[str]) -> str:
    """A regular expression matching the longest of `words`; a trie, so each position is tried once, not once a word."""
    root: dict[str, dict] = {}  # type: ignore[type-arg]
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branch(root) or r"(?!)"


def _branch(node: dict[str, dict]) -> str:  # type: ignore[type-arg]
    ends = "" in node
    options = [re.escape(char) + _branch(after) for char, after in sorted(node.items()) if char]
    if not options:
        return ""
    body = options[0] if len(options) == 1 and not ends else f"(?:{'|'.join(options)})"
    return body + "?" if ends else body


@lru_cache(maxsize=4096)
def level(text: str) -> str:
    """The same text half-width and simplified, every character where it was (so that places found in it hold)."""
    half = text.translate(_HALF_WIDTH)
    if half.isascii():
        return half
    try:
        simple = _TO_SIMPLIFIED.convert(half)
    except UnicodeEncodeError:  # a lone surrogate: nothing to convert, and never a reason to fail
        return half
    return simple if len(simple) == len(text) else half
