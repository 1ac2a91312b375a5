"""The contract's socket, as a shopper meets it: over a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from datetime import datetime
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assistant.api.limits import Limits
from assistant.conversation.events import Message
from tests.api.conftest import Serve, Served
from tests.support.answers import paced, sentences
from tests.support.server import app_of, reception, serving
from tests.support.shopper import Shopper
from tests.support.wait import eventually

ANSWER = "".join(sentences(("能退吗",)))


async def test_a_shopper_asks_and_is_answered_in_sentences_with_a_source(serve: Serve) -> None:
    served = await serve()
    shopper = Shopper(served.address)
    welcome = await shopper.open()
    assert set(welcome) == {"type", "talk", "token", "last", "held_by", "resumed"}
    assert (welcome["last"], welcome["held_by"], welcome["resumed"]) == (0, "assistant", False)
    acked = await shopper.say("能退吗", "c1")
    assert acked == {"type": "ack", "client_id": "c1", "seq": 1}
    answer = await shopper.event("message", by="assistant")
    assert answer["text"] == ANSWER
    assert answer["cites"][0]["source"] == "faq.csv#1"
    assert {"verdict", "suggestions"} <= set(answer)
    assert sorted(shopper.events) == [1, 2, 3, 4, 5]
    assert [shopper.events[seq]["kind"] for seq in range(1, 6)] == ["message", "part", "part", "part", "message"]
    assert all(datetime.fromisoformat(at).tzinfo is not None for at in shopper.at.values())
    await shopper.close()


async def test_the_acknowledgement_comes_before_the_answer_and_after_the_commit(serve: Serve) -> None:
    served = await serve(answer=paced(0.05))
    shopper = await served.shopper()
    acked = await shopper.say("能退吗")
    stored = await served.reception.store.read(shopper.talk, audience="shopper")
    assert stored[0].shopper_seq == acked["seq"]
    assert not any(event["kind"] == "part" for event in shopper.events.values())


async def test_what_is_for_staff_is_neither_shown_nor_counted(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper(page={"product": "sku1", "order": "o1"})
    headers = await served.log_in("li")
    await shopper.ask("一")
    await served.http.post(f"/api/talks/{shopper.talk}/note", json={"text": "老顾客"}, headers=headers)
    await served.http.post(f"/api/talks/{shopper.talk}/claim", headers=headers)
    await served.http.post(f"/api/talks/{shopper.talk}/resolve", json={"summary": "难缠"}, headers=headers)
    ended = await shopper.event("resolved")
    assert ended == {"kind": "resolved", "by": "li", "summary": "", "ask": True}
    assert sorted(shopper.events) == list(range(1, shopper.last + 1))
    shown = json.dumps(shopper.events, ensure_ascii=False)
    assert not any(secret in shown for secret in ("老顾客", "难缠", "traced", "visited"))


@pytest.mark.parametrize("after", range(0, 11))
async def test_a_shopper_resumes_after_any_number(serve: Serve, after: int) -> None:
    served = await serve()
    shopper = await served.shopper()
    await shopper.ask("能退吗")
    await shopper.ask("谁付运费")
    whole = dict(shopper.events)
    await shopper.close()
    again = Shopper(served.address)
    again.token = shopper.token
    again.events = {seq: event for seq, event in whole.items() if seq <= after}
    welcome = await again.open()
    assert (welcome["resumed"], welcome["last"], welcome["talk"]) == (True, 10, shopper.talk)
    await again.ask("在吗")  # whatever comes, comes after what was missed
    assert {seq: again.events[seq] for seq in whole} == whole
    assert again.twice == []
    await again.close()


async def test_a_view_older_than_the_log_begins_anew(serve: Serve) -> None:
    """The log was restored from a backup: what the shopper has beyond it never happened."""
    served = await serve()
    shopper = await served.shopper()
    await shopper.ask("能退吗")
    await shopper.close()
    again = Shopper(served.address)
    again.token, again.events = shopper.token, {99: {"kind": "message", "text": "没有的事"}}
    welcome = await again.open()
    assert (welcome["resumed"], welcome["last"]) == (False, 5)
    again.events.clear()
    await again.event("message", by="assistant")
    assert sorted(again.events) == [1, 2, 3, 4, 5]
    await again.close()


async def test_a_resent_message_gets_its_first_number_and_is_stored_once(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    first = await shopper.say("能退吗", "c1")
    for _ in range(3):
        assert await shopper.say("能退吗", "c1") == first
    await shopper.close()
    again = Shopper(served.address)
    again.token = shopper.token
    await again.open()
    assert await again.say("能退吗", "c1") == first
    log = await served.reception.store.read(shopper.talk)
    assert [entry.seq for entry in log if '"by":"shopper"' in entry.body] == [1]
    await again.close()


async def test_two_tabs_show_the_same(serve: Serve) -> None:
    served = await serve(answer=paced(0.01))
    one = await served.shopper()
    two = Shopper(served.address)
    two.token = one.token
    await two.open()
    await asyncio.gather(one.say("左边问", "a"), two.say("右边问", "b"))
    last = 0
    while last < 2:
        for tab in (one, two):
            await tab.hear()
        answers = [event for event in one.events.values() if event.get("by") == "assistant"]
        last = 2 if any("左边问" in event["text"] and "右边问" in event["text"] for event in answers) else last
        last = 2 if len(answers) == 2 else last
    log = await served.reception.store.read(one.talk, audience="shopper")
    for tab in (one, two):
        while tab.last < len(log):
            await tab.hear()
        assert [tab.events[seq] for seq in sorted(tab.events)] == [json.loads(entry.body) for entry in log]
        assert tab.twice == []
    await two.close()


async def test_a_server_that_restarts_in_mid_answer_finishes_it(serve: Serve, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    first = await reception(url, answer=paced(0.05))
    shopper = None
    async with serving(app_of(first)) as address:
        shopper = Shopper(address)
        await shopper.open()
        await shopper.say("能退吗", "c1")
        await shopper.event("part")
        await first.close(patience=0)
    assert await shopper.to_the_end() == 1012  # service restart
    shown = [event["text"] for event in shopper.events.values() if event["kind"] == "part"]
    assert 1 <= len(shown) < 3
    served = await serve(url)
    shopper.url = f"ws://{served.address}/talk/demo"
    assert (await shopper.open())["resumed"]
    answer = await shopper.event("message", by="assistant")
    assert answer["text"] == ANSWER
    assert [event["text"] for event in shopper.events.values() if event["kind"] == "part"] == sentences(("能退吗",))
    assert shopper.twice == []
    assert (await shopper.say("能退吗", "c1"))["seq"] == 1
    await shopper.close()


async def test_the_button_opens_a_ticket_and_people_are_heard(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    await shopper.send(type="call_person")
    handed = await shopper.event("handed_over", reason="asked_for_person")
    headers = await served.log_in("li")
    [ticket] = (await served.http.get("/api/tickets", headers=headers)).json()["tickets"]
    assert (ticket["id"], ticket["talk"], ticket["state"]) == (handed["ticket"], shopper.talk, "open")
    await served.http.post(f"/api/talks/{shopper.talk}/claim", headers=headers)
    await shopper.event("claimed")
    await served.http.post(f"/api/talks/{shopper.talk}/typing", headers=headers)
    await shopper.until(lambda frame: frame == {"type": "typing", "by": "staff"})
    await served.http.post(f"/api/talks/{shopper.talk}/reply", json={"text": "在的"}, headers=headers)
    assert (await shopper.event("message", by="staff"))["name"] == "客服小李"
    await shopper.say("谢谢")
    assert not any(event.get("text", "").startswith("您问的是") for event in shopper.events.values())


async def test_the_assistant_is_seen_typing_while_it_thinks(serve: Serve) -> None:
    served = await serve(answer=paced(0.05))
    shopper = await served.shopper()
    await shopper.ask("能退吗")
    assert {"type": "typing", "by": "assistant"} in shopper.others


async def test_stars_and_helpfulness_are_stored(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    await shopper.ask("能退吗")
    await shopper.send(type="rate", stars=4, note="还行")
    assert await shopper.event("rated") == {"kind": "rated", "stars": 4, "note": "还行"}
    await shopper.send(type="feedback", seq=5, helpful=False)
    assert (await shopper.event("judged"))["seq"] == 5
    await shopper.send(type="feedback", seq=1, helpful=True)
    assert (await shopper.until(lambda frame: frame["type"] == "error"))["code"] == "nothing_to_judge"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param("not json", "malformed", id="no JSON"),
        pytest.param("[1,2]", "malformed", id="no object"),
        pytest.param('"say"', "malformed", id="a string"),
        pytest.param("", "malformed", id="nothing"),
        pytest.param('{"type":"say"', "malformed", id="cut off"),
        pytest.param('{"type":"say","client_id":"a","text":"\\ud800"}', "malformed", id="half a character"),
        pytest.param("[" * 9000, "malformed", id="deep"),
        pytest.param(b'{"type":"typing"}', "not_text", id="binary"),
        pytest.param('{"type":"dance"}', "unknown_type", id="unknown type"),
        pytest.param('{"text":"x"}', "unknown_type", id="no type"),
        pytest.param('{"type":{"a":1}}', "unknown_type", id="odd type"),
        pytest.param('{"type":"say","text":"x"}', "bad_field", id="no client_id"),
        pytest.param('{"type":"say","client_id":"","text":"x"}', "bad_field", id="empty client_id"),
        pytest.param('{"type":"say","client_id":"a b","text":"x"}', "bad_field", id="odd client_id"),
        pytest.param('{"type":"say","client_id":"a","text":7}', "bad_field", id="text is a number"),
        pytest.param('{"type":"say","client_id":"a","text":" \\u0000\\n\\u3000 "}', "empty_text", id="empty text"),
        pytest.param(json.dumps({"type": "say", "client_id": "a", "text": "长" * 2001}), "too_long", id="too long"),
        pytest.param(json.dumps({"type": "say", "client_id": "a", "text": "x" * 16400}), "too_big", id="over 16 KB"),
        pytest.param('{"type":"rate","stars":6}', "bad_field", id="six stars"),
        pytest.param('{"type":"rate","stars":true}', "bad_field", id="stars are no truth"),
        pytest.param('{"type":"feedback","seq":0,"helpful":true}', "bad_field", id="no such number"),
        pytest.param('{"type":"feedback","seq":1e400,"helpful":true}', "bad_field", id="endless number"),
        pytest.param('{"type":"hello","token":null,"after":0}', "already_open", id="a second hello"),
    ],
)
async def test_a_frame_we_cannot_use_is_answered_with_an_error_and_the_talk_goes_on(
    serve: Serve, frame: str | bytes, code: str
) -> None:
    served = await serve()
    shopper = await served.shopper()
    assert shopper.socket is not None
    await shopper.socket.send(frame)
    error = await shopper.until(lambda frame: frame["type"] == "error")
    assert error["code"] == code
    assert error["message"]
    assert await shopper.ask("能退吗") == ANSWER


async def test_an_error_names_the_message_it_is_about(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    assert (await shopper.say("   ", "c7"))["client_id"] == "c7"


async def test_two_thousand_characters_are_taken_whole(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    text = "長\n" * 1000
    assert (await shopper.say(text))["type"] == "ack"
    assert (await shopper.event("message", by="shopper"))["text"] == text.strip()


async def test_a_frame_too_big_to_read_is_explained_before_the_line_is_closed(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    assert shopper.socket is not None
    await shopper.socket.send("x" * 1_000_000)
    assert (await shopper.until(lambda frame: frame["type"] == "error"))["code"] == "too_big"
    assert await shopper.to_the_end() == 1009


async def test_who_sends_faster_than_a_person_is_asked_to_wait_and_loses_nothing_acknowledged(serve: Serve) -> None:
    served = await serve(answer=paced(0.2))
    shopper = await served.shopper()
    for number in range(60):
        await shopper.send(type="say", client_id=f"c{number}", text=f"第{number}句")
    while len([frame for frame in shopper.others if frame["type"] in ("ack", "error")]) < 60:
        await shopper.hear()
    errors = [frame for frame in shopper.others if frame["type"] == "error"]
    acked = [frame for frame in shopper.others if frame["type"] == "ack"]
    assert errors
    assert all(frame["code"] == "too_fast" and frame["retry_after"] > 0 for frame in errors)
    assert len(acked) >= 20
    stored = [entry.event for entry in await served.reception.store.read(shopper.talk)]
    ids = {getattr(event, "client_id", None) for event in stored}
    assert {frame["client_id"] for frame in acked} == ids - {None}


async def test_who_waits_for_each_answer_is_never_too_fast(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    for number in range(120):
        await shopper.ask(f"第{number}问")
    assert not any(frame["type"] == "error" for frame in shopper.others)


async def test_who_sends_nothing_but_rubbish_is_shown_out(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    assert shopper.socket is not None
    with contextlib.suppress(ConnectionClosed):
        for _ in range(5000):
            await shopper.socket.send("rubbish")
    assert await shopper.to_the_end() in (1008, None)  # None: closed while we were still sending
    assert len(shopper.others) <= 101


@pytest.mark.parametrize("first", ['{"type":"say","client_id":"a","text":"在吗"}', '{"type":"call_person"}', "x"])
async def test_hello_comes_first(serve: Serve, first: str) -> None:
    served = await serve()
    shopper = Shopper(served.address)
    shopper.socket = await connect(shopper.url)
    await shopper.socket.send(first)
    assert (await shopper.hear())["code"] in ("hello_first", "malformed")
    await shopper.send(type="hello", token=None, after=0)
    assert (await shopper.hear())["type"] == "welcome"
    await shopper.close()


async def test_who_never_says_hello_is_shown_out(serve: Serve) -> None:
    served = await serve(app={"limits": Limits(hello_seconds=0.2)})
    shopper = Shopper(served.address)
    shopper.socket = await connect(shopper.url)
    assert (await shopper.hear())["code"] == "hello_first"
    assert await shopper.to_the_end() == 1008


async def test_an_unknown_shop_is_named(serve: Serve) -> None:
    served = await serve()
    shopper = Shopper(served.address, "nowhere")
    error = await shopper.open()
    assert error["code"] == "unknown_shop"
    assert "nowhere" in error["message"]
    assert await shopper.to_the_end() == 1008


@pytest.mark.parametrize("shop", ["demo", "other"])
async def test_a_token_that_opens_nothing_is_refused_and_a_new_talk_is_had_by_asking(serve: Serve, shop: str) -> None:
    served = await serve()
    owner = await served.shopper()
    await owner.ask("能退吗")
    thief = Shopper(served.address, shop)
    thief.token = f"{owner.token}x" if shop == "demo" else owner.token  # forged; or of another shop
    assert (await thief.open())["code"] == "bad_token"
    await thief.send(type="hello", token=None, after=0)
    welcome = await thief.hear()
    assert (welcome["type"], welcome["last"]) == ("welcome", 0)
    assert welcome["talk"] != owner.talk
    await thief.close()


async def test_a_forgotten_conversation_cannot_be_resumed(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    await shopper.ask("我的电话")
    answer = await served.http.delete(f"/api/talks/{shopper.talk}", headers=await served.log_in("boss"))
    assert answer.json() == {"forgotten": True}
    again = Shopper(served.address)
    again.token = shopper.token
    assert (await again.open())["code"] == "bad_token"
    assert (await shopper.say("还在吗"))["code"] == "no_such_talk"
    await again.close()


@pytest.mark.parametrize(
    ("origin", "open_"),
    [
        pytest.param(None, True, id="a program"),
        pytest.param("http://{address}", True, id="our own page"),
        pytest.param("https://shop.example", True, id="the shop's page"),
        pytest.param("https://SHOP.example/", True, id="the same, written otherwise"),
        pytest.param("https://shop.example.evil.example", False, id="a look-alike"),
        pytest.param("http://shop.example", False, id="the shop's page, unprotected"),
        pytest.param("https://evil.example", False, id="another's page"),
        pytest.param("null", False, id="a sandbox"),
    ],
)
async def test_only_pages_that_may_embed_the_shop_get_a_socket(serve: Serve, origin: str | None, open_: bool) -> None:
    served = await serve(app={"origins": lambda _: ["https://shop.example"]})
    given = origin.format(address=served.address) if origin else None
    if open_:
        async with connect(f"ws://{served.address}/talk/demo", origin=given):  # type: ignore[arg-type]
            pass
    else:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{served.address}/talk/demo", origin=given):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code == 403


async def dropped(served: Served) -> float:
    lines = (await served.http.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("dianban_sockets_dropped_total"))


async def test_a_client_that_does_not_read_is_dropped_the_others_do_not_notice_and_it_may_resume(serve: Serve) -> None:
    served = await serve(app={"limits": Limits(send_seconds=2.0)})
    other, slow = await served.shopper(), await served.shopper()
    await slow.close()
    long = [Message(by="staff", name="li", text="长" * 2000) for _ in range(3000)]  # more than the system buffers
    for start in range(0, 3000, 100):
        await served.reception.store.append(slow.talk, long[start : start + 100])
    before = await dropped(served)
    stuck = await connect(slow.url, compression=None, max_queue=1, ping_interval=None)
    await stuck.send(json.dumps({"type": "hello", "token": slow.token, "after": 0}))

    async def is_dropped() -> bool:
        assert await other.ask("能退吗") == ANSWER
        return await dropped(served) == before + 1

    await eventually(is_dropped)
    slow.socket = stuck
    await slow.to_the_end()
    assert slow.last < 3000
    assert (await slow.open())["resumed"]
    while slow.last < 3000:
        await slow.hear()
    assert sorted(slow.events) == list(range(1, 3001))
    assert slow.twice == []


async def test_thousands_of_malformed_frames_harm_nobody(serve: Serve) -> None:
    """Valid frames with bytes cut, doubled and changed, and noise; a seed makes each failure repeatable."""
    served = await serve(app={"limits": Limits(errors=10**9, frames=10**9, says=10**9)})
    other, hostile = await served.shopper(), await served.shopper()
    assert hostile.socket is not None
    chance = random.Random(20261122)
    valid = [
        json.dumps(frame, ensure_ascii=False)
        for frame in (
            {"type": "say", "client_id": "a-1", "text": "能退吗，¥1,200 的那件"},
            {"type": "rate", "stars": 5, "note": "好"},
            {"type": "feedback", "seq": 1, "helpful": True},
            {"type": "hello", "token": None, "after": 0, "page": {"product": "p"}},
            {"type": "typing"},
            {"type": "call_person"},
        )
    ]

    async def drain() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await hostile.hear()

    draining = asyncio.create_task(drain())
    for number in range(4000):
        await hostile.socket.send(damaged(chance.choice(valid), chance))
        if number % 500 == 0:
            assert await other.ask("能退吗") == ANSWER
    # What was sent last is answered last: then all before it has been dealt with.
    await hostile.socket.send(json.dumps({"type": "say", "client_id": "the-last", "text": "还在吗"}))
    await eventually(lambda: any(frame.get("client_id") == "the-last" for frame in hostile.others), 60)
    codes = {frame["code"] for frame in hostile.others if frame["type"] == "error"}
    assert {"malformed", "unknown_type", "bad_field", "not_text"} <= codes
    assert "not_stored" not in codes  # which would be a fault of ours
    draining.cancel()
    log = await served.reception.store.read(hostile.talk, audience="shopper")
    assert [entry.shopper_seq for entry in log] == list(range(1, len(log) + 1))


def damaged(text: str, chance: random.Random) -> str | bytes:
    """`text`, hurt in one of many ways."""
    signs = list(text)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(signs) + 1)
        match chance.randrange(5):
            case 0:
                del signs[at : at + chance.randint(1, 9)]
            case 1:
                signs[at:at] = signs[:at]
            case 2:
                signs[at:at] = [
                    chr(chance.choice([0, 0x22, 0x5C, 0x7B, 0x5D, 0x1F600, 0xFFFF, chance.randrange(0xD800)]))
                ]
            case 3:
                signs[at:at] = list(chance.choice(["null", "1e999", "[" * 50, "\\ud800", '"type":', "-0", "\\u0000"]))
            case _:
                chance.shuffle(signs)
        signs = signs[:3000] or ["{"]
    whole = "".join(signs)
    return whole.encode() if chance.random() < 0.05 else whole
