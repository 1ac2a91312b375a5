"""Orders for tests, and a merchant's endpoint that tells them over real HTTP and breaks how it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from assistant.demo.load import load_orders
from assistant.service.orders.remote import signature
from tests.support.server import serving
from tests.support.shops import NOON

ORDERS: list[dict[str, Any]] = load_orders(NOON)
"""The demo shop's orders as they stand on the test's day."""
SECRET = "shared with the shop"


@dataclass
class Merchant:
    """The merchant's own order system."""

    fault: str | None = None
    """`slow`, `500`, `rubbish`, `list_for_one`, `somebody_elses`."""
    asked: list[str] = field(default_factory=list)
    """Every request that came, as path with query."""
    refused: int = 0
    """Requests without a right signature."""
    address: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/orders")
        async def recent(request: Request, buyer: str) -> Response:
            return await self._answer(request, [order for order in ORDERS if order["buyer"] == buyer])

        @app.get("/orders/{number:path}")
        async def one(request: Request, number: str, buyer: str) -> Response:
            own = [o for o in ORDERS if o["number"] == number and o["buyer"] == buyer]
            return await self._answer(request, own[0] if own else None)

        return app

    async def _answer(self, request: Request, body: Any) -> Response:
        target = request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode()
        self.asked.append(target)
        if request.headers.get("X-Dianban-Signature") != signature(
            SECRET, request.headers.get("X-Dianban-Time", ""), target
        ):
            self.refused += 1
            return JSONResponse({"error": "signature"}, 401)
        match self.fault:
            case "slow":
                await self.wake.wait()
            case "500":
                return JSONResponse({"error": "down"}, 500)
            case "rubbish":
                return Response("<html>网关登录页</html>", media_type="text/html")
            case "list_for_one":
                return JSONResponse([1, 2])
            case "somebody_elses":
                return JSONResponse(next(order for order in ORDERS if order["buyer"] == "azhe"))
        return JSONResponse(body, 200) if body is not None else JSONResponse({"error": "no such order"}, 404)


@contextlib.asynccontextmanager
async def merchant() -> AsyncIterator[Merchant]:
    """A merchant's endpoint on a free port."""
    shop = Merchant()
    async with serving(shop.app()) as address:
        shop.address = address
        yield shop
        shop.wake.set()
