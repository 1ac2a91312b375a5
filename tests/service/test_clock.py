"""The service clock against numbers worked out by hand, and byte for byte whatever it is computed from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from assistant.conversation.events import Claimed, Event, HandedOver, Judged, Message, Rated, Reopened, Resolved
from assistant.conversation.migrations import migrate
from assistant.conversation.sql import SqlStore
from assistant.conversation.store import Entry
from assistant.conversation.tables import EVENTS, TALKS
from assistant.service.clock import Reading, as_bytes, evaluate, read_clock
from assistant.service.clocks import measures
from knowledge.database import open_engine
from tests.support.postgres import fresh_database

BEIJING = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAYS: dict[str, tuple[Event, ...]] = {
    "asks": (Message(by="shopper", text="能退吗"),),
    "robot": (Message(by="assistant", text="可以", action="answer"),),
    "over": (Message(by="assistant", text="转人工", action="handoff"), HandedOver(reason="complaint")),
    "claims": (Claimed(by="li"),),
    "staff": (Message(by="staff", name="小李", text="我看看"),),
    "solved": (Resolved(by="li"),),
    "reopens": (Reopened(by="shopper", ticket="T"),),
    "five": (Rated(stars=5),),
    "two": (Rated(stars=2),),
    "helpful": (Judged(seq=2, helpful=True),),
}


def log(*happened: str) -> list[Entry]:
    """A conversation from lines such as `11-20 08:30:00 asks` (2026, Beijing time)."""
    entries: list[Entry] = []
    for line in happened:
        day, clock, what = line.split()
        at = datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=BEIJING).astimezone(UTC)
        for event in SAYS[what]:
            text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            seq = len(entries) + 1
            entries.append(Entry(seq, seq, text, event.kind, event.model_dump_json()))
    return entries


LOG = {
    "A": log(
        *("11-20 08:29:59 asks", "11-20 08:30:00 over", "11-20 08:31:00 claims", "11-20 08:32:00 staff"),
        *("11-20 08:40:00 asks", "11-20 08:44:00 staff", "11-20 09:30:00 asks", "11-20 09:31:00 staff"),
    ),
    "B": log("11-20 10:00:00 asks", "11-20 10:00:01 robot"),
    "C": log(
        *("11-20 22:58:59 asks", "11-20 22:59:00 over", "11-20 23:01:00 claims", "11-20 23:01:30 staff"),
        *("11-20 23:05:00 asks", "11-20 23:15:00 staff"),
    ),
    "D": log("11-20 11:59:59 asks", "11-20 12:00:00 over"),
    "E": log("02-17 11:59:59 asks", "02-17 12:00:00 over", "02-17 12:05:00 claims", "02-17 12:10:00 staff"),
    "F": log(
        *("11-20 08:49:59 asks", "11-20 08:50:00 over", "11-20 08:50:10 claims", "11-20 08:50:25 staff"),
        *("11-21 10:00:00 asks", "11-21 10:05:00 staff"),
    ),
    "G": log("11-20 23:29:59 asks", "11-20 23:30:00 over", "11-20 23:30:30 claims", "11-20 23:31:00 staff"),
}
"""Waits for people, by when they began: A 08:30 120 s, 08:40 240 s, 09:30 60 s · B none · C 22:59 150 s, 23:05 600 s ·
D 12:00 never · E (Spring Festival) 12:00 600 s · F 08:50 25 s, next day 10:00 300 s · G 23:30 60 s."""


def read(talks: dict[str, list[Entry]], name: str, version: int = 1) -> Reading:
    found = evaluate(talks.items(), NOW)
    return next(one for one in found if (one.id, one.version) == (name, version))


@pytest.mark.parametrize(
    ("name", "version", "kept", "counted", "broken"),
    [
        # 8–23, a shopper and a day: A late once, C in time (23:05 is out of hours), D never, E late, F one day of two.
        pytest.param("pdd_reply_3min", 2, 2, 6, ["A#6 240", "D#3 None", "E#3 600", "F#6 300"], id="拼多多"),
        # 9–23, every round: A 09:30, C 22:59 in time; D, E, F on the second day not.
        pytest.param("taobao_reply_3min", 1, 2, 5, ["D#3 None", "E#3 600", "F#6 300"], id="淘宝"),
        # 8–23, every round: A 08:30 and 09:30, C, F 08:50 in time; A 08:40, D, E, F on the second day not.
        pytest.param("taobao_reply_3min", 2, 4, 8, ["A#6 240", "D#3 None", "E#3 600", "F#6 300"], id="淘宝 8点起"),
        # The first wait, begun 9–23, no Spring Festival: C in time, D never; A and F began before 9, G after 23.
        pytest.param("jd_reply_3min", 1, 1, 2, ["D#3 None"], id="京东"),
        pytest.param("jd_first_30s", 1, 0, 2, ["C#3 150", "D#3 None"], id="京东 30 秒"),
        # Robots count: every conversation was answered within a second; later words of A, and of F next day, waited.
        pytest.param("taobao_reply_day", 1, 5, 7, ["A#6 240", "F#6 300"], id="淘宝 含机器人"),
    ],
)
def test_three_platforms_by_hand(name: str, version: int, kept: int, counted: int, broken: list[str]) -> None:
    told = read(LOG, name, version)
    assert (told.kept, told.counted) == (kept, counted)
    assert told.value == pytest.approx(kept / counted, abs=1e-6)
    assert [f"{b.talk}#{b.seq} {b.seconds if b.seconds is None else round(b.seconds)}" for b in told.broken] == broken


def test_the_mean_is_of_the_waits_that_ended() -> None:
    told = read(LOG, "mean_reply")
    # A 120 240 60, C 150 600, E 600, F 25 300, G 60: nine waits, 2155 s; D never ended.
    assert (told.kept, told.counted) == (9, 10)
    assert told.value == pytest.approx(2155 / 9, abs=1e-3)
    assert [one.talk for one in told.broken] == ["D"]


def test_what_can_still_be_answered_in_time_is_not_judged() -> None:
    talks = {"Z": log("11-22 19:58:59 asks", "11-22 19:59:00 over")}
    early = read(talks, "taobao_reply_3min")
    assert (early.counted, early.left_out, early.value) == (0, {"undecided": 1}, None)


def test_how_conversations_went() -> None:
    talks = LOG | {
        "H": log("11-20 10:00:00 asks", "11-20 10:00:01 robot", "11-20 10:01:00 helpful"),
        "I": log("11-20 10:00:00 asks", "11-20 10:00:01 over", "11-20 10:01:00 claims", "11-20 10:02:00 solved"),
        "J": log(
            *("11-20 10:00:00 asks", "11-20 10:00:01 over", "11-20 10:01:00 claims", "11-20 10:02:00 solved"),
            *("11-20 10:03:00 two", "11-20 11:00:00 asks", "11-20 11:00:01 reopens"),
        ),
        "K": log("11-20 10:00:00 asks", "11-20 10:00:01 robot", "11-20 10:01:00 five"),
    }
    alone, over = read(talks, "robot_alone"), read(talks, "handed_over")
    assert (alone.kept, alone.counted, alone.by) == (3, 11, {"confirmed": 2, "silent": 1})
    assert (over.kept, over.by) == (8, {"complaint": 8})
    once, liked = read(talks, "solved_at_once"), read(talks, "satisfied")
    assert (once.kept, once.counted, [one.talk for one in once.broken]) == (1, 2, ["J"])
    assert (liked.kept, liked.counted, liked.by) == (1, 2, {"2": 1, "5": 1})


def test_with_too_few_rounds_a_platform_does_not_judge() -> None:
    assert read(LOG, "taobao_reply_3min").met is None
    assert read(LOG, "pdd_reply_3min", 2).met is False


def test_every_measure_says_where_it_comes_from() -> None:
    assert len({(one.id, one.version) for one in measures()}) == len(measures()) >= 12
    assert all(len(one.source) > 20 for one in measures())


def shuffled(talks: dict[str, list[Entry]], seed: int) -> list[tuple[str, Sequence[Entry]]]:
    order: list[tuple[str, Sequence[Entry]]] = list(talks.items())
    random.Random(seed).shuffle(order)
    return order


def test_the_order_of_the_conversations_changes_no_byte() -> None:
    whole = as_bytes(evaluate(LOG.items(), NOW))
    assert all(as_bytes(evaluate(shuffled(LOG, seed), NOW)) == whole for seed in range(5))


async def stored(url: str) -> bytes:
    """The clock of `LOG` once it lies in this database."""
    engine = open_engine(url)
    await migrate(engine)
    async with engine.begin() as connection:
        for talk, entries in LOG.items():
            head = {"seq": len(entries), "shopper_seq": len(entries), "held_by": "queue", "fence": 0, "tries": 0}
            times = {"opened_at": entries[0].at, "last_at": entries[-1].at}
            await connection.execute(
                insert(TALKS).values(id=talk, shop="demo", token_hash=talk.encode(), **head, **times)
            )
            rows = [
                {"talk": talk, "seq": e.seq, "shopper_seq": e.seq, "at": e.at, "kind": e.kind, "body": e.body}
                for e in entries
            ]
            await connection.execute(insert(EVENTS), rows)
    store = SqlStore(engine)
    told = as_bytes(await read_clock(store, "demo", now=NOW))
    assert as_bytes(await read_clock(store, "other", now=NOW)) != told
    since = datetime(2026, 11, 20, 16, tzinfo=UTC)
    later = next(r for r in await read_clock(store, "demo", now=NOW, since=since) if r.id == "pdd_reply_3min")
    assert (later.counted, [one.talk for one in later.broken]) == (1, ["F"])
    await store.close()
    return told


async def test_the_log_gives_the_same_bytes_from_sqlite(tmp_path: Path) -> None:
    assert await stored(f"sqlite:///{tmp_path}/log.db") == as_bytes(evaluate(LOG.items(), NOW))


@pytest.mark.postgres
async def test_the_log_gives_the_same_bytes_from_postgres() -> None:
    async with fresh_database() as url:
        assert await stored(url) == as_bytes(evaluate(LOG.items(), NOW))
