"""Thousands of shops share a process: few are open, each opens when asked and follows its knowledge and words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from assistant.service import shops as module
from assistant.service.shops import NoSuchShop, Shops, shanghai_now
from assistant.turn.shop import Shop
from knowledge.catalogue import Catalogue, Upload
from knowledge.database import open_engine
from knowledge.embedding import ShippedEmbedding
from knowledge.packed import Packs
from knowledge.synonyms import Terms
from knowledge.types import Passage, identified
from knowledge.vectors import open_index

MODEL = ShippedEmbedding()


def entries(shop: str, *questions: str) -> list[Passage]:
    return [identified(Passage("", "faq", f"{shop}：{q}的答案。", f"faq.csv#{n}", q)) for n, q in enumerate(questions)]


@asynccontextmanager
async def opened(folder: Path, *, rows: int = 10, names: int = 6) -> AsyncIterator[tuple[Shops, Catalogue, list[str]]]:
    """Shops of four entries each over a real catalogue; `encoded` hears of every index that was made anew."""
    engine = open_engine(f"sqlite:///{folder / 'k.db'}")
    catalogue, encoded, packs = Catalogue(engine), [], Packs(folder / "packs")
    await catalogue.open()
    for number in range(names):
        asked = ("怎么退货", "什么时候发货", "可以开发票吗", f"第{number}号店在哪里")
        await catalogue.publish(f"店{number}", Upload("faq.csv", b"", entries(f"店{number}", *asked)))

    def index(name: str, passages: list[Passage], before: object) -> object:
        encoded.append(name)
        return open_index(name, passages, MODEL)

    shops = Shops(
        catalogue,
        lambda name, retriever: Shop(name, name, retriever, shanghai_now),
        index,  # type: ignore[arg-type]
        pack=packs.put,
        unpack=lambda name, state: packs.get(name, state, MODEL),
        open_rows=rows,
    )
    try:
        yield shops, catalogue, encoded
    finally:
        await shops.close()
        await engine.dispose()


async def found(shops: Shops, name: str, question: str) -> str:
    return (await (await shops.shop(name)).retriever.asearch(question, k=3))[0].passage.text


async def until(shops: Shops, name: str, question: str, wanted: str) -> None:
    """Wait until the open shop answers so; the watcher looks twice a second."""
    async with asyncio.timeout(30):
        while await found(shops, name, question) != wanted:  # noqa: ASYNC110 (the watcher tells nobody)
            await asyncio.sleep(0.02)


async def test_only_so_many_rows_are_open_and_what_was_put_away_comes_back_unencoded(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shops, _, encoded):
        await shops.watch()
        assert len(shops) == 6
        assert len(shops.opened) == 2
        assert sorted(encoded) == sorted(shops)
        encoded.clear()
        for name in shops:
            assert await found(shops, name, "几时发货呀") == f"{name}：什么时候发货的答案。"
            assert shops[name].id == name
        assert encoded == []
        assert shops.opened == ("店4", "店5")


async def test_a_second_process_opens_from_the_packs_of_the_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shops, _, encoded):
        await shops.watch()
        assert encoded
    async with opened(tmp_path) as (shops, _, encoded):
        await shops.watch()
        assert await found(shops, "店3", "能开票不") == "店3：可以开发票吗的答案。"
        assert encoded == []


async def test_a_shop_that_cannot_be_put_away_stays_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shops, _, _encoded):
        shops._pack = lambda *_: False
        await shops.watch()
        assert len(shops.opened) == 6


async def test_beyond_the_first_shops_one_opens_when_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EAGER", 1)
    async with opened(tmp_path, rows=1000) as (shops, _, _encoded):
        await shops.watch()
        assert shops.opened == ("店0",)
        assert shops.get("店5") is None
        assert "店5" in shops
        both = await asyncio.gather(shops.shop("店5"), shops.shop("店5"))
        assert both[0] is both[1]
        assert shops["店5"] is both[0]
        with pytest.raises(NoSuchShop):
            await shops.shop("没有的店")


async def test_a_changed_row_is_found_whether_the_shop_is_open_or_put_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shops, catalogue, _):
        await shops.watch()
        for name in (shops.opened[-1], next(n for n in shops if n not in shops.opened)):
            new = identified(Passage("", "faq", "可以刻字。", "faq.csv#9", "能不能刻字留念"))
            await catalogue.edit(name, [new], [], "edit")
            await until(shops, name, "可以刻字吗", "可以刻字。")


async def test_words_and_feedback_reach_an_open_shop(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shops, catalogue, _):
        await shops.watch()
        name = shops.opened[-1]
        assert await found(shops, name, "kp怎么弄") != f"{name}：可以开发票吗的答案。"
        await catalogue.own.set_terms(name, Terms((("发票", "kp"),)))
        await until(shops, name, "kp怎么弄", f"{name}：可以开发票吗的答案。")
        near = {q: await shops[name].retriever.asearch(q, k=3) for q in ("发货和退货", "开发票再退货", "店在哪里发货")}
        question, before = min(near.items(), key=lambda item: item[1][0].score - item[1][1].score)
        await catalogue.own.judge(name, question, [before[1].passage.id], True, weight=50)
        await until(shops, name, question, before[1].passage.text)
        await catalogue.own.forget(name)
        await until(shops, name, question, before[0].passage.text)
