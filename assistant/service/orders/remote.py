"""Orders behind the merchant's own endpoint: asked with a signature, a short patience and a small memory.

`GET {url}/orders/{number}?shop=S&buyer=B` gives one order or 404, `GET {url}/orders?shop=S&buyer=B` a list, in the
shapes of the contract, section 5. Both carry `X-Dianban-Time` (seconds since 1970) and `X-Dianban-Signature`:
hex HMAC-SHA256, by the shared secret, of `time + "." + path with query`.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from assistant.service.orders.home import RECENT, Order, newest_first
from assistant.turn.shop import OrdersAway

PATIENCE_S = 2.0
"""Seconds for one answer: a shopper is waiting."""
FRESH_S = 20.0
"""Seconds an answer is remembered, so that one conversation does not ask the same thing at every turn."""
REST_S = 5.0
"""Seconds in which an endpoint that has just failed is not asked again."""
REMEMBERED = 500


def signature(secret: str, at: str, target: str) -> str:
    """What a request for `target` (path with query) at second `at` carries."""
    return hmac.new(secret.encode(), f"{at}.{target}".encode(), hashlib.sha256).hexdigest()


class RemoteOrders:
    """The orders of one shop, as its own system tells them. Implements `Home`."""

    def __init__(
        self,
        url: str,
        secret: str,
        shop: str,
        *,
        client: httpx.AsyncClient | None = None,
        patience: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._secret, self._shop = url.rstrip("/"), secret, shop
        self._client = client or httpx.AsyncClient()
        self._patience, self._clock = patience, clock
        self._known: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._away_until = float("-inf")

    async def order_of(self, buyer: str, number: str) -> Order | None:
        """This buyer's order with this number, or None. Raises `OrdersAway`."""
        found = await self._ask(f"/orders/{quote(number, safe='')}", buyer)
        if found is None or isinstance(found, dict):
            return found
        raise OrdersAway(cause="not an order")

    async def recent_of(self, buyer: str) -> Sequence[Order]:
        """This buyer's orders, newest first. Raises `OrdersAway`."""
        found = await self._ask("/orders", buyer)
        if not isinstance(found, list | None) or not all(isinstance(order, dict) for order in found or ()):
            raise OrdersAway(cause="not a list of orders")
        return newest_first(found or ())[:RECENT]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, path: str, buyer: str) -> Any:
        """The endpoint's answer, or the one remembered. A failure is never remembered as “no such order”."""
        url = f"{self._url}{path}?{urlencode({'shop': self._shop, 'buyer': buyer})}"
        now = self._clock()
        if (known := self._known.get(url)) is not None and known[0] > now:
            return known[1]
        if now < self._away_until:
            raise OrdersAway(cause="resting after a failure")
        try:
            answer = await self._fetch(url)
        except OrdersAway:
            self._away_until = now + REST_S
            raise
        self._known[url] = (now + FRESH_S, answer)
        self._known.move_to_end(url)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return answer

    async def _fetch(self, url: str) -> Any:
        at, parts = str(int(time.time())), urlsplit(url)
        target = f"{parts.path}?{parts.query}"
        headers = {"X-Dianban-Time": at, "X-Dianban-Signature": signature(self._secret, at, target)}
        try:
            reply = await self._client.get(url, headers=headers, timeout=self._patience)
            if reply.status_code == httpx.codes.NOT_FOUND:
                return None
            reply.raise_for_status()
            return reply.json()
        except (httpx.HTTPError, ValueError) as why:
            raise OrdersAway(cause=type(why).__name__) from why
