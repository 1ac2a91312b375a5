"""What a shopper wants done and what they say of the goods, as the rules name it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from assistant.turn.lexicon import alternation
from prompts import words

_YES_NO = frozenset({"intact", "tag_on", "seal_intact", "accessories_complete", "evidence", "sign_consent"})
"""Facts for which yes is the good answer, as our questions put them."""
_AFTER_SALE = frozenset({"return", "exchange", "repair", "refund", "compensate", "cancel", "price_protect"})
_NEAR = 5
"""Characters before a statement in which a denial turns it round."""


@cache
def _wishes(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((wish, re.compile(pattern)) for wish, pattern in words("lexicon_wishes")[kind].items())


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(words("lexicon_wishes")[name])


@cache
def _said() -> tuple[tuple[str, Any, re.Pattern[str], bool], ...]:
    return tuple(
        (s["fact"], s["value"], re.compile(s["pattern"]), s.get("negatable", False))
        for s in words("lexicon_wishes")["said"]
    )


@cache
def _denied() -> re.Pattern[str]:
    return re.compile(rf"(?:{words('lexicon_wishes')['negations']})[^,，。;；!！?？\s]{{0,3}}$")


def wish_of(question: str) -> str | None:
    """The wish a question (folded) asks about: return, exchange, repair, price_protect, refund, cancel, ship …"""
    left = _without_dropped(question)
    return next((wish for wish, pattern in _wishes("wishes") if pattern.search(left)), None)


def _without_dropped(text: str) -> str:
    """The text without what they no longer want, where they say what they want instead: “不换了，直接退”."""
    left = _pattern("dropped").sub(" ", text)
    return left if any(pattern.search(left) for kind in ("wishes", "own") for _, pattern in _wishes(kind)) else text


def own_wish_of(text: str) -> str | None:
    """The same where the goods meant are at hand, so that a bare “退” or “换大的” says enough."""
    left = _without_dropped(text)
    return wish_of(left) or next((wish for wish, pattern in _wishes("own") if pattern.search(left)), None)


def wants_something_done(question: str) -> bool:
    """Whether a question (folded) is about a purchase gone wrong or undone rather than about the goods."""
    return wish_of(question) in _AFTER_SALE or said_of(question).get("fault", "none") != "none"


def asks_how(question: str) -> bool:
    """Whether it asks how something is done rather than whether it may be."""
    return bool(_pattern("how_to").search(question))


def asks_permission(question: str) -> bool:
    """Whether it asks for something for oneself, not for the rule in general."""
    return bool(_pattern("permission").search(question))


def asks_why(text: str) -> bool:
    """“为什么不能退”: the reason of the verdict just given."""
    return bool(_pattern("why").search(text))


def asks_for_refund(text: str) -> bool:
    """“钱哪天回来”: about the money of a return already asked for."""
    return bool(_pattern("refund_asked").search(text))


def asks_all_orders(text: str) -> bool:
    """“一键价保”: the price protection of every recent order."""
    return bool(_pattern("protect_all").search(text))


def asks_for_options(text: str) -> bool:
    """“还有别的办法吗”."""
    return bool(_pattern("options_asked").search(text))


def means_all_lines(text: str) -> bool:
    """“两件都退”."""
    return bool(_pattern("all_lines").search(text))


def keeps(piece: str) -> bool:
    """Whether a piece of a sentence says what is to be kept: “毛衣留着”."""
    return bool(_pattern("kept").search(piece))


def handles(piece: str) -> bool:
    """Whether a piece of a sentence says what something is to be done about."""
    return bool(_pattern("handled").search(piece))


def short_reply(text: str, missing: Sequence[str]) -> Mapping[str, Any]:
    """What a bare “在的” or “没有了” says of the facts asked for: yes to all of them, or no to the only one."""
    asked = [name for name in missing if name in _YES_NO]
    if _pattern("denies").match(text):
        return {asked[0]: False} if len(asked) == 1 else {}
    return dict.fromkeys(asked, True) if _pattern("affirms").match(text) else {}


def said_of(text: str) -> Mapping[str, Any]:
    """Facts the shopper states (folded text), by the keys of the contract; the first that matches of each fact."""
    found: dict[str, Any] = {}
    for fact, value, pattern, negatable in _said():
        if fact not in found and any(not negatable or not _undone(text, m.start()) for m in pattern.finditer(text)):
            found[fact] = value
    if found.get("worn") or found.get("tag_on") is False:
        found.pop("intact", None)
    if found.get("opened") is False:
        found.setdefault("seal_intact", True)
    return found


def _undone(text: str, at: int) -> bool:
    """Whether a denial stands right before `at`, in the same breath: “没穿出去”."""
    return bool(_denied().search(text[max(0, at - _NEAR) : at]))


@cache
def _nouns() -> re.Pattern[str]:
    categories: dict[str, list[str]] = words("lexicon_wishes")["categories"]
    return re.compile(alternation(noun for nouns in categories.values() for noun in nouns))


def nouns_of(text: str) -> tuple[str, ...]:
    """The goods a text speaks of, in order, as shoppers call them."""
    return tuple(match[0] for match in _nouns().finditer(text))


def category_of(text: str) -> str:
    """The category of the goods a text speaks of; empty where it names none."""
    categories: dict[str, list[str]] = words("lexicon_wishes")["categories"]
    named = [(len(noun), category) for category, nouns in categories.items() for noun in nouns if noun in text]
    return max(named)[1] if named else ""


def tags_of(text: str) -> list[str]:
    """What a text says of the kind of goods that the law treats apart: made to order, digital …"""
    kinds: dict[str, str] = words("lexicon_wishes")["tags"]
    return [tag for tag, pattern in kinds.items() if re.search(pattern, text)]
