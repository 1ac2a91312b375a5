"""Words for what was found, without a model: a curated answer word for word, a document's own sentences, or a no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.conversation.events import Action, Cite, Option, Reason
from assistant.turn.evidence import Evidence, cite
from assistant.turn.guard import sentences
from assistant.turn.handoff import handoff_lines
from assistant.turn.meaning import Meaning
from assistant.turn.shop import Shop
from knowledge.types import Hit
from prompts import phrase

QUOTE_UP_TO = 120
"""Characters of a document that are quoted before the shopper is sent to the citation."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to say, with what it rests on."""

    text: str
    grounds: tuple[str, ...] | None = None
    """The texts every figure and promise of the sentence must follow from; None for our own fixed phrases."""
    cite: Cite | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is checked and said."""

    lines: tuple[Line, ...]
    action: Action
    reason: Reason | None = None
    suggestions: tuple[Option, ...] = ()
    confidence: float | None = None


def fixed(name: str, /, **slots: str) -> Line:
    """A fixed phrase of ours."""
    return Line(phrase(name, **slots))


def compose(shop: Shop, meaning: Meaning, evidence: Sequence[Evidence]) -> Draft:
    """The offline answer to a whole message."""
    if meaning.small:
        name = f"smalltalk.{meaning.small}"
        slots = {"shop": shop.name} if meaning.small in ("greeting", "identity") else {}
        return Draft((fixed(name, **slots),), "answer", confidence=1.0)
    answered = _distinct([e for e in evidence if e.decision == "answer"])
    if meaning.outside and not (answered and min(e.confidence for e in answered) >= 0.8):
        return Draft((fixed(f"decline.{meaning.outside}"),), "decline", confidence=1.0)
    if not evidence:
        return Draft((fixed("clarify.fragment"),), "clarify", suggestions=_starters(shop))
    if answered:
        return _answer(answered, [e for e in evidence if e.decision != "answer"], len(evidence))
    if unsure := [e for e in evidence if e.decision == "clarify" and (e.options or e.back)]:
        ask = Line(unsure[0].back) if unsure[0].back else fixed("clarify.close_call")
        options = (*unsure[0].options, _person())
        return Draft((ask,), "clarify", suggestions=options, confidence=unsure[0].confidence)
    return Draft((fixed("none.no_evidence"),), "decline", suggestions=(_person(),), confidence=evidence[0].confidence)


def handed_over(shop: Shop, reason: Reason, before: Sequence[Evidence] = (), *, again: bool = False) -> Draft:
    """The words of a hand-off, after the answers to whatever else was asked."""
    lines: list[Line] = []
    for each in before:
        lines += [*_lines_for(each), Line("\n")]
    said = handoff_lines(shop, reason, again=again)
    if reason == "needs_action" and before:
        said = said[1:]  # the entry itself has just said that a person is being called, and why
    return Draft((*lines, *(Line(text) for text in said)), "handoff", reason=reason, confidence=1.0)


def _answer(answered: Sequence[Evidence], others: Sequence[Evidence], asked: int) -> Draft:
    many = len(answered) + len(others) > 1
    lines: list[Line] = [Line(phrase("multi.lead", count=str(len(answered) + len(others))))] if many else []
    for number, each in enumerate(answered, 1):
        if many:
            lines.append(Line("\n" + phrase("multi.item", number=str(number)) + " "))
        lines += _lines_for(each) if many or not each.also else _both(each.hits[0], each.also)
    for number, each in enumerate(others, len(answered) + 1):
        lines.append(Line("\n" + phrase("multi.item", number=str(number)) + " "))
        lines.append(fixed("none.part", question=each.ask.text))
    options = tuple(o for e in others for o in e.options)[:2]
    suggestions = (*options, _person()) if others else ()
    return Draft(tuple(lines), "answer", suggestions=suggestions, confidence=min(e.confidence for e in answered))


def _distinct(answered: Sequence[Evidence]) -> list[Evidence]:
    """Two clauses that lead to the same entry are one question."""
    seen: dict[str, Evidence] = {}
    for each in answered:
        seen.setdefault(each.facts[0].cite.id + each.facts[0].text if each.facts else each.hits[0].passage.id, each)
    return list(seen.values())


def _lines_for(evidence: Evidence) -> list[Line]:
    if evidence.facts:
        # A verdict reads line by line: result, reason and money, steps; catalogue facts read on.
        between = "\n" if evidence.ruling else ""
        return [
            Line((between if n else "") + f.text, (f.text, f.cite.quote), f.cite) for n, f in enumerate(evidence.facts)
        ]
    hit = evidence.hits[0]
    before = [Line(evidence.back + "\n")] if evidence.back else []
    if hit.passage.kind == "faq":
        source = cite(hit)
        return before + [Line(s, (hit.passage.text, hit.passage.question), source) for s in sentences(hit.passage.text)]
    return before + _quoted(hit)


def _both(first: Hit, second: Hit) -> list[Line]:
    """Two entries, each under the question it answers."""
    lines = [fixed("pair.lead")]
    for hit in (first, second):
        question = hit.passage.question
        lines.append(Line("\n" + phrase("pair.item", question=question) + "\n"))
        lines += [Line(s, (hit.passage.text, question), cite(hit)) for s in sentences(hit.passage.text)]
    return lines


def _quoted(hit: Hit) -> list[Line]:
    """The best sentence of a document passage with what follows it, introduced by where it stands."""
    passage = hit.passage
    spoken = sentences(passage.text)
    start = next((i for i, s in enumerate(spoken) if hit.wording.strip() and hit.wording.strip() in s), 0)
    quote = spoken[start]
    for following in spoken[start + 1 :]:
        if len(quote) + len(following) > QUOTE_UP_TO:
            break
        quote += following
    name = passage.source.partition("#")[0].rsplit(".", 1)[0]
    section = passage.question.rsplit(" > ", 1)[-1]
    lead = (
        phrase("document.lead_section", title=name, section=section) if section else phrase("document.lead", title=name)
    )
    grounds = (passage.text, passage.question)
    return [Line(lead), *(Line(s, grounds, cite(hit, quote)) for s in sentences(quote))]


def _person() -> Option:
    return Option(label=phrase("none.person"), says=phrase("none.person"))


def _starters(shop: Shop) -> tuple[Option, ...]:
    starters = [str(s) for s in shop.settings.get("starters", ())][:3]
    return (*(Option(label=s, says=s) for s in starters), _person())
