"""A shopper with a socket: keeps every frame, resends and resumes as the widget does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Shopper:
    """One tab. `events` is its view: what it was shown, by number."""

    def __init__(self, address: str, shop: str = "demo") -> None:
        self.url = f"ws://{address}/talk/{shop}"
        self.token: str | None = None
        self.talk = ""
        self.events: dict[int, dict[str, Any]] = {}
        self.at: dict[int, str] = {}
        self.twice: list[int] = []
        """Numbers that came a second time on one connection: there should be none."""
        self.others: list[dict[str, Any]] = []
        """Frames that are no events."""
        self.socket: ClientConnection | None = None

    @property
    def last(self) -> int:
        return max(self.events, default=0)

    async def open(self, **more: Any) -> dict[str, Any]:
        """Connect and say hello, with the token and the last number if there are any; returns the welcome."""
        self.socket = await connect(self.url, compression=None, max_queue=None)
        await self.send(type="hello", token=self.token, after=self.last, **more)
        welcome = await self.until(lambda frame: frame["type"] in ("welcome", "error"))
        if welcome["type"] == "welcome":
            self.token, self.talk = welcome["token"], welcome["talk"]
        return welcome

    async def send(self, **frame: Any) -> None:
        assert self.socket is not None
        await self.socket.send(json.dumps(frame, ensure_ascii=False))

    async def hear(self) -> dict[str, Any]:
        """The next frame; an event is put into the view."""
        assert self.socket is not None
        async with asyncio.timeout(20):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        if frame["type"] == "event":
            if frame["seq"] in self.events:
                self.twice.append(frame["seq"])
            self.events[frame["seq"]] = frame["event"]
            self.at[frame["seq"]] = frame["at"]
        else:
            self.others.append(frame)
        return frame

    async def until(self, wanted: Any) -> dict[str, Any]:
        """Hear until a frame is as wanted."""
        while True:
            frame = await self.hear()
            if wanted(frame):
                return frame

    async def to_the_end(self) -> int | None:
        """Hear until the connection is closed; the server's close code, or None if it was just cut."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.hear()
        assert self.socket is not None
        return None if self.socket.protocol.close_rcvd is None else self.socket.protocol.close_rcvd.code

    async def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Hear until an event of this kind, with these fields."""
        frame = await self.until(
            lambda frame: (
                frame["type"] == "event"
                and frame["event"]["kind"] == kind
                and all(frame["event"].get(name) == value for name, value in fields.items())
            )
        )
        return frame["event"]  # type: ignore[no-any-return]

    async def say(self, text: str, client_id: str | None = None) -> dict[str, Any]:
        """Send a message and wait for its ack (or error)."""
        client_id = client_id or str(uuid.uuid4())
        await self.send(type="say", client_id=client_id, text=text)
        return await self.until(
            lambda frame: frame["type"] in ("ack", "error") and frame.get("client_id") in (client_id, None)
        )

    async def ask(self, text: str) -> str:
        """Send a message and wait for the answer."""
        acked = await self.say(text)
        assert acked["type"] == "ack", acked
        while True:
            for seq in sorted(self.events):
                event = self.events[seq]
                if seq > acked["seq"] and event["kind"] == "message" and event["by"] == "assistant":
                    return str(event["text"])
            await self.hear()

    async def close(self) -> None:
        if self.socket is not None:
            await self.socket.close()
