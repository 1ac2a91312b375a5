"""One question, or one conversation, and what a right answer to it must and must never say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.errors import HouseError
from eval.shopper import Persona
from eval.wording import label, say

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
            try:
                re.compile(pattern)
            except re.error as bad:
                raise ValueError(say("case.pattern", pattern=pattern, problem=str(bad))) from None
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
        try:
            return datetime.fromisoformat(now).isoformat() and now if now else None
        except ValueError:
            raise ValueError(say("case.moment", moment=str(now))) from None

    @property
    def cluster(self) -> str:
        """What this case is counted with when an interval is drawn: wordings of one question are not independent."""
        if self.group or not self.expect.facts:
            return self.group or self.id
        said = repr((self.tags[:1], self.expect.facts, self.expect.verdict, self.expect.figures))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def read_cases(paths: Sequence[Path]) -> list[EvalCase]:
    """The cases of these files and folders, in order. Raises `BadCase` naming file, row, problem and what to do."""
    cases: list[EvalCase] = []
    seen: dict[str, str] = {}
    for path in _files(paths):
        for place, row in _rows(path):
            case = _case(place, row)
            if case.id in seen:
                raise BadCase(place=place, why=say("case.twice", id=case.id, place=seen[case.id]))
            seen[case.id] = place
            cases.append(case)
    return cases


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Every row of one file with its place."""
    if path.suffix.lower() in TABLES:
        from eval.tables import Unreadable, rows_of

        try:
            yield from rows_of(path)
        except Unreadable as bad:
            raise BadCase(place=path.name, why=str(bad)) from None
        return
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCase(place=path.name, why=say("case.encoding")) from None
    # Not splitlines(): a case may hold a U+2028 inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path.name}#{number}"
        try:
            yield place, orjson.loads(line)
        except orjson.JSONDecodeError as bad:
            raise BadCase(place=place, why=say("case.not_json", problem=str(bad))) from None


def _case(place: str, row: Any) -> EvalCase:
    try:
        # As JSON: what a file can hold is what is strict about.
        return EvalCase.model_validate_json(orjson.dumps(row))
    except ValidationError as bad:
        first = bad.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part.isidentifier())
        column = str(first["loc"][-1]) if first["loc"] else ""
        kind = str(first["type"])
        why = label("case_problems", kind) if label("case_problems", kind) != kind else str(first["msg"])
        named = label("columns", column)
        what = f"{where}（{named}）" if named != column else where
        why = f"{what} {why}".strip().removesuffix("。")
        raise BadCase(place=place, why=why.replace("Value error, ", "")) from None


TABLES = frozenset({".csv", ".xlsx"})
SUFFIXES = frozenset({".jsonl", *TABLES})


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES)
            yield from (each for each in found if not each.name.startswith(("~$", ".")))
        elif path.is_file():
            yield path
        elif (shipped := CASES / f"{path}.jsonl").is_file():
            yield shipped
        else:
            raise BadCase(place=str(path), why=say("case.no_file"))
