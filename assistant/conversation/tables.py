"""The tables of the log and of what is kept beside it: made by `migrations.py`, spoken to by the store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

TALKS = Table(
    "talks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("shop", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("opened_at", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    # The head: what the log adds up to, kept beside it so that an append needs no replay. Always equal to the fold.
    Column("seq", BigInteger, nullable=False),
    Column("shopper_seq", BigInteger, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("asked_seq", BigInteger),
    # The lease of the turn.
    Column("lease_owner", Text),
    Column("lease_until", Float(53)),
    Column("fence", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("talk", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("shopper_seq", BigInteger),
    Column("once", Text),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
)

TICKETS = Table(
    "tickets",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("talk", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("holder", Text),
    Column("seq", BigInteger, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("holder_name", Text),
    Column("waiting_on", Text),
)

PROMISES = Table(
    "promises",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("talk", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("raised_at", Text),
    Column("ended_at", Text),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("talk", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("shop", Text, nullable=False),
)
"""What other programs may want to hear of and has not been shared out to them yet."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("endpoint", Text, primary_key=True),
    Column("talk", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("problem", Text),
)
"""What one endpoint has still to hear; the row goes when it answered."""

RECORDS = Table(
    "records",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("shop", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
    Column("body", Text, nullable=False),
)
"""Small things that are no part of a conversation: who is at work, phrases, drafts, endpoints."""

STEPS = Table(
    "conversation_steps",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("done_at", Text, nullable=False),
)

HEAD = tuple(TALKS.c[name] for name in ("id", "shop", "seq", "shopper_seq", "held_by", "asked_seq", "tries"))
"""The columns of a `Head`, in its order."""
ENTRY = tuple(EVENTS.c[name] for name in ("seq", "shopper_seq", "at", "kind", "body"))
"""The columns of an `Entry`, in its order."""
