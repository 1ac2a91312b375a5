"""The shops that are open here; each is reopened within a second of its knowledge changing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from assistant.errors import HouseError
from assistant.turn.shop import Retriever, Shop
from knowledge.catalogue import Catalogue
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.types import Passage

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often the catalogue is asked whether a shop has a new version."""
SHANGHAI = ZoneInfo("Asia/Shanghai")

Profile = Callable[[str, Retriever], Shop]
"""From a shop's id and its knowledge to the whole shop: name, hours, products, orders, policies, model."""
OpenIndex = Callable[[str, list[Passage], ShopIndex | None], ShopIndex]
"""(shop, passages, the index it had before) → an index; only what changed is encoded again."""


class NoSuchShop(HouseError):
    """Nothing was ever imported for this shop."""

    status = 404
    code = "unknown_shop"
    says = "没有店铺 {shop}：还没有为它导入过知识。请先运行 python -m knowledge import --shop {shop} 文件…"


def shanghai_now() -> datetime:
    """The shop's clock; never the server's zone."""
    return datetime.now(SHANGHAI)


class Shops(Mapping[str, Shop]):
    """Open shops by id. `watch()` keeps them fresh; a mapping so that reception can look one up without waiting."""

    def __init__(self, catalogue: Catalogue, profile: Profile, open_index: OpenIndex) -> None:
        self._catalogue, self._profile, self._open_index = catalogue, profile, open_index
        self._open: dict[str, Shop] = {}
        self._versions: dict[str, int] = {}
        self._watcher: asyncio.Task[None] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """Where the knowledge of all of them lives."""
        return self._catalogue

    def __getitem__(self, shop: str) -> Shop:
        return self._open[shop]

    def __iter__(self) -> Iterator[str]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    async def shop(self, name: str) -> Shop:
        """The shop, opened now if need be. Raises `NoSuchShop`."""
        if name not in self._open:
            await self._refresh(name)
        return self._open[name]

    async def watch(self) -> None:
        """Open every shop there is, then keep looking for new versions until `close`."""
        await self._look()
        self._watcher = asyncio.create_task(self._keep_looking(), name="shops")

    async def close(self) -> None:
        """Stop looking."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception:  # the old knowledge keeps serving while the catalogue is away
                log.warning("knowledge catalogue cannot be read; serving what is open", exc_info=True)

    async def _look(self) -> None:
        for name in await self._catalogue.shops():
            if await self._catalogue.version(name) != self._versions.get(name):
                await self._refresh(name)

    async def _refresh(self, name: str) -> None:
        version = await self._catalogue.version(name)
        if not version:
            raise NoSuchShop(shop=name)
        passages = await self._catalogue.passages(name)
        old = self._open.get(name)
        before = old.retriever.index if old and isinstance(old.retriever, HybridRetriever) else None
        index = await asyncio.to_thread(self._open_index, name, passages, before)
        retriever = HybridRetriever(index=index)
        self._open[name] = replace(old, retriever=retriever) if old else self._profile(name, retriever)
        self._versions[name] = version
