"""Alerts by e-mail, for a merchant who does not sit at the desk."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Mapping
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from assistant.turn.shop import Shop

SECONDS = 15.0


class Mailer:
    """Sends alerts to the addresses a shop named (`desk.alert_to`).

    `url`: `smtp://user:password@host:port`, or `smtps://…`.
    """

    def __init__(self, url: str, shops: Mapping[str, Shop]) -> None:
        self._url, self._shops = urlsplit(url), shops

    async def __call__(self, shop: str, text: str) -> None:
        """Send `text` to whoever the shop wants told; nothing where it named nobody. Raises what `smtplib` raises."""
        found = self._shops.get(shop)
        to = [str(one) for one in found.settings.get("desk", {}).get("alert_to", ())] if found else []
        if to:
            await asyncio.to_thread(self._send, to, text)

    def _send(self, to: list[str], text: str) -> None:
        host, port = self._url.hostname or "127.0.0.1", self._url.port
        message = EmailMessage()
        message["Subject"], message["To"] = text.splitlines()[0][:120], ", ".join(to)
        message["From"] = unquote(self._url.username or "") or f"dianban@{host}"
        message.set_content(text)
        secure = self._url.scheme == "smtps"
        with (smtplib.SMTP_SSL if secure else smtplib.SMTP)(
            host, port or (465 if secure else 25), timeout=SECONDS
        ) as line:
            if self._url.password:
                if not secure:
                    line.starttls()
                line.login(unquote(self._url.username or ""), unquote(self._url.password))
            line.send_message(message)
