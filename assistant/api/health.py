"""Whether we live, whether we can serve, and how we do."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from assistant.conversation.store import StoreBusy
from assistant.service.reception import Reception


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    status: Literal["ok", "degraded", "unready"]
    database: bool
    bus: bool
    """False: several processes hear of each other within two seconds instead of at once."""
    shops: list[str]


def health_doors(reception: Reception) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["运行状态"])

    @router.get("/health/live", summary="进程是否在运行")
    async def live() -> Alive:
        return Alive()

    @router.get("/health/ready", summary="能否接待顾客", responses={503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        try:
            async with asyncio.timeout(3):
                await reception.store.ping()
            database = True
        except (StoreBusy, TimeoutError):
            database = False
        fit = database and bool(reception.shops)
        response.status_code = 200 if fit else 503
        status: Literal["ok", "degraded", "unready"] = "unready"
        if fit:
            status = "ok" if reception.bus.healthy else "degraded"
        return Ready(status=status, database=database, bus=reception.bus.healthy, shops=sorted(reception.shops))

    @router.get("/metrics", summary="Prometheus 指标", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
