"""What a shopper wants done and what they say of the goods, as the rules name it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from prompts import words

_YES_NO = frozenset({"intact", "tag_on", "seal_intact", "accessories_complete", "evidence", "sign_consent"})
"""Facts for which yes is the good answer, as our questions put them."""


@cache
def _wishes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((wish, re.compile(pattern)) for wish, pattern in words("lexicon_wishes")["wishes"].items())


@cache
def _how_to() -> re.Pattern[str]:
    return re.compile(words("lexicon_wishes")["how_to"])


@cache
def _said() -> tuple[tuple[str, Any, re.Pattern[str]], ...]:
    return tuple((s["fact"], s["value"], re.compile(s["pattern"])) for s in words("lexicon_wishes")["said"])


def wish_of(question: str) -> str | None:
    """The wish a question (folded) asks about: return, exchange, repair, price_protect, refund, cancel, ship …"""
    return next((wish for wish, pattern in _wishes() if pattern.search(question)), None)


def asks_how(question: str) -> bool:
    """Whether it asks how something is done rather than whether it may be."""
    return bool(_how_to().search(question))


def asks_permission(question: str) -> bool:
    """Whether it asks for something for oneself, not for the rule in general."""
    return bool(re.search(words("lexicon_wishes")["permission"], question))


def short_reply(text: str, missing: Sequence[str]) -> Mapping[str, Any]:
    """What a bare “在的” or “没有了” says of the facts asked for: yes to all of them, or no to the only one."""
    table = words("lexicon_wishes")
    asked = [name for name in missing if name in _YES_NO]
    if re.match(table["denies"], text):
        return {asked[0]: False} if len(asked) == 1 else {}
    return dict.fromkeys(asked, True) if re.match(table["affirms"], text) else {}


def said_of(text: str) -> Mapping[str, Any]:
    """Facts the shopper states (folded text), by the keys of the contract; the first that matches of each fact."""
    found: dict[str, Any] = {}
    for fact, value, pattern in _said():
        if fact not in found and pattern.search(text):
            found[fact] = value
    if found.get("worn") or found.get("tag_on") is False:
        found.pop("intact", None)
    return found


def category_of(text: str) -> str:
    """The category of the goods a text speaks of; empty where it names none."""
    categories: dict[str, list[str]] = words("lexicon_wishes")["categories"]
    named = [(len(noun), category) for category, nouns in categories.items() for noun in nouns if noun in text]
    return max(named)[1] if named else ""
