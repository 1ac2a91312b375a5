"""A simulated shopper: somebody with a manner and something to find out, who talks until it is found out.

Offline it goes by rules and a seed, always the same; with a model the words come from `prompts/shopper.md`.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.conversation.events import Message
from knowledge.text import fold, to_traditional
from prompts import load, words

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Persona(BaseModel):
    """Who asks, and what for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    goal: str
    """What the shopper wants to find out, in one sentence; also the first thing said where `opens` is empty."""
    manner: str = "plain"
    """One of the manners of prompts/eval_shopper.yaml: plain, hasty, chatty, angry, elder, traditional."""
    opens: str = ""
    """The first message."""
    knows: dict[str, str] = Field(default_factory=dict)
    """What the shopper can say when asked: a pattern in the question → the reply."""
    done: tuple[str, ...] = ()
    """Patterns that, all found in answers, mean the goal is reached."""
    patience: int = 4
    """Messages before the shopper asks for a person or leaves."""


@dataclass(frozen=True, slots=True)
class Shopper:
    """A persona at work."""

    persona: Persona
    seed: int
    model: BaseChatModel | None = None


async def next_words(shopper: Shopper, said: list[str], answer: Message | None) -> list[str]:
    """The next message as a list of one, or nothing when the shopper is done."""
    persona = shopper.persona
    if answer is None:
        return [mannered(persona.opens or persona.goal, persona.manner, shopper.seed)]
    if _satisfied(persona, answer) or answer.action == "handoff" or len(said) >= persona.patience:
        return []
    if shopper.model is not None and (worded := await _worded(shopper, said, answer)) is not None:
        return [worded] if worded else []
    return [mannered(_reply(persona, answer, said), persona.manner, shopper.seed + len(said))]


def _satisfied(persona: Persona, answer: Message) -> bool:
    text = re.sub(r"\s+", "", fold(answer.text))
    if persona.done:
        return all(re.search(pattern, text) for pattern in persona.done)
    return answer.action == "answer"


def _reply(persona: Persona, answer: Message, said: list[str]) -> str:
    """What was asked for, if known; an option, if offered; else the goal once more."""
    text = fold(answer.text)
    for pattern, reply in persona.knows.items():
        if re.search(pattern, text) and reply not in said:
            return reply
    for option in answer.suggestions:
        if set(fold(option.says)) & set(fold(persona.goal)) and option.says not in said:
            return option.says
    return persona.goal


def mannered(text: str, manner: str, seed: int) -> str:
    """`text` as this kind of shopper types it; the same seed types the same."""
    dice = random.Random(seed)
    table: dict[str, Any] = words("eval_shopper").get(manner, {})
    for plain, said in table.get("says", {}).items():
        text = text.replace(plain, said)
    before = dice.choice(table.get("before", [""]))
    after = dice.choice(table.get("after", [""]))
    text = f"{before}{text}{after}"
    return to_traditional(text) if table.get("traditional") else text


async def _worded(shopper: Shopper, said: list[str], answer: Message) -> str | None:
    """A model's words for the shopper; empty when the shopper is content, None where the model is no help."""
    assert shopper.model is not None
    prompt = load("shopper").render(
        goal=shopper.persona.goal,
        manner=str(words("eval_shopper").get(shopper.persona.manner, {}).get("about", "")),
        knows="\n".join(f"- {fact}" for fact in shopper.persona.knows.values()),
        said="\n".join(said),
        answer=answer.text,
    )
    try:
        reply = await shopper.model.ainvoke(prompt)
    except Exception:  # a model that is away only means that the rules speak
        return None
    text = str(reply.content).strip().splitlines()
    if not text:
        return None
    return "" if "【完】" in text[0] else text[0][:200]
