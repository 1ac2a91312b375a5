"""What an agent can do with a conversation, on the real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from assistant.conversation.events import Claimed, HandedOver, Message, Rated, Reopened, Resolved, Transferred
from assistant.conversation.store import Entry
from assistant.service.desk import BadDue, Desk, NoSuchPromise, NotYours
from assistant.service.ledger import ledger
from assistant.service.packet import packet
from assistant.service.presence import AtCapacity
from assistant.service.queue import position, queue
from assistant.service.reception import Reception
from assistant.service.rehearsal import Rehearsal
from assistant.service.stories import after_solving, stories
from tests.support.server import reception
from tests.support.shops import small_shop

IN_AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def receives() -> AsyncIterator[Reception]:
    receives = await reception()
    yield receives
    await receives.close()


@pytest.fixture
def desk(receives: Reception) -> Desk:
    return Desk(receives.store, receives.folds)


async def waiting(receives: Reception, *said: str, level: str = "L2", reason: str = "anger", shop: str = "demo") -> str:
    """A conversation in the queue."""
    talk, _ = await receives.store.open_talk(shop)
    words = [Message(by="shopper", text=text) for text in said]
    await receives.store.append(talk, (*words, HandedOver(reason=reason, level=level)))  # type: ignore[arg-type]
    return talk


async def kinds(receives: Reception, talk: str) -> list[str]:
    return [entry.kind for entry in await receives.store.read(talk)]


async def test_the_queue_is_by_level_then_reason_then_waiting(receives: Reception, desk: Desk) -> None:
    mild = await waiting(receives, level="L2")
    asks = await waiting(receives, level="L3", reason="asked_for_person")
    burns = await waiting(receives, level="L3", reason="safety")
    late = await waiting(receives, level="L2")
    await waiting(receives, level="L3", shop="other")
    rows = await queue(receives.store, ("demo",))
    assert [row.talk for row in rows] == [burns, asks, mild, late]
    assert [row.position for row in rows] == [1, 2, 3, 4]
    await desk.claim(burns, "li", shown="客服小李")
    rows = await queue(receives.store, ("demo",))
    assert [(row.talk, row.position) for row in rows] == [(asks, 1), (mild, 2), (late, 3), (burns, None)]
    assert (rows[-1].holder, rows[-1].holder_name) == ("li", "客服小李")
    assert await position(receives.store, "demo", late) == 3
    assert [row.talk for row in await queue(receives.store, ("demo",), holder="li")] == [burns]


async def test_whoever_claims_is_known_to_the_shopper_by_name(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives)
    await desk.claim(talk, "zhou", shown="客服小周")
    seen = await receives.store.read(talk, audience="shopper")
    assert [e.event.name for e in seen if isinstance(e.event, Claimed)] == ["客服小周"]


async def test_a_transfer_moves_the_line_and_its_note_stays_among_staff(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives)
    await desk.claim(talk, "li")
    now = await desk.transfer(talk, "li", "wang", shown="客服小王", note="要查仓库")
    assert (now.held_by, now.holder) == ("staff", "wang")
    with pytest.raises(NotYours):
        await desk.reply(talk, "li", "我再看看", shown="客服小李")
    assert "transferred" not in [entry.kind for entry in await receives.store.read(talk, audience="shopper")]
    [note] = [e.event for e in await receives.store.read(talk) if isinstance(e.event, Transferred)]
    assert (note.to, note.note) == ("wang", "要查仓库")


async def test_back_to_the_queue_is_the_same_ticket_waiting_again(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives, level="L3", reason="complaint")
    [before] = await receives.store.tickets(talk=talk)
    await desk.claim(talk, "li")
    await desk.to_queue(talk, "li", "下班了")
    [after] = await receives.store.tickets(talk=talk)
    assert (after.id, after.state, after.holder, after.level) == (before.id, "open", None, "L3")
    assert (await receives.folds.at(talk)).held_by == "queue"
    assert (await desk.claim(talk, "wang")).holder == "wang"


async def test_a_conversation_without_a_ticket_gets_one_when_it_is_put_into_the_queue(
    receives: Reception, desk: Desk
) -> None:
    talk, _ = await receives.store.open_talk("demo")
    await desk.claim(talk, "li")
    await desk.to_queue(talk, "li")
    assert [one.state for one in await receives.store.tickets(talk=talk)] == ["open"]


async def test_of_many_who_assign_and_claim_one_has_it(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives)
    tries = [desk.claim(talk, f"a{n}") for n in range(5)] + [desk.assign(talk, "boss", f"b{n}") for n in range(5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in done) == 1
    assert (await kinds(receives, talk)).count("claimed") == 1


async def test_an_agent_takes_no_more_than_they_may(receives: Reception, desk: Desk) -> None:
    await desk.presence.here("li", shown="客服小李", shops=("demo",), capacity=2)
    for _ in range(2):
        await desk.claim(await waiting(receives), "li")
    with pytest.raises(AtCapacity, match="客服小李 已经在接待 2 个会话"):
        await desk.claim(await waiting(receives), "li")
    [li] = await desk.presence.staff("demo")
    assert (li.load, li.free, li.state) == (2, 0, "online")
    later = datetime.now(UTC) + timedelta(minutes=2)
    assert [one.state for one in await desk.presence.staff("demo", later)] == ["offline"]
    assert await desk.presence.staff("other") == []


async def test_a_promise_is_owed_until_it_is_kept(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives)
    await desk.claim(talk, "li")
    now = datetime.now(UTC)
    owed = await desk.promise(talk, "li", "今天六点前给您查到物流", now + IN_AN_HOUR)
    assert [one.id for one in (await ledger(receives.store, by="li")).later] == [owed.promise]
    assert [one.id for one in (await ledger(receives.store, now=now + 2 * IN_AN_HOUR)).overdue] == [owed.promise]
    await desk.keep(talk, "li", owed.promise, note="查到了")
    assert (await ledger(receives.store)).all == ()
    with pytest.raises(NoSuchPromise):
        await desk.keep(talk, "li", owed.promise)
    with pytest.raises(BadDue):
        await desk.promise(talk, "li", "昨天", now - IN_AN_HOUR)


async def test_the_rating_is_asked_for_once_a_ticket_and_an_urgent_one_is_followed_up(
    receives: Reception, desk: Desk
) -> None:
    talk = await waiting(receives, level="L3", reason="safety")
    await desk.claim(talk, "li")
    await desk.resolve(talk, "li", "已换新")
    [ticket] = await receives.store.tickets(talk=talk)
    assert [one.about for one in (await ledger(receives.store)).all] == ["follow_up"]
    await receives.store.append(talk, (Reopened(by="shopper", ticket=ticket.id),))
    await desk.claim(talk, "li")
    await desk.resolve(talk, "li")
    asks = [e.event.ask for e in await receives.store.read(talk) if isinstance(e.event, Resolved)]
    assert asks == [True, False]


async def test_a_story_goes_from_open_to_confirmed(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives, "退款三天没到")
    stages = []

    async def note() -> None:
        told = stories(await receives.store.read(talk))[0]
        stages.append((told.stage, told.waiting_on))

    await note()
    await desk.claim(talk, "li", shown="客服小李")
    await note()
    await desk.reply(talk, "li", "我查一下", shown="客服小李")
    await note()
    await desk.wait_on(talk, "li", "platform")
    await note()
    await receives.say("demo", talk, "好了吗", "c1")
    await note()
    await desk.resolve(talk, "li", "平台已退")
    await note()
    await receives.say("demo", talk, "收到了，谢谢", "c2")
    await note()
    assert stages == [
        ("open", None),
        ("acknowledged", None),
        ("acknowledged", "shopper"),
        ("waiting", "platform"),
        ("waiting", "platform"),
        ("resolved", None),
        ("confirmed", None),
    ]


async def test_a_high_rating_confirms_and_reopening_takes_it_back(receives: Reception, desk: Desk) -> None:
    talk = await waiting(receives)
    await desk.claim(talk, "li")
    await desk.resolve(talk, "li")
    await receives.store.append(talk, (Rated(stars=4),))
    told = stories(await receives.store.read(talk))[0]
    assert (told.stage, told.stars, told.reopened) == ("confirmed", 4, 0)
    await desk.reopen(talk, "wang")
    told = stories(await receives.store.read(talk))[0]
    assert (told.stage, told.reopened, told.confirmed_at) == ("reopened", 1, None)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("谢谢", "confirmed"),
        ("收到了，谢谢", "confirmed"),
        ("已经好了", "confirmed"),
        ("可以了", "confirmed"),
        ("嗯嗯", "confirmed"),
        ("还是不行", "reopens"),
        ("没解决啊", "reopens"),
        ("并没有好", "reopens"),
        ("解决了吗", "reopens"),
        ("那运费呢", "reopens"),
        ("退款还没到", "reopens"),
        ("你好", "neutral"),
    ],
)
def test_what_a_shopper_says_after_it_was_solved(text: str, means: str) -> None:
    assert after_solving(text) == means


async def test_the_packet_of_a_real_turn_says_all_that_is_known() -> None:
    talk = Rehearsal(small_shop())
    await talk.say("退货运费谁出")
    await talk.say("你们太过分了")
    await talk.say("气死我了，叫人来")

    entries = [
        Entry(n, n, "2026-11-22T04:00:00.000Z", event.kind, event.model_dump_json())
        for n, event in enumerate(talk.log, 1)
    ]
    made = packet("t1", entries)
    assert made.story is not None
    assert made.why == "气死我了，叫人来"
    assert made.mood == "angry"
    assert [one.cites[0].source for one in made.answered[:1]] == ["faq.csv#5"]
    assert "退货运费谁出" in made.wishes
    assert made.open_question
    assert [line.text for line in made.turns if line.by == "shopper"] == [
        "退货运费谁出",
        "你们太过分了",
        "气死我了，叫人来",
    ]
