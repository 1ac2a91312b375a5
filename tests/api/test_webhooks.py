"""Webhooks against a real receiver: signed, in spite of failures, and never in a conversation's way."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from assistant.service.reception import Reception
from assistant.service.webhooks import BadEndpoint, Postman, add, endpoints, key_of, remove
from tests.api.conftest import Serve
from tests.support.server import reception
from tests.support.wait import eventually


class Receiver:
    """Takes messages, or refuses as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        """What is answered, one after the other; then 204."""
        self.hang = asyncio.Event()
        self.hang.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        await self.hang.wait()
        self.got.append(({k.decode(): v.decode() for k, v in scope["headers"]}, body))
        status = self.answers.pop(0) if self.answers else 204
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    app = Receiver()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield app, f"http://127.0.0.1:{port}/hook"
    app.hang.set()
    server.should_exit = True
    await task


@pytest.fixture
async def receives() -> AsyncIterator[Reception]:
    receives = await reception()
    yield receives
    with contextlib.suppress(Exception):
        await receives.close()


async def called(receives: Reception) -> str:
    head, _ = await receives.open("demo")
    await receives.call_person("demo", head.talk)
    return head.talk


async def test_a_message_is_signed_as_the_convention_says(receives: Reception, receiver: tuple[Receiver, str]) -> None:
    app, url = receiver
    made = await add(receives.store, "demo", url)
    postman = Postman(receives.store)
    talk = await called(receives)
    while await postman.round(time.time()):
        pass
    [(headers, body)] = app.got
    to_sign = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, to_sign, hashlib.sha256)).decode()
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    told = json.loads(body)
    [ticket] = await receives.store.tickets(talk=talk)
    assert (told["type"], told["data"]["ticket"], told["data"]["talk"]) == ("ticket.opened", ticket.id, talk)
    assert told["data"]["event"]["reason"] == "asked_for_person"
    await postman.close()


async def test_what_is_refused_comes_again_with_the_same_id_and_then_no_more(
    receives: Reception, receiver: tuple[Receiver, str]
) -> None:
    app, url = receiver
    app.answers = [500, 302]
    await add(receives.store, "demo", url)
    postman = Postman(receives.store, pauses=(10, 20, 40), seconds=5)
    await called(receives)
    now = time.time()
    for later in (0, 1, 9, 11, 12, 30, 40, 60, 500):
        await postman.round(now + later)
    assert len(app.got) == 3
    assert len({headers["webhook-id"] for headers, _ in app.got}) == 1
    assert await receives.store.due(now + 10_000) == []
    await postman.close()


async def test_after_the_last_try_it_is_given_up_and_the_reason_is_kept(
    receives: Reception, receiver: tuple[Receiver, str]
) -> None:
    app, url = receiver
    app.answers = [503] * 9
    await add(receives.store, "demo", url)
    postman = Postman(receives.store, pauses=(1, 1), seconds=0.5)
    await called(receives)
    now = time.time()
    for later in range(0, 60, 5):
        await postman.round(now + later)
    assert len(app.got) == 3
    [endpoint] = await endpoints(receives.store)
    assert (endpoint.on, endpoint.problem) == (True, "HTTP 503")
    await postman.close()


async def test_a_receiver_that_is_gone_is_switched_off(receives: Reception, receiver: tuple[Receiver, str]) -> None:
    app, url = receiver
    app.answers = [410]
    await add(receives.store, "demo", url)
    postman = Postman(receives.store)
    for _ in range(2):
        await called(receives)
        while await postman.round(time.time()):
            pass
    assert len(app.got) == 1
    assert [one.on for one in await endpoints(receives.store)] == [False]
    await postman.close()


async def test_each_endpoint_hears_its_own_shop_and_what_it_asked_for(
    receives: Reception, receiver: tuple[Receiver, str]
) -> None:
    app, url = receiver
    await add(receives.store, "other", url)
    await add(receives.store, "demo", url, ["ticket.resolved"])
    gone = await add(receives.store, "demo", url)
    await remove(receives.store, "demo", gone.id)
    postman = Postman(receives.store)
    await called(receives)
    while await postman.round(time.time()):
        pass
    assert app.got == []
    await postman.close()


async def test_two_who_carry_the_post_send_each_message_once(
    receives: Reception, receiver: tuple[Receiver, str]
) -> None:
    app, url = receiver
    await add(receives.store, "demo", url)
    for _ in range(10):
        await called(receives)
    carriers = [Postman(receives.store) for _ in range(3)]
    now = time.time()
    for _ in range(4):
        await asyncio.gather(*(one.round(now) for one in carriers))
    assert len(app.got) == 10
    for one in carriers:
        await one.close()


async def test_a_receiver_that_hangs_holds_up_no_conversation(serve: Serve, receiver: tuple[Receiver, str]) -> None:
    app, url = receiver
    app.hang.clear()
    served = await serve()
    boss, li = await served.log_in("boss"), await served.log_in("li")
    made = await served.http.post("/api/webhooks", json={"shop": "demo", "url": url}, headers=boss)
    assert made.json()["secret"].startswith("whsec_")
    shopper = await served.shopper()
    await shopper.send(type="call_person")
    await shopper.event("handed_over")
    await served.http.post(f"/api/talks/{shopper.talk}/claim", headers=li)
    for number in range(5):
        await served.http.post(f"/api/talks/{shopper.talk}/reply", json={"text": str(number)}, headers=li)
        await shopper.event("message", text=str(number))
    assert app.got == []
    app.hang.set()
    await eventually(lambda: len(app.got) == 7)
    assert sorted(app.types) == ["message.said"] * 5 + ["ticket.claimed", "ticket.opened"]


@pytest.mark.parametrize("url", ["ftp://x/y", "not a url", "http://", "javascript:alert(1)"])
async def test_an_address_that_cannot_be_used_is_refused(receives: Reception, url: str) -> None:
    with pytest.raises(BadEndpoint):
        await add(receives.store, "demo", url)


def test_a_key_too_short_is_refused() -> None:
    with pytest.raises(BadEndpoint):
        key_of("whsec_" + base64.b64encode(b"short").decode())
