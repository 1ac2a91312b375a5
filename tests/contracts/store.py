"""The meaning of `Store`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from assistant.conversation.events import (
    Claimed,
    HandedOver,
    Message,
    Noted,
    Part,
    Rated,
    Released,
    Resolved,
    Traced,
    Visited,
)
from assistant.conversation.sql import SqlStore
from assistant.conversation.state import fold
from assistant.conversation.store import Entry, Fenced, NoSuchTalk, Stale


def asked(text: str = "能退吗", client_id: str | None = None) -> Message:
    return Message(by="shopper", text=text, client_id=client_id)


def answered(text: str = "可以退。") -> Message:
    return Message(by="assistant", text=text, action="answer")


class StoreContract:
    """Every home of the log passes these. A home gives the fixture `store`, and `again`: the same log, opened anew."""

    @pytest.fixture
    async def talk(self, store: SqlStore) -> str:
        return (await store.open_talk("demo"))[0]

    async def test_events_are_numbered_from_one_and_read_back_as_they_were(self, store: SqlStore, talk: str) -> None:
        events = [asked(), Part(text="可以退。"), answered(), Rated(stars=5, note="快😀\n\"'\\\u0000")]
        appended = [await store.append(talk, (event,)) for event in events]
        assert [one.entries[0].seq for one in appended] == [1, 2, 3, 4]
        assert [entry.event for entry in await store.read(talk)] == events

    async def test_many_events_go_in_together(self, store: SqlStore, talk: str) -> None:
        await store.append(talk, (asked(),))
        appended = await store.append(talk, (Part(text="可"), Part(text="以"), answered("可以")), after=1)
        assert [entry.seq for entry in appended.entries] == [2, 3, 4]

    async def test_the_shopper_counts_only_what_it_sees(self, store: SqlStore, talk: str) -> None:
        await store.append(talk, (Visited(product="a"), asked(), Traced(), Noted(by="li", text="x"), answered()))
        seen = await store.read(talk, audience="shopper")
        assert [(entry.shopper_seq, entry.seq, entry.kind) for entry in seen] == [(1, 2, "message"), (2, 5, "message")]
        assert (await store.head(talk)).shopper_seq == 2

    async def test_reading_goes_on_after_any_number(self, store: SqlStore, talk: str) -> None:
        await store.append(talk, [asked(str(number)) for number in range(20)])
        for after in range(21):
            assert [entry.seq for entry in await store.read(talk, after=after)] == list(range(after + 1, 21))
        assert [entry.seq for entry in await store.read(talk, after=3, limit=2)] == [4, 5]

    async def test_a_resent_message_is_stored_once_and_gets_its_first_number(self, store: SqlStore, talk: str) -> None:
        first = await store.append(talk, (asked("一", "c1"),))
        await store.append(talk, (asked("二", "c2"),))
        resent = await store.append(talk, (asked("一", "c1"),))
        assert (first.again, resent.again) == (False, True)
        assert resent.entries[0].seq == first.entries[0].seq
        assert [entry.seq for entry in await store.read(talk)] == [1, 2]

    async def test_a_message_resent_at_once_from_many_tabs_is_stored_once(self, store: SqlStore, talk: str) -> None:
        sent = await asyncio.gather(*(store.append(talk, (asked("一", f"c{n % 5}"),)) for n in range(50)))
        numbers = {f"c{n % 5}": one.entries[0].seq for n, one in enumerate(sent)}
        assert sorted(numbers.values()) == [1, 2, 3, 4, 5]
        assert all(one.entries[0].seq == numbers[f"c{n % 5}"] for n, one in enumerate(sent))
        assert len(await store.read(talk)) == 5

    async def test_a_shopper_cannot_silence_a_colleague_with_the_same_id(self, store: SqlStore, talk: str) -> None:
        await store.append(talk, (asked("一", "c1"),))
        staff = await store.append(talk, (Message(by="staff", name="li", text="二", client_id="c1"),))
        assert not staff.again

    async def test_the_slower_of_two_writers_is_told(self, store: SqlStore, talk: str) -> None:
        await store.append(talk, (asked(),), after=0)
        with pytest.raises(Stale):
            await store.append(talk, (answered(),), after=0)
        assert len(await store.read(talk)) == 1

    async def test_of_ten_who_race_one_wins_and_the_log_has_no_gap(self, store: SqlStore, again: SqlStore) -> None:
        """Half of the ten write through another process's store."""
        talk, _ = await store.open_talk("demo")
        for round_ in range(20):
            homes = [store, again] * 5
            done = await asyncio.gather(
                *(home.append(talk, (asked(f"{round_}/{n}"),), after=round_) for n, home in enumerate(homes)),
                return_exceptions=True,
            )
            assert [type(one) for one in done].count(Stale) == 9, done
        assert [entry.seq for entry in await store.read(talk)] == list(range(1, 21))

    async def test_writers_that_name_no_number_all_get_in(self, store: SqlStore, again: SqlStore) -> None:
        talk, _ = await store.open_talk("demo")
        await asyncio.gather(*((store, again)[n % 2].append(talk, (asked(str(n)),)) for n in range(60)))
        entries = await store.read(talk)
        assert [entry.seq for entry in entries] == list(range(1, 61))
        assert {entry.event.text for entry in entries if isinstance(entry.event, Message)} == {
            str(n) for n in range(60)
        }

    async def test_conversations_do_not_wait_in_a_circle(self, store: SqlStore, again: SqlStore) -> None:
        talks = [(await store.open_talk("demo"))[0] for _ in range(8)]
        await asyncio.gather(*((store, again)[n % 2].append(talks[(n * 5) % 8], (asked(str(n)),)) for n in range(200)))
        assert [(await store.head(talk)).seq for talk in talks] == [25] * 8

    async def test_one_bad_write_does_not_harm_the_others(self, store: SqlStore, talk: str) -> None:
        done = await asyncio.gather(
            store.append(talk, (asked("好"),)),
            store.append("nobody", (asked(),)),
            store.append(talk, (asked("也好"),)),
            return_exceptions=True,
        )
        assert isinstance(done[1], NoSuchTalk)
        assert [entry.seq for entry in await store.read(talk)] == [1, 2]

    async def test_a_token_opens_its_own_conversation_in_its_own_shop_only(self, store: SqlStore) -> None:
        talk, token = await store.open_talk("demo")
        found = await store.by_token("demo", token)
        assert found is not None
        assert found.talk == talk
        assert await store.by_token("other", token) is None
        assert await store.by_token("demo", token.swapcase()) is None
        assert await store.by_token("demo", "") is None

    async def test_a_hand_over_and_its_ticket_are_one(self, store: SqlStore, talk: str) -> None:
        await store.append(talk, (asked("转人工"),))
        appended = await store.append(talk, (answered("好"), HandedOver(reason="asked_for_person", level="L3")))
        [ticket] = await store.tickets(shop="demo")
        event = appended.entries[1].event
        assert isinstance(event, HandedOver)
        assert (ticket.id, ticket.talk, ticket.reason, ticket.level) == (event.ticket, talk, "asked_for_person", "L3")
        assert (ticket.state, ticket.seq, ticket.holder) == ("open", 3, None)

    @pytest.mark.parametrize(
        ("then", "state", "holder"),
        [
            pytest.param([Claimed(by="li")], "claimed", "li", id="claimed"),
            pytest.param([Claimed(by="li"), Released(by="li")], "released", "li", id="given back"),
            pytest.param([Claimed(by="li"), Resolved(by="li", summary="ok")], "resolved", "li", id="resolved"),
        ],
    )
    async def test_a_ticket_follows_the_log(
        self, store: SqlStore, talk: str, then: list[Any], state: str, holder: str
    ) -> None:
        await store.append(talk, (asked(), HandedOver(reason="anger")))
        await store.append(talk, then)
        [ticket] = await store.tickets(talk=talk)
        assert (ticket.state, ticket.holder) == (state, holder)

    async def test_a_second_call_is_a_second_ticket_and_leaves_the_first_as_it_ended(
        self, store: SqlStore, talk: str
    ) -> None:
        await store.append(talk, (HandedOver(reason="anger"), Claimed(by="li"), Resolved(by="li")))
        await store.append(talk, (HandedOver(reason="safety"), Claimed(by="wang")))
        assert [(one.reason, one.state, one.holder) for one in await store.tickets(talk=talk)] == [
            ("anger", "resolved", "li"),
            ("safety", "claimed", "wang"),
        ]

    async def test_tickets_are_filtered_and_paged(self, store: SqlStore) -> None:
        for shop in ("demo", "other"):
            for number in range(7):
                talk, _ = await store.open_talk(shop)
                await store.append(talk, (HandedOver(reason="anger"), *([Claimed(by="li")] if number % 2 else [])))
        assert len(await store.tickets()) == 14
        assert {one.shop for one in await store.tickets(shop="demo")} == {"demo"}
        assert {one.shop for one in await store.tickets(shops=("other",))} == {"other"}
        assert len(await store.tickets(shop="demo", state="claimed")) == 3
        paged, after = list[str](), None
        while page := await store.tickets(shop="demo", after=after, limit=3):
            paged += [one.id for one in page]
            after = page[-1].id
        assert paged == [one.id for one in await store.tickets(shop="demo")]
        assert len(set(paged)) == 7

    async def test_a_question_takes_its_turn_and_the_answer_gives_it_back(self, store: SqlStore, talk: str) -> None:
        first = await store.append(talk, (asked(),), take="a")
        assert first.lease is not None
        assert (await store.append(talk, (), take="b")).lease is None
        assert await store.unanswered() == []
        await store.append(talk, (answered(),), after=1, lease=first.lease, done=True)
        assert (await store.append(talk, (asked("还有"),), take="b")).lease is not None

    async def test_there_is_no_turn_where_nothing_is_asked_or_people_hold_the_line(
        self, store: SqlStore, talk: str
    ) -> None:
        assert (await store.append(talk, (), take="a")).lease is None
        await store.append(talk, (HandedOver(reason="anger"),))
        assert (await store.append(talk, (asked(),), take="a")).lease is None
        assert await store.unanswered() == []

    async def test_a_turn_whose_worker_is_gone_is_found_and_taken(
        self, store: SqlStore, talk: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = (await store.append(talk, (asked(),), take="a")).lease
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 3.5)
        assert await store.unanswered() == [talk]
        taken = await store.append(talk, (), take="b")
        assert taken.lease is not None
        assert taken.tries == 2
        with pytest.raises(Fenced):
            await store.append(talk, (Part(text="太晚了"),), lease=gone)
        await store.append(talk, (answered(),), lease=taken.lease, done=True)
        assert await store.unanswered() == []

    async def test_a_turn_that_says_it_is_alive_is_not_taken(
        self, store: SqlStore, talk: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lease = (await store.append(talk, (asked(),), take="a")).lease
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 2.5)
        await store.append(talk, (), lease=lease)
        monkeypatch.setattr(time, "time", lambda: now + 4)
        assert await store.unanswered() == []
        assert (await store.append(talk, (), take="b")).lease is None

    @pytest.mark.parametrize("jump", [pytest.param(-3600, id="an hour back"), pytest.param(3600, id="an hour ahead")])
    async def test_a_clock_that_jumps_blocks_no_turn_and_turns_no_order(
        self, store: SqlStore, talk: str, monkeypatch: pytest.MonkeyPatch, jump: float
    ) -> None:
        await store.append(talk, (asked(),), take="a")
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + jump)
        assert await store.unanswered() == [talk]
        taken = await store.append(talk, (Part(text="好"),), take="b")
        assert taken.lease is not None
        assert [entry.seq for entry in await store.read(talk)] == [1, 2]

    async def test_tries_are_counted_until_there_is_an_answer(
        self, store: SqlStore, talk: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.time()
        tries = [(await store.append(talk, (asked(),), take="a")).tries]
        for later in (10, 20, 30):
            monkeypatch.setattr(time, "time", lambda later=later: now + later)
            taken = await store.append(talk, (), take="a")
            tries.append(taken.tries)
        assert tries == [1, 2, 3, 4]
        await store.append(talk, (answered(),), lease=taken.lease, done=True)
        assert (await store.append(talk, (asked(),), take="a")).tries == 1

    async def test_the_hook_hears_every_commit_in_the_order_of_the_log(self, store: SqlStore, talk: str) -> None:
        heard: list[int] = []

        def hook(_talk: str, entries: Sequence[Entry]) -> None:
            heard.extend(entry.seq for entry in entries)

        store.on_commit(hook)
        await asyncio.gather(*(store.append(talk, (asked(str(n), f"c{n % 30}"),)) for n in range(40)))
        assert heard == list(range(1, 31))

    async def test_a_hook_that_breaks_harms_nobody(self, store: SqlStore, talk: str) -> None:
        def broken(_talk: str, _entries: Sequence[Entry]) -> None:
            raise RuntimeError("broken on purpose")

        store.on_commit(broken)
        await store.append(talk, (asked(),))
        await store.append(talk, (asked(),))
        assert len(await store.read(talk)) == 2

    async def test_what_a_waiting_writer_left_behind_is_still_stored_whole(self, store: SqlStore, talk: str) -> None:
        """A connection that closes cancels its append; the log gets all of it or nothing, and goes on."""
        for number in range(30):
            waiting = asyncio.create_task(store.append(talk, (asked(f"{number}"), Part(text="x"))))
            await asyncio.sleep(0)
            waiting.cancel()
        await store.append(talk, (asked("最后"),))
        entries = await store.read(talk)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert len(entries) % 2 == 1

    async def test_what_was_acknowledged_is_there_when_the_log_is_opened_anew(
        self, store: SqlStore, again: SqlStore
    ) -> None:
        talk, token = await store.open_talk("demo")
        await store.append(talk, (asked("在吗"), answered("在的。"), HandedOver(reason="anger")))
        assert await again.read(talk) == await store.read(talk)
        assert await again.by_token("demo", token) == await store.head(talk)
        assert await again.tickets() == await store.tickets()

    async def test_the_head_is_the_fold(self, store: SqlStore, talk: str) -> None:
        for event in (
            asked(),
            Part(text="可"),
            answered("可"),
            asked("人工"),
            HandedOver(reason="anger"),
            asked("在吗"),
            Claimed(by="li"),
            Message(by="staff", name="li", text="在"),
            asked("好"),
            Released(by="li"),
            asked("那"),
            Rated(stars=1),
        ):
            await store.append(talk, (event,))
            head = await store.head(talk)
            now = fold([(entry.seq, entry.event) for entry in await store.read(talk)])
            assert (head.seq, head.held_by, head.asked_seq) == (now.seq, now.held_by, now.asked_at)

    async def test_what_is_forgotten_is_gone(self, store: SqlStore, talk: str) -> None:
        token = (await store.open_talk("demo"))[1]
        await store.append(talk, (asked(), HandedOver(reason="anger")))
        assert await store.forget(talk)
        assert not await store.forget(talk)
        assert await store.read(talk) == []
        assert await store.tickets(talk=talk) == []
        with pytest.raises(NoSuchTalk):
            await store.append(talk, (asked(),))
        with pytest.raises(NoSuchTalk):
            await store.head(talk)
        assert await store.by_token("demo", token) is not None
