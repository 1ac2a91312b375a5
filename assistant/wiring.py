"""Opens concrete parts from `Settings`: the only file that picks a database, a bus, an index, a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from assistant.conversation.bus import Bus
from assistant.conversation.bus import open_bus as bus_at
from assistant.conversation.sql import open_store
from assistant.conversation.store import Store
from assistant.demo.load import HOME, load_orders, load_products, load_shop
from assistant.demo.staff import demo_accounts
from assistant.merchant.folder import read_about, read_goods
from assistant.merchant.staff import StaffBook
from assistant.policy.load import load_policies
from assistant.service.keeper import tell_nobody
from assistant.service.learning import Learning
from assistant.service.mail import Mailer
from assistant.service.orders import DatedOrders, OwnOrders, RemoteOrders, TableOrders
from assistant.service.reception import Reception, farewell
from assistant.service.shops import Shops, shanghai_now
from assistant.service.thrice import no_third_time
from assistant.settings import Settings
from assistant.turn.shop import Retriever, Shop
from assistant.turn.turn import take_turn
from knowledge.catalogue import Catalogue
from knowledge.cross import open_reranker
from knowledge.database import open_engine, reading, writing
from knowledge.embedding import Embedding, open_embedding
from knowledge.index import ShopIndex
from knowledge.packed import Packs
from knowledge.reembed import Reembedding
from knowledge.types import Passage
from knowledge.vector_process import RowsBeside
from knowledge.vectors import VectorStore

if TYPE_CHECKING:
    from fastapi import FastAPI
    from langchain_core.language_models import BaseChatModel

DEMO = "demo"
_NO_KEY = SecretStr("none")
"""Local servers (vLLM, Ollama) ask for no key, but the client insists on one."""


@asynccontextmanager
async def open_catalogue(settings: Settings) -> AsyncIterator[Catalogue]:
    """The knowledge catalogue at `DATABASE_URL`, its tables made if they are not there."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        catalogue = Catalogue(engine)
        await catalogue.open()
        yield catalogue
    finally:
        await engine.dispose()


def open_vectors(settings: Settings) -> VectorStore:
    """Chroma at `VECTOR_URL`: a folder, or a server; in a process of its own, which starts when it is first needed."""
    return VectorStore(settings.vector_url, RowsBeside(settings.vector_url))


@asynccontextmanager
async def open_bus(settings: Settings) -> AsyncIterator[Bus]:
    """The bus at `BUS_URL`."""
    bus = bus_at(settings.BUS_URL)
    try:
        yield bus
    finally:
        await bus.close()


def open_model(settings: Settings) -> BaseChatModel | None:
    """The chat model behind any OpenAI-compatible endpoint, or None for the offline engine."""
    if not settings.LLM_MODEL:
        return None
    from langchain_openai import ChatOpenAI

    # The library's defaults suit batch jobs: ten minutes of patience and two silent retries. A shopper waits seconds,
    # and the offline answer is better than a second try.
    return ChatOpenAI(
        model=settings.LLM_MODEL,
        base_url=settings.OPENAI_BASE_URL or None,
        api_key=settings.OPENAI_API_KEY if settings.OPENAI_API_KEY.get_secret_value() else _NO_KEY,
        timeout=20.0,
        max_retries=0,
        stream_chunk_timeout=8.0,
        stream_usage=True,
        use_responses_api=False,
        temperature=0.2,
        max_completion_tokens=400,
    )


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[Store]:
    """The log of conversations at `DATABASE_URL`."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    store = await open_store(engine, reading(engine), writing(engine))
    try:
        yield store
    finally:
        await store.close()


def open_embedder(settings: Settings) -> Embedding:
    """The embedding model named by `EMBEDDING_MODEL`; the shipped one by default."""
    return open_embedding(
        settings.EMBEDDING_MODEL or None,
        base_url=settings.OPENAI_BASE_URL or None,
        api_key=settings.OPENAI_API_KEY.get_secret_value() or None,
    )


@asynccontextmanager
async def open_orders(settings: Settings) -> AsyncIterator[Callable[[str], OwnOrders | None]]:
    """From a shop's name to its orders at `ORDERS_URL`: none, a table, or the merchant's endpoint."""
    if not settings.ORDERS_URL:
        yield lambda _shop: None
    elif settings.ORDERS_URL == "table":
        engine = open_engine(settings.database_url)
        try:
            await TableOrders(engine, "").open()
            yield lambda shop: OwnOrders(TableOrders(engine, shop))
        finally:
            await engine.dispose()
    else:
        secret = settings.ORDERS_SECRET.get_secret_value()
        async with httpx.AsyncClient() as client:
            yield lambda shop: OwnOrders(RemoteOrders(settings.ORDERS_URL, secret, shop, client=client))


@asynccontextmanager
async def open_shops(settings: Settings) -> AsyncIterator[Shops]:
    """Every shop with knowledge, opened on first use."""
    embedding, vectors, model = open_embedder(settings), open_vectors(settings), open_model(settings)
    packs, changing = Packs(settings.DATA_DIR / "shops"), Reembedding(embedding, vectors, settings.DATA_DIR)

    def index_for(name: str, passages: list[Passage], before: ShopIndex | None) -> ShopIndex:
        return changing.open(name, passages, before)

    def pack(name: str, state: str, index: ShopIndex) -> bool:
        # What another model serves while ours is being made ready is not what the shop opens with next time.
        return index.embedding.fingerprint == embedding.fingerprint and packs.put(name, state, index)

    def profile(name: str, retriever: Retriever) -> Shop:
        shop = replace(_profile(name, retriever, settings.shops_home), model=model)
        return shop if shop.orders is not None else replace(shop, orders=book(name))

    async with open_catalogue(settings) as catalogue, open_orders(settings) as book:
        shops = Shops(
            catalogue,
            profile,
            index_for,
            pack=pack,
            unpack=lambda name, state: packs.get(name, state, embedding),
            reranker=open_reranker(settings.RERANK_MODEL),
        )
        changing.on_ready(shops.again)
        try:
            yield shops
        finally:
            await shops.close()
            await asyncio.to_thread(changing.close)
            vectors.close()


def _profile(name: str, retriever: Retriever, home: Path) -> Shop:
    """What a shop is besides its knowledge: the demo shop's comes with the product, a merchant's from its folder."""
    if name != DEMO:
        return _own(name, retriever, home)
    about = load_shop()
    return Shop(
        name,
        str(about["name"]),
        retriever,
        shanghai_now,
        products=tuple(load_products()),
        policies=load_policies(HOME / "policies"),
        orders=DatedOrders(load_orders, shanghai_now, visitor=str(about["visitor"])),
        settings=about,
    )


def _own(name: str, retriever: Retriever, home: Path) -> Shop:
    """A merchant's shop; one without a folder is its name, and answers from its knowledge alone."""
    if not (home / name).is_dir():
        return Shop(name, name, retriever, shanghai_now)
    about = read_about(home, name)
    policies = load_policies(home / name / "policies")
    return Shop(
        name,
        str(about["name"]),
        retriever,
        shanghai_now,
        products=tuple(read_goods(home, name)),
        policies=policies,
        settings=about,
    )


def _origins(home: Path, shop: str) -> Sequence[str]:
    """The web sites that may embed a shop."""
    return tuple(read_about(home, shop)["origins"]) if (home / shop).is_dir() else ()


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The whole service, ready to serve."""
    from assistant.api import site
    from assistant.api.app import create_app
    from assistant.api.limits import Attempts
    from assistant.console.door import console_at
    from assistant.console.house import House

    async with open_shops(settings) as shops, open_log(settings) as store:
        await shops.watch()
        Learning(store, shops.catalogue.own)
        smtp = settings.SMTP_URL.get_secret_value()
        alert = Mailer(smtp, shops) if smtp else tell_nobody
        answer = no_third_time(take_turn, farewell)
        reception = Reception(store, bus_at(settings.BUS_URL), shops, answer, alert=alert)
        for name in shops:
            if name != DEMO and (settings.shops_home / name).is_dir():
                read_about(settings.shops_home, name)  # a file nobody can read stops the start, not the first shopper
                read_goods(settings.shops_home, name)
        demo = DEMO in shops
        accounts = StaffBook(settings.DATA_DIR / "staff.yaml", demo_accounts() if demo else None)
        app = create_app(
            reception,
            secret=settings.secret(),
            accounts=accounts,
            origins=lambda shop: _origins(settings.shops_home, shop) if shop in shops else (),
            identity_secret=settings.IDENTITY_SECRET.get_secret_value(),
            pages=(site.router,),
        )
        app.state.demo = demo
        attempts = Attempts()
        house = House(
            reception,
            app.state.gate,
            lambda address: attempts.of(address).take(),
            catalogue=shops.catalogue,
            demo=demo,
        )
        async with console_at(app, house, secret=settings.secret(), kept=settings.DATA_DIR / "console"):
            yield app
