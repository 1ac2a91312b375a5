"""What an upload changes: the passages in use compared with those it brings. Pure; the catalogue writes it down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.text import fold
from knowledge.types import Passage, file_of


@dataclass(frozen=True, slots=True)
class Stored:
    """A passage in use, as far as comparing needs it."""

    id: str
    file: str
    position: int
    source: str
    kind: str
    question: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows to end and rows to begin, and how that counts for a person."""

    coming: tuple[tuple[int, Passage], ...]
    """Position and passage."""
    leaving: tuple[Stored, ...]
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0
    passages: int = 0

    @property
    def has_changes(self) -> bool:
        return bool(self.coming or self.leaving)


def plan_for(
    file: str,
    stored: Sequence[Stored],
    passages: Sequence[Passage],
    withdrawn: frozenset[tuple[str, str]],
    mode: Literal["merge", "replace"],
) -> Plan:
    """The plan for the passages of the upload `file`. A moved row (same content, other line) is new and yet unchanged.

    A row whose question the upload still has, with other content, is `changed`; `merge` keeps questions that the
    upload does not mention, unless it switches them off.
    """
    olds = {row.id: row for row in stored}
    news = {passage.id: (number, passage) for number, passage in enumerate(passages)}
    same = olds.keys() & news.keys()
    moved = {key for key in news if key in same and olds[key].source != news[key][1].source}
    spare: dict[tuple[str, str, str], list[Stored]] = defaultdict(list)
    for row in stored:
        if row.id not in same:
            spare[_key(row.file, row.kind, row.question)].append(row)
    changed = 0
    leaving = [olds[key] for key in sorted(moved)]
    for new, (_, passage) in news.items():
        if new in same:
            continue
        if before := spare.get(_key(file_of(passage.source), passage.kind, passage.question)):
            leaving.append(before.pop(0))
            changed += 1
    asked = {_key(file_of(passage.source), passage.kind, passage.question) for passage in passages}
    # A file given as itself says all it has to say in prose; rows of an export may be a part of what the file says.
    documents = {
        name
        for passage in passages
        if (name := file_of(passage.source)) == file or name.startswith(f"{file}/") or passage.kind == "text"
    }
    gone: list[Stored] = []
    kept = 0
    for key, rows in spare.items():
        off = (key[0], fold(key[2])) in withdrawn or key in asked or (key[1] == "text" and key[0] in documents)
        if mode == "replace" or off:
            gone += rows
        else:
            kept += len(rows)
    fresh = [key for key in news if key not in same]
    return Plan(
        coming=tuple(news[key] for key in news if key not in same or key in moved),
        leaving=(*leaving, *gone),
        added=len(fresh) - changed,
        changed=changed,
        unchanged=len(same),
        removed=len(gone),
        kept=kept,
        passages=len(news) + kept,
    )


def _key(file: str, kind: str, question: str) -> tuple[str, str, str]:
    return file, kind, fold(question)
