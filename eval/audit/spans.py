"""Where in a message a rule's words stand, and where they only seem to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from eval.audit.rules import Rule
from eval.audit.talk import Said
from prompts import words

_STOP = "。！？；…!?;\n"
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|‘[^’]*’|『[^』]*』|《[^》]*》|\"[^\"]*\"")


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence round `start`…`end` begins and ends."""
    begin = max((text.rfind(mark, 0, start) for mark in _STOP), default=-1) + 1
    ends = [at for mark in _STOP if (at := text.find(mark, end)) >= 0]
    return begin, min(ends) + 1 if ends else len(text)


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of `text` and where each begins."""
    at = 0
    for piece in re.split(rf"(?<=[{_STOP}])", text):
        if piece.strip():
            yield at, piece
        at += len(piece)


def found(rule: Rule, said: Said) -> Iterator[tuple[int, int]]:
    """Every stretch of the message that the rule's words match, warnings and quotations apart."""
    if rule.says is None or (rule.unless_anywhere and rule.unless_anywhere.search(said.plain)):
        return
    if rule.asked and not any(rule.asked.search(asked) for asked in said.asked):
        return
    quoted = [match.span() for match in _QUOTED.finditer(said.plain)]
    for match in rule.says.finditer(said.plain):
        start, end = match.span()
        if start == end or any(a < start and end < b for a, b in quoted):
            continue  # what somebody else is said to have said
        begin, stop = sentence_of(said.plain, start, end)
        if rule.unless and rule.unless.search(said.plain[begin:stop]):
            continue
        if rule.warned and _warned().search(said.plain[begin:start].replace("，", ",")):
            continue
        yield start, end


@cache
def _warned() -> re.Pattern[str]:
    return re.compile(str(words("lexicon_guard")["warned"]))
