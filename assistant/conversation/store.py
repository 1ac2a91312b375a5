"""Where the log lives: one SQLAlchemy Core store for SQLite and PostgreSQL; the seam is the database URL.

What it promises: an append is acknowledged after its commit; numbers are gapless per conversation, and gapless again as
the shopper sees them; a resent `client_id` is stored once; an append that names the number it follows loses to whoever
was quicker and is told so (`Stale`). `tests/contracts/store.py` is the meaning of these words.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from assistant.conversation.events import EVENT, Audience, Event, HandedOver, Message
from assistant.conversation.state import Held
from assistant.errors import HouseError

LEASE_SECONDS = 3.0
"""How long a silent worker keeps a turn. Short, so that a restart waits for nobody; safety is the fence's work."""

TicketState = Literal["open", "claimed", "released", "resolved", "reopened"]
LIVE: tuple[TicketState, ...] = ("open", "claimed", "reopened")
"""States in which people still owe something."""


class Stale(HouseError):
    """Somebody wrote first."""

    status = 409
    code = "stale"
    says = "会话 {talk} 已经走到第 {seq} 条，不再是第 {after} 条；请重新读取后再试"


class Fenced(Stale):
    """The turn was taken over by another worker while this one was silent."""

    code = "fenced"
    says = "会话 {talk} 的这一轮已由另一个进程接手；请停止作答"


class NoSuchTalk(HouseError):
    """No such conversation, or it was forgotten."""

    status = 404
    code = "no_such_talk"
    says = "没有会话 {talk}；它可能已按顾客要求删除"


class RecordMoved(HouseError):
    """Somebody else changed it meanwhile."""

    status = 409
    code = "record_moved"
    says = "{kind} {name} 已被别人改过；请重新读取后再改"


class StoreBusy(HouseError):
    """The database did not take the write; nothing of it was stored."""

    status = 503
    code = "not_stored"
    says = "消息还没有保存（{why}）；请稍后重发，同一个 client_id 不会重复"


@dataclass(frozen=True, slots=True)
class Head:
    """What the log of one conversation adds up to, without reading it."""

    talk: str
    shop: str
    seq: int
    """Number of the last event."""
    shopper_seq: int
    """Number of the last event as the shopper counts."""
    held_by: Held
    asked_seq: int | None
    """Number of the last unanswered shopper message, while the assistant holds the line."""
    tries: int = 0
    """Turns begun for it; a message that kills the process must not do so for ever."""


@dataclass(slots=True)
class Entry:
    """One numbered event, in the one shape that is stored, sent and replayed."""

    seq: int
    shopper_seq: int | None
    """None: the shopper does not see it."""
    at: str
    """When it was stored, ISO 8601, UTC, milliseconds."""
    kind: str
    body: str
    """The event as JSON, to be sent as it stands."""
    _event: Event | None = field(default=None, repr=False, compare=False)

    @property
    def event(self) -> Event:
        """The event, parsed when first asked for."""
        if self._event is None:
            self._event = EVENT.validate_json(self.body)
        return self._event

    def number(self, audience: Audience) -> int | None:
        """Its number as `audience` counts, or None if it does not see it."""
        return self.seq if audience == "staff" else self.shopper_seq


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to answer, until it lapses or the line moves on."""

    talk: str
    owner: str
    fence: int
    """Grows with every taking; a write under an older number is refused."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did."""

    entries: tuple[Entry, ...]
    again: bool = False
    """These had been stored before, under the same `client_id`."""
    lease: Lease | None = None
    """The turn, if it was asked for, is due, and nobody else has it."""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """One call for a person. A fold over the log, kept as an indexed row that is written with its event."""

    id: str
    talk: str
    shop: str
    reason: str
    level: str
    state: TicketState
    holder: str | None
    seq: int
    """Log number of the `HandedOver` that opened it."""
    opened_at: str
    changed_at: str
    holder_name: str | None = None
    """What the shopper calls the holder."""
    waiting_on: str | None = None
    """Whose move it is, where somebody said so."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Something a member of staff owes. A row written with its event."""

    id: str
    talk: str
    shop: str
    by: str
    text: str
    due: str
    """ISO 8601, UTC."""
    about: Literal["promise", "follow_up"]
    state: Literal["open", "kept", "dropped"]
    made_at: str
    raised_at: str | None = None
    """When it was overdue and somebody was told."""
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A small thing that is no part of a conversation. `version` counts its writes."""

    kind: str
    shop: str
    id: str
    version: int
    at: str
    body: Any


@dataclass(frozen=True, slots=True)
class Said:
    """A place in a history that a search found."""

    talk: str
    shop: str
    seq: int
    at: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one endpoint has still to hear."""

    endpoint: str
    talk: str
    seq: int
    tries: int
    next_at: float
    problem: str | None = None


Hook = Callable[[str, Sequence[Entry]], None]


class Store(Protocol):
    """The log of all conversations. Every method may raise `StoreBusy`; then nothing was changed."""

    def on_commit(self, hook: Hook) -> None:
        """Call `hook(talk, entries)` after each commit, in the order of the log. It must not block."""

    async def open_talk(self, shop: str) -> tuple[str, str]:
        """A new conversation: its id and the secret token that resumes it. Only a digest of the token is kept."""

    async def by_token(self, shop: str, token: str) -> Head | None:
        """The conversation of this shop that `token` resumes."""

    async def head(self, talk: str) -> Head:
        """Where a conversation stands. Raises `NoSuchTalk`."""

    async def append(
        self,
        talk: str,
        events: Sequence[Event],
        *,
        after: int | None = None,
        lease: Lease | None = None,
        take: str | None = None,
        done: bool = False,
    ) -> Appended:
        """Put `events` behind number `after` (anywhere, if None), all or none; returns once they are committed.

        `lease` says under which turn this is written and renews it, `done` gives it back; `take` asks for the turn in
        the name of a worker. Raises `Stale` or `Fenced`, `NoSuchTalk`, `StoreBusy`.
        """

    async def read(
        self, talk: str, *, after: int = 0, audience: Audience = "staff", limit: int | None = None
    ) -> list[Entry]:
        """The events after number `after`, oldest first, both as `audience` counts."""

    async def unanswered(self) -> list[str]:
        """Conversations whose shopper waits for the assistant while no worker has the turn."""

    async def tickets(
        self,
        *,
        shop: str | None = None,
        shops: Collection[str] | None = None,
        state: TicketState | None = None,
        states: Collection[TicketState] | None = None,
        talk: str | None = None,
        holder: str | None = None,
        ticket: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Ticket]:
        """Tickets of one shop, some or all, longest waiting first; `after` is the last id of the page before."""

    async def talks(
        self, shop: str | None = None, *, since: str = "", after: str = "", limit: int = 500
    ) -> list[tuple[str, str]]:
        """Conversations with what happened at `since` (ISO, UTC) or later, by id: (id, shop)."""

    async def search(self, words: str, *, shops: Collection[str] | None = None, limit: int = 50) -> list[Said]:
        """Messages that hold `words`, newest first."""

    async def resolved_since_spoken(self, since: str, limit: int = 500) -> list[Ticket]:
        """Resolved tickets (resolved after `since`) in whose conversation something happened afterwards."""

    async def promises(
        self,
        *,
        shops: Collection[str] | None = None,
        talk: str | None = None,
        by: str | None = None,
        due_before: str | None = None,
        open_only: bool = True,
        limit: int = 500,
    ) -> list[Promise]:
        """Promises, soonest due first."""

    async def record(self, kind: str, shop: str, name: str) -> Record | None:
        """One record."""

    async def records(self, kind: str, shops: Collection[str] | None = None) -> list[Record]:
        """All records of a kind, by shop and id."""

    async def put(self, kind: str, shop: str, name: str, body: Any, *, version: int | None = None) -> Record:
        """Write a record (JSON). `version`: the one it replaces, 0 for none; raises `RecordMoved` if it is another."""

    async def drop(self, kind: str, shop: str, name: str) -> bool:
        """Delete a record. False if there was none."""

    async def share_out(self, endpoints: Callable[[str], Collection[str]], now: float, limit: int = 500) -> int:
        """Turn what is in the outbox into deliveries to the `endpoints` of each shop; how much there was."""

    async def due(self, now: float, limit: int = 100) -> list[Delivery]:
        """Deliveries to be tried now."""

    async def tried(self, delivery: Delivery, *, next_at: float | None, problem: str | None = None) -> bool:
        """`delivery` was tried (or is about to be): when next, None for never. False if another was quicker."""

    async def forget(self, talk: str) -> bool:
        """Delete a conversation with all it said (个人信息保护法 第四十七条). False if there was none."""

    async def ping(self) -> None:
        """Return if the database answers."""

    async def close(self) -> None:
        """Commit what waits, then let go of the database."""


def now_text() -> str:
    """This moment as the log writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def token_digest(token: str) -> bytes:
    """What is kept of a token. It has 256 random bits, so a plain digest cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def with_ticket(event: Event) -> Event:
    """A hand-over gets its ticket's id before it is stored."""
    if isinstance(event, HandedOver) and not event.ticket:
        return event.model_copy(update={"ticket": "T" + secrets.token_hex(6)})
    return event


def once_of(events: Sequence[Event]) -> str | None:
    """What makes a resend of these the same message: its sender's own id."""
    for event in events:
        if isinstance(event, Message) and event.client_id:
            return f"{event.by}:{event.client_id}"
    return None
