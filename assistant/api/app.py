"""The web application: every door, and the server that holds them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from assistant import errors
from assistant.api.auth import Account, Gate
from assistant.api.health import health_doors
from assistant.api.limits import Limits, TooFast
from assistant.api.shopper import shopper_door
from assistant.api.staff import staff_doors
from assistant.api.tickets import ticket_doors
from assistant.api.webhooks import webhook_doors
from assistant.api.wire import Wire
from assistant.service.reception import Reception

WS_BYTES = 64 * 1024
"""Frames above this are not even read; frames above the contract's 16 KB are read and refused."""


def create_app(
    reception: Reception,
    *,
    secret: str,
    accounts: Mapping[str, Account] | None = None,
    origins: Callable[[str], Collection[str]] | None = None,
    limits: Limits | None = None,
    identity_secret: str = "",
    pages: Sequence[APIRouter] = (),
) -> FastAPI:
    """The application around a reception, which it starts and closes.

    `origins`, `identity_secret`: see `shopper_door`. `pages`: further routes, such as the widget and the storefront
    (`api/site.py`).
    """

    @contextlib.asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await reception.start()
        try:
            yield
        finally:
            await reception.close()

    app = FastAPI(
        title="店伴 Dianban",
        summary="网店自己运行的客服助手：顾客窗口、工单与会话记录",
        version="0.1.0",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    app.state.gate = Gate(secret, accounts or {})
    app.state.reception = reception
    app.add_exception_handler(errors.HouseError, _told)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.include_router(shopper_door(reception, origins, limits, identity_secret))
    app.include_router(staff_doors(reception))
    app.include_router(ticket_doors(reception))
    app.include_router(webhook_doors(reception))
    app.include_router(health_doors(reception))
    for page in pages:
        app.include_router(page)
    return app


async def _told(_request: Request, why: Exception) -> JSONResponse:
    assert isinstance(why, errors.HouseError)
    headers = {"WWW-Authenticate": "Bearer"} if why.status == 401 else {}
    if isinstance(why, TooFast):
        headers["Retry-After"] = str(int(why.retry_after) + 1)
    return JSONResponse({"code": why.code, "message": str(why)}, why.status, headers)


async def _bad_request(_request: Request, why: Exception) -> JSONResponse:
    assert isinstance(why, RequestValidationError)
    places = [".".join(str(step) for step in one["loc"]) for one in why.errors()]
    return JSONResponse({"code": "bad_field", "message": f"字段 {'、'.join(places)} 缺失或不合规定"}, 422)


def server(app: FastAPI, host: str, port: int, **options: Any) -> uvicorn.Server:
    """The server, not yet started. It closes sockets with 1012 (service restart) when it stops."""
    config: dict[str, Any] = {
        "host": host,
        "port": port,
        "ws": Wire,
        "ws_max_size": WS_BYTES,
        "ws_per_message_deflate": False,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 20,
    }
    return uvicorn.Server(uvicorn.Config(app, **(config | options)))


def serve(app: FastAPI, host: str, port: int, **options: Any) -> None:
    """Serve until told to stop (SIGTERM, SIGINT)."""
    server(app, host, port, **options).run()
