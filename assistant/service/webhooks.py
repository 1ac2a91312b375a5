"""Other programs hear what happens to tickets: signed by the Standard Webhooks convention, at least once, from the log.

What may go out lies in the outbox from the very commit that stored it. A conversation never waits for a receiver:
another task shares the outbox out to the endpoints, sends, and tries again later what was not taken. The same message
always carries the same `webhook-id`, so that a receiver can tell a repetition.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from assistant.conversation.events import Event, HandedOver, Raised
from assistant.conversation.store import Delivery, Entry, NoSuchTalk, Record, Store, StoreBusy
from assistant.errors import HouseError

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.5
SEND_SECONDS = 15.0
AT_ONCE = 8
PAUSES = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds until the next try, as the convention suggests; after the last a message is given up (some three days)."""
_KIND = "webhook"
_PREFIX = "whsec_"

TYPES = (
    "ticket.opened",
    "ticket.requeued",
    "ticket.claimed",
    "ticket.transferred",
    "ticket.released",
    "ticket.resolved",
    "ticket.reopened",
    "ticket.waiting",
    "ticket.noted",
    "ticket.rated",
    "ticket.unclaimed",
    "promise.made",
    "promise.kept",
    "promise.overdue",
    "message.said",
)
"""Everything an endpoint may ask for."""


class BadEndpoint(HouseError):
    """An endpoint that cannot be used."""

    code = "bad_endpoint"
    says = "不能用这个 webhook 地址：{why}"


class NoSuchEndpoint(HouseError):
    """No endpoint of this id."""

    status = 404
    code = "no_such_endpoint"
    says = "没有 webhook {endpoint}；它可能已被删除"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver."""

    id: str
    shop: str
    url: str
    events: tuple[str, ...]
    """Types it hears; empty is all."""
    on: bool
    secret: str
    """`whsec_…`; what we sign with and the receiver checks with."""
    problem: str = ""
    """Why it was switched off, or what went wrong last."""


async def endpoints(store: Store, shops: Collection[str] | None = None) -> list[Endpoint]:
    """The endpoints of these shops."""
    return [_endpoint(record) for record in await store.records(_KIND, shops)]


async def add(store: Store, shop: str, url: str, events: Sequence[str] = (), secret: str = "") -> Endpoint:
    """A new endpoint; its secret is made unless one is given. Raises `BadEndpoint`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadEndpoint(why=f"{url!r} 不是 http(s) 地址")
    if unknown := [one for one in events if one not in TYPES]:
        raise BadEndpoint(why=f"不认识的事件 {unknown[0]}；可用：{'、'.join(TYPES)}")
    secret = secret or _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    key_of(secret)
    body = {"url": url, "events": list(events), "on": True, "secret": secret, "problem": ""}
    return _endpoint(await store.put(_KIND, shop, "W" + secrets.token_hex(6), body, version=0))


async def remove(store: Store, shop: str, endpoint: str) -> None:
    """Send nothing more to this endpoint. Raises `NoSuchEndpoint`."""
    if not await store.drop(_KIND, shop, endpoint):
        raise NoSuchEndpoint(endpoint=endpoint)


def key_of(secret: str) -> bytes:
    """The key behind `whsec_…`. Raises `BadEndpoint`."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise BadEndpoint(why="密钥要写成 whsec_ 加 base64") from None
    if not 24 <= len(key) <= 64:
        raise BadEndpoint(why="密钥要有 24 到 64 字节")
    return key


def sign(secret: str, name: str, at: int, body: bytes) -> str:
    """The `webhook-signature` of a message: HMAC-SHA256 over `id.timestamp.body`."""
    mark = hmac.digest(key_of(secret), f"{name}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mark).decode()}"


def type_of(event: Event) -> str:
    """What an event is called outside."""
    match event:
        case HandedOver():
            return "ticket.requeued" if event.back else "ticket.opened"
        case Raised():
            return "ticket.unclaimed" if event.what == "unclaimed" else "promise.overdue"
        case _:
            return {"message": "message.said", "promised": "promise.made", "kept": "promise.kept"}.get(
                event.kind, f"ticket.{event.kind}"
            )


class Postman:
    """Shares out and delivers. Any number of processes may carry the same post: each delivery is claimed first."""

    def __init__(self, store: Store, *, seconds: float = SEND_SECONDS, pauses: Sequence[float] = PAUSES) -> None:
        self._store, self._seconds, self._pauses = store, seconds, pauses
        self._task: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        """Deliver from now on."""
        self._task = asyncio.create_task(self._run(), name="postman")

    async def close(self) -> None:
        """Stop; what is not delivered is tried again by the next process."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._client is not None:
            await self._client.aclose()

    async def _run(self) -> None:
        while True:
            try:
                busy = await self.round(time.time())
            except StoreBusy as why:
                log.warning("cannot carry the post: %s", why)
                busy = False
            except Exception:
                log.exception("carrying the post broke")
                busy = False
            if not busy:
                await asyncio.sleep(ROUND_SECONDS)

    async def round(self, now: float) -> bool:
        """Share out what is new and try what is due; whether there was anything."""
        there = {one.id: one for one in await endpoints(self._store)}
        of_shop: dict[str, list[str]] = defaultdict(list)
        for one in there.values():
            if one.on:
                of_shop[one.shop].append(one.id)
        new = await self._store.share_out(lambda shop: of_shop.get(shop, ()), now)
        due = await self._store.due(now)
        room = asyncio.Semaphore(AT_ONCE)

        async def deliver(delivery: Delivery) -> None:
            async with room:
                await self._deliver(delivery, there.get(delivery.endpoint), now)

        await asyncio.gather(*(deliver(delivery) for delivery in due))
        return bool(new or due)

    async def _deliver(self, delivery: Delivery, to: Endpoint | None, now: float) -> None:
        entry = await self._entry(delivery)
        wanted = to is not None and to.on and entry is not None
        if not wanted or (to.events and type_of(entry.event) not in to.events):  # type: ignore[union-attr]
            await self._store.tried(delivery, next_at=None)
            return
        assert to is not None
        assert entry is not None
        last = delivery.tries >= len(self._pauses)
        pause = self._pauses[min(delivery.tries, len(self._pauses) - 1)]
        # The next try is written down before this one: whatever happens to us, it is not forgotten.
        if not await self._store.tried(delivery, next_at=now + max(pause, self._seconds)):
            return  # another process has it
        claimed = Delivery(delivery.endpoint, delivery.talk, delivery.seq, delivery.tries + 1, 0.0)
        problem, gone = await self._send(to, delivery, entry)
        if not problem or last or gone:
            await self._store.tried(claimed, next_at=None)
        if problem and (gone or last):
            log.warning("webhook %s: %s", to.id, problem)
            await self._note(to, problem, on=not gone)

    async def _entry(self, delivery: Delivery) -> Entry | None:
        found = await self._store.read(delivery.talk, after=delivery.seq - 1, limit=1)
        return found[0] if found else None

    async def _send(self, to: Endpoint, delivery: Delivery, entry: Entry) -> tuple[str, bool]:
        """(what went wrong, whether the receiver wants nothing more)."""
        name, at = f"msg_{delivery.talk}_{delivery.seq}", int(time.time())
        try:
            body = orjson.dumps(await self._message(to.shop, delivery.talk, entry))
        except NoSuchTalk:
            return "", False
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(to.secret, name, at, body),
        }
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._seconds, follow_redirects=False, trust_env=False)
        try:
            answer = await self._client.post(to.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as why:
            return type(why).__name__, False
        return ("" if answer.is_success else f"HTTP {answer.status_code}"), answer.status_code == 410

    async def _message(self, shop: str, talk: str, entry: Entry) -> dict[str, Any]:
        tickets = [one for one in await self._store.tickets(talk=talk) if one.seq <= entry.seq]
        data = {
            "shop": shop,
            "talk": talk,
            "ticket": tickets[-1].id if tickets else None,
            "seq": entry.seq,
            "event": orjson.Fragment(entry.body),
        }
        return {"type": type_of(entry.event), "timestamp": entry.at, "data": data}

    async def _note(self, to: Endpoint, problem: str, *, on: bool) -> None:
        body = {"url": to.url, "events": list(to.events), "on": on, "secret": to.secret, "problem": problem}
        await self._store.put(_KIND, to.shop, to.id, body)


def _endpoint(record: Record) -> Endpoint:
    body = record.body
    return Endpoint(
        record.id, record.shop, body["url"], tuple(body["events"]), body["on"], body["secret"], body["problem"]
    )
