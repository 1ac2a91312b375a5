"""Greetings, thanks, “are you a robot”: answered honestly in one line."""

from __future__ import annotations

import re
from functools import cache

from prompts import words

# Particles and decoration around the words: “好的~ 谢谢哈！！” is still thanks.
_DECORATION = re.compile(r"[\s\W_]+", re.UNICODE)
_TAILS = re.compile(r"(?:[啊呀呢哦噢哈啦喽咯哟诶欸嘞滴哒的了]|亲|哈哈|嘻嘻|嘿嘿)+$")
_HEADS = re.compile(r"^(?:那个|那|嗯|哦|额|呃|请问|亲|你好|您好|好的?|对了)+")

LONGEST = 16
"""Characters; a longer message says more than thanks."""


@cache
def _table() -> dict[str, str]:
    says = {kind: said for kind, said in words("lexicon_smalltalk").items() if isinstance(said, list)}
    return {_DECORATION.sub("", say): kind for kind, said in says.items() for say in said}


@cache
def _patterns() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str]]:
    table = words("lexicon_smalltalk")
    return tuple((kind, re.compile(p)) for kind, p in table["patterns"].items()), re.compile(table["asks"])


def small_talk(text: str) -> str | None:
    """The kind of small talk (`greeting`, `thanks`, `identity` …) if the whole message is nothing else.

    `text` is folded (simplified, half-width, lower case). A message that also asks something is not small talk.
    """
    bare = _DECORATION.sub("", text)
    table = _table()
    for candidate in (bare, _TAILS.sub("", bare), _HEADS.sub("", bare), _TAILS.sub("", _HEADS.sub("", bare))):
        if candidate in table:
            return table[candidate]
    patterns, asks = _patterns()
    if len(bare) <= LONGEST and not asks.search(bare):
        for kind, pattern in patterns:
            if pattern.fullmatch(bare):
                return kind
    # Only emoji or dots: an acknowledgement.
    return "ok" if not bare and text.strip() and not re.search(r"[?？]", text) else None
