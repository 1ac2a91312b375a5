"""The shops that can be asked here: those asked lately are open, and each follows its knowledge within a second.

A process may know thousands of shops. What an open one costs is its rows in memory, so only so many rows are open; the
shop asked longest ago is put away into its pack and comes back from there in a millisecond or two.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from assistant.errors import HouseError
from assistant.turn.shop import Retriever, Shop
from knowledge.catalogue import Catalogue
from knowledge.cross import Reranker
from knowledge.feedback import Memory
from knowledge.index import ShopIndex
from knowledge.search import HybridRetriever
from knowledge.synonyms import Terms
from knowledge.types import Passage

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often the catalogue is asked whether a shop has a new version."""
OPEN_ROWS = 30_000
"""Rows of open shops kept in memory, about 5 KB each with all that belongs to them."""
EAGER = 32
"""Shops opened before anybody asks for them."""
SHANGHAI = ZoneInfo("Asia/Shanghai")

Profile = Callable[[str, Retriever], Shop]
"""From a shop's id and its knowledge to the whole shop: name, hours, products, orders, policies, model."""
OpenIndex = Callable[[str, list[Passage], ShopIndex | None], ShopIndex]
"""(shop, passages, the index it had before) → an index; only what changed is encoded again."""
Pack = Callable[[str, str, ShopIndex], bool]
"""(shop, state, index) → whether it was put away."""
Unpack = Callable[[str, str], ShopIndex | None]
"""(shop, state) → its index as it was put away, or None."""


class NoSuchShop(HouseError):
    """Nothing was ever imported for this shop."""

    status = 404
    code = "unknown_shop"
    says = "没有店铺 {shop}：还没有为它导入过知识。请先运行 python -m knowledge import --shop {shop} 文件…"


def shanghai_now() -> datetime:
    """The shop's clock; never the server's zone."""
    return datetime.now(SHANGHAI)


@dataclass(slots=True)
class _Known:
    """What is remembered of a shop whether it is open or not: small."""

    version: int
    state: str = ""
    """Digest of everything its index is made of; empty until it was first opened here."""
    terms: Terms = field(default_factory=Terms)
    given: Mapping[str, Passage] | None = None
    memory: Memory = field(default_factory=Memory)
    packed: bool = False


class Shops(Mapping[str, Shop]):
    """Shops by id. `watch()` keeps them fresh; a mapping so that reception can look one up without waiting."""

    def __init__(
        self,
        catalogue: Catalogue,
        profile: Profile,
        open_index: OpenIndex,
        *,
        pack: Pack = lambda *_: False,
        unpack: Unpack = lambda *_: None,
        open_rows: int = OPEN_ROWS,
        reranker: Reranker | None = None,
    ) -> None:
        self._catalogue, self._profile, self._open_index = catalogue, profile, open_index
        self._pack, self._unpack, self._most = pack, unpack, open_rows
        self._reranker = reranker
        self._known: dict[str, _Known] = {}
        self._heard: dict[str, int] = {}
        self._open: OrderedDict[str, Shop] = OrderedDict()
        self._rows = 0
        self._stand: tuple[int, int, int] | None = None
        self._again: set[str] = set()
        self._opening: dict[str, asyncio.Lock] = {}
        self._watcher: asyncio.Task[None] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """Where their knowledge lies."""
        return self._catalogue

    def __getitem__(self, shop: str) -> Shop:
        if (found := self._open.get(shop)) is not None:
            self._open.move_to_end(shop)
            return found
        known = self._known[shop]
        if known.packed and (index := self._unpack(shop, known.state)) is not None:
            return self._let_in(shop, known, index, None)
        raise KeyError(shop)  # never asked here before: `shop()` opens it

    def __contains__(self, shop: object) -> bool:
        return shop in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def opened(self) -> tuple[str, ...]:
        """The shops that are open now, the one asked longest ago first."""
        return tuple(self._open)

    async def shop(self, name: str) -> Shop:
        """The shop, opened now if need be. Raises `NoSuchShop`."""
        with contextlib.suppress(KeyError):
            return self[name]
        async with self._opening.setdefault(name, asyncio.Lock()):
            with contextlib.suppress(KeyError):
                return self[name]  # another was quicker
            await self._refresh(name)
        self._opening.pop(name, None)
        return self[name]

    async def watch(self) -> None:
        """Open the first shops, then keep looking for new versions until `close`."""
        await self._look()
        for name in list(self._known)[:EAGER]:
            await self.shop(name)
        self._watcher = asyncio.create_task(self._keep_looking(), name="shops")

    async def close(self) -> None:
        """Stop looking."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher

    def again(self, name: str) -> None:
        """Have an open shop opened again soon, although its knowledge is the same. May be called from any thread."""
        self._again.add(name)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception:  # the old knowledge keeps serving while the catalogue is away
                log.warning("knowledge catalogue cannot be read; serving what is open", exc_info=True)

    async def _look(self) -> None:
        """Notice new shops and versions; an open shop is opened again, another when it is next asked."""
        while self._again:
            if (name := self._again.pop()) in self._open:
                await self._refresh(name)
        if (stand := await self._catalogue.stand()) == self._stand:
            return
        heard = await self._catalogue.own.heard()
        fresh = self._stand is not None
        for name, version in (await self._catalogue.numbers()).items():
            known = self._known.get(name)
            if known is None:
                self._known[name] = _Known(version)
                if fresh and len(self._open) < EAGER:
                    await self.shop(name)
            elif known.version != version:
                if name in self._open:
                    await self._refresh(name)
                else:
                    self._known[name] = _Known(version)
            if heard.get(name) != self._heard.get(name) and name in self._open:
                await self._remember(name)
        self._heard, self._stand = heard, stand

    async def _refresh(self, name: str) -> None:
        version = await self._catalogue.version(name)
        if not version:
            raise NoSuchShop(shop=name)
        own = self._catalogue.own
        given, terms = await self._catalogue.passages(name), await own.terms(name)
        worded = [terms.worded(passage) for passage in given]
        changed = {new.id: old for new, old in zip(worded, given, strict=True) if new is not old}
        known = _Known(version, _state(version, worded), terms, changed, await own.memory(name))
        old = self._open.get(name)
        before = old.retriever.index if old and isinstance(old.retriever, HybridRetriever) else None
        index, known.packed = await asyncio.to_thread(self._indexed, name, known.state, worded, before)
        if (tuning := await own.tuning(name, index.embedding.fingerprint)) is not None:
            index = replace(index, faq_share=tuning.faq_share, curves=tuning.curves)
        if not known.packed:
            known.packed = await asyncio.to_thread(self._pack, name, known.state, index)
        self._known[name] = known
        self._let_in(name, known, index, old)

    def _indexed(
        self, name: str, state: str, passages: list[Passage], before: ShopIndex | None
    ) -> tuple[ShopIndex, bool]:
        """The shop's index, and whether it came out of its pack."""
        found = self._unpack(name, state) if before is None else None
        return (found, True) if found is not None else (self._open_index(name, passages, before), False)

    async def _remember(self, name: str) -> None:
        known, shop = self._known[name], self._open[name]
        known.memory = await self._catalogue.own.memory(name)
        if isinstance(shop.retriever, HybridRetriever):
            self._let_in(name, known, shop.retriever.index, shop)

    def _let_in(self, name: str, known: _Known, index: ShopIndex, old: Shop | None) -> Shop:
        retriever = HybridRetriever(
            index=index, terms=known.terms, given=known.given or {}, memory=known.memory, reranker=self._reranker
        )
        if name in self._open:
            self._rows -= _size(self._open.pop(name))
        opened = replace(old, retriever=retriever) if old else self._profile(name, retriever)
        self._open[name] = opened
        self._rows += _size(opened)
        for other in tuple(self._open):
            if self._rows <= self._most or other == name:
                break
            if self._known[other].packed:
                self._rows -= _size(self._open.pop(other))
        return opened


def _size(shop: Shop) -> int:
    """Rows an open shop keeps in memory."""
    return len(shop.retriever.index.rows.texts) if isinstance(shop.retriever, HybridRetriever) else 0


def _state(version: int, passages: list[Passage]) -> str:
    """Digest of what an index is made of. The ids are digests of the content; wording by terms is not in them."""
    digest = blake2b(str(version).encode(), digest_size=12)
    for passage in passages:
        text = "\0".join((passage.id, passage.source, passage.question, passage.text))
        digest.update(text.encode("utf-8", "replace"))
    return digest.hexdigest()
