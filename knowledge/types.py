"""The nouns of knowledge: a source file, a passage of it, what an import changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of shop knowledge short enough to quote."""

    id: str
    """Digest of source and content: importing the same file twice changes nothing."""
    kind: Literal["faq", "text"]
    """`faq`: a merchant's own answer, given word for word. `text`: a stretch of a document."""
    text: str
    """What may be shown: the answer of a FAQ row, the words of a document passage."""
    source: str
    """Where a person can check it, e.g. `faq.csv#12`, `faq.xlsx#Sheet1!12`, `policy.pdf#p3`."""
    question: str = ""
    """The standard question of a FAQ row; the heading path (`售后 > 退货`) of a document passage."""
    similar: tuple[str, ...] = ()
    """Other wordings of the question (相似问)."""
    counter: tuple[str, ...] = ()
    """Wordings that look close and mean something else (反例问题)."""
    category: str = ""
    tags: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    """关联商品: SKU or title fragments this passage is about; empty means the whole shop."""
    valid_from: datetime | None = None
    """First moment it may be used, or None. Zone Asia/Shanghai where the file named none."""
    valid_until: datetime | None = None
    """First moment it may no longer be used (a bare end date counts to 24:00 of that day), or None."""

    def valid_on(self, moment: datetime) -> bool:
        """Whether it may be used at `moment` (an aware datetime)."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_until is None or moment < self.valid_until
        )


def file_of(source: str) -> str:
    """The file part of a passage's source: `faq.xlsx` of `faq.xlsx#Sheet1!12`."""
    return source.rpartition("#")[0] or source


def identified(passage: Passage) -> Passage:
    """`passage` with its id: the digest of its file and content. The line may move, the passage stays the same one."""
    content = [
        file_of(passage.source),
        passage.kind,
        passage.question,
        passage.text,
        passage.similar,
        passage.counter,
        passage.category,
        passage.tags,
        passage.products,
        *(moment.timestamp() if moment else None for moment in (passage.valid_from, passage.valid_until)),
    ]
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return replace(passage, id=digest.hexdigest()[:20])


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: a passage, how well it matched, and how likely it answers the question."""

    passage: Passage
    score: float
    """What orders the results: the fused score with the answer field's help."""
    match: float
    """Fused score of the best wording alone, 0…1; what confidence is computed from."""
    dense: float
    lexical: float
    wording: str
    """The wording (question, similar question or sentence) that matched best."""
    confidence: float
    """Probability, 0…1, that this passage answers the question."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file, and where."""

    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class Source:
    """One file a merchant gave, as the catalogue keeps it."""

    file: str
    digest: str
    """SHA-256 of its bytes, in hex."""
    size: int
    """Bytes."""
    imported_at: datetime
    version: int
    """The knowledge version it was first part of."""
    passages: int
    """How many passages of it are in use now."""
    repairs: tuple[dict[str, Any], ...] = ()
    """Every repair done to its text: place, at, line, what, before, after. The bytes given are kept unchanged."""


@dataclass(frozen=True, slots=True)
class Version:
    """One published state of a shop's knowledge."""

    number: int
    at: datetime
    what: str
    """What made it, e.g. `import faq.csv`, `rollback 3`."""
    added: int
    changed: int
    removed: int
    passages: int


@dataclass(slots=True)
class IngestReport:
    """What one import did; `python -m knowledge import --json` prints it (contract)."""

    file: str
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    passages: int = 0

    def as_json(self) -> dict[str, Any]:
        def places(problems: list[Problem]) -> list[dict[str, str]]:
            return [{"place": p.place, "problem": p.problem} for p in problems]

        return {
            "file": self.file,
            "rows": self.rows,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "rejected": places(self.rejected),
            "warnings": places(self.warnings),
            "passages": self.passages,
        }
