"""What happens by itself as time passes: tickets reopen, promises fall due, nobody claims, an agent is gone.

Any number of processes may keep house at once: each step is written behind the number it was decided on, so that of
two who notice the same thing one writes it and the other finds it written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.conversation.events import Event, Message, Raised, Reopened, Resolved, Transferred
from assistant.conversation.store import NoSuchTalk, Promise, Stale, Store, StoreBusy, Ticket
from assistant.service.desk import back_in_queue
from assistant.service.folds import Folds
from assistant.service.presence import Presence
from assistant.service.stories import after_solving
from assistant.turn.handoff import people_are_in
from assistant.turn.shop import Shop
from prompts import wording

log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0
GONE_SECONDS = 60.0
"""An agent whose page has been silent for so long has gone; their conversations wait for another."""
REOPEN_HOURS = 72.0
"""A shopper who writes again within this time after `resolved` was not helped (shop: `desk.reopen_hours`)."""
CLAIM_MINUTES = 3.0
"""After this time without a claim somebody is told (shop: `desk.alert_minutes`)."""

Alert = Callable[[str, str], Awaitable[None]]
"""(shop, text for people): tell the merchant outside the desk."""


async def tell_nobody(_shop: str, _text: str) -> None:
    """No way to tell anybody is set up; the queue and the webhooks have it all the same."""


class Keeper:
    """Keeps house for all shops of this process."""

    def __init__(self, store: Store, folds: Folds, shops: Mapping[str, Shop], alert: Alert = tell_nobody) -> None:
        self._store, self._folds, self._shops, self._alert = store, folds, shops, alert
        self._presence = Presence(store)
        self._task: asyncio.Task[None] | None = None
        self._looked: dict[str, int] = {}
        """Resolved tickets and the number up to which their conversation was read for a reopening."""
        self._raised: set[str] = set()
        self._started = datetime.min.replace(tzinfo=UTC)
        """Nobody could say that they are there before; their pages come back within seconds."""

    def start(self) -> None:
        """Keep house from now on."""
        self._started = datetime.now(UTC)
        self._task = asyncio.create_task(self._run(), name="keeper")

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self.round(datetime.now(UTC))
            except StoreBusy as busy:
                log.warning("cannot keep house: %s", busy)
            except Exception:
                log.exception("keeping house broke")

    async def round(self, now: datetime) -> None:
        """One look at everything, as of `now`."""
        await self._reopen(now)
        await self._overdue(now)
        await self._unclaimed(now)
        await self._gone(now)

    # — a shopper writes again —

    async def _reopen(self, now: datetime) -> None:
        oldest = max((self._hours(shop) for shop in self._shops), default=REOPEN_HOURS)
        for ticket in await self._store.resolved_since_spoken(_text(now - timedelta(hours=oldest))):
            within = timedelta(hours=self._hours(ticket.shop))
            if ticket.shop in self._shops and datetime.fromisoformat(ticket.changed_at) > now - within:
                await self._reopen_one(ticket)

    def _hours(self, shop: str) -> float:
        return float(_chosen(self._shops.get(shop), "reopen_hours", REOPEN_HOURS))

    async def _reopen_one(self, ticket: Ticket) -> None:
        with contextlib.suppress(Stale, NoSuchTalk):
            head = await self._store.head(ticket.talk)
            if self._looked.get(ticket.id) == head.seq:
                return
            entries = await self._store.read(ticket.talk, after=ticket.seq)
            ends = [entry.seq for entry in entries if isinstance(entry.event, Resolved)]
            later = [entry for entry in entries if ends and entry.seq > ends[-1]]
            for entry in later:
                said = entry.event
                if isinstance(said, Message) and said.by == "shopper" and after_solving(said.text) == "reopens":
                    event = Reopened(by="shopper", ticket=ticket.id, about=entry.seq)
                    await self._store.append(ticket.talk, (event,), after=head.seq)
                    return
            self._looked[ticket.id] = head.seq

    # — what waits too long —

    async def _overdue(self, now: datetime) -> None:
        for promise in await self._store.promises(due_before=_text(now)):
            if promise.raised_at is None and await self._raise(promise.talk, Raised(what="overdue", about=promise.id)):
                await self._tell(promise.shop, _overdue_text(self._name(promise.shop), promise))

    async def _unclaimed(self, now: datetime) -> None:
        for ticket in await self._store.tickets(states=("open", "reopened"), limit=2000):
            shop = self._shops.get(ticket.shop)
            waited = now - datetime.fromisoformat(ticket.changed_at)
            limit = timedelta(minutes=float(_chosen(shop, "alert_minutes", CLAIM_MINUTES)))
            if shop is None or ticket.id in self._raised or waited < limit or not people_are_in(shop, shop.now()):
                continue
            if await self._raise(ticket.talk, Raised(what="unclaimed", about=ticket.id)):
                await self._tell(ticket.shop, _unclaimed_text(self._name(ticket.shop), ticket, waited))
            self._raised.add(ticket.id)

    async def _raise(self, talk: str, raised: Raised) -> bool:
        """Write down that this was told, and say whether it is ours to tell: of many who notice, one."""
        try:
            entries = await self._store.read(talk)
            if any(entry.event == raised for entry in entries):
                return False
            await self._store.append(talk, (raised,), after=entries[-1].seq if entries else 0)
        except (Stale, NoSuchTalk):
            return False  # looked at again in the next round
        return True

    async def _tell(self, shop: str, text: str) -> None:
        try:
            await self._alert(shop, text)
        except Exception:  # mail that does not go out harms no conversation
            log.warning("alert of shop %s was not sent", shop, exc_info=True)

    def _name(self, shop: str) -> str:
        return self._shops[shop].name if shop in self._shops else shop

    # — agents who are gone —

    async def _gone(self, now: datetime) -> None:
        for agent in await self._presence.staff(now=now):
            silent = now - max(datetime.fromisoformat(agent.seen_at), self._started)
            if not agent.load or silent <= timedelta(seconds=GONE_SECONDS):
                continue
            for ticket in await self._store.tickets(state="claimed", holder=agent.name):
                await self._back(ticket.talk, agent.name)

    async def _back(self, talk: str, name: str) -> None:
        with contextlib.suppress(Stale, NoSuchTalk):
            now = await self._folds.at(talk)
            if now.held_by == "staff" and now.holder == name:
                events: tuple[Event, ...] = Transferred(by=name, note=wording("desk", "gone")), back_in_queue(now)
                await self._store.append(talk, events, after=now.seq)


def _chosen(shop: Shop | None, name: str, default: float) -> Any:
    """What the shop chose for its desk, or the default."""
    return shop.settings.get("desk", {}).get(name, default) if shop else default


def _text(moment: datetime) -> str:
    """A moment as the log writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _overdue_text(shop: str, promise: Promise) -> str:
    return wording("desk", "alert.overdue", shop=shop, text=promise.text, by=promise.by, due=promise.due)


def _unclaimed_text(shop: str, ticket: Ticket, waited: timedelta) -> str:
    return wording(
        "desk",
        "alert.unclaimed",
        shop=shop,
        ticket=ticket.id,
        level=ticket.level,
        reason=wording("desk", f"reasons.{ticket.reason}"),
        minutes=str(int(waited.total_seconds() // 60)),
    )
