"""The packet as cards: what a person needs to take over without asking again. Pure: data in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from assistant.console.bubbles import why_rows
from assistant.console.clock import day, hour, when
from assistant.console.words import said, say
from assistant.conversation.events import Traced
from assistant.service.packet import Answered, Packet

_TONE = {"allow": "green", "allow_with_deduction": "amber", "deny": "red", "need_info": "blue", "human": "amber"}
_MOOD = {"calm": "", "upset": "amber", "angry": "red"}
_LEVEL = {"L3": "red", "L2": "amber", "L1": ""}
_STEPS = ("ordered_at", "paid_at", "balance_paid_at", "shipped_at", "signed_at", "goods_received_at")


def pill(text: str, tone: str = "") -> Markup:
    """A small label."""
    return Markup('<span class="pill {}">{}</span>').format(tone, text) if text else Markup("")


def level_pill(level: str) -> Markup:
    """How urgent."""
    return pill(said(f"level.{level}", level), _LEVEL.get(level, ""))


def _lines(rows: Iterable[tuple[str, object]]) -> Markup:
    each = [Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, text) for name, text in rows if text]
    return Markup('<dl class="facts">{}</dl>').format(Markup("").join(each)) if each else Markup("")


def matter(packet: Packet) -> Markup:
    """What it is about: the open question first, in the shopper's own words."""
    story = packet.story
    pills = Markup(" ").join(
        filter(
            None,
            (
                level_pill(story.level) if story else Markup(""),
                pill(said(f"reason.{story.reason}")) if story else Markup(""),
                pill(said(f"mood.{packet.mood}"), _MOOD.get(packet.mood, "")),
                pill(say("packet.again", n=story.reopened), "red") if story and story.reopened else Markup(""),
            ),
        )
    )
    question = packet.open_question
    rows: list[tuple[str, object]] = [
        (say("packet.wishes"), "；".join(packet.wishes[-3:])),
        (say("packet.product"), packet.product or ""),
        (say("packet.waits"), said(f"waits_on.{story.waiting_on}") if story and story.waiting_on else ""),
        (say("packet.before"), say("packet.times", n=len(packet.before)) if packet.before else ""),
        (say("packet.faults"), "；".join(packet.faults)),
    ]
    asked = (
        Markup('<blockquote class="pre">{}</blockquote>').format(question)
        if question
        else Markup('<div class="muted small">{}</div>').format(say("packet.nothing_open"))
    )
    return Markup('<div class="line wrap">{}</div>{}{}').format(pills, asked, _lines(rows))


def verdict(found: Mapping[str, Any] | None, trace: Traced | None) -> Markup:
    """What the rules said, why, and what else is open to the shopper."""
    if not found or not found.get("says"):
        return Markup("")
    says = str(found["says"])
    remedies = "、".join(said(f"remedy.{each}") for each in found.get("remedies", ()))
    head = pill(said(f"says.{says}"), _TONE.get(says, "")) + Markup(" <b>{}</b>").format(found.get("title") or "")
    yuan = found.get("amount_fen")
    rows: list[tuple[str, object]] = [
        (say("verdict.remedies"), remedies),
        (say("verdict.deadline"), f"{day(until)} {hour(until)}" if (until := found.get("deadline")) else ""),
        (say("verdict.amount"), f"¥{money(yuan)}" if yuan is not None else ""),
        (say("verdict.freight"), said(f"freight.{found['freight']}") if found.get("freight") else ""),
        (say("verdict.missing"), "、".join(said(f"fact.{each}", each) for each in found.get("missing", ()))),
        (say("verdict.working"), "；".join(found.get("working", ()))),
    ]
    reasons = [
        Markup("<li>{} <i>{}</i></li>").format(reason.get("text"), "、".join(reason.get("cites", ())))
        for reason in found.get("reasons", ())
    ]
    others = dict.fromkeys(
        Markup("<li>{} {}</li>").format(
            pill(said(f"says.{other['says']}"), _TONE.get(other["says"], "")),
            "、".join(said(f"remedy.{each}") for each in other.get("remedies", ())) or other.get("policy"),
        )
        for other in found.get("alternatives", ())
    )
    source = f"{found.get('policy')}@{found.get('version')}" if found.get("policy") else ""
    why = Markup(
        '<details class="why"><summary>{}</summary><ul>{}</ul>{}<i class="small faint">{}</i></details>'
    ).format(say("packet.why"), Markup("").join(reasons), why_rows(trace) if trace else Markup(""), source)
    also = (
        Markup('<div class="small muted">{}</div><ul>{}</ul>').format(say("verdict.others"), Markup("").join(others))
        if others
        else Markup("")
    )
    return Markup('<div class="line wrap">{}</div>{}{}{}').format(head, _lines(rows), also, why)


def order(found: Mapping[str, Any] | None, number: str | None) -> Markup:
    """The order: state, what was bought, when what happened, where the parcel is."""
    if not found:
        return (
            Markup('<div class="muted">{}</div>').format(say("order.unknown", number=number)) if number else Markup("")
        )
    goods = [
        Markup('<li><span class="grow">{}</span> <i>×{}</i> <b>¥{}</b></li>').format(
            each.get("title"), each.get("quantity"), money(each.get("paid_fen") or 0)
        )
        for each in found.get("lines", ())
    ]
    times = [(say(f"order.{name}"), when(str(found[name]))) for name in _STEPS if found.get(name)]
    trail = list(found.get("logistics", ()))
    scans = [Markup("<li><i>{}</i> {}</li>").format(when(str(s["at"])), s["text"]) for s in reversed(trail)]
    parcel = (
        Markup("<details><summary>{}</summary><ul>{}</ul></details>").format(
            say("order.trail", text=trail[-1]["text"]), Markup("").join(scans)
        )
        if trail
        else Markup("")
    )
    note = Markup('<div class="small muted">{}</div>').format(found["note"]) if found.get("note") else Markup("")
    head = Markup('<div class="line"><b>{}</b><span class="grow"></span>{}</div>').format(
        found.get("number"), pill(str(found.get("state") or ""), "green")
    )
    return Markup('{}<ul class="goods">{}</ul>{}{}{}').format(head, Markup("").join(goods), _lines(times), parcel, note)


def answered(done: Sequence[Answered]) -> Markup:
    """What was answered already, and from which source."""
    each = [
        Markup("<li><b>{}</b><div class='pre clip'>{}</div><i class='small faint'>{}</i> {}</li>").format(
            one.asked,
            one.text,
            "；".join(dict.fromkeys(cite.title or cite.source for cite in one.cites)) or say("packet.no_source"),
            pill(say("packet.unhelpful"), "red") if one.helpful is False else Markup(""),
        )
        for one in reversed(done)
    ]
    return Markup('<ul class="answered">{}</ul>').format(Markup("").join(each)) if each else Markup("")


def money(fen: int) -> str:
    """Yuan, with cents only where there are some."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"
