"""One demo shop for every test that talks to it: the product's own files, imported once per run."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings as search

from assistant.commands import demo
from assistant.settings import Settings
from assistant.turn.shop import Shop
from assistant.wiring import open_shops
from tests.support.shops import NOON

# The suite tries the same examples every time; HYPOTHESIS_PROFILE=search looks for new ones.
search.register_profile("steady", derandomize=True, deadline=None)
search.register_profile("search", deadline=None)
search.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def demo_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a data folder that holds the demo shop and nothing else."""
    folder: Path = tmp_path_factory.mktemp("demo")
    settings = Settings(DATA_DIR=folder, LLM_MODEL="", _env_file=None)  # type: ignore[call-arg]
    asyncio.run(demo.load(settings))
    return settings


@pytest.fixture(scope="session")
def demo_shop(demo_settings: Settings) -> Shop:
    """The demo shop at noon on Sunday, 22 November 2026, its order book open to any order number."""

    async def opened() -> Shop:
        async with open_shops(demo_settings) as shops:
            return await shops.shop("demo")

    shop = asyncio.run(opened())
    orders = shop.orders.at(lambda: NOON)  # type: ignore[union-attr]
    return replace(shop, now=lambda: NOON, orders=orders)
