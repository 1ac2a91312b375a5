"""Shoppers who ask the next question as soon as they are answered, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

import numpy as np
from websockets.asyncio.client import ClientConnection, connect


@dataclass(slots=True)
class Seen:
    """What the shoppers saw: seconds to the first and the last sentence of each answer."""

    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    seconds: float = 0.0
    empty: int = 0

    def row(self) -> dict[str, float]:
        """Milliseconds and answers per second."""
        first, last = np.array(self.first) * 1000, np.array(self.last) * 1000
        return {
            "answers_s": round(len(last) / self.seconds, 1),
            "first_p50_ms": round(float(np.percentile(first, 50)), 1),
            "first_p99_ms": round(float(np.percentile(first, 99)), 1),
            "last_p50_ms": round(float(np.percentile(last, 50)), 1),
            "last_p99_ms": round(float(np.percentile(last, 99)), 1),
            "empty": self.empty,
        }


async def ours(address: str, shop: str, questions: list[str], shoppers: int) -> Seen:
    """`shoppers` conversations with the product share out `questions`."""

    async def one(mine: list[str]) -> None:
        async with connect(f"ws://{address}/talk/{shop}", compression=None) as socket:
            await socket.send(json.dumps({"type": "hello", "token": None, "after": 0}))
            await socket.recv()
            for question in mine:
                began = time.perf_counter()
                await socket.send(json.dumps({"type": "say", "client_id": str(uuid.uuid4()), "text": question}))
                await _until_answered(socket, began, seen)

    seen = Seen()
    await _all(one, questions, shoppers, seen)
    return seen


async def _until_answered(socket: ClientConnection, began: float, seen: Seen) -> None:
    first = None
    while True:
        frame = json.loads(await socket.recv())
        event = frame.get("event", {})
        if event.get("kind") == "part" and first is None:
            first = time.perf_counter() - began
        elif event.get("kind") == "message" and event["by"] == "assistant":
            now = time.perf_counter() - began
            seen.first.append(now if first is None else first)
            seen.last.append(now)
            seen.empty += not event["cites"]
            return


async def peer(address: str, questions: list[str], shoppers: int) -> Seen:
    """The same with the plain chain."""

    async def one(mine: list[str]) -> None:
        async with connect(f"ws://{address}/talk", compression=None) as socket:
            for question in mine:
                began = time.perf_counter()
                await socket.send(question)
                first, said = None, ""
                while (frame := json.loads(await socket.recv()))["type"] == "part":
                    first = first or time.perf_counter() - began
                    said += frame["text"]
                seen.first.append(first or time.perf_counter() - began)
                seen.last.append(time.perf_counter() - began)
                seen.empty += not said

    seen = Seen()
    await _all(one, questions, shoppers, seen)
    return seen


async def _all(one, questions: list[str], shoppers: int, seen: Seen) -> None:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    await asyncio.gather(*(one(questions[n::shoppers]) for n in range(shoppers)))
    seen.seconds = time.perf_counter() - began
