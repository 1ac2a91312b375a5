"""The shopper's door: `GET /talk/{shop}`, a WebSocket of JSON text frames (contract, section 7)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from assistant.api import frames
from assistant.api.limits import Bucket, Limits, TooFast
from assistant.api.wire import line_of
from assistant.conversation.bus import Typing
from assistant.conversation.events import Message
from assistant.conversation.follow import FellBehind, Follow
from assistant.conversation.store import Entry, Head, StoreBusy
from assistant.errors import HouseError
from assistant.service.identity import BadIdentity, buyer_of
from assistant.service.metrics import DROPPED, REFUSED, SOCKETS
from assistant.service.reception import Reception, UnknownShop

log = logging.getLogger(__name__)

POLICY, TRY_LATER = 1008, 1013
"""WebSocket close codes: this client breaks the rules; this client should come again and resume."""
HELLOS = 3
"""Tokens a connection may try."""
RETRY_SECONDS = 2.0
FRAMES_AT_ONCE = 32


class _Hangup(Exception):
    """Close the connection with this code."""

    def __init__(self, code: int) -> None:
        self.code = code


def shopper_door(
    reception: Reception,
    origins: Callable[[str], Collection[str]] | None = None,
    limits: Limits | None = None,
    identity_secret: str = "",
) -> APIRouter:
    """The route. `origins`: for a shop, the web origins (`https://shop.example`) that may embed it; `*` is any.

    `identity_secret`: what merchants sign their visitors' identities with; empty, no identity is believed.
    """
    router, bounds = APIRouter(), limits or Limits()

    @router.websocket("/talk/{shop}")
    async def talk(socket: WebSocket, shop: str) -> None:
        if not from_here(socket.headers.get("origin"), socket.headers.get("host"), origins(shop) if origins else ()):
            await socket.close(POLICY)  # before the handshake: answered with 403
            return
        await socket.accept()
        await _Visit(socket, reception, shop, bounds, identity_secret).run()

    return router


def from_here(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Whether a page of `origin` may open the socket: our own host, or one the shop allows.

    A program that is no browser sends no origin; it holds no shopper's cookies or tokens that a foreign page could use.
    """
    if origin is None or "*" in allowed:
        return True
    return urlsplit(origin).netloc.lower() == (host or "").lower() or origin.lower().rstrip("/") in {
        one.lower().rstrip("/") for one in allowed
    }


class _Visit:
    """One connection."""

    def __init__(self, socket: WebSocket, reception: Reception, shop: str, limits: Limits, secret: str) -> None:
        self._socket, self._reception, self._shop, self._limits = socket, reception, shop, limits
        self._secret = secret
        self._line = line_of(socket.scope)
        self._talk = ""
        self._follow: Follow | None = None
        self._wake = asyncio.Event()
        self._replies: deque[str] = deque()
        self._room = asyncio.Event()
        self._says = Bucket(limits.says, limits.says_per_second)
        self._frames = Bucket(limits.frames, limits.frames_per_second)
        self._errors = 0
        self._typed = float("-inf")

    async def run(self) -> None:
        """From the handshake to the end. Leaves no task behind."""
        SOCKETS.inc()
        try:
            await self._greet()
            await self._converse()
        except _Hangup as why:
            await self._hang_up(why.code)
        except WebSocketDisconnect:
            pass  # the client has gone
        finally:
            SOCKETS.dec()
            if self._follow is not None:
                self._follow.close()

    async def _converse(self) -> None:
        """Listen and speak until either comes to an end."""
        tasks = [asyncio.create_task(self._speak()), asyncio.create_task(self._listen())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    # — hearing —

    async def _hear(self) -> frames.Frame:
        """The next frame that can be read; the others are answered with an error."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            try:
                self._frames.take()
                if (text := message.get("text")) is None:
                    raise frames.NotText
                return frames.read_frame(text)
            except HouseError as why:
                await self._refuse(why)

    async def _greet(self) -> None:
        """Wait for the hello and open or resume the conversation."""
        try:
            async with asyncio.timeout(self._limits.hello_seconds):
                for _ in range(HELLOS):
                    hello = await self._hear()
                    while not isinstance(hello, frames.Hello):
                        await self._refuse(frames.HelloFirst(), client_id=getattr(hello, "client_id", None))
                        hello = await self._hear()
                    try:
                        await self._reception.ready(self._shop)
                        return await self._open(hello)
                    except UnknownShop as why:
                        await self._refuse(why)
                        break
                    except HouseError as why:
                        await self._refuse(why)
        except TimeoutError:
            await self._refuse(frames.HelloFirst())
        raise _Hangup(POLICY)

    async def _open(self, hello: frames.Hello) -> None:
        buyer = self._vouched(hello.identity)
        head, token, after = await self._admit(hello)
        if hello.token is not None and buyer and not await self._reception.belongs(head.talk, buyer):
            # Somebody else logged in on the same browser: the conversation before stays its owner's.
            (head, token), after = await self._reception.open(self._shop), 0
        self._talk = head.talk
        # A client that has seen more than the log holds (it was restored from a backup) begins again from event 1.
        resumed = hello.token == token and after <= head.shopper_seq
        self._follow = await self._reception.follow(
            head.talk, after=after if resumed else 0, audience="shopper", wake=self._wake
        )
        if hello.page is not None or buyer is not None:
            page = hello.page or frames.Page()
            await self._reception.visit(head.talk, page.product, page.order, buyer)
        await self._send(
            frames.welcome(talk=head.talk, token=token, last=head.shopper_seq, held_by=head.held_by, resumed=resumed)
        )

    def _vouched(self, identity: str | None) -> str | None:
        """Who the merchant says this is. Raises `BadIdentity`."""
        if identity is None:
            return None
        if not self._secret:
            raise BadIdentity
        return buyer_of(identity, self._secret, self._shop)

    async def _admit(self, hello: frames.Hello) -> tuple[Head, str, int]:
        if hello.token is None:
            head, token = await self._reception.open(self._shop)
            return head, token, 0
        # A token that opens nothing is said to open nothing: a shopper who loses a conversation should know it.
        if (found := await self._reception.store.by_token(self._shop, hello.token)) is None:
            raise frames.BadToken
        return found, hello.token, hello.after

    async def _listen(self) -> None:
        while True:
            frame = await self._hear()
            try:
                await self._do(frame)
            except HouseError as why:
                await self._refuse(why, client_id=getattr(frame, "client_id", None))
            except Exception:
                log.exception("frame %s broke", frame.type)
                await self._refuse(StoreBusy(why="内部错误"), client_id=getattr(frame, "client_id", None))

    async def _do(self, frame: frames.Frame) -> None:
        match frame:
            case frames.Say():
                self._says.take()
                entry = await self._reception.say(self._shop, self._talk, frames.said(frame.text), frame.client_id)
                await self._reply(frames.ack(frame.client_id, entry.shopper_seq))
            case frames.CallPerson():
                self._says.take()
                await self._reception.call_person(self._shop, self._talk)
            case frames.Rate():
                self._says.take()
                await self._reception.rate(self._talk, frame.stars, frame.note)
            case frames.Feedback():
                self._says.take()
                await self._reception.judge(self._talk, frame.seq, frame.helpful)
            case frames.Orders():
                self._says.take()
                await self._reply(frames.orders(await self._reception.orders(self._shop, self._talk)))
            case frames.Pick():
                self._says.take()
                await self._reception.pick(self._shop, self._talk, frame.number)
                await self._reply(frames.picked(frame.number))
            case frames.IsTyping():
                if time.monotonic() - self._typed >= 1.0:  # more often tells nobody more
                    self._typed = time.monotonic()
                    self._reception.bus.typing(self._talk, "shopper")
            case frames.Hello():
                raise frames.AlreadyOpen

    # — speaking —

    async def _reply(self, frame: str) -> None:
        while len(self._replies) >= self._limits.outbox:  # we hear no more until the client has taken some
            self._room.clear()
            await self._room.wait()
        self._replies.append(frame)
        self._wake.set()

    async def _refuse(self, why: HouseError, *, client_id: str | None = None) -> None:
        REFUSED.labels(why.code).inc()
        self._errors += 1
        wait = why.retry_after if isinstance(why, TooFast) else RETRY_SECONDS if isinstance(why, StoreBusy) else None
        frame = frames.error(why, client_id=client_id, retry_after=wait)
        if self._follow is None:
            await self._send(frame)
        else:
            await self._reply(frame)
        if self._errors >= self._limits.errors:
            raise _Hangup(POLICY)

    async def _speak(self) -> None:
        """Send replies and events as they come. The only sender, once the conversation is open."""
        assert self._follow is not None
        while True:
            await self._wake.wait()
            try:
                news = await self._follow.ready()
            except FellBehind:
                raise _Hangup(TRY_LATER) from None
            except StoreBusy:
                await asyncio.sleep(0.5)
                news = []
            out = list(self._replies)  # an acknowledgement goes before the event it acknowledges
            self._replies.clear()
            self._room.set()
            for item in news:
                if not isinstance(item, Typing):
                    out.append(frames.event(item))
                    self._answered(item)
                elif item.by != "shopper":
                    out.append(frames.typing(item))
            for start in range(0, len(out), FRAMES_AT_ONCE):
                await self._send(*out[start : start + FRAMES_AT_ONCE])

    def _answered(self, entry: Entry) -> None:
        """Who waits for an answer is not too fast."""
        if isinstance(entry.event, Message) and entry.event.by != "shopper":
            self._says.give()
            self._frames.give()

    async def _send(self, *out: str) -> None:
        try:
            async with asyncio.timeout(self._limits.send_seconds):
                if self._line is not None:
                    await self._line.send_texts(out)
                else:
                    for frame in out:
                        await self._socket.send_text(frame)
        except TimeoutError:
            raise _Hangup(TRY_LATER) from None
        except (OSError, RuntimeError):  # it has gone, or the server closed it, between two of our frames
            raise WebSocketDisconnect(1006) from None

    async def _hang_up(self, code: int) -> None:
        """Close; a client that does not even take that is dropped."""
        if code == TRY_LATER:
            DROPPED.inc()
        try:
            async with asyncio.timeout(0.5):
                while self._replies:
                    await self._socket.send_text(self._replies.popleft())
                await self._socket.close(code)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            if self._line is not None:
                self._line.abort()
