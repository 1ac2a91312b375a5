"""An alert reaches a real mail server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from assistant.service.mail import Mailer
from tests.support.answers import shop


class MailServer:
    """Speaks as much SMTP as an alert needs."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        within = False
        while line := (await reader.readline()).decode():
            self.heard.append(line.rstrip())
            if within:
                within = line != ".\r\n"
                if not within:
                    writer.write(b"250 taken\r\n")
                continue
            if line.upper().startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            within = line.upper().startswith("DATA")
            writer.write(b"354 go on\r\n" if within else b"250 ok\r\n")
        writer.close()


async def test_the_merchant_gets_the_alert_by_mail() -> None:
    taken = MailServer()
    async with await asyncio.start_server(taken, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = replace(shop(), settings={"desk": {"alert_to": ["boss@example.com"]}})
        mailer = Mailer(f"smtp://127.0.0.1:{port}", {"demo": told, "quiet": shop("quiet")})
        await mailer("quiet", "没人要听")
        assert taken.heard == []
        await mailer("demo", "工单 T1 已经等了 4 分钟")
    assert "rcpt TO:<boss@example.com>" in taken.heard
    assert any(line.startswith("Subject: =?utf-8?") for line in taken.heard)
