"""An OpenAI-compatible endpoint that says what a test scripts, character by character, and breaks how it is told to.

Plain sockets, so that every fault is the real one on the wire: a reset is a reset, a cut UTF-8 character is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Talk = Callable[[dict[str, Any]], str]
"""From the request (as JSON) to the reply's text."""

FAULTS = (
    "refuse",
    "close_at_once",
    "hang_before_headers",
    "hang_before_first",
    "hang_after_8",
    "drip",
    "cut_after_8",
    "reset_after_8",
    "bad_json",
    "no_done",
    "done_but_open",
    "no_finish_reason",
    "status_429",
    "status_429_retry_after",
    "status_500",
    "status_502",
    "status_503",
    "html_200",
    "empty",
    "endless",
    "huge_chunk",
    "wrong_content_type",
    "duplicate_chunks",
    "split_utf8",
    "error_in_stream",
)
"""Every way it can break. `refuse` closes the listening socket; `split_utf8` and `no_done` are rude but legal."""


@dataclass
class ScriptedEndpoint:
    """Replies with `says(request)`; `fault` breaks the next replies until it is set back to None."""

    says: Talk
    fault: str | None = None
    piece_s: float = 0.0
    """Seconds between two characters."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    open_now: int = 0
    """Connections open at this moment: a leak shows here."""
    _server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> ScriptedEndpoint:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the listening socket: from now on connections are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        try:
            while True:
                request = await _read(reader)
                if request is None:
                    return
                self.requests.append(request)
                if not await self._reply(request, reader, writer):
                    return
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    async def _reply(self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        fault = self.fault
        if fault == "close_at_once":
            return False
        if fault == "hang_before_headers":
            await _hang(reader)
            return False
        if fault and fault.startswith("status_"):
            code = fault.split("_")[1]
            more = "Retry-After: 30\r\n" if "retry" in fault else ""
            body = json.dumps({"error": {"message": "scripted", "type": "scripted"}}).encode()
            await _send(writer, f"{code} X", "application/json", body, more)
            return True
        if fault == "html_200":
            await _send(writer, "200 OK", "text/html", "<html><body>网关登录页</body></html>".encode())
            return True
        text = self.says(request)
        if not request.get("stream"):
            await self._whole(text, writer)
            return True
        return await self._stream(text, fault, reader, writer)

    async def _whole(self, text: str, writer: asyncio.StreamWriter) -> None:
        if self.fault == "bad_json":
            text = "{这不是 JSON"
        body = json.dumps(
            {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "scripted",
                "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}},
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            },
            ensure_ascii=False,
        ).encode()
        await _send(writer, "200 OK", "application/json", body)

    async def _stream(
        self, text: str, fault: str | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        kind = "application/octet-stream" if fault == "wrong_content_type" else "text/event-stream"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        if fault == "hang_before_first":
            await writer.drain()
            await _hang(reader)
        if fault == "empty":
            text = ""
        pieces = list(text)
        if fault == "endless":
            pieces = list(text * 2000)
        if fault == "huge_chunk":
            pieces = [text * 20000]
        for number, piece in enumerate(pieces):
            if number == 8 and fault == "hang_after_8":
                await _hang(reader)
            if number == 8 and fault == "cut_after_8":
                return False
            if number == 8 and fault == "reset_after_8":
                _reset(writer)
                return False
            if number == 8 and fault == "error_in_stream":
                _chunk(writer, b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n')
                break
            if fault == "drip":
                await asyncio.sleep(1.0)
            data = b"data: {rubbish\n\n" if fault == "bad_json" and number == 8 else _event(piece)
            for _ in range(2 if fault == "duplicate_chunks" else 1):
                if fault == "split_utf8":
                    half = len(data) // 2
                    for part in (data[:half], data[half:]):
                        _chunk(writer, part)
                        await writer.drain()
                        await asyncio.sleep(0)
                else:
                    _chunk(writer, data)
            await writer.drain()
            await asyncio.sleep(self.piece_s)
        if fault != "no_finish_reason":
            _chunk(writer, _event("", finish="stop"))
        if fault != "no_done":
            _chunk(writer, b"data: [DONE]\n\n")
        if fault == "done_but_open":
            await writer.drain()
            await _hang(reader)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def _hang(reader: asyncio.StreamReader) -> None:
    """Say nothing until the client gives up, a minute at most."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(), 60)


async def _send(writer: asyncio.StreamWriter, status: str, kind: str, body: bytes, more: str = "") -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


def _event(piece: str, finish: str | None = None) -> bytes:
    data = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "delta": {"content": piece} if piece else {}, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    body = await reader.readexactly(length) if length else b"{}"
    request: dict[str, Any] = json.loads(body)
    return request
