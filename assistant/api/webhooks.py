"""The merchant's doors for webhooks: who is told, and with which secret it is signed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from assistant.api.auth import Staff, allowed
from assistant.service.reception import Reception, UnknownShop
from assistant.service.webhooks import Endpoint, add, endpoints, remove

Owner = Annotated[Staff, Depends(allowed("merchant"))]


class Wanted(BaseModel):
    shop: str
    url: Annotated[str, Field(max_length=2000)]
    events: list[str] = []
    """Types to be told of; empty: all."""
    secret: Annotated[str, Field(max_length=200)] = ""
    """`whsec_…`; made if empty."""


class Listed(BaseModel):
    webhooks: list[Endpoint]


class Removed(BaseModel):
    removed: str


def webhook_doors(reception: Reception) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", tags=["Webhook"])

    @router.get("/webhooks", summary="已登记的地址")
    async def listed(staff: Owner) -> Listed:
        shops = None if "*" in staff.shops else staff.shops
        return Listed(webhooks=await endpoints(reception.store, shops))

    @router.post("/webhooks", summary="登记一个地址")
    async def added(wanted: Wanted, staff: Owner) -> Endpoint:
        if not staff.serves(wanted.shop) or wanted.shop not in reception.shops:
            raise UnknownShop(shop=wanted.shop)
        return await add(reception.store, wanted.shop, wanted.url, wanted.events, wanted.secret)

    @router.delete("/webhooks/{shop}/{endpoint}", summary="删除一个地址")
    async def removed(shop: str, endpoint: str, staff: Owner) -> Removed:
        if not staff.serves(shop):
            raise UnknownShop(shop=shop)
        await remove(reception.store, shop, endpoint)
        return Removed(removed=endpoint)

    return router
