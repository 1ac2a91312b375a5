"""One shopper message, top to bottom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.conversation.events import Event, HandedOver, Message, Option, Part, Traced
from assistant.conversation.state import Conversation
from assistant.turn.compose import Draft, compose, handed_over
from assistant.turn.escalate import Found
from assistant.turn.evidence import Evidence, by_category, gather, promises_a_person
from assistant.turn.meaning import Ask, Meaning, Script
from assistant.turn.normalise import normalise
from assistant.turn.shop import Shop
from assistant.turn.speak import Stopped, speak
from assistant.turn.understand import understand
from assistant.turn.wording import restate
from knowledge.text import fold, to_traditional
from prompts import load


@dataclass(slots=True)
class Notes:
    """What a turn remembers for its trace while it runs."""

    started: float = field(default_factory=time.perf_counter)
    ms: dict[str, float] = field(default_factory=dict)
    stopped: list[Stopped] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    prompts: dict[str, str] = field(default_factory=dict)
    engine: str = "offline"
    answered: bool = False
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def lap(self, stage: str) -> None:
        """Note the milliseconds since the last lap as those of `stage`."""
        now = time.perf_counter()
        self.ms[stage] = round((now - self.started) * 1000, 3)
        self.started = now


async def take_turn(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    """Everything the assistant does about what the shopper has said since the last answer (`talk.pending`).

    Yields events in order: checked sentences as `Part`, then the finished `Message` (whose text is the parts joined,
    preceded by whatever `talk.speaking` already showed), its `Traced`, and `HandedOver` when a person must take over.
    Stores and sends nothing.
    """
    notes, shop = Notes(), shop.seen_by(talk.buyer)
    meaning = understand(normalise("\n".join(talk.pending), _said_before(talk)), talk)
    notes.lap("understand")
    evidence = [] if meaning.small else [await gather(shop, ask, talk, meaning.order) for ask in meaning.asks]
    meaning, evidence = await _with_model(shop, talk, meaning, evidence, notes)
    notes.lap("retrieve")
    call = _call(shop, meaning, evidence, talk)
    draft = _draft(shop, meaning, evidence, call)
    text, cites = talk.speaking, {}
    async for line in speak(shop, talk, meaning, evidence, draft, notes):
        text += line.text
        if line.cite:
            cites[line.cite.id] = line.cite
        yield Part(text=line.text, answers=talk.asked_at)
    notes.lap("compose")
    script = meaning.said.script
    yield Message(
        by="assistant",
        text=text,
        action="answer" if notes.answered else draft.action,
        reason=draft.reason,
        verdict=_verdict(evidence),
        cites=tuple(cites.values()),
        suggestions=() if notes.answered else tuple(_option_in(o, script) for o in draft.suggestions),
        confidence=None if draft.confidence is None else round(draft.confidence, 3),
        engine="llm" if notes.engine == "llm" else "offline",
        answers=talk.asked_at,
    )
    yield _traced(shop, talk, meaning, evidence, notes)
    if draft.reason:
        yield HandedOver(reason=draft.reason, level=call.level if call else "L2")


def _said_before(talk: Conversation) -> list[str]:
    return [m.text for m in talk.messages[: -len(talk.pending) or None] if m.by == "shopper"][-6:]


async def _with_model(
    shop: Shop, talk: Conversation, meaning: Meaning, evidence: list[Evidence], notes: Notes
) -> tuple[Meaning, list[Evidence]]:
    """Where the rules' reading found nothing, let a model complete the question; kept only if that finds more."""
    lost = bool(evidence) and all(e.decision != "answer" for e in evidence)
    if shop.model is None or not lost or meaning.calls or meaning.outside or not shop.breaker.allows():
        return meaning, evidence
    restated = await restate(shop.model, talk, meaning.said.original)
    if restated is None:
        notes.faults.append("model: no help in understanding")
        shop.breaker.failed()
        return meaning, evidence
    notes.prompts["understand"] = load("understand").digest
    if restated.wants_person:
        return replace(meaning, calls=(Found("asked_for_person", "L3", meaning.said.text),)), evidence
    asks = tuple(Ask(q, fold(q)) for q in restated.questions if q.strip())
    found = [await gather(shop, ask, talk, meaning.order) for ask in asks]
    if any(e.decision == "answer" for e in found):
        return replace(meaning, asks=asks), found
    return meaning, evidence


def _call(shop: Shop, meaning: Meaning, evidence: list[Evidence], talk: Conversation) -> Found | None:
    """The reason to call a person, if there is one."""
    if meaning.calls and not meaning.calls[0].confirm:
        return meaning.calls[0]
    if found := next((f for e in evidence if (f := by_category(shop, e))), None):
        return found
    if not evidence or meaning.outside or meaning.small:
        return None
    if ruled := [e.ruling for e in evidence if e.ruling and e.ruling.human]:
        return Found(ruled[0].reason, "L2", "")
    if any(e.decision == "answer" and promises_a_person(e) for e in evidence):
        return Found("needs_action", "L2", "")
    decisions = {e.decision for e in evidence}
    if decisions == {"none"} and _found_nothing_before(talk):
        return Found("no_evidence", "L2", "")
    if "answer" not in decisions and talk.clarified >= 2:
        return Found("not_understood", "L2", "")
    return None


def _verdict(evidence: list[Evidence]) -> dict[str, Any] | None:
    """The verdict shown as a card: the first one given."""
    return next((e.ruling.verdict for e in evidence if e.ruling and e.ruling.verdict), None)


def _logged_verdict(evidence: list[Evidence]) -> dict[str, Any] | None:
    """The same for staff: with the facts, the options with cost and value, and the choice."""
    return next(({**e.ruling.verdict, **e.ruling.log} for e in evidence if e.ruling and e.ruling.verdict), None)


def _found_nothing_before(talk: Conversation) -> bool:
    last = talk.traces[-1].meaning.get("answered", ()) if talk.traces else ()
    return bool(last) and all(a.get("decision") == "none" for a in last)


def _draft(shop: Shop, meaning: Meaning, evidence: list[Evidence], call: Found | None) -> Draft:
    if call is None:
        return compose(shop, meaning, evidence)
    # Asked for a person: nothing goes before it; in danger only what to do now. Else what can be answered comes first.
    others = [
        e
        for e in evidence
        if e.decision == "answer"
        and (call.level != "L3" or by_category(shop, e))
        and not (call.span and call.span in e.ask.question)
    ]
    return handed_over(shop, call.reason, others)


def _option_in(option: Option, script: Script) -> Option:
    if script == "simplified":
        return option
    return Option(label=to_traditional(option.label), says=to_traditional(option.says))


def _traced(shop: Shop, talk: Conversation, meaning: Meaning, evidence: list[Evidence], notes: Notes) -> Traced:
    return Traced(
        answers=talk.asked_at,
        meaning={**meaning.as_trace(), "answered": [e.as_trace() for e in evidence]},
        verdict=_logged_verdict(evidence),
        passages=tuple(
            {
                "id": hit.passage.id,
                "source": hit.passage.source,
                "question": hit.passage.question,
                "score": round(hit.score, 4),
                "confidence": round(hit.confidence, 3),
                "wording": hit.wording,
            }
            for each in evidence
            for hit in each.hits[:3]
        ),
        stopped=tuple({"sentence": s.sentence, "problem": s.problem} for s in notes.stopped),
        faults=tuple((*meaning.faults, *notes.faults)),
        prompts=notes.prompts,
        model=getattr(shop.model, "model_name", None) if shop.model else None,
        ms=notes.ms,
    )
