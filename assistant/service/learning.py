"""What shoppers and agents make of answers reaches the shop's search: counted from the log, once per answer.

A shopper's last word on an answer counts, however often it is given; an agent's reply with a citation says which entry
was the right one for what the shopper had asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from assistant.conversation.events import Judged, Message, Traced
from assistant.conversation.store import Entry, Store
from knowledge.feedback import PICK
from knowledge.own import Own

log = logging.getLogger(__name__)


class Learning:
    """Hears what is stored and counts judgements. Slow or failing, it holds up nobody."""

    def __init__(self, store: Store, own: Own) -> None:
        self._store, self._own = store, own
        self._tasks: set[asyncio.Task[None]] = set()
        store.on_commit(self.told)

    def told(self, talk: str, entries: Sequence[Entry]) -> None:
        """Take in what was just stored."""
        for entry in entries:
            if entry.kind == "judged" or (entry.kind == "message" and _picks(entry.event)):
                task = asyncio.create_task(self._learn(talk, entry))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def rest(self) -> None:
        """Until everything told so far is counted."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _learn(self, talk: str, entry: Entry) -> None:
        try:
            shop, before = (await self._store.head(talk)).shop, await self._store.read(talk)
            before = [each for each in before if each.seq < entry.seq]
            event = entry.event
            if isinstance(event, Judged):
                await self._judged(shop, before, event)
            elif isinstance(event, Message):
                asked = next((text for e in reversed(before) if (text := _asked(e.event))), "")
                if asked:
                    await self._own.judge(shop, asked, [cite.id for cite in event.cites], True, weight=PICK)
        except Exception:  # a count less is no harm; a conversation held up is
            log.warning("feedback not counted", exc_info=True)

    async def _judged(self, shop: str, before: Sequence[Entry], now: Judged) -> None:
        earlier = [e.event.helpful for e in before if isinstance(e.event, Judged) and e.event.seq == now.seq]
        if earlier and earlier[-1] == now.helpful:
            return
        for question, entry in _given(before, now.seq):
            if earlier:
                await self._own.judge(shop, question, [entry], not now.helpful, weight=-1)
            await self._own.judge(shop, question, [entry], now.helpful)


def _given(before: Sequence[Entry], seq: int) -> list[tuple[str, str]]:
    """What the judged answer answered, and from which entry: only entries can be learnt about, not rules or orders."""
    judged = next((e.event for e in before if e.shopper_seq == seq), None)
    if not isinstance(judged, Message) or judged.by != "assistant":
        return []
    traces = (e.event for e in before if isinstance(e.event, Traced) and e.event.answers == judged.answers)
    answered: list[dict[str, Any]] = [one for trace in traces for one in trace.meaning.get("answered", ())]
    return [
        (str(one["question"]), str(one["passage"]))
        for one in answered
        if one.get("decision") == "answer" and one.get("passage") and not one.get("facts")
    ]


def _picks(event: object) -> bool:
    return isinstance(event, Message) and event.by == "staff" and bool(event.cites)


def _asked(event: object) -> str:
    return event.text if isinstance(event, Message) and event.by == "shopper" else ""
