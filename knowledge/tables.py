"""How a shop's knowledge lies in tables; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table, Text

from knowledge.types import Passage, file_of

META = MetaData()
SHOPS = Table(
    "knowledge_shops",
    META,
    Column("shop", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
)
VERSIONS = Table(
    "knowledge_versions",
    META,
    Column("shop", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", String(40), nullable=False),
    Column("what", Text, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("passages", Integer, nullable=False),
    PrimaryKeyConstraint("shop", "version"),
)
SOURCES = Table(
    "knowledge_sources",
    META,
    Column("shop", String(64), nullable=False),
    Column("file", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("repairs", JSON, nullable=False),
    Column("original", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shop", "file", "version"),
)
PASSAGES = Table(
    "knowledge_passages",
    META,
    Column("shop", String(64), nullable=False),
    Column("id", String(20), nullable=False),
    Column("since", Integer, nullable=False),
    Column("until", Integer),
    Column("file", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("question", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("more", JSON, nullable=False),
    PrimaryKeyConstraint("shop", "id", "since"),
    Index("knowledge_passages_in_use", "shop", "until"),
)
TERMS = Table(
    "knowledge_terms",
    META,
    Column("shop", String(64), primary_key=True),
    Column("groups", JSON, nullable=False),
)
TUNINGS = Table(
    "knowledge_tunings",
    META,
    Column("shop", String(64), nullable=False),
    Column("model", String(32), nullable=False),
    Column("fit", JSON, nullable=False),
    Column("at", String(40), nullable=False),
    PrimaryKeyConstraint("shop", "model"),
)
FEEDBACK = Table(
    "knowledge_feedback",
    META,
    Column("shop", String(64), nullable=False),
    Column("question", String(200), nullable=False),
    Column("entry", String(20), nullable=False),
    Column("helped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    PrimaryKeyConstraint("shop", "question", "entry"),
)
HEARD = Table(
    "knowledge_heard",
    META,
    Column("shop", String(64), primary_key=True),
    # Grows with every judgement and every reset: whoever keeps a memory sees by it that there is more.
    Column("count", Integer, nullable=False),
)


def row_of(shop: str, version: int, position: int, passage: Passage) -> dict[str, Any]:
    """A passage as a row of `PASSAGES` that begins with `version`."""
    return {
        "shop": shop,
        "id": passage.id,
        "since": version,
        "until": None,
        "file": file_of(passage.source),
        "position": position,
        "source": passage.source,
        "kind": passage.kind,
        "question": passage.question,
        "text": passage.text,
        "more": {
            "similar": passage.similar,
            "counter": passage.counter,
            "category": passage.category,
            "tags": passage.tags,
            "products": passage.products,
            "valid_from": passage.valid_from.isoformat() if passage.valid_from else None,
            "valid_until": passage.valid_until.isoformat() if passage.valid_until else None,
        },
    }


def passage_of(row: Any) -> Passage:
    """The passage a row of `PASSAGES` stands for."""
    more = row.more
    return Passage(
        id=row.id,
        kind=row.kind,
        text=row.text,
        source=row.source,
        question=row.question,
        similar=tuple(more["similar"]),
        counter=tuple(more["counter"]),
        category=more["category"],
        tags=tuple(more["tags"]),
        products=tuple(more["products"]),
        valid_from=_moment(more["valid_from"]),
        valid_until=_moment(more["valid_until"]),
    )


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
