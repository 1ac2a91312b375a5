"""The agent's side: take the line, speak, pass it on, give it back. The slower is told; the bot is silent meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from assistant.conversation.events import (
    Claimed,
    Event,
    HandedOver,
    Kept,
    Level,
    Message,
    Noted,
    Promised,
    Released,
    Reopened,
    Resolved,
    Transferred,
    Waiting,
    WaitsOn,
)
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, Stale, Store
from assistant.errors import HouseError
from assistant.service.folds import Folds
from assistant.service.presence import Presence
from assistant.turn.shop import Shop
from prompts import words

Events = Callable[[Conversation], Sequence[Event]]
FOLLOW_UP_HOURS: Mapping[Level, float] = {"L3": 24.0}
"""Hours after which an urgent ticket is looked at again, unless the shop says otherwise (`desk.follow_up_hours`)."""


class NotYours(HouseError):
    """Somebody else holds the line, or nobody does."""

    status = 409
    code = "not_yours"
    says = "会话 {talk} 现在由 {holder} 接待；请先接入再操作"


class NoSuchPromise(HouseError):
    """The conversation has no open promise of this id."""

    status = 404
    code = "no_such_promise"
    says = "会话 {talk} 里没有待兑现的承诺 {promise}；它可能已经完成"


class NothingToReopen(HouseError):
    """The conversation has no resolved ticket."""

    status = 409
    code = "nothing_to_reopen"
    says = "会话 {talk} 没有已解决的工单，不能重开"


class BadDue(HouseError):
    """A due time that is no time, or is past."""

    code = "bad_due"
    says = "到期时间 {due} 不对：请给一个将来的时间（ISO 8601，例如 2026-11-23T18:00:00+08:00）"


class Desk:
    """What one member of staff does with one conversation. Methods raise `NoSuchTalk`, `NotYours`, `StoreBusy`.

    `name` is who logs in, `shown` what the shopper calls them.
    """

    def __init__(self, store: Store, folds: Folds, shops: Mapping[str, Shop] | None = None) -> None:
        self._store, self._folds, self._shops = store, folds, shops or {}
        self.presence = Presence(store)

    # — who has the line —

    async def claim(self, talk: str, name: str, *, shown: str | None = None) -> Conversation:
        """Take the line from the queue or from the assistant. Of two who try, one gets it. Again is harmless.

        Raises `AtCapacity` for somebody who has as many conversations as they may.
        """
        while True:
            now = await self._folds.at(talk)
            if now.held_by == "staff":
                if now.holder == name:
                    return now
                raise NotYours(talk=talk, holder=now.holder)
            await self.presence.check(name)
            if (entry := await self._try(talk, now, Claimed(by=name, name=shown))) is not None:
                return await self._folds.at(talk, entry.seq)

    async def assign(self, talk: str, by: str, to: str, *, shown: str | None = None, note: str = "") -> Conversation:
        """Give a conversation that nobody has, or that `by` has, to a colleague."""
        while True:
            now = await self._folds.at(talk)
            if now.held_by == "staff" and now.holder not in (by, to):
                raise NotYours(talk=talk, holder=now.holder)
            if now.holder == to:
                return now
            await self.presence.check(to)
            events = (Transferred(by=by, to=to, note=note), Claimed(by=to, name=shown, given_by=by))
            if (entry := await self._try(talk, now, *events)) is not None:
                return await self._folds.at(talk, entry.seq)

    async def transfer(
        self, talk: str, name: str, to: str, *, shown: str | None = None, note: str = ""
    ) -> Conversation:
        """Pass my conversation on to a colleague."""
        self._mine(talk, name, await self._folds.at(talk))
        return await self.assign(talk, name, to, shown=shown, note=note)

    async def to_queue(self, talk: str, name: str, note: str = "") -> Entry:
        """Put my conversation back into the queue; its ticket waits again."""

        def events(now: Conversation) -> Sequence[Event]:
            return Transferred(by=name, note=note), back_in_queue(now)

        return await self._while_mine(talk, name, events)

    async def release(self, talk: str, name: str) -> Entry:
        """Give the line back to the assistant."""
        return await self._while_mine(talk, name, lambda _: (Released(by=name),))

    # — what is said and done —

    async def reply(self, talk: str, name: str, text: str, *, shown: str, client_id: str | None = None) -> Entry:
        """Say something to the shopper. A resent `client_id` is said once."""
        said = Message(by="staff", name=shown, text=text, client_id=client_id)
        return await self._while_mine(talk, name, lambda _: (said,))

    async def note(self, talk: str, name: str, text: str) -> Entry:
        """Leave a note that colleagues see and the shopper does not."""
        return await self._anyhow(talk, Noted(by=name, text=text))

    async def wait_on(self, talk: str, name: str, on: WaitsOn) -> Entry:
        """Say whose move it is."""
        return await self._while_mine(talk, name, lambda _: (Waiting(by=name, on=on),))

    async def resolve(self, talk: str, name: str, summary: str = "") -> Entry:
        """End the ticket; the assistant has the line again. The shopper is asked once per ticket how it was.

        An urgent ticket is looked at again: whoever solved it owes a follow-up (`follow_up_hours` of the shop).
        """
        shop = (await self._store.head(talk)).shop

        def events(now: Conversation) -> Sequence[Event]:
            asked = now.ticket is not None and now.ticket == now.asked_to_rate
            resolved = Resolved(by=name, summary=summary, ask=not asked)
            hours = self._follow_up_hours(shop, now)
            if hours is None:
                return (resolved,)
            due = datetime.now(UTC) + timedelta(hours=hours)
            text = str(words("desk")["follow_up"])
            return resolved, _promise(name, text, due, about="follow_up")

        return await self._while_mine(talk, name, events)

    async def reopen(self, talk: str, name: str) -> Entry:
        """Say that the last resolved ticket is not resolved."""
        tickets = [one for one in await self._store.tickets(talk=talk) if one.state == "resolved"]
        if not tickets:
            raise NothingToReopen(talk=talk)
        return await self._anyhow(talk, Reopened(by=name, ticket=tickets[-1].id))

    # — promises —

    async def promise(self, talk: str, name: str, text: str, due: datetime) -> Promised:
        """Owe the shopper something by `due` (aware). Raises `BadDue`."""
        if due.tzinfo is None or due <= datetime.now(UTC):
            raise BadDue(due=due.isoformat())
        promised = _promise(name, text, due)
        await self._anyhow(talk, promised)
        return promised

    async def keep(self, talk: str, name: str, promise: str, *, dropped: bool = False, note: str = "") -> Entry:
        """A promise was kept, or need not be (`dropped`). Raises `NoSuchPromise`."""
        if promise not in {one.id for one in await self._store.promises(talk=talk)}:
            raise NoSuchPromise(talk=talk, promise=promise)
        return await self._anyhow(talk, Kept(by=name, promise=promise, dropped=dropped, note=note))

    # — how —

    def _follow_up_hours(self, shop: str, now: Conversation) -> float | None:
        if now.ticket is None:
            return None
        found = self._shops.get(shop)
        chosen = found.settings.get("desk", {}).get("follow_up_hours") if found else None
        hours = (FOLLOW_UP_HOURS if chosen is None else chosen).get(now.level)
        return None if hours is None else float(hours)

    async def _anyhow(self, talk: str, event: Event) -> Entry:
        await self._store.head(talk)
        return (await self._store.append(talk, (event,))).entries[0]

    async def _while_mine(self, talk: str, name: str, events: Events) -> Entry:
        while True:
            now = await self._folds.at(talk)
            self._mine(talk, name, now)
            if (entry := await self._try(talk, now, *events(now))) is not None:
                return entry

    def _mine(self, talk: str, name: str, now: Conversation) -> None:
        if now.held_by != "staff" or now.holder != name:
            holder = words("desk")["held"].get(now.held_by) or now.holder
            raise NotYours(talk=talk, holder=holder)

    async def _try(self, talk: str, now: Conversation, *events: Event) -> Entry | None:
        """The last of `events` as it was stored, or None if the conversation has moved on."""
        try:
            return (await self._store.append(talk, events, after=now.seq)).entries[-1]
        except Stale:
            return None


def back_in_queue(now: Conversation) -> HandedOver:
    """What puts a conversation back into the queue: its own ticket again, or a first one where it had none."""
    if now.ticket is None:
        return HandedOver(reason="needs_action", level="L2")
    return HandedOver(reason=now.reason or "needs_action", level=now.level, ticket=now.ticket, back=True)


def _promise(name: str, text: str, due: datetime, *, about: Literal["promise", "follow_up"] = "promise") -> Promised:
    at = due.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Promised(by=name, promise="P" + secrets.token_hex(6), text=text, due=at, about=about)
