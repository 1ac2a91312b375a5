"""Several processes behind one address: a shopper need not know which of them it talks to."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.api.conftest import Serve
from tests.support.answers import paced
from tests.support.postgres import fresh_database
from tests.support.redis import own_redis
from tests.support.shopper import Shopper

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


async def test_tabs_and_staff_at_different_processes_see_the_same(serve: Serve) -> None:
    async with fresh_database() as url, own_redis() as redis:
        here = await serve(url, bus=redis.url, answer=paced(0.01))
        there = await serve(url, bus=redis.url, answer=paced(0.01))
        one = await here.shopper()
        other = Shopper(there.address)
        other.token = one.token
        assert (await other.open())["talk"] == one.talk
        await one.ask("这边问")
        await other.ask("那边问")
        await one.send(type="call_person")
        li = await there.log_in("li")
        await other.event("handed_over")
        claimed = await there.http.post(f"/api/talks/{one.talk}/claim", headers=li)
        assert claimed.status_code == 200
        await there.http.post(f"/api/talks/{one.talk}/reply", json={"text": "我来了"}, headers=li)
        await asyncio.gather(one.event("message", by="staff"), other.event("message", by="staff"))
        log = await here.reception.store.read(one.talk, audience="shopper")
        for tab in (one, other):
            assert [tab.events[seq] for seq in range(1, len(log) + 1)] == [json.loads(entry.body) for entry in log]
            assert tab.twice == []
        assert (await here.http.get("/health/ready")).json()["bus"] is True
        await redis.kill()
        await there.http.post(f"/api/talks/{one.talk}/reply", json={"text": "没有 Redis 也在"}, headers=li)
        await one.event("message", text="没有 Redis 也在")
        assert (await here.http.get("/health/ready")).json()["status"] == "degraded"
        await other.close()


async def test_a_question_whose_process_is_gone_is_answered_by_the_other(serve: Serve) -> None:
    async with fresh_database() as url, own_redis() as redis:
        here = await serve(url, bus=redis.url, answer=paced(0.2))
        there = await serve(url, bus=redis.url, answer=paced(0.01))
        shopper = await here.shopper()
        watching = Shopper(there.address)
        watching.token = shopper.token
        await watching.open()
        await shopper.say("能退吗")
        await watching.event("part")
        await here.reception.close(patience=0)
        answer = await watching.event("message", by="assistant")
        parts = [event["text"] for event in watching.events.values() if event["kind"] == "part"]
        assert "".join(parts) == answer["text"]
        await watching.close()
