"""One group commit, in memory: which writes find their place, what rows that makes. No database here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from assistant.conversation.events import (
    Claimed,
    Event,
    HandedOver,
    Kept,
    Message,
    Promised,
    Raised,
    Released,
    Reopened,
    Resolved,
    Waiting,
    seen_by,
)
from assistant.conversation.state import Held, line_after
from assistant.conversation.store import (
    LEASE_SECONDS,
    Appended,
    Entry,
    Fenced,
    Lease,
    NoSuchTalk,
    Stale,
    once_of,
    with_ticket,
)
from assistant.errors import HouseError

Move = Literal["ticket", "end", "reopen", "wait", "kept", "raised"]
"""What can happen to a row beside the log; `writer.py` has a statement for each."""
_OUTWARD = frozenset(
    {"handed_over", "claimed", "transferred", "released", "resolved", "reopened", "noted", "rated"}
    | {"waiting", "promised", "kept", "raised"}
)
"""What other programs may hear of (`service/webhooks.py`); also what is said while people have the line."""


@dataclass(slots=True)
class Write:
    """One append that waits for its commit."""

    talk: str
    result: asyncio.Future[Appended]
    events: Sequence[Event] = ()
    bodies: Sequence[str] = ()
    once: str | None = None
    after: int | None = None
    lease: Lease | None = None
    take: str | None = None
    done: bool = False
    opens: tuple[str, bytes] | None = None
    """Shop and token digest of a conversation that begins."""

    @classmethod
    def of(
        cls,
        talk: str,
        events: Sequence[Event],
        *,
        after: int | None,
        lease: Lease | None,
        take: str | None,
        done: bool,
    ) -> Write:
        """A write of `events`. They are put into JSON here, so that what cannot be written fails alone."""
        events = [with_ticket(event) for event in events]
        bodies = [event.model_dump_json() for event in events]
        result = asyncio.get_running_loop().create_future()
        return cls(talk, result, events, bodies, once_of(events), after, lease, take, done)

    @classmethod
    def opening(cls, talk: str, shop: str, digest: bytes) -> Write:
        """A write that begins a conversation."""
        return cls(talk, asyncio.get_running_loop().create_future(), opens=(shop, digest))

    def fail(self, why: BaseException) -> None:
        if not self.result.done():
            self.result.set_exception(why)


@dataclass(slots=True)
class _Place:
    """The head of one conversation while a group is placed."""

    shop: str
    seq: int
    shopper_seq: int
    held_by: Held
    asked_seq: int | None
    tries: int
    lease_owner: str | None
    lease_until: float | None
    fence: int
    moved: bool = False

    def live(self, now: float) -> bool:
        """Whether somebody has the turn. An end that lies too far ahead was written by a clock since put back."""
        return self.lease_until is not None and now <= self.lease_until <= now + LEASE_SECONDS + 1


@dataclass(slots=True)
class Batch:
    """The writes of one transaction, in the order they came."""

    writes: Sequence[Write]
    now: float
    at: str
    new_talks: list[dict[str, Any]] = field(default_factory=list)
    new_events: list[dict[str, Any]] = field(default_factory=list)
    new_tickets: list[dict[str, Any]] = field(default_factory=list)
    new_promises: list[dict[str, Any]] = field(default_factory=list)
    new_outbox: list[dict[str, Any]] = field(default_factory=list)
    moved: list[tuple[Move, dict[str, Any]]] = field(default_factory=list)
    """Rows beside the log that change, in the order of the log."""
    _heads: dict[str, _Place] = field(default_factory=dict)
    _once: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _outcomes: list[Appended | HouseError] = field(default_factory=list)

    def talks(self) -> list[str]:
        """The conversations to be locked, in one order for all processes: so that none waits in a circle."""
        return sorted({write.talk for write in self.writes if write.opens is None})

    def resendable(self) -> list[tuple[str, str]]:
        """The messages that may have been stored before."""
        return [(write.talk, write.once) for write in self.writes if write.once is not None]

    def load(self, row: Any) -> None:
        """Take in a locked head."""
        talk, *head = row
        self._heads[talk] = _Place(*head)

    def sent_before(self, talk: str, once: str, entry: Entry) -> None:
        """Take in a message that was stored before."""
        self._once[talk, once] = entry

    def place(self) -> None:
        """Give every write its numbers, or the reason why not."""
        for write in self.writes:
            try:
                self._outcomes.append(self._open(write) if write.opens else self._append(write))
            except HouseError as why:
                self._outcomes.append(why)

    def moved_heads(self) -> list[dict[str, Any]]:
        """The heads that changed, as rows."""
        return [
            {
                "talk_id": talk,
                "seq": head.seq,
                "shopper_seq": head.shopper_seq,
                "held_by": head.held_by,
                "asked_seq": head.asked_seq,
                "tries": head.tries,
                "lease_owner": head.lease_owner,
                "lease_until": head.lease_until,
                "fence": head.fence,
                "last_at": self.at,
            }
            for talk, head in self._heads.items()
            if head.moved
        ]

    def settle(self) -> None:
        """After the commit: tell every writer what became of it."""
        for write, outcome in zip(self.writes, self._outcomes, strict=True):
            if isinstance(outcome, HouseError):
                write.fail(outcome)
            elif not write.result.done():
                write.result.set_result(outcome)

    def told(self) -> Iterator[tuple[str, Sequence[Entry]]]:
        """What was stored now, conversation by conversation, in the order of the log."""
        for write, outcome in zip(self.writes, self._outcomes, strict=True):
            if isinstance(outcome, Appended) and outcome.entries and not outcome.again:
                yield write.talk, outcome.entries

    def _open(self, write: Write) -> Appended:
        shop, digest = cast(tuple[str, bytes], write.opens)
        self.new_talks.append(
            {
                "id": write.talk,
                "shop": shop,
                "token_hash": digest,
                "opened_at": self.at,
                "last_at": self.at,
                "seq": 0,
                "shopper_seq": 0,
                "held_by": "assistant",
                "fence": 0,
                "tries": 0,
            }
        )
        return Appended(())

    def _append(self, write: Write) -> Appended:
        head = self._heads.get(write.talk)
        if head is None:
            raise NoSuchTalk(talk=write.talk)
        if write.once is not None and (first := self._once.get((write.talk, write.once))):
            return Appended((first,), True, self._lease(head, write), head.tries)
        if write.lease is not None and write.lease.fence != head.fence:
            raise Fenced(talk=write.talk)
        if write.after is not None and write.after != head.seq:
            raise Stale(talk=write.talk, after=write.after, seq=head.seq)
        entries = self._number(write, head)
        return Appended(entries, False, self._lease(head, write), head.tries)

    def _number(self, write: Write, head: _Place) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        for event, body in zip(write.events, write.bodies, strict=True):
            head.seq += 1
            seen = seen_by(event, "shopper")
            head.shopper_seq += seen
            entry = Entry(head.seq, head.shopper_seq if seen else None, self.at, event.kind, body, event)
            entries.append(entry)
            once = write.once if once_of((event,)) else None
            if once is not None:
                self._once[write.talk, once] = entry
            self.new_events.append(
                {
                    "talk": write.talk,
                    "seq": entry.seq,
                    "shopper_seq": entry.shopper_seq,
                    "once": once,
                    "at": self.at,
                    "kind": event.kind,
                    "body": body,
                }
            )
            self._beside(write.talk, head, entry, event)
            head.held_by, head.asked_seq = line_after(head.held_by, head.asked_seq, head.seq, event)
        head.tries = head.tries if head.asked_seq is not None else 0
        head.moved = head.moved or bool(entries)
        return tuple(entries)

    def _beside(self, talk: str, head: _Place, entry: Entry, event: Event) -> None:
        """The rows that follow the log: tickets, promises, what other programs are to hear of."""
        match event:
            case HandedOver(back=True):
                self._move("ticket", of_talk=talk, to="open", who=None, name=None, waits=None)
            case HandedOver():
                self.new_tickets.append(_ticket(talk, head.shop, entry, event, self.at))
            case Claimed():
                self._move("ticket", of_talk=talk, to="claimed", who=event.by, name=event.name, waits=None)
            case Released() | Resolved():
                self._move("end", of_talk=talk, to=event.kind)
            case Reopened():
                self._move("reopen", ticket=event.ticket)
            case Waiting():
                self._move("wait", of_talk=talk, waits=event.on)
            case Promised():
                self.new_promises.append(_promise(talk, head.shop, event, self.at))
            case Kept():
                self._move("kept", promise=event.promise, to="dropped" if event.dropped else "kept")
            case Raised(what="overdue"):
                self._move("raised", promise=event.about)
            case _:
                pass
        if event.kind in _OUTWARD or (isinstance(event, Message) and head.held_by != "assistant"):
            self.new_outbox.append({"talk": talk, "seq": entry.seq, "shop": head.shop})

    def _move(self, move: Move, **row: Any) -> None:
        self.moved.append((move, {**row, "moment": self.at}))

    def _lease(self, head: _Place, write: Write) -> Lease | None:
        """Renew, give back or take the turn, as the write asks."""
        if write.lease is not None:
            head.moved = True
            head.lease_until = None if write.done else self.now + LEASE_SECONDS
            head.lease_owner = None if write.done else write.lease.owner
            if write.done and head.asked_seq is not None:
                head.tries -= 1  # a worker that steps aside in good order has not failed
            return None if write.done else write.lease
        if write.take is None or head.asked_seq is None:
            return None
        if head.live(self.now) and head.lease_owner != write.take:
            return None
        if not head.live(self.now):
            head.fence += 1
            head.tries += 1
        head.moved = True
        head.lease_owner, head.lease_until = write.take, self.now + LEASE_SECONDS
        return Lease(write.talk, write.take, head.fence)


def _ticket(talk: str, shop: str, entry: Entry, event: HandedOver, at: str) -> dict[str, Any]:
    return {
        "id": event.ticket,
        "talk": talk,
        "shop": shop,
        "reason": event.reason,
        "level": event.level,
        "state": "open",
        "seq": entry.seq,
        "opened_at": at,
        "changed_at": at,
    }


def _promise(talk: str, shop: str, event: Promised, at: str) -> dict[str, Any]:
    return {
        "id": event.promise,
        "talk": talk,
        "shop": shop,
        "by": event.by,
        "text": event.text,
        "due": event.due,
        "about": event.about,
        "state": "open",
        "made_at": at,
    }
