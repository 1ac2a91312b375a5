"""The agent's side: take the line, speak, give it back. Whoever is slower is told; the bot is silent meanwhile."""

from __future__ import annotations

from assistant.conversation.events import Claimed, Event, Message, Noted, Released, Resolved
from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, Stale, Store
from assistant.errors import HouseError
from assistant.service.folds import Folds


class NotYours(HouseError):
    """Somebody else holds the line, or nobody does."""

    status = 409
    code = "not_yours"
    says = "会话 {talk} 现在由 {holder} 接待；请先接入再操作"


class Desk:
    """What one member of staff does with one conversation. Methods raise `NoSuchTalk`, `NotYours`, `StoreBusy`."""

    def __init__(self, store: Store, folds: Folds) -> None:
        self._store, self._folds = store, folds

    async def claim(self, talk: str, name: str) -> Conversation:
        """Take the line from the queue or from the assistant. Of two who try, one gets it. Again is harmless."""
        while True:
            now = await self._folds.at(talk)
            if now.held_by == "staff":
                if now.holder == name:
                    return now
                raise NotYours(talk=talk, holder=now.holder)
            if (entry := await self._try(talk, now, Claimed(by=name))) is not None:
                return await self._folds.at(talk, entry.seq)

    async def reply(self, talk: str, name: str, text: str, *, shown: str, client_id: str | None = None) -> Entry:
        """Say something to the shopper. A resent `client_id` is said once."""
        return await self._while_mine(talk, name, Message(by="staff", name=shown, text=text, client_id=client_id))

    async def note(self, talk: str, name: str, text: str) -> Entry:
        """Leave a note that colleagues see and the shopper does not."""
        await self._store.head(talk)
        return (await self._store.append(talk, (Noted(by=name, text=text),))).entries[0]

    async def release(self, talk: str, name: str) -> Entry:
        """Give the line back to the assistant."""
        return await self._while_mine(talk, name, Released(by=name))

    async def resolve(self, talk: str, name: str, summary: str = "") -> Entry:
        """End the ticket; the assistant has the line again."""
        return await self._while_mine(talk, name, Resolved(by=name, summary=summary))

    async def _while_mine(self, talk: str, name: str, event: Event) -> Entry:
        while True:
            now = await self._folds.at(talk)
            if now.held_by != "staff" or now.holder != name:
                holder = {"assistant": "机器人", "queue": "排队", "staff": now.holder}[now.held_by]
                raise NotYours(talk=talk, holder=holder)
            if (entry := await self._try(talk, now, event)) is not None:
                return entry

    async def _try(self, talk: str, now: Conversation, event: Event) -> Entry | None:
        try:
            return (await self._store.append(talk, (event,), after=now.seq)).entries[0]
        except Stale:
            return None
