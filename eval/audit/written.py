"""Conversations written down by people, as events: for the rules' own examples, and for the proof.

A line is `顾客：…`, `机器人：…`, `客服：…` (or `客服小夏：…`), `转人工`, `接入`, `结束`, `交还`. A speaker may be
followed by `@` and the seconds since the first line, or by `@+` and those since the line before; without it a line
comes ten seconds after the one before. What a line of the assistant's ends with in 〔〕 is the passage it cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.conversation.events import (
    Cite,
    Claimed,
    Event,
    HandedOver,
    Message,
    Released,
    Resolved,
    Traced,
    Visited,
)
from assistant.conversation.store import Entry
from eval.audit.rules import Example

START = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
"""Ten in the morning of a working day in Shanghai."""
AGENT = "客服"
_LINE = re.compile(
    r"(?P<who>顾客|机器人|客服[^：@]*|转人工|接入|结束|交还)(?:@(?P<at>\+?\d+))?(?:：(?P<text>.*))?", re.DOTALL
)


class NotALine(ValueError):
    """A line that is none of the above."""


def entries_of(example: Example) -> list[Entry]:
    """The conversation as the log would hold it."""
    return list(_numbered(_events(example.talk, example.verdict, example.order)))


def _numbered(events: Iterable[tuple[float, Event]]) -> Iterable[Entry]:
    for seq, (seconds, event) in enumerate(events, 1):
        at = (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield Entry(seq, seq, at, event.kind, event.model_dump_json())


def _events(
    lines: Iterable[str], verdict: Mapping[str, Any] | None, order: str | None
) -> Iterable[tuple[float, Event]]:
    seconds = 0.0
    if order:
        yield 0.0, Visited(order=order)
    if verdict:
        yield 0.0, Traced(verdict=dict(verdict))
    for line in lines:
        if (parts := _LINE.fullmatch(line.strip())) is None:
            raise NotALine(line)
        at = parts["at"] or "+10"
        seconds = seconds + float(at) if at.startswith("+") else float(at)
        who, text = parts["who"], parts["text"] or ""
        if who == "顾客":
            yield seconds, Message(by="shopper", text=text)
        elif who == "机器人":
            said, _, cited = text.partition("〔")
            cites = (Cite(id="written", source="written", quote=cited.rstrip("〕")),) if cited else ()
            yield seconds, Message(by="assistant", text=said, cites=cites, action="answer" if cites else None)
        elif who == "转人工":
            yield seconds, HandedOver(reason="asked_for_person")
        elif who == "接入":
            yield seconds, Claimed(by=AGENT)
        elif who == "结束":
            yield seconds, Resolved(by=AGENT)
        elif who == "交还":
            yield seconds, Released(by=AGENT)
        else:
            yield seconds, Message(by="staff", name=who, text=text)
