"""The meaning of `Bus`: what is told arrives once and in order; a slow listener is dropped."""

from __future__ import annotations

import asyncio

from assistant.conversation.bus import QUEUE, Bus, Listener, Look, News, Told, Typing
from assistant.conversation.events import Message
from assistant.conversation.store import Entry


def entry(seq: int) -> Entry:
    event = Message(by="shopper", text=f"第 {seq} 句 \U0001f600")
    return Entry(seq, seq, "2026-11-22T00:00:00.000Z", "message", event.model_dump_json())


async def heard(listener: Listener, count: int) -> list[News]:
    """The next `count` news; what asks to look does not count."""
    news: list[News] = []
    async with asyncio.timeout(10):
        while True:
            listener.wake.clear()
            news += [one for one in listener.take() if not isinstance(one, Look)]
            if len(news) >= count:
                return news
            await listener.wake.wait()


class BusContract:
    """Every home of the bus passes these. `teller` and `hearer` may be one or two processes' ends of it."""

    async def test_what_is_told_is_heard_in_order(self, teller: Bus, hearer: Bus) -> None:
        listener = await hearer.listen("t1")
        for seq in range(1, 101):
            teller.tell("t1", [entry(seq)])
        told = await heard(listener, 100)
        assert told == [Told("t1", [entry(seq)]) for seq in range(1, 101)]

    async def test_only_the_conversation_asked_for_is_heard(self, teller: Bus, hearer: Bus) -> None:
        listener = await hearer.listen("t1")
        teller.tell("t2", [entry(1)])
        teller.tell("t1", [entry(2)])
        assert await heard(listener, 1) == [Told("t1", [entry(2)])]

    async def test_who_listens_to_all_hears_all(self, teller: Bus, hearer: Bus) -> None:
        listener = await hearer.listen(None)
        teller.tell("t1", [entry(1)])
        teller.tell("t2", [entry(1), entry(2)])
        assert [news.talk for news in await heard(listener, 2) if isinstance(news, Told)] == ["t1", "t2"]

    async def test_two_tabs_hear_the_same(self, teller: Bus, hearer: Bus) -> None:
        one, two = await hearer.listen("t1"), await hearer.listen("t1")
        teller.tell("t1", [entry(1)])
        assert await heard(one, 1) == await heard(two, 1)

    async def test_typing_is_heard_too(self, teller: Bus, hearer: Bus) -> None:
        listener = await hearer.listen("t1")
        teller.typing("t1", "staff")
        assert await heard(listener, 1) == [Typing("t1", "staff")]

    async def test_who_has_left_hears_nothing_and_may_come_back(self, teller: Bus, hearer: Bus) -> None:
        gone = await hearer.listen("t1")
        gone.close()
        back = await hearer.listen("t1")
        teller.tell("t1", [entry(1)])
        assert await heard(back, 1) == [Told("t1", [entry(1)])]
        assert gone.take() == []

    async def test_a_listener_that_does_not_keep_up_is_dropped_and_the_others_are_not(
        self, teller: Bus, hearer: Bus
    ) -> None:
        slow, quick = await hearer.listen("t1"), await hearer.listen("t1")
        for seq in range(1, QUEUE + 2):
            teller.tell("t1", [entry(seq)])
            await heard(quick, 1)
        assert slow.dropped
        assert slow.wake.is_set()
        assert slow.take() == []
        assert not quick.dropped
