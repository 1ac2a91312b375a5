"""Agents, shopper, button and assistant race for the same line; then every promise is checked against the log.

Two receptions share one database, as two processes would: neither sees the other's memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from assistant.conversation.events import Claimed, HandedOver, Message, Part, Released, Resolved, Transferred
from assistant.conversation.state import Conversation
from assistant.conversation.store import LIVE, Entry
from assistant.errors import HouseError
from assistant.service.desk import Desk
from assistant.service.reception import Reception
from tests.support.answers import paced
from tests.support.server import reception
from tests.support.wait import eventually

AGENTS = ("li", "wang", "zhou")
AT_ONCE = 40


@dataclass(slots=True)
class Races:
    """What was found. Everything from `two_owners` on should be nought."""

    races: int = 0
    claims: int = 0
    refused: int = 0
    moves: int = 0
    """Transfers, releases, resolutions, returns to the queue."""
    handed_over: int = 0
    answers: int = 0
    seconds: float = 0.0
    two_owners: int = 0
    bot_words: int = 0
    not_the_holder: int = 0
    miscounted: int = 0
    lost: int = 0
    unended: int = 0
    rows: int = 0
    talks: list[str] = field(default_factory=list)

    _MEANING = (
        ("races", "conversations raced for"),
        ("claims", "claims won"),
        ("refused", "claims and words refused"),
        ("moves", "transfers, releases, resolutions, returns to the queue"),
        ("handed_over", "hand-overs"),
        ("answers", "answers by the assistant"),
        ("seconds", "seconds"),
        ("two_owners", "claims of a line somebody had"),
        ("bot_words", "words of the assistant after a claim"),
        ("not_the_holder", "words or moves of somebody who had not the line"),
        ("miscounted", "claims won that the log does not hold, or the other way round"),
        ("lost", "acknowledged words lost or doubled"),
        ("unended", "questions without an end"),
        ("rows", "ticket rows that are not what the log says"),
    )

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not any(getattr(self, name) for name, _ in self._MEANING[7:])

    def table(self) -> str:
        rows = [f"{meaning:<58} {round(getattr(self, name), 1):>9}" for name, meaning in self._MEANING]
        return "\n".join([*rows, f"{'every promise kept':<58} {'yes' if self.clean else 'NO':>9}"])


async def race(count: int, seed: int, url: str = "") -> Races:
    """Run `count` races on the database at `url` (a SQLite file of its own, if empty)."""
    found, began = Races(), time.perf_counter()
    async with _homes(url) as homes:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with room:
                await _race(homes, random.Random(f"{seed}-{number}"), found)

        await asyncio.gather(*(one(number) for number in range(count)))
        for home in homes:
            await home.rest()
        found.unended += len(await homes[0].store.unanswered())
        for talk in found.talks:
            await _check_row(homes[0], talk, found)
    found.seconds = time.perf_counter() - began
    return found


@contextlib.asynccontextmanager
async def _homes(url: str) -> AsyncIterator[Sequence[Reception]]:
    with tempfile.TemporaryDirectory() as folder:
        where = url or f"sqlite:///{folder}/log.db"
        homes = [await reception(where, answer=paced(0.001)) for _ in range(2)]
        try:
            yield homes
        finally:
            for home in homes:
                await home.close()


async def _race(homes: Sequence[Reception], chance: random.Random, found: Races) -> None:
    """One conversation that everybody wants at once."""
    head, _ = await homes[0].open("demo")
    acked: list[str] = []
    won: list[str] = []
    doings = [_ask(chance.choice(homes), head.talk, f"c{n}", chance, acked) for n in range(2)]
    doings += [_press(chance.choice(homes), head.talk, chance)]
    doings += [_agent(chance.choice(homes), head.talk, name, chance, won, found) for name in AGENTS]
    await asyncio.gather(*doings)
    await eventually(lambda: not any(head.talk in home._turns for home in homes), 120)
    log = await homes[0].store.read(head.talk)
    found.races += 1
    found.talks.append(head.talk)
    _check(log, acked, won, found)


async def _ask(home: Reception, talk: str, client_id: str, chance: random.Random, acked: list[str]) -> None:
    await asyncio.sleep(chance.random() * 0.02)
    for _ in range(chance.choice((1, 1, 2))):  # some are resent
        await home.say("demo", talk, chance.choice(("能退吗", "转人工", "多久发货")), client_id)
    acked.append(client_id)


async def _press(home: Reception, talk: str, chance: random.Random) -> None:
    await asyncio.sleep(chance.random() * 0.02)
    await home.call_person("demo", talk)


async def _agent(home: Reception, talk: str, name: str, chance: random.Random, won: list[str], found: Races) -> None:
    desk = Desk(home.store, home.folds)
    await asyncio.sleep(chance.random() * 0.02)
    for _ in range(2):
        try:
            await desk.claim(talk, name, shown=name)
            won.append(name)
            await desk.reply(talk, name, "您好", shown=name, client_id=f"{name}{len(won)}")
            await _move(desk, talk, name, chance)
            found.moves += 1
        except HouseError:
            found.refused += 1
        await asyncio.sleep(chance.random() * 0.01)


async def _move(desk: Desk, talk: str, name: str, chance: random.Random) -> None:
    match chance.randrange(4):
        case 0:
            await desk.transfer(talk, name, chance.choice([a for a in AGENTS if a != name]), note="帮忙")
        case 1:
            await desk.to_queue(talk, name)
        case 2:
            await desk.release(talk, name)
        case _:
            await desk.resolve(talk, name)


def _check(log: Sequence[Entry], acked: Sequence[str], won: Sequence[str], found: Races) -> None:
    now, given, taken = Conversation(), False, 0
    for entry in log:
        event = entry.event
        if isinstance(event, Claimed):
            found.two_owners += now.held_by == "staff" and not given
            taken += event.given_by is None
        elif isinstance(event, Part | Message) and getattr(event, "by", "assistant") == "assistant":
            found.bot_words += now.held_by == "staff"
            found.answers += isinstance(event, Message)
        elif isinstance(event, Message) and event.by == "staff":
            found.not_the_holder += now.held_by != "staff" or now.holder != event.name
        elif isinstance(event, Released | Resolved | Transferred):
            found.not_the_holder += now.held_by != "staff" or now.holder != event.by
        elif isinstance(event, HandedOver):
            found.handed_over += 1
            found.two_owners += now.held_by == "staff" and not given
        given = isinstance(event, Transferred)
        now = now.after(entry.seq, event)
    found.claims += taken
    # A claim by who was given the line meanwhile succeeds without an event of its own.
    found.miscounted += taken > len(won)
    said = [e.event.client_id for e in log if isinstance(e.event, Message) and e.event.by == "shopper"]
    found.lost += sorted(said, key=str) != sorted(acked)


async def _check_row(home: Reception, talk: str, found: Races) -> None:
    """Whether the rows say of a conversation what its log says."""
    now = await home.folds.at(talk)
    live = [one for one in await home.store.tickets(talk=talk) if one.state in LIVE]
    if now.held_by == "queue":
        found.rows += [one.state for one in live] != ["open"] or live[0].id != now.ticket
    elif now.held_by == "staff" and now.ticket:
        found.rows += [(one.state, one.holder) for one in live] != [("claimed", now.holder)]
    elif now.held_by == "assistant":
        found.rows += bool(live)
