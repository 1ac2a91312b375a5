"""The shopper is answered once and to an end, whatever happens in between."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.events import Event, HandedOver, Message, Part
from assistant.conversation.state import Conversation
from assistant.conversation.store import StoreBusy
from assistant.service.desk import Desk, NotYours
from assistant.service.reception import NothingToJudge, Reception, UnknownShop
from assistant.service.running import TRIES, Answer
from assistant.turn.shop import Shop
from prompts import phrase
from tests.support.answers import echo, sentences
from tests.support.postgres import fresh_database
from tests.support.server import reception as open_reception
from tests.support.wait import eventually

Open = Callable[..., Awaitable[Reception]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens receptions and closes them all at the end."""
    everywhere: list[Reception] = []

    async def opens(answer: Answer = echo, url: str = "sqlite://", **options: Any) -> Reception:
        one = await open_reception(url, answer=answer, **({"sweep_seconds": 0.05} | options))
        await one.start()
        everywhere.append(one)
        return one

    yield opens
    for one in everywhere:
        with contextlib.suppress(StoreBusy):
            await one.close(patience=0)


class Gate:
    """An answerer that says one sentence when it is let, so that a test decides what happens in between."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        self._let = asyncio.Semaphore(0)

    def let(self, steps: int = 1) -> None:
        for _ in range(steps):
            self._let.release()

    async def answer(self, shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        self.begun.put_nowait(talk.pending)
        async for event in echo(shop, talk):
            if isinstance(event, Part):
                await self._let.acquire()
            yield event


async def until(receives: Reception, talk: str, wanted: Callable[[Conversation], bool]) -> Conversation:
    """Follow the log until the conversation is as wanted."""
    reader = await receives.follow(talk, after=0, audience="staff")
    async with asyncio.timeout(20):
        while True:
            await reader.ready()
            now = await receives.folds.at(talk)
            if wanted(now):
                return now
            await reader.wake.wait()


def at_rest(talk: Conversation) -> bool:
    return talk.asked_at is None and talk.seq > 0


async def answered(receives: Reception, talk: str) -> bool:
    return (await receives.store.head(talk)).asked_seq is None


async def log_of(receives: Reception, talk: str) -> list[Event]:
    return [entry.event for entry in await receives.store.read(talk)]


def kinds(events: list[Event]) -> list[str]:
    return [f"{event.kind} {event.by}" if isinstance(event, Message) else event.kind for event in events]


async def test_a_question_is_stored_before_it_is_answered_and_answered_in_sentences(opened: Open) -> None:
    gate = Gate()
    receives = await opened(gate.answer)
    head, _ = await receives.open("demo")
    entry = await receives.say("demo", head.talk, "能退吗", "c1")
    assert (entry.seq, kinds(await log_of(receives, head.talk))) == (1, ["message shopper"])
    gate.let(3)
    await until(receives, head.talk, at_rest)
    log = await log_of(receives, head.talk)
    assert kinds(log) == ["message shopper", "part", "part", "part", "message assistant", "traced"]
    parts = [event.text for event in log if isinstance(event, Part)]
    assert isinstance(log[4], Message)
    assert "".join(parts) == log[4].text == "".join(sentences(("能退吗",)))


async def test_a_resent_question_is_answered_once(opened: Open) -> None:
    receives = await opened()
    head, _ = await receives.open("demo")
    entries = [await receives.say("demo", head.talk, "能退吗", "c1") for _ in range(5)]
    await until(receives, head.talk, at_rest)
    entries += [await receives.say("demo", head.talk, "能退吗", "c1") for _ in range(5)]
    assert {entry.seq for entry in entries} == {1}
    assert kinds(await log_of(receives, head.talk)).count("message assistant") == 1


async def test_what_the_shopper_adds_meanwhile_is_answered_together(opened: Open) -> None:
    gate = Gate()
    receives = await opened(gate.answer)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "在吗", "c1")
    gate.let()
    await until(receives, head.talk, lambda talk: talk.speaking != "")
    await receives.say("demo", head.talk, "能退吗", "c2")
    assert [await gate.begun.get() for _ in range(2)] == [("在吗",), ("在吗", "能退吗")]
    gate.let(10)
    talk = await until(receives, head.talk, at_rest)
    answers = [message for message in talk.messages if message.by == "assistant"]
    assert len(answers) == 1
    assert answers[0].text.startswith(sentences(("在吗",))[0])  # what was shown stays
    assert "在吗；能退吗" in answers[0].text
    assert answers[0].answers == 3


@pytest.mark.parametrize("kept", [4096, 0], ids=["folds kept", "folds read anew each time"])
@pytest.mark.parametrize("steps", range(0, 60, 3))
async def test_a_question_at_the_very_moment_an_answer_ends_is_answered_too(
    opened: Open, steps: int, kept: int
) -> None:
    """It comes so many steps of the loop after the last word; nobody sweeps up behind."""
    adding: list[asyncio.Task[Any]] = []

    async def adds(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        async for event in echo(shop, talk):
            yield event
        if not adding:
            adding.append(asyncio.create_task(add()))

    async def add() -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
        await receives.say("demo", head.talk, "还有一问", "c2")

    receives = await opened(adds, sweep_seconds=3600)
    receives.folds._kept = kept
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "第一问", "c1")
    await until(receives, head.talk, lambda talk: at_rest(talk) and "还有一问" in talk.messages[-1].text)


async def test_what_happens_beside_the_answer_does_not_disturb_it(opened: Open) -> None:
    gate = Gate()
    receives = await opened(gate.answer)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "能退吗", "c1")
    gate.let()
    await until(receives, head.talk, lambda talk: talk.speaking != "")
    await receives.rate(head.talk, 4, "")
    await receives.visit(head.talk, "sku1", None)
    await Desk(receives.store, receives.folds).note(head.talk, "li", "看一下")
    gate.let(9)
    await until(receives, head.talk, at_rest)
    assert gate.begun.qsize() == 1
    assert kinds(await log_of(receives, head.talk)).count("part") == 3


async def test_after_a_person_takes_the_line_the_assistant_says_not_a_word(opened: Open) -> None:
    gate = Gate()
    receives = await opened(gate.answer)
    desk = Desk(receives.store, receives.folds)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "能退吗", "c1")
    gate.let()
    await until(receives, head.talk, lambda talk: talk.speaking != "")
    await desk.claim(head.talk, "li")
    gate.let(9)
    await receives.say("demo", head.talk, "有人吗", "c2")
    await desk.reply(head.talk, "li", "在的，我看看", shown="客服小李")
    await receives.rest()
    assert kinds(await log_of(receives, head.talk)) == [
        "message shopper",
        "part",
        "claimed",
        "message shopper",
        "message staff",
    ]
    await desk.release(head.talk, "li")
    await receives.say("demo", head.talk, "谢谢", "c3")
    await until(receives, head.talk, lambda talk: at_rest(talk) and talk.messages[-1].by == "assistant")


async def test_in_the_queue_the_assistant_is_silent(opened: Open) -> None:
    receives = await opened()
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "转人工", "c1")
    await until(receives, head.talk, lambda talk: talk.held_by == "queue")
    before = len(await log_of(receives, head.talk))
    await receives.say("demo", head.talk, "有人吗", "c2")
    assert receives.turns == 0
    assert len(await log_of(receives, head.talk)) == before + 1


async def silent(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    """An answerer that forgets to answer."""
    yield Part(text="让我看看。")


async def broken(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    yield Part(text="能。")
    raise RuntimeError("broken on purpose")


async def hangs(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    yield Part(text="能。")
    await asyncio.Event().wait()


async def cancels_itself(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
    raise asyncio.CancelledError
    yield Part(text="")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        pytest.param(silent, "no answer", id="ends without an answer"),
        pytest.param(broken, "RuntimeError", id="breaks in mid-sentence"),
        pytest.param(hangs, "timeout", id="never ends"),
        pytest.param(cancels_itself, "no answer", id="is cancelled from within"),
    ],
)
async def test_an_engine_that_fails_leaves_the_shopper_with_a_person(opened: Open, answer: Answer, fault: str) -> None:
    receives = await opened(answer, turn_seconds=0.3)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "能退吗", "c1")
    talk = await until(receives, head.talk, lambda talk: talk.held_by == "queue")
    shown = "".join(event.text for event in await log_of(receives, head.talk) if isinstance(event, Part))
    assert talk.messages[-1].text == shown
    assert phrase("handoff.engine_failure") in talk.messages[-1].text
    assert talk.messages[-1].action == "handoff"
    assert talk.traces[-1].faults == (fault,)
    [ticket] = await receives.store.tickets(shop="demo", state="open")
    assert (ticket.talk, ticket.reason) == (head.talk, "engine_failure")


async def test_a_promise_of_a_person_and_the_ticket_are_stored_in_one(opened: Open) -> None:
    """Between the sentence and its ticket the answerer may stop for as long as it likes: neither is stored before."""
    between, go_on = asyncio.Event(), asyncio.Event()

    async def stops_between(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        yield Part(text="好的，为您转人工。")
        yield Message(by="assistant", text="好的，为您转人工。", action="handoff")
        between.set()
        await go_on.wait()
        yield HandedOver(reason="asked_for_person")

    receives = await opened(stops_between)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "转人工", "c1")
    await between.wait()
    await until(receives, head.talk, lambda talk: talk.speaking != "")
    assert kinds(await log_of(receives, head.talk)) == ["message shopper", "part"]
    go_on.set()
    await until(receives, head.talk, at_rest)
    assert kinds(await log_of(receives, head.talk))[2:] == ["message assistant", "handed_over"]


@pytest.mark.parametrize("speaking", [False, True], ids=["before it speaks", "in mid-answer"])
async def test_the_button_calls_a_person_at_once(opened: Open, speaking: bool) -> None:
    gate = Gate()
    receives = await opened(gate.answer)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "能退吗", "c1")
    if speaking:
        gate.let()
        await until(receives, head.talk, lambda talk: talk.speaking != "")
    await receives.call_person("demo", head.talk)
    gate.let(9)
    await receives.rest()
    log = await log_of(receives, head.talk)
    assert kinds(log) == ["message shopper", *["part"] * speaking, "part", "message assistant", "handed_over"]
    told = log[-2]
    assert isinstance(told, Message)
    assert phrase("handoff.asked_for_person") in told.text
    assert not speaking or told.text.startswith(sentences(("能退吗",))[0])
    assert [ticket.reason for ticket in await receives.store.tickets(talk=head.talk)] == ["asked_for_person"]


async def test_the_button_pressed_again_and_again_is_one_ticket_and_one_more_sentence(opened: Open) -> None:
    receives = await opened()
    head, _ = await receives.open("demo")
    await asyncio.gather(*(receives.call_person("demo", head.talk) for _ in range(6)))
    assert len(await receives.store.tickets(talk=head.talk)) == 1
    told = ["part", "message assistant"]
    assert kinds(await log_of(receives, head.talk)) == [*told, "handed_over", *told]
    await Desk(receives.store, receives.folds).claim(head.talk, "li")
    await receives.call_person("demo", head.talk)
    assert kinds(await log_of(receives, head.talk))[5:] == ["claimed"]


def said_by_us(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message) and event.by == "assistant"]


async def test_asking_again_in_the_queue_is_answered_when_something_has_changed_and_never_loops(opened: Open) -> None:
    receives = await opened()
    first, _ = await receives.open("demo")
    head, _ = await receives.open("demo")
    for talk in (first.talk, head.talk):
        await receives.call_person("demo", talk)
    for number, text in enumerate(("转人工", "人工呢", "我要找真人", "转人工！！")):
        await receives.say("demo", head.talk, text, f"c{number}")
    told = said_by_us(await log_of(receives, head.talk))[1:]
    assert len(told) == 1
    assert told[0].endswith("您前面还有 1 位。")
    await Desk(receives.store, receives.folds).claim(first.talk, "li")
    await receives.say("demo", head.talk, "转人工", "d1")
    await receives.say("demo", head.talk, "转人工", "d2")
    told = said_by_us(await log_of(receives, head.talk))[2:]
    assert [text.endswith("您是下一位。") for text in told] == [True]
    await receives.say("demo", head.talk, "那我的衣服呢", "d3")
    assert (await receives.folds.at(head.talk)).messages[-1].by == "shopper"
    assert len(await receives.store.tickets(talk=head.talk)) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [("多久发货", "asked_for_person"), ("充电宝冒烟了", "safety"), ("我要投诉你们", "asked_for_person")],
)
async def test_the_button_carries_what_the_shopper_told_before(opened: Open, said: str, reason: str) -> None:
    receives = await opened()
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, said, "c1")
    await receives.rest()
    await receives.call_person("demo", head.talk)
    [ticket] = await receives.store.tickets(talk=head.talk)
    assert (ticket.reason, ticket.level) == (reason, "L3")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/log.db"
    else:
        async with fresh_database() as url:
            yield url


async def test_what_a_stopped_process_left_is_answered_by_the_next(opened: Open, url: str) -> None:
    gate = Gate()
    first = await opened(gate.answer, url)
    head, _ = await first.open("demo")
    await first.say("demo", head.talk, "能退吗", "c1")
    gate.let(2)
    await until(first, head.talk, lambda talk: talk.speaking == "".join(sentences(("能退吗",))[:2]))
    await first.close(patience=0)
    second = await opened(echo, url)
    await until(second, head.talk, at_rest)
    log = await log_of(second, head.talk)
    assert kinds(log) == ["message shopper", "part", "part", "part", "message assistant", "traced"]
    assert [event.text for event in log if isinstance(event, Part)] == sentences(("能退吗",))


async def test_two_processes_answer_a_question_once(opened: Open, url: str) -> None:
    """Each message comes through another process than the one before; all sweep."""
    homes = [await opened(echo, url) for _ in range(2)]
    talks = [(await homes[0].open("demo"))[0].talk for _ in range(10)]
    for number in range(4):
        await asyncio.gather(
            *(homes[(number + n) % 2].say("demo", talk, f"第{number}问", f"c{number}") for n, talk in enumerate(talks))
        )
    for talk in talks:
        await eventually(lambda talk=talk: answered(homes[0], talk))
        log = await log_of(homes[0], talk)
        spoken = "".join(event.text for event in log if isinstance(event, Part))
        assert spoken == "".join(e.text for e in log if isinstance(e, Message) and e.by == "assistant")
        for number in range(4):
            assert spoken.count(f"第{number}问") >= 1
        questions = [event.answers for event in log if isinstance(event, Message) and event.by == "assistant"]
        assert len(questions) == len(set(questions))


async def test_a_worker_that_sleeps_past_its_lease_says_nothing_more(opened: Open, tmp_path: Path) -> None:
    """The sleeper is one whose renewals do not come through; another takes its turn; then the sleeper wakes."""
    url, gate = f"sqlite:///{tmp_path}/log.db", Gate()
    sleeper = await opened(gate.answer, url)
    head, _ = await sleeper.open("demo")
    await sleeper.say("demo", head.talk, "能退吗", "c1")
    await gate.begun.get()
    awake = await opened(echo, url)
    # Give the lease away under the sleeper's feet, as time would.
    await awake.store.append(head.talk, (), lease=sleeper._turns[head.talk].lease, done=True)
    await eventually(lambda: answered(awake, head.talk))
    gate.let(9)
    await sleeper.rest()
    assert kinds(await log_of(awake, head.talk)).count("message assistant") == 1


@pytest.mark.parametrize("killed", [TRIES - 1, TRIES])
async def test_a_question_that_keeps_killing_its_process_goes_to_a_person(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: int
) -> None:
    """So many workers have begun its turn and were never heard of again; then this one finds it."""
    url = f"sqlite:///{tmp_path}/log.db"
    begun = 0

    async def counts(shop: Shop, talk: Conversation) -> AsyncIterator[Event]:
        nonlocal begun
        begun += 1
        async for event in echo(shop, talk):
            yield event

    receives = await opened(counts, url, sweep_seconds=3600)
    head, _ = await receives.open("demo")
    await receives.store.append(head.talk, (Message(by="shopper", text="要命的问题"),))
    now = time.time()
    for number in range(killed):
        monkeypatch.setattr(time, "time", lambda number=number: now + 10 * number)
        assert (await receives.store.append(head.talk, (), take=f"worker {number}")).lease is not None
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    finds = await opened(counts, url)
    talk = await until(finds, head.talk, at_rest)
    assert (begun, talk.held_by) == ((0, "queue") if killed == TRIES else (1, "assistant"))


async def test_a_worker_that_steps_aside_in_good_order_has_not_failed(opened: Open, tmp_path: Path) -> None:
    url, gate = f"sqlite:///{tmp_path}/log.db", Gate()
    head = None
    for _ in range(TRIES + 2):
        process = await opened(gate.answer, url)
        if head is None:
            head, _ = await process.open("demo")
            await process.say("demo", head.talk, "能退吗", "c1")
        await gate.begun.get()
        await process.close(patience=0)
    last = await opened(echo, url)
    assert head is not None
    assert (await until(last, head.talk, at_rest)).held_by == "assistant"


async def test_an_empty_history_cannot_be_judged_and_an_answer_can(opened: Open) -> None:
    receives = await opened()
    head, _ = await receives.open("demo")
    with pytest.raises(NothingToJudge):
        await receives.judge(head.talk, 1, True)
    await receives.say("demo", head.talk, "能退吗", "c1")
    await until(receives, head.talk, at_rest)
    with pytest.raises(NothingToJudge):
        await receives.judge(head.talk, 1, True)  # the shopper's own message
    await receives.judge(head.talk, 5, False)
    assert kinds(await log_of(receives, head.talk))[-1] == "judged"


async def test_a_page_is_noted_when_it_changes(opened: Open) -> None:
    receives = await opened()
    head, _ = await receives.open("demo")
    for product, order in (("p1", None), ("p1", None), (None, "o1"), ("p1", "o1"), ("p2", None)):
        await receives.visit(head.talk, product, order)
    talk = await receives.folds.at(head.talk)
    assert (talk.seq, talk.product, talk.order) == (3, "p2", "o1")


async def test_an_unknown_shop_opens_nothing(opened: Open) -> None:
    receives = await opened()
    with pytest.raises(UnknownShop, match="nowhere"):
        await receives.open("nowhere")


async def test_of_many_who_claim_one_has_the_line(opened: Open) -> None:
    receives = await opened()
    desk = Desk(receives.store, receives.folds)
    for _ in range(20):
        head, _ = await receives.open("demo")
        await receives.call_person("demo", head.talk)
        claims = await asyncio.gather(
            *(desk.claim(head.talk, f"agent{n}") for n in range(6)),
            receives.say("demo", head.talk, "有人吗", "c1"),
            return_exceptions=True,
        )
        won = [claim for claim in claims if isinstance(claim, Conversation)]
        assert len(won) == 1
        assert sum(isinstance(claim, NotYours) for claim in claims) == 5
        with pytest.raises(NotYours, match=str(won[0].holder)):
            await desk.reply(head.talk, "somebody else", "我来", shown="x")


async def test_a_forgotten_conversation_ends_its_turn(opened: Open) -> None:
    gate = Gate()
    receives = await opened(gate.answer)
    head, _ = await receives.open("demo")
    await receives.say("demo", head.talk, "我的秘密", "c1")
    await gate.begun.get()
    assert await receives.forget(head.talk)
    gate.let(9)
    await receives.rest()
    assert await log_of(receives, head.talk) == []
