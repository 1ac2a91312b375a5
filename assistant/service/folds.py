"""Conversations kept folded, so that a turn need not replay its log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from assistant.conversation.state import Conversation
from assistant.conversation.store import Entry, Store

KEPT = 4096


class Folds:
    """The last conversations this process had to do with. Only a saving: the store can give every one again."""

    def __init__(self, store: Store, kept: int = KEPT) -> None:
        self._store, self._kept = store, kept
        self._folded: OrderedDict[str, Conversation] = OrderedDict()
        store.on_commit(self.told)

    def told(self, talk: str, entries: Sequence[Entry]) -> None:
        """Fold what this process has just stored, if nothing is missing before it."""
        known = self._folded.get(talk) or (Conversation() if entries[0].seq == 1 else None)
        if known is None or entries[0].seq != known.seq + 1:
            return
        for entry in entries:
            known = known.after(entry.seq, entry.event)
        self._keep(talk, known)

    async def at(self, talk: str, seq: int | None = None) -> Conversation:
        """The conversation as it stands; with `seq`, at least as far as that number, which spares asking the store."""
        known = self._folded.get(talk) or Conversation()
        if seq is None or known.seq < seq:
            for entry in await self._store.read(talk, after=known.seq):
                known = known.after(entry.seq, entry.event)
            if (told := self._folded.get(talk)) is not None and told.seq > known.seq:
                return told
            self._keep(talk, known)
        return known

    def forget(self, talk: str) -> None:
        """Keep nothing of `talk`."""
        self._folded.pop(talk, None)

    def _keep(self, talk: str, known: Conversation) -> None:
        self._folded[talk] = known
        self._folded.move_to_end(talk)
        if len(self._folded) > self._kept:
            self._folded.popitem(last=False)
