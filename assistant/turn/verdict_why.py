"""“为什么不能退”: the verdict just given, with every reason, the law it rests on, and the facts it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.conversation.events import Cite
from assistant.conversation.state import Conversation
from assistant.turn.products import Fact
from assistant.turn.ruling import CONFIDENCE, Ruling
from assistant.turn.wishes import asks_why
from prompts import phrase, words

_SHORT = 16
"""Characters: a longer “为什么…” asks something of its own."""


def explained(text: str, talk: Conversation) -> Ruling | None:
    """The reasons of the last answer's verdict, if `text` (folded) asks for them."""
    last = next((m for m in reversed(talk.messages) if m.by == "assistant"), None)
    if last is None or last.verdict is None or not last.verdict.get("reasons"):
        return None
    if not asks_why(text) or len(text) > _SHORT:
        return None
    verdict = last.verdict
    source = f"{verdict['policy']}@{verdict['version']}"
    quote = "\n".join(reason["text"] for reason in verdict["reasons"])
    cites = "\n".join(cite for reason in verdict["reasons"] for cite in reason["cites"])
    cite = Cite(id=source, source=source, title=str(verdict.get("title", "")), quote=f"{quote}\n{cites}")
    facts = tuple(Fact(line, cite, CONFIDENCE) for line in _lines(verdict))
    return Ruling(dict(verdict), str(verdict.get("wish", "")), facts=facts)


def _lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    for reason in verdict["reasons"]:
        text = str(reason["text"]).rstrip("。")
        if reason["cites"]:
            yield phrase("verdict.why_cited", because=text, cites="、".join(reason["cites"]))
        else:
            yield phrase("verdict.why", because=text)
    if said := _said(verdict.get("said") or {}):
        yield phrase("verdict.why_said", said="、".join(said))
    yield phrase("verdict.why_door")


def _said(said: Mapping[str, Any]) -> list[str]:
    """The shopper's own statements the verdict was made from, in words."""
    table: dict[str, dict[Any, str]] = words("phrases")["verdict"]["stated"]
    return [table[name][value] for name, value in said.items() if value in table.get(name, {})]
