"""What the shopper means. Rules decide first; a model may only complete a half-question (`wording.py`)."""

from __future__ import annotations

import re

from assistant.conversation.state import Conversation
from assistant.turn.clauses import clauses
from assistant.turn.escalate import reasons
from assistant.turn.followup import completions, last_question, offered, picked, topical
from assistant.turn.meaning import Ask, Meaning, Said
from assistant.turn.outside import outside
from assistant.turn.smalltalk import small_talk
from knowledge.text import fold

_ORDER = re.compile(r"(?<![0-9a-z])(?:[a-z]{1,4}[-_]?)?\d{8,22}(?![0-9a-z])")
_MASKED = re.compile(r"\d*\*{2,}\d*")
"""What is left of a masked number says nothing to search for."""
MOST_ASKS = 5
"""More questions than this in one message are answered from the first ones; nobody reads nine answers."""


def understand(said: Said, talk: Conversation) -> Meaning:
    """The meaning of `said` in `talk`: small talk, a request for a person, or the questions it asks."""
    calls = tuple(reasons(said.text, talk))
    order = match[0].upper() if (match := _ORDER.search(said.text)) else talk.order
    option = picked(said.text, offered(talk))
    if option:
        chosen = Ask(text=option.label, question=said.text, completions=(fold(option.says),), sure=True)
        return Meaning(said, asks=(chosen,), calls=calls, order=order)
    small = small_talk(said.text)
    if small == "identity" or (small and not calls):
        return Meaning(said, small=small, order=order)
    return Meaning(said, asks=_asks(said, talk), outside=outside(said.text), calls=calls, order=order)


def _asks(said: Said, talk: Conversation) -> tuple[Ask, ...]:
    before = last_question(talk)
    asks: list[Ask] = []
    for clause in clauses(said.original)[:MOST_ASKS]:
        question = _MASKED.sub(" ", fold(clause)).strip()
        if small_talk(question) and len(question) < len(said.text):
            continue  # “你好！能开发票吗” asks one thing
        asks.append(Ask(clause, question, completions(question, before), topical(question, before)))
        before = asks[-1].completions[0] if asks[-1].completions else question
    return tuple(asks)
