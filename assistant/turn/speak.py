"""Says a draft: a model words it where it may, every sentence is checked first, something useful always comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.conversation.state import Conversation
from assistant.turn.compose import Draft, Line, fixed
from assistant.turn.evidence import Evidence
from assistant.turn.guard import Breach, Grounds, check
from assistant.turn.meaning import Meaning, Script
from assistant.turn.ruling import Ruling
from assistant.turn.shop import Shop
from assistant.turn.verdict_speech import Unsaid, in_own_words, speakable
from assistant.turn.wording import (
    FIRST_SENTENCE_S,
    ModelFault,
    NothingFound,
    answer_prompt,
    passages_for,
    stream_sentences,
)
from knowledge.text import to_traditional
from prompts import load, phrase

CURATED_AT = 0.85
"""Confidence from which a merchant's own answer is given word for word even where a model is at hand."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sentence the guard did not let through."""

    sentence: str
    problem: str


class Notes(Protocol):
    """The part of a turn's notes that speaking writes to."""

    stopped: list[Stopped]
    faults: list[str]
    prompts: dict[str, str]
    engine: str
    answered: bool
    """Whether the model gave the whole answer."""
    began: float
    """Loop time at which the turn began."""


async def speak(
    shop: Shop, talk: Conversation, meaning: Meaning, evidence: Sequence[Evidence], draft: Draft, notes: Notes
) -> AsyncIterator[Line]:
    """The sentences of the answer, each checked before it is yielded; continues after what `talk.speaking` showed."""
    said, script = talk.speaking, meaning.said.script
    if shop.model is not None and not said and (ruling := speakable(evidence)) and draft.action == "answer":
        for line in await _ruled(shop, meaning, ruling, notes):
            yield in_script(line, script)
        if notes.answered:
            return
    elif shop.model is not None and _wordable(shop, evidence, draft):
        if shop.breaker.allows():
            async for line in _worded(shop, talk, meaning, evidence, notes):
                shown = in_script(line, script)
                said += shown.text
                yield shown
        else:
            notes.faults.append("model: resting after faults")
        if notes.answered:
            return
    for line in _unsaid([in_script(line, script) for line in _checked(shop, draft, meaning, notes)], said, script):
        yield line


async def _ruled(shop: Shop, meaning: Meaning, ruling: Ruling, notes: Notes) -> list[Line]:
    """A model's words for a verdict, if they are the verdict's; else none. `notes.answered` says which."""
    if not shop.breaker.allows():
        notes.faults.append("model: resting after faults")
        return []
    try:
        lines = await in_own_words(shop, meaning, ruling, notes)
    except Unsaid as unsaid:
        shop.breaker.succeeded()
        notes.stopped.append(Stopped(unsaid.sentence, unsaid.problem))
        return []
    except ModelFault as fault:
        shop.breaker.failed()
        notes.faults.append(f"model: {fault}")
        return []
    shop.breaker.succeeded()
    notes.answered, notes.engine = True, "llm"
    return lines


def in_script(line: Line, script: Script) -> Line:
    """The line in the shopper's script, its quotation too."""
    if script == "simplified":
        return line
    quoted = line.cite and line.cite.model_copy(
        update={"title": to_traditional(line.cite.title), "quote": to_traditional(line.cite.quote)}
    )
    return replace(line, text=to_traditional(line.text), cite=quoted)


def _wordable(shop: Shop, evidence: Sequence[Evidence], draft: Draft) -> bool:
    """Whether a model may word this: something was found, and no curated answer fits it word for word."""
    if draft.action not in ("answer", "clarify") or not any(e.hits for e in evidence):
        return False
    if any(e.ruling for e in evidence):
        return False  # what the rules say beside other matters keeps their own words
    if draft.action == "clarify" and not any(e.decision == "clarify" for e in evidence):
        return False
    curated_at = float(shop.settings.get("curated_at", CURATED_AT))
    return any(
        not e.facts and (e.hits[0].passage.kind == "text" or e.confidence < curated_at) for e in evidence if e.hits
    )


async def _worded(
    shop: Shop, talk: Conversation, meaning: Meaning, evidence: Sequence[Evidence], notes: Notes
) -> AsyncIterator[Line]:
    """The model's sentences that pass the guard. `notes.answered` says whether they are the whole answer."""
    assert shop.model is not None
    hits = passages_for(evidence)
    said, fix = talk.speaking, ""
    notes.prompts["answer"] = load("answer").digest
    first_by = notes.began + FIRST_SENTENCE_S
    for attempt in (1, 2):
        breach: Breach | None = None
        prompt = answer_prompt(shop.name, meaning, talk, hits, said, fix)
        try:
            async with aclosing(stream_sentences(shop.model, prompt, hits, first_by)) as lines:
                async for line in lines:
                    if breach := check(line.text, _grounds(shop, line, meaning)):
                        notes.stopped.append(Stopped(line.text, f"{breach.kind}: {breach.what}"))
                        fix = phrase("model.correction", sentence=line.text, problem=breach.why)
                        break
                    said += line.text
                    notes.engine = "llm"
                    yield line
        except NothingFound:
            notes.faults.append("model: says the passages do not answer")
            shop.breaker.succeeded()
            return
        except ModelFault as fault:
            notes.faults.append(f"model: {fault}")
            shop.breaker.failed()
            return
        shop.breaker.succeeded()
        if breach is None:
            notes.answered = True
            return
        # A model that spoke in time has as long again for its correction, within the turn's own limit.
        first_by = max(first_by, asyncio.get_running_loop().time() + FIRST_SENTENCE_S / 2) if said else first_by
        if attempt == 2:
            notes.faults.append("model: two sentences without grounds")


def _checked(shop: Shop, draft: Draft, meaning: Meaning, notes: Notes) -> list[Line]:
    """The offline lines that pass the guard; an honest no where none does."""
    passed: list[Line] = []
    for line in draft.lines:
        breach = check(line.text, _grounds(shop, line, meaning)) if line.grounds is not None else None
        if breach:
            notes.stopped.append(Stopped(line.text, f"{breach.kind}: {breach.what}"))
        else:
            passed.append(line)
    return passed if any(line.text.strip() for line in passed) else [fixed("guard.nothing_left")]


def _unsaid(lines: list[Line], said: str, script: Script) -> list[Line]:
    """What is still to say after `said`. Shown words stay: the same answer goes on, another one says that it starts."""
    left, rest = said, list(lines)
    while rest and left.startswith(rest[0].text):
        left = left.removeprefix(rest.pop(0).text)
    if not left:
        return rest
    return [Line("\n"), in_script(fixed("resume.bridge"), script), *lines]


def _grounds(shop: Shop, line: Line, meaning: Meaning) -> Grounds:
    return Grounds(texts=line.grounds or (), question=meaning.said.original, year=shop.now().year)
