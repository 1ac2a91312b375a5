"""The WebSocket protocol under uvicorn, with the three things the door needs and ASGI does not give."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any, Protocol, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from assistant.api import frames

EXTENSION = "dianban.wire"
_TOO_BIG = 1009
_LINGER_SECONDS = 2.0
_SEND_BYTES = 64 * 1024
"""What the system keeps for a client (it doubles this); a conversation needs far less at once."""


class Line(Protocol):
    """What the door may do with its connection, beside what ASGI offers."""

    def abort(self) -> None:
        """Drop the connection at once, whatever it has not taken."""

    async def send_texts(self, texts: Sequence[str]) -> None:
        """Send several frames with one call to the system. Waits while the client does not read."""


class Wire(WebSocketsSansIOProtocol):
    """uvicorn's own protocol; also, a client that sends too much is told why before it is closed."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if (line := self.transport.get_extra_info("socket")) is not None:
            # Else the system takes 4 MB for a client that reads nothing, and all of it has to be made first.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        if hasattr(self, "scope"):  # the handshake was in order; the application runs from the next step of the loop on
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[EXTENSION] = {"line": self}

    def handle_parser_exception(self) -> None:
        closing = self.conn.close_sent
        if closing is None or closing.code != _TOO_BIG:
            return super().handle_parser_exception()
        if self.close_sent:
            return  # still coming in; read and thrown away
        told = Frame(Opcode.TEXT, frames.error(frames.TooBig()).encode())
        self.transport.write(told.serialize(mask=False, extensions=[]))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": _TOO_BIG, "reason": closing.reason})
        # Closed with bytes unread, the connection would be reset and the client would never be told why.
        self.close_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def abort(self) -> None:
        self.transport.abort()

    async def send_texts(self, texts: Sequence[str]) -> None:
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        try:
            for text in texts:
                self.conn.send_text(text.encode())
        except InvalidState:
            raise ClientDisconnected from None
        self.transport.write(b"".join(self.conn.data_to_send()))


def line_of(scope: Any) -> Line | None:
    """The connection itself, where the server is ours."""
    offered = scope.get("extensions", {}).get(EXTENSION)
    return cast(Line, offered["line"]) if offered else None
