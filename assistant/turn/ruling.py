"""What the turn makes of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.conversation.events import Option
from assistant.turn.products import Fact

CONFIDENCE = 0.97


@dataclass(frozen=True, slots=True)
class Ruling:
    """Something to tell, something to ask, or a person to call."""

    verdict: dict[str, Any]
    wish: str
    facts: tuple[Fact, ...] = ()
    ask: str | None = None
    options: tuple[Option, ...] = ()
    human: bool = False
    reason: Literal["policy_human", "overdue"] = "policy_human"
    """Why a person is called, where one is."""
    alone: bool = False
    """Whether the case speaks for itself: no fault is claimed, or a question of ours was answered, so that what the
    words resemble in the knowledge is chance."""
    plain: bool = False
    """Whether it is a verdict told in full, which a model may put in its own words."""
    beside: bool = False
    """Whether `ask` only goes before what the knowledge says in general: the order itself could not be looked at."""
    log: Mapping[str, Any] = field(default_factory=dict)
    """What staff see beside the verdict: the facts it rests on, the options with cost and value, the choice."""
