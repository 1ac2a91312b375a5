"""One question, or one conversation, and what a right answer to it must and must never say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.errors import HouseError
from eval.shopper import Persona
from eval.wording import say

Action = Literal["answer", "clarify", "handoff", "decline"]
CASES = Path(__file__).parent / "cases"
"""The shipped cases, for the demo shop."""


class BadCase(HouseError):
    """A line of a case file cannot be used."""

    says = "{place}：{why}。请改好这一行再运行"


class Expected(BaseModel):
    """What one answer must be. Facts are patterns, so any wording that says them counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: tuple[Action, ...]
    """Any of these is right."""
    facts: tuple[str, ...] = ()
    """Regular expressions that must all be found in the answer (blanks removed, simplified)."""
    never: tuple[str, ...] = ()
    """Regular expressions that must not be found: wrong figures, promises, inventions."""
    figures: tuple[str, ...] = ()
    """Figures that must be stated, in whatever notation: `7天`, `8.5折`, `11月30日`."""
    source: str | None = None
    """A part of a source that must be cited, e.g. `售后问答.xlsx`."""
    verdict: str | None = None
    """What the rules must say: allow, allow_with_deduction, deny, need_info, human."""
    policy: str | None = None
    """The policy that must decide."""
    reason: str | None = None
    """The hand-off reason."""
    within_ms: float | None = None
    """Milliseconds the answer may take."""
    within_tokens: int | None = None
    """Tokens a model may spend on it."""

    @field_validator("action", mode="before")
    @classmethod
    def _one_or_many(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @field_validator("facts", "never")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            re.compile(pattern)
        return patterns


class EvalCase(BaseModel):
    """A conversation as a shopper types it. `expect` judges the answer to the last turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    turns: tuple[str, ...] = ()
    shopper: Persona | None = None
    """Who talks instead of, or after, the turns."""
    expect: Expected
    order: str | dict[str, Any] | None = None
    product: str | None = None
    """SKU of the page the shopper asks from."""
    now: str | None = None
    tags: tuple[str, ...] = ()
    """The intent first, then what makes it hard (错别字, 繁体, 方言, 多问, 追问, 无答案 …)."""
    weight: float = Field(default=1.0, gt=0)
    by: str = ""
    """Who wrote it, e.g. a role."""
    group: str = ""
    """Cases of one group stand or fall together; empty: those of one intent that must say the same facts."""

    @model_validator(mode="after")
    def _somebody_speaks(self) -> EvalCase:
        if not self.turns and self.shopper is None:
            raise ValueError(say("case.silent"))
        if any(not turn.strip() for turn in self.turns):
            raise ValueError(say("case.blank"))
        return self

    @field_validator("now")
    @classmethod
    def _is_a_moment(cls, now: str | None) -> str | None:
        if now:
            datetime.fromisoformat(now)
        return now or None

    @property
    def cluster(self) -> str:
        """What this case is counted with when an interval is drawn: wordings of one question are not independent."""
        if self.group or not self.expect.facts:
            return self.group or self.id
        said = repr((self.tags[:1], self.expect.facts, self.expect.verdict, self.expect.figures))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def read_cases(paths: Sequence[Path]) -> list[EvalCase]:
    """The cases of these files and folders, in order. Raises `BadCase` naming file, line and problem."""
    cases: list[EvalCase] = []
    seen: dict[str, str] = {}
    for path in _files(paths):
        for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
            if not line.strip():
                continue
            place = f"{path.name}#{number}"
            try:
                case = EvalCase.model_validate_json(line)
            except ValidationError as bad:
                first = bad.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise BadCase(place=place, why=f"{where} {first['msg']}") from None
            if case.id in seen:
                raise BadCase(place=place, why=f"id {case.id} 在 {seen[case.id]} 已经用过")
            seen[case.id] = place
            cases.append(case)
    return cases


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.jsonl"))
        elif path.is_file():
            yield path
        elif (shipped := CASES / f"{path}.jsonl").is_file():
            yield shipped
        else:
            raise BadCase(place=str(path), why="没有这个文件，也没有叫这个名字的自带题目")
