"""One event of a conversation as a colleague sees it. Pure: an entry in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

from assistant.console.clock import day, hour, when
from assistant.console.words import said, say
from assistant.conversation.events import Message, Traced
from assistant.conversation.store import Entry


def bubbles(entries: Sequence[Entry], me: str, before: str = "") -> Markup:
    """`entries` in order, with a line where a new day begins; `before` is the moment of the one shown last."""
    out: list[Markup] = []
    last = day(before) if before else ""
    for entry in entries:
        shown = bubble(entry, me)
        if shown and (today := day(entry.at)) != last:
            out.append(Markup('<div class="day">{}</div>').format(today))
            last = today
        out.append(shown)
    return Markup("").join(out)


def bubble(entry: Entry, me: str) -> Markup:
    """One event; empty for what is not shown (the sentences of an answer under way)."""
    event = entry.event
    if isinstance(event, Message):
        return _message(entry, event, me)
    if isinstance(event, Traced):
        return _why(event)
    if event.kind == "noted":
        return Markup('<div class="note" data-seq="{}"><b>{}</b> <i>{}</i><div class="pre">{}</div></div>').format(
            entry.seq, say("talk.note_by", name=event.by), hour(entry.at), event.text
        )
    text = _NOTICES.get(event.kind, _any)(event)
    if not text:
        return Markup("")
    return Markup('<div class="notice {}" data-seq="{}"><i>{}</i> {}</div>').format(
        event.kind, entry.seq, hour(entry.at), text
    )


def speaking(text: str) -> Markup:
    """What the assistant has shown of an answer it has not finished."""
    if not text:
        return Markup("")
    return Markup('<div class="said ours bot"><div class="text">{}</div><div class="under">{}</div></div>').format(
        text, say("talk.speaking")
    )


def _message(entry: Entry, event: Message, me: str) -> Markup:
    side = {"shopper": "theirs", "assistant": "ours bot", "staff": "ours mine"}[event.by]
    who = {"shopper": "", "assistant": say("talk.assistant"), "staff": event.name or ""}[event.by]
    under = [who, when(entry.at)]
    if event.by == "assistant" and event.engine == "llm":
        under.append(say("talk.by_model"))
    return Markup(
        '<div class="said {}" data-seq="{}"><div class="text">{}</div>{}<div class="under">{}</div></div>'
    ).format(side, entry.seq, event.text, _cites(event), " · ".join(filter(None, under)))


def _cites(event: Message) -> Markup:
    if not event.cites:
        return Markup("")
    each = [
        Markup("<details><summary>{}</summary><div class='pre'>{}</div></details>").format(
            cite.title or cite.source, "\n".join(filter(None, (cite.quote, cite.source)))
        )
        for cite in event.cites
    ]
    return Markup('<div class="cites">{}</div>').format(Markup("").join(each))


def _why(event: Traced) -> Markup:
    """为什么这样答: what was understood, what was found, what was stopped, how long it took."""
    body = why_rows(event)
    if not body:
        return Markup("")
    return Markup('<details class="why"><summary>{}</summary>{}</details>').format(say("talk.why"), body)


def why_rows(event: Traced) -> Markup:
    """The trace in lines."""
    rows: list[Markup] = []

    def row(name: str, text: object, kind: str = "") -> None:
        rows.append(Markup('<div class="{}"><dt>{}</dt><dd>{}</dd></div>').format(kind, say(f"why.{name}"), text))

    for ask in event.meaning.get("answered", ()):
        decision = said(f"why.decision.{ask.get('decision')}", str(ask.get("decision")))
        row("asked", say("why.question", question=ask.get("question", ""), decision=decision))
    for passage in event.passages[:4]:
        share = f"{round(float(passage.get('confidence', 0)) * 100)}%"
        row("found", Markup("<b>{}</b> {} <i>{}</i>").format(share, passage.get("question"), passage.get("source")))
    verdict = event.verdict or {}
    if verdict.get("policy"):
        row("ruled", f"{verdict.get('title') or verdict['policy']}（{verdict['policy']}@{verdict.get('version')}）")
    for stopped in event.stopped:
        row("stopped", f"{stopped.get('sentence')}（{stopped.get('problem')}）", "bad")
    for fault in event.faults:
        row("fault", fault, "bad")
    if rows and event.ms:
        row("took", say("why.ms", ms=round(sum(event.ms.values()))))
    return Markup("<dl>{}</dl>").format(Markup("").join(rows)) if rows else Markup("")


def _any(event: Any) -> str:
    return said(f"talk.event.{event.kind}", event.kind)


def _level(event: Any) -> str:
    return said(f"level.{event.level}", event.level)


def _handed_over(event: Any) -> str:
    if event.back:
        return say("talk.event.back")
    return say("talk.event.handed_over", reason=said(f"reason.{event.reason}"), level=_level(event))


def _claimed(event: Any) -> str:
    name = event.name or event.by
    return (
        say("talk.event.given", name=name, by=event.given_by)
        if event.given_by
        else say("talk.event.claimed", name=name)
    )


def _transferred(event: Any) -> str:
    to = say("talk.to_colleague", name=event.to) if event.to else say("talk.to_queue")
    return say("talk.event.transferred", name=event.by, to=to) + (f"：{event.note}" if event.note else "")


def _resolved(event: Any) -> str:
    return say("talk.event.resolved", name=event.by) + (f"：{event.summary}" if event.summary else "")


def _promised(event: Any) -> str:
    return say(f"talk.event.promised_{event.about}", name=event.by, text=event.text, due=when(event.due))


def _kept(event: Any) -> str:
    which = "dropped" if event.dropped else "kept"
    return say(f"talk.event.{which}", name=event.by) + (f"：{event.note}" if event.note else "")


def _reopened(event: Any) -> str:
    return say("talk.event.reopened_shopper") if event.by == "shopper" else say("talk.event.reopened", name=event.by)


def _rated(event: Any) -> str:
    stars = "★" * event.stars + "☆" * (5 - event.stars)
    return say("talk.event.rated", stars=stars) + (f"：{event.note}" if event.note else "")


def _visited(event: Any) -> str:
    seen = [say("talk.product", sku=event.product)] if event.product else []
    seen += [say("talk.order", number=event.order)] if event.order else []
    return say("talk.event.visited", what="、".join(seen)) if seen else ""


_NOTICES: dict[str, Callable[[Any], str]] = {
    "part": lambda event: "",
    "handed_over": _handed_over,
    "claimed": _claimed,
    "transferred": _transferred,
    "released": lambda event: say("talk.event.released", name=event.by),
    "resolved": _resolved,
    "reopened": _reopened,
    "waiting": lambda event: say("talk.event.waiting", name=event.by, on=said(f"waits_on.{event.on}")),
    "promised": _promised,
    "kept": _kept,
    "raised": lambda event: say(f"talk.event.raised_{event.what}"),
    "rated": _rated,
    "judged": lambda event: say("talk.event.helpful" if event.helpful else "talk.event.unhelpful"),
    "visited": _visited,
}


def text_of(value: object) -> Markup:
    """Any text, escaped for HTML."""
    return escape(value)
