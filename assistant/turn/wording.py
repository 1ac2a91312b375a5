"""The model's part: it words what was found and completes half-questions. It decides nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from assistant.conversation.state import Conversation
from assistant.turn.compose import Line
from assistant.turn.evidence import Evidence, cite
from assistant.turn.guard import SentenceStream
from assistant.turn.meaning import Meaning
from knowledge.types import Hit
from prompts import load, phrase

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

FIRST_SENTENCE_S = 4.5
"""Seconds from the shopper's message to the model's first sentence; then the offline answer goes out (within 5 s)."""
NEXT_PIECE_S = 5.0
"""Seconds between two pieces of a stream; a drip slower than this counts as a hang."""
WHOLE_ANSWER_S = 20.0
"""Seconds for a whole answer, so that what falls back still ends within 30."""
RESTATE_S = 2.0
"""Seconds a model has to complete a half-question; without it the rules' own reading stands."""
LONGEST_ANSWER = 600
"""Characters after which a stream that does not end is cut: an endless loop is a fault, not an answer."""
LONGEST_SENTENCE = 160
"""Characters; a merchant's own sentences are half as long."""
PASSAGES_SHOWN = 4

_MARK = re.compile(r"[\[【［](\d{1,2})[\]】］]")
_NOTHING = re.compile(r"【\s*无\s*】")


class ModelFault(Exception):
    """The endpoint did not give a usable answer; the name says how (`timeout`, `cut`, `refused` …)."""


class NothingFound(Exception):
    """The model says that the passages do not answer the question."""


class Restated(BaseModel):
    """A half-question completed."""

    questions: list[str] = Field(default_factory=list, max_length=3)
    wants_person: bool = False


def passages_for(evidence: Sequence[Evidence]) -> list[Hit]:
    """The passages a model may use: the best of every question, each once."""
    ranked = [hit for place in range(PASSAGES_SHOWN) for e in evidence for hit in e.hits[place : place + 1]]
    return list({hit.passage.id: hit for hit in ranked}.values())[:PASSAGES_SHOWN]


def answer_prompt(
    shop_name: str, meaning: Meaning, talk: Conversation, hits: Sequence[Hit], said: str, fix: str
) -> str:
    """The whole prompt for one answer. Passages and the shopper's words go in as data."""
    passages = "\n".join(f"[{n}] {h.passage.question}：{h.passage.text}" for n, h in enumerate(hits, 1))
    return load("answer").render(
        shop=shop_name,
        passages=as_data(passages),
        verdict=phrase("model.no_verdict"),
        history=_history(talk),
        question=as_data(meaning.said.original),
        said=said or phrase("model.nothing_said"),
        correction=fix,
    )


def as_data(text: str) -> str:
    """Words that are not ours, for a prompt of ours."""
    # Headings of our own prompt inside a passage must not look like ours.
    return text.replace("【", "〔").replace("】", "〕")


def _history(talk: Conversation) -> str:
    past = talk.messages[: -len(talk.pending) or None][-6:]
    return "\n".join(f"{phrase(f'model.{m.by}')}：{as_data(m.text)[:200]}" for m in past) or phrase("model.no_history")


async def stream_sentences(
    model: BaseChatModel, prompt: str, hits: Sequence[Hit], first_by: float
) -> AsyncGenerator[Line]:
    """Whole sentences as the model says them, each with the passage it names; the first by `first_by` (loop time).

    Raises `ModelFault` when the endpoint refuses, hangs, drips, cuts, loops or sends rubbish, `NothingFound` when the
    model says the passages do not answer. What was yielded before stays said.
    """
    splitter, length, began = SentenceStream(), 0, False
    loop = asyncio.get_running_loop()
    started = loop.time()
    pieces = model.astream(prompt)
    carry = ""
    try:
        while True:
            now = loop.time()
            allowed = first_by - now if not began else min(NEXT_PIECE_S, started + WHOLE_ANSWER_S - now)
            try:
                async with asyncio.timeout(max(allowed, 0.01)):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise ModelFault("first_sentence_timeout" if not began else "stream_timeout") from None
            text = _text_of(piece.content)
            length += len(text)
            if length > LONGEST_ANSWER:
                raise ModelFault("endless")
            carry += text
            if _NOTHING.search(carry[-20:]):
                raise NothingFound
            for sentence in splitter.push(text):
                if line := _line(sentence, hits):
                    began = True
                    yield line
        for sentence in splitter.flush():
            if line := _line(sentence, hits):
                began = True
                yield line
    except (ModelFault, NothingFound, asyncio.CancelledError, GeneratorExit):
        raise
    except Exception as broke:  # any client library's error means the same here: this endpoint failed us
        raise ModelFault(f"{type(broke).__name__}: {str(broke)[:120]}") from broke
    finally:
        await _close(pieces)
    if not began:
        raise ModelFault("empty")


async def _close(pieces: AsyncIterator[object]) -> None:
    closing = getattr(pieces, "aclose", None)
    if closing is not None:
        try:
            async with asyncio.timeout(1.0):
                await closing()
        except Exception:
            pass  # closing a broken stream may fail in any way; there is nothing left to save


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part.get("text", "") if isinstance(part, dict) else str(part) for part in content)
    return ""


def _line(sentence: str, hits: Sequence[Hit]) -> Line | None:
    """A model's sentence without its source marks, grounded in what it names (or, unnamed, in all it was shown)."""
    named = [hits[int(n) - 1] for n in _MARK.findall(sentence) if 0 < int(n) <= len(hits)]
    text = _MARK.sub("", sentence)
    if not any(c.isalnum() for c in text):
        return None
    if _babbles(text):
        raise ModelFault("babble")
    grounds = tuple(t for h in (named or hits) for t in (h.passage.text, h.passage.question))
    source = named[0] if named else (hits[0] if hits else None)
    return Line(text, grounds, cite(source) if source else None)


def _babbles(text: str) -> bool:
    """Whether a sentence repeats itself without end, as a model does that has lost its way."""
    pairs = {text[n : n + 2] for n in range(len(text) - 1)}
    return len(text) > LONGEST_SENTENCE or (len(text) > 24 and len(pairs) < len(text) / 3)


async def restate(model: BaseChatModel, talk: Conversation, said: str) -> Restated | None:
    """The shopper's last words as whole questions, or None when the model is no help in time."""
    prompt = load("understand").render(history=_history(talk), said=as_data(said))
    try:
        async with asyncio.timeout(RESTATE_S):
            reply = await model.ainvoke(prompt)
    except Exception:  # a model that fails here only means that the rules' reading stands
        return None
    text = _text_of(reply.content)
    start, end = text.find("{"), text.rfind("}")
    try:
        return Restated.model_validate(json.loads(text[start : end + 1]))
    except (ValueError, ValidationError):
        return None
