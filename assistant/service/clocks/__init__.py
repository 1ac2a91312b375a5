"""How service is measured: one YAML file a measure, each with its source, its version and what it counts.

Platforms change these rules; then a file gets a new version and the old one keeps its `until`. Which words mean what
is in `Measure`; `assistant/service/clock.py` evaluates them.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from assistant.errors import HouseError


class BadMeasure(HouseError):
    """A definition file that cannot be read."""

    says = "指标文件 {file}：{why}；请对照 assistant/service/clocks 里的其他文件改正"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hours(_Part):
    """Only what begins in these hours of the shop's day counts (`from` included, `until` not)."""

    begin: str
    end: str


class Waiver(_Part):
    """Days that do not count, both included."""

    name: str
    first: date
    last: date


class Measure(_Part):
    """One definition."""

    id: str
    version: int
    name: str
    """As people call it: 3分钟人工回复率."""
    platform: str
    source: str
    """Where the definition was read, and when."""
    note: str = ""
    of: Literal["replies", "conversations"]
    """Whether it is about how fast replies come, or about how conversations went."""
    unit: Literal["round", "conversation", "conversation_day", "first_round"] = "conversation"
    """What is counted: every round (a question until its reply) · a conversation with all its rounds, or each day of
    it: late in one round is late · the first round alone."""
    value: Literal["share", "mean_seconds"] = "share"
    within_seconds: float | None = None
    scope: Literal["all", "people"] = "all"
    """Rounds of the whole conversation, or only those in which the shopper waited for people."""
    robot_counts: bool = False
    """Whether a reply by the assistant is a reply."""
    that: Literal["", "handed_over", "solved_at_once", "robot_alone", "satisfied", "called_platform"] = ""
    """For conversations: what is counted. `clock.py` says when each holds, and among which conversations."""
    by: Literal["", "reason", "end", "stars"] = ""
    """Also counted apart by this."""
    hours: Hours | None = None
    waived: tuple[Waiver, ...] = ()
    exempt_below: int = 0
    """With fewer counted the platform does not judge."""
    target: float | None = None
    better: Literal["more", "less"] = "more"
    since: date | None = None
    until: date | None = None
    """The days on which this version was in force."""

    @model_validator(mode="after")
    def _fits_together(self) -> Measure:
        if (self.of == "conversations") != bool(self.that):
            raise ValueError("of: conversations 要写 that，of: replies 不写")
        if self.of == "replies" and self.value == "share" and self.within_seconds is None:
            raise ValueError("of: replies 的比率要写 within_seconds")
        return self


@cache
def measures() -> tuple[Measure, ...]:
    """The shipped definitions, by id and version."""
    found = [
        _read(file.name, file.read_text("utf-8")) for file in files(__name__).iterdir() if file.name[-5:] == ".yaml"
    ]
    return tuple(sorted(found, key=lambda one: (one.id, one.version)))


def _read(name: str, text: str) -> Measure:
    try:
        return Measure.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as bad:
        why = bad.errors()[0]["msg"] if isinstance(bad, ValidationError) else "不是合法的 YAML"
        raise BadMeasure(file=name, why=why) from None
