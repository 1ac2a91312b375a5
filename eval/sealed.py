"""A shop of its own for one run: the knowledge as it stands now, in a folder nobody else writes to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.demo.load import demo_files
from assistant.service.shops import NoSuchShop
from assistant.settings import Settings
from assistant.wiring import DEMO, open_catalogue
from knowledge.ingest import ingest
from knowledge.types import Passage


@dataclass(frozen=True, slots=True)
class Sealed:
    """A copy of a shop, its knowledge and its folder, that only this run reads."""

    settings: Settings
    passages: tuple[Passage, ...]
    version: int
    """The version it was copied from; 0 for the demo shop as shipped."""


@asynccontextmanager
async def sealed(settings: Settings, shop: str) -> AsyncIterator[Sealed]:
    """The shop `shop` copied into a folder that is gone afterwards. Raises `NoSuchShop`.

    The demo shop is read from its own files where this data folder has none.
    """
    version, passages = await _standing(settings, shop)
    with tempfile.TemporaryDirectory(prefix="dianban-eval-") as folder:
        apart = settings.model_copy(update={"DATA_DIR": Path(folder), "DATABASE_URL": "", "VECTOR_URL": ""})
        async with open_catalogue(apart) as catalogue:
            if passages:
                await catalogue.edit(shop, passages, [], f"sealed {version}")
            elif shop == DEMO:
                await ingest(catalogue, DEMO, demo_files(), mode="replace")
            else:
                raise NoSuchShop(shop=shop)
            passages = await catalogue.passages(shop)
        if (own := settings.shops_home / shop).is_dir():
            shutil.copytree(own, apart.shops_home / shop)
        yield Sealed(apart, tuple(passages), version)


async def _standing(settings: Settings, shop: str) -> tuple[int, list[Passage]]:
    kept_here = not settings.DATABASE_URL
    if kept_here and not (settings.DATA_DIR / "dianban.db").exists():
        return 0, []
    async with open_catalogue(settings) as catalogue:
        version = await catalogue.version(shop)
        return version, await catalogue.passages(shop) if version else []
