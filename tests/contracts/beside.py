"""The meaning of what `Store` keeps beside the log."""

from __future__ import annotations

import asyncio

import pytest

from assistant.conversation.events import Claimed, HandedOver, Kept, Message, Promised, Raised, Reopened, Resolved
from assistant.conversation.events import Waiting as Waits
from assistant.conversation.sql import SqlStore
from assistant.conversation.store import RecordMoved


def owed(name: str = "P1", due: str = "2026-11-22T10:00:00.000Z") -> Promised:
    return Promised(by="li", promise=name, text="六点前查到", due=due)


class BesideContract:
    """Every home of the log passes these. A home gives the fixtures `store` and `again`."""

    async def test_a_record_is_what_was_put_last(self, store: SqlStore, again: SqlStore) -> None:
        first = await store.put("note", "demo", "a", {"字": [1, None]})
        second = await again.put("note", "demo", "a", {"字": 2})
        assert (first.version, second.version) == (1, 2)
        found = await store.record("note", "demo", "a")
        assert found is not None
        assert (found.body, found.version) == ({"字": 2}, 2)
        assert await store.record("note", "other", "a") is None
        assert [one.id for one in await store.records("note", ("demo",))] == ["a"]
        assert await store.drop("note", "demo", "a")
        assert not await store.drop("note", "demo", "a")

    async def test_who_changes_an_old_version_is_told(self, store: SqlStore) -> None:
        await store.put("note", "demo", "a", 1, version=0)
        for old in (0, 2):
            with pytest.raises(RecordMoved):
                await store.put("note", "demo", "a", 2, version=old)
        assert (await store.put("note", "demo", "a", 2, version=1)).version == 2

    async def test_of_many_who_write_a_record_at_once_all_get_in_in_turn(
        self, store: SqlStore, again: SqlStore
    ) -> None:
        await asyncio.gather(*((store, again)[n % 2].put("note", "demo", "a", n) for n in range(6)))
        found = await store.record("note", "demo", "a")
        assert found is not None
        assert found.version == 6

    async def test_a_promise_follows_the_log(self, store: SqlStore) -> None:
        talk, _ = await store.open_talk("demo")
        await store.append(talk, (owed("P1"), owed("P2", "2026-11-22T09:00:00.000Z")))
        assert [one.id for one in await store.promises(shops=("demo",))] == ["P2", "P1"]
        assert [one.id for one in await store.promises(due_before="2026-11-22T09:30:00.000Z")] == ["P2"]
        await store.append(talk, (Raised(what="overdue", about="P2"), Kept(by="li", promise="P2")))
        assert [one.id for one in await store.promises(by="li", talk=talk)] == ["P1"]
        ended = next(one for one in await store.promises(open_only=False) if one.id == "P2")
        assert (ended.state, ended.raised_at is None, ended.ended_at is None) == ("kept", False, False)
        assert await store.promises(shops=("other",)) == []

    async def test_a_ticket_waits_again_and_reopens_under_its_own_id(self, store: SqlStore) -> None:
        talk, _ = await store.open_talk("demo")
        await store.append(talk, (HandedOver(reason="anger", ticket="T1"), Claimed(by="li", name="客服小李")))
        [row] = await store.tickets(talk=talk)
        assert (row.holder, row.holder_name) == ("li", "客服小李")
        await store.append(talk, (Waits(by="li", on="carrier"),))
        assert [one.waiting_on for one in await store.tickets(holder="li")] == ["carrier"]
        await store.append(talk, (HandedOver(reason="anger", ticket="T1", back=True),))
        assert [(one.state, one.holder) for one in await store.tickets(ticket="T1")] == [("open", None)]
        await store.append(talk, (Reopened(by="shopper", ticket="T1"),))
        assert [one.state for one in await store.tickets(talk=talk)] == ["open"]  # only what was resolved reopens
        await store.append(talk, (Claimed(by="li"), Resolved(by="li"), Reopened(by="shopper", ticket="T1")))
        assert [one.state for one in await store.tickets(states=("reopened",))] == ["reopened"]

    async def test_a_search_finds_words_as_they_were_said(self, store: SqlStore) -> None:
        talk, _ = await store.open_talk("demo")
        said = ['他说"50%"就好', "能退吗", "会_退吗", 'a\\b"c', "by shopper"]
        await store.append(talk, [Message(by="shopper", text=text) for text in said])
        for words, places in (
            ('"50%"', [1]),
            ("退吗", [3, 2]),
            ("_", [3]),
            ("%", [1]),
            ('\\b"c', [4]),
            ("client_id", []),
        ):
            assert [one.seq for one in await store.search(words)] == places, words
        assert await store.search("能退吗", shops=("other",)) == []
        assert await store.search("  ") == []

    async def test_the_outbox_is_shared_out_once_and_a_delivery_is_tried_by_one(
        self, store: SqlStore, again: SqlStore
    ) -> None:
        talk, _ = await store.open_talk("demo")
        await store.append(talk, (Message(by="shopper", text="在吗"), HandedOver(reason="anger")))
        await store.append(talk, (Message(by="shopper", text="人呢"),))
        await asyncio.gather(*(one.share_out(lambda shop: ["W1", "W2"], 10.0) for one in (store, again)))
        due = await store.due(10.0)
        assert sorted((one.endpoint, one.seq) for one in due) == [("W1", 2), ("W1", 3), ("W2", 2), ("W2", 3)]
        assert await store.due(9.0) == []
        tried = await asyncio.gather(*(one.tried(due[0], next_at=20.0, problem="x") for one in (store, again)))
        assert sorted(tried) == [False, True]
        assert len(await store.due(10.0)) == 3
        [later] = [one for one in await store.due(20.0) if one.tries == 1]
        assert await again.tried(later, next_at=None)
        assert len(await store.due(99.0)) == 3

    async def test_what_is_forgotten_is_gone_from_beside_the_log_too(self, store: SqlStore) -> None:
        talk, _ = await store.open_talk("demo")
        await store.append(talk, (HandedOver(reason="anger"), owed()))
        await store.share_out(lambda shop: ["W1"], 1.0)
        await store.append(talk, (Claimed(by="li"),))
        await store.forget(talk)
        await store.share_out(lambda shop: ["W1"], 1.0)
        assert await store.due(9.0) == []
        assert await store.promises(open_only=False) == []
