"""A model's own words for a verdict: all of them say what it says and leave nothing out, or none is shown.

The rules' words are always at hand, so nothing is gained by showing half of a model's: it has a few seconds for the
whole of it, every sentence is checked against the verdict, and at the first doubt our own words go out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from assistant.turn.compose import Line
from assistant.turn.evidence import Evidence
from assistant.turn.guard import Breach, Grounds, check
from assistant.turn.ruling import Ruling
from assistant.turn.verdict_guard import contradiction, untold
from assistant.turn.wording import ModelFault, NothingFound, as_data, stream_sentences
from prompts import load

if TYPE_CHECKING:
    from assistant.turn.meaning import Meaning
    from assistant.turn.shop import Shop

WHOLE_S = 4.0
"""Seconds for the whole of it."""
MOST = 6
"""Sentences; a verdict needs four."""
_WORDED = ("allow", "allow_with_deduction", "deny")


class Notes(Protocol):
    """The part of a turn's notes that is written to here."""

    faults: list[str]
    prompts: dict[str, str]


class Unsaid(Exception):
    """The model's words do not say what the verdict says."""

    def __init__(self, sentence: str, problem: str) -> None:
        self.sentence, self.problem = sentence, problem


def speakable(evidence: Sequence[Evidence]) -> Ruling | None:
    """The one ruling that a model may word: a plain yes or no. What asks or calls a person keeps its fixed words."""
    rulings = [e.ruling for e in evidence if e.ruling is not None]
    if len(evidence) != 1 or len(rulings) != 1 or not rulings[0].facts or rulings[0].human:
        return None
    return rulings[0] if rulings[0].plain and rulings[0].verdict.get("says") in _WORDED else None


async def in_own_words(shop: Shop, meaning: Meaning, ruling: Ruling, notes: Notes) -> list[Line]:
    """The model's lines. Raises `Unsaid` where they contradict or leave out, `ModelFault` where there are none."""
    assert shop.model is not None
    told = [fact.text for fact in ruling.facts]
    cite = ruling.facts[0].cite
    grounds = tuple([*told, *(fact.cite.quote for fact in ruling.facts), *ruling.verdict.get("working", ())])
    prompt = load("verdict")
    notes.prompts["verdict"] = prompt.digest
    asked = prompt.render(shop=shop.name, verdict=as_data("\n".join(told)), question=as_data(meaning.said.original))
    lines: list[Line] = []
    try:
        async with asyncio.timeout(WHOLE_S):
            until = asyncio.get_running_loop().time() + WHOLE_S
            async with aclosing(stream_sentences(shop.model, asked, (), until)) as spoken:
                async for line in spoken:
                    if breach := _breach(line.text, grounds, shop):
                        raise Unsaid(line.text, f"{breach.kind}: {breach.what}")
                    lines.append(Line(line.text, grounds, cite))
    except TimeoutError:
        raise ModelFault("verdict_timeout") from None
    except NothingFound:
        raise ModelFault("verdict_nothing") from None
    said = [line.text for line in lines]
    if len(said) > MOST:
        raise Unsaid(said[MOST], "verdict: too long")
    if wrong := contradiction(said, ruling.verdict, grounds):
        raise Unsaid(wrong, "verdict: contradiction")
    if missing := untold(said, ruling.verdict):
        raise Unsaid("".join(said), f"verdict: untold {missing}")
    return lines


def _breach(sentence: str, grounds: tuple[str, ...], shop: Shop) -> Breach | None:
    return check(sentence, Grounds(texts=grounds, year=shop.now().year))
