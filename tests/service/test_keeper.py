"""What happens by itself as time passes; the clock is given, nothing waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from assistant.conversation.events import HandedOver, Message, Raised, Reopened
from assistant.service.desk import Desk
from assistant.service.keeper import Keeper
from assistant.service.queue import queue
from assistant.service.reception import Reception
from tests.support.server import reception


@pytest.fixture
async def receives() -> AsyncIterator[Reception]:
    receives = await reception()
    yield receives
    await receives.close()


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def keeper(receives: Reception, told: list[tuple[str, str]]) -> Keeper:
    async def tell(shop: str, text: str) -> None:
        told.append((shop, text))

    return Keeper(receives.store, receives.folds, receives.shops, tell)


@pytest.fixture
def desk(receives: Reception) -> Desk:
    return Desk(receives.store, receives.folds)


def soon(**after: float) -> datetime:
    return datetime.now(UTC) + timedelta(**after)


async def solved(receives: Reception, desk: Desk) -> str:
    talk, _ = await receives.store.open_talk("demo")
    await receives.store.append(talk, (Message(by="shopper", text="退款没到"), HandedOver(reason="overdue")))
    await desk.claim(talk, "li")
    await desk.resolve(talk, "li")
    return talk


@pytest.mark.parametrize(
    ("said", "reopened"), [("还是没到", 1), ("那运费呢", 1), ("谢谢", 0), ("好的", 0), ("解决了，谢谢", 0)]
)
async def test_a_shopper_who_writes_again_reopens_once_and_thanks_do_not(
    receives: Reception, desk: Desk, keeper: Keeper, said: str, reopened: int
) -> None:
    talk = await solved(receives, desk)
    await receives.say("demo", talk, said, "c1")
    await receives.say("demo", talk, said, "c2")
    await receives.rest()
    for _ in range(3):
        await keeper.round(soon())
    events = [entry.event for entry in await receives.store.read(talk)]
    assert sum(isinstance(event, Reopened) for event in events) == reopened
    assert [one.state for one in await receives.store.tickets(talk=talk)] == ["reopened" if reopened else "resolved"]
    assert len(await queue(receives.store, ("demo",))) == reopened


async def test_who_comes_back_after_the_window_has_a_new_matter(
    receives: Reception, desk: Desk, keeper: Keeper
) -> None:
    talk = await solved(receives, desk)
    await receives.say("demo", talk, "在吗，想买鞋", "c1")
    await receives.rest()
    await keeper.round(soon(hours=80))
    assert [one.state for one in await receives.store.tickets(talk=talk)] == ["resolved"]


async def test_two_keepers_reopen_once(receives: Reception, desk: Desk, keeper: Keeper) -> None:
    talk = await solved(receives, desk)
    await receives.say("demo", talk, "还是没到", "c1")
    await receives.rest()
    other = Keeper(receives.store, receives.folds, receives.shops)
    await asyncio.gather(*(one.round(soon()) for one in (keeper, other, keeper, other)))
    assert sum(isinstance(entry.event, Reopened) for entry in await receives.store.read(talk)) == 1


async def test_an_overdue_promise_is_raised_once(
    receives: Reception, desk: Desk, keeper: Keeper, told: list[tuple[str, str]]
) -> None:
    talk, _ = await receives.store.open_talk("demo")
    owed = await desk.promise(talk, "li", "六点前查到物流", soon(minutes=10))
    await keeper.round(soon())
    assert told == []
    for minutes in (11, 12, 13):
        await keeper.round(soon(minutes=minutes))
    assert [shop for shop, _ in told] == ["demo"]
    assert "六点前查到物流" in told[0][1]
    [row] = await receives.store.promises()
    assert row.raised_at is not None
    assert Raised(what="overdue", about=owed.promise) in [e.event for e in await receives.store.read(talk)]


async def test_a_ticket_nobody_claims_is_told_of_once(
    receives: Reception, desk: Desk, keeper: Keeper, told: list[tuple[str, str]]
) -> None:
    talk, _ = await receives.store.open_talk("demo")
    await receives.store.append(talk, (HandedOver(reason="safety", level="L3"),))
    await keeper.round(soon(minutes=2))
    assert told == []
    await keeper.round(soon(minutes=4))
    await Keeper(receives.store, receives.folds, receives.shops).round(soon(minutes=5))
    await keeper.round(soon(minutes=6))
    assert [text.count("已经等了 4 分钟") for _, text in told] == [1]
    events = [entry.kind for entry in await receives.store.read(talk)]
    assert events.count("raised") == 1


async def test_the_conversations_of_an_agent_who_is_gone_wait_for_another(
    receives: Reception, desk: Desk, keeper: Keeper
) -> None:
    await desk.presence.here("li", shown="客服小李", shops=("demo",))
    talk, _ = await receives.store.open_talk("demo")
    await receives.store.append(talk, (HandedOver(reason="anger"),))
    await desk.claim(talk, "li")
    await keeper.round(soon(seconds=50))
    assert (await receives.folds.at(talk)).held_by == "staff"
    await keeper.round(soon(seconds=61))
    now = await receives.folds.at(talk)
    assert (now.held_by, now.holder) == ("queue", None)
    assert (await desk.claim(talk, "wang")).holder == "wang"
    await keeper.round(soon(seconds=62))
    assert (await receives.folds.at(talk)).holder == "wang"


async def test_a_helpdesk_that_never_said_it_was_here_keeps_what_it_has(
    receives: Reception, desk: Desk, keeper: Keeper
) -> None:
    talk, _ = await receives.store.open_talk("demo")
    await receives.store.append(talk, (HandedOver(reason="anger"),))
    await desk.claim(talk, "helpdesk")
    await keeper.round(soon(hours=5))
    assert (await receives.folds.at(talk)).holder == "helpdesk"
