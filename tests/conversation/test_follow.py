"""A reader gets every event once and in order, whatever the bus does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversation.bus import QUEUE, Look, MemoryBus, Typing
from assistant.conversation.events import Event, Message, Noted, seen_by
from assistant.conversation.follow import PAGE, FellBehind, follow
from assistant.conversation.sql import SqlStore, open_store
from assistant.conversation.store import Entry
from knowledge.database import open_engine
from tests.conversation.strategies import events


def asked(text: str) -> Message:
    return Message(by="shopper", text=text)


async def opened(bus: MemoryBus) -> SqlStore:
    store = await open_store(open_engine("sqlite://"))
    store.on_commit(bus.tell)
    return store


class BadBus(MemoryBus):
    """A bus that loses, doubles and holds back what it is told, as `fate` says; what it held back comes later."""

    def __init__(self, fate: Sequence[str]) -> None:
        super().__init__()
        self._fate = list(fate)
        self._held: list[tuple[str, Sequence[Entry]]] = []

    def tell(self, talk: str, entries: Sequence[Entry]) -> None:
        match self._fate.pop() if self._fate else "well":
            case "lost":
                pass
            case "twice":
                super().tell(talk, entries)
                super().tell(talk, entries)
            case "late":
                self._held.append((talk, entries))
            case _:
                super().tell(talk, entries)
                while self._held:
                    super().tell(*self._held.pop())

    def look(self) -> None:
        for there in tuple(self._listeners.values()):
            for listener in tuple(there):
                listener.put(Look())


@settings(max_examples=60, deadline=None)
@given(
    happened=st.lists(st.lists(events, min_size=1, max_size=3), min_size=1, max_size=15),
    fate=st.lists(st.sampled_from(["lost", "twice", "late", "well"]), max_size=15),
    audience=st.sampled_from(["shopper", "staff"]),
    drawn=st.data(),
)
def test_every_event_once_and_in_order(
    happened: list[list[Event]], fate: list[str], audience: Literal["shopper", "staff"], drawn: st.DataObject
) -> None:
    async def run() -> None:
        bus = BadBus(fate)
        store = await opened(bus)
        talk, _ = await store.open_talk("demo")
        seen: list[Event] = []
        joins = drawn.draw(st.integers(0, len(happened) - 1))
        reader = None
        for number, together in enumerate(happened):
            if number == joins:
                reader = await follow(store, bus, talk, after=0, audience=audience)
            await store.append(talk, together)
            if reader is not None and drawn.draw(st.booleans()):
                seen += [one.event for one in await reader.ready() if isinstance(one, Entry)]
        assert reader is not None
        bus.look()  # what was lost last is found when the bus is well again
        while reader.wake.is_set():
            seen += [one.event for one in await reader.ready() if isinstance(one, Entry)]
        assert seen == [event for together in happened for event in together if seen_by(event, audience)]
        await store.close()

    asyncio.run(run())


async def test_a_reader_that_joins_in_the_middle_gets_the_rest_once() -> None:
    bus = MemoryBus()
    store = await opened(bus)
    talk, _ = await store.open_talk("demo")
    for number in range(5):
        await store.append(talk, (asked(str(number)),))
    reader = await follow(store, bus, talk, after=2, audience="shopper")
    await store.append(talk, (asked("5"),))  # told and stored before the reader has read
    numbers = [one.seq for one in await reader.ready() if isinstance(one, Entry)]
    assert numbers == [3, 4, 5, 6]
    assert await reader.ready() == []
    await store.close()


async def test_a_long_history_comes_in_pages() -> None:
    bus = MemoryBus()
    store = await opened(bus)
    talk, _ = await store.open_talk("demo")
    await store.append(talk, [asked(str(number)) for number in range(PAGE * 2 + 7)])
    reader = await follow(store, bus, talk, after=0, audience="shopper")
    pages = []
    while reader.wake.is_set():
        pages.append(len(await reader.ready()))
    assert pages == [PAGE, PAGE, 7]
    await store.close()


async def test_a_reader_that_is_asleep_is_told_to_resume() -> None:
    bus = MemoryBus()
    store = await opened(bus)
    talk, _ = await store.open_talk("demo")
    reader = await follow(store, bus, talk, after=0, audience="shopper")
    for number in range(QUEUE + 1):
        await store.append(talk, (asked(str(number)),))
    with pytest.raises(FellBehind):
        await reader.ready()
    again = await follow(store, bus, talk, after=reader.last, audience="shopper")
    read: list[Entry | Typing] = []
    while page := await again.ready():
        read += page
    assert len(read) == QUEUE + 1
    await store.close()


async def test_typing_and_notes_move_no_number() -> None:
    bus = MemoryBus()
    store = await opened(bus)
    talk, _ = await store.open_talk("demo")
    reader = await follow(store, bus, talk, after=0, audience="shopper")
    await reader.ready()
    bus.typing(talk, "staff")
    await store.append(talk, (Noted(by="li", text="只给同事看"),))
    await store.append(talk, (asked("在吗"),))
    new = await reader.ready()
    assert new[0] == Typing(talk, "staff")
    assert [one.seq for one in new[1:] if isinstance(one, Entry)] == [2]
    assert isinstance(new[1], Entry)
    assert new[1].shopper_seq == 1
    await store.close()
