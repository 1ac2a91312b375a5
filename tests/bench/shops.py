"""Thousands of shops in one process: how much memory, how long a question takes at a shop nobody asked lately.

Every question goes to a shop drawn evenly from all, the worst there is for what is kept open.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from assistant.service.shops import Shops, shanghai_now
from assistant.settings import Settings
from assistant.turn.shop import Shop
from assistant.wiring import open_catalogue
from knowledge.catalogue import Catalogue, Upload
from knowledge.embedding import open_embedding
from knowledge.packed import Packs
from knowledge.types import Passage, identified
from knowledge.vectors import open_index
from tests.bench import corpus


def shop_rows(number: int, entries: int) -> list[Passage]:
    """The entries of one shop; no two shops have the same."""
    rows = corpus.rows(entries, seed=1000 + number)
    return [identified(Passage("", "faq", said, f"faq.csv#{at}", asked)) for at, (asked, said) in enumerate(rows, 2)]


async def measure(folder: Path, count: int, entries: int, questions: int) -> dict[str, float]:
    """Import, open each shop once, then ask; milliseconds and megabytes."""
    process, model = psutil.Process(), open_embedding(None)
    async with open_catalogue(Settings(DATA_DIR=folder)) as catalogue:
        began = time.perf_counter()
        for number in range(count):
            upload = Upload("faq.csv", b"", shop_rows(number, entries))
            await catalogue.publish(f"s{number}", upload)
            _progress("导入", number, count)
        imported = time.perf_counter() - began
        shops = _shops(catalogue, model, Packs(folder / "shops"))
        await shops.watch()
        began = time.perf_counter()
        for number in range(count):
            await shops.shop(f"s{number}")
            _progress("首次打开", number, count)
        opened = time.perf_counter() - began
        pick, took, open_now, right = random.Random(5), [], 0, 0
        for _ in range(questions):
            number = pick.randrange(count)
            wanted = pick.choice(shop_rows(number, entries))
            question = wanted.question + "呢"
            open_now += f"s{number}" in shops.opened
            began = time.perf_counter()
            hits = await (await shops.shop(f"s{number}")).retriever.asearch(question, k=6)
            took.append((time.perf_counter() - began) * 1000)
            right += hits[0].passage.id == wanted.id
        changed = await _changed(shops, catalogue, "s1")
        await shops.close()
    return {
        "shops": count,
        "entries": entries,
        "import_ms_a_shop": round(1000 * imported / count, 1),
        "first_open_ms": round(1000 * opened / count, 1),
        "p50_ms": round(float(np.percentile(took, 50)), 2),
        "p99_ms": round(float(np.percentile(took, 99)), 2),
        "was_open_share": round(open_now / questions, 3),
        "right_share": round(right / questions, 3),
        "changed_row_s": round(changed, 2),
        "rss_mb": process.memory_info().rss >> 20,
        "torch": float("torch" in sys.modules),
    }


def _shops(catalogue: Catalogue, model, packs: Packs) -> Shops:  # type: ignore[no-untyped-def]
    return Shops(
        catalogue,
        lambda name, retriever: Shop(name, name, retriever, shanghai_now),
        lambda name, passages, before: open_index(name, passages, model, None, before),
        pack=packs.put,
        unpack=lambda name, state: packs.get(name, state, model),
    )


async def _changed(shops: Shops, catalogue: Catalogue, name: str) -> float:
    """Seconds from the commit of one new row to the first answer that has it."""
    new = identified(Passage("", "faq", "可以刻字。", "faq.csv#999", "能不能刻字留念"))
    await catalogue.edit(name, [new], [], "edit")
    began = time.perf_counter()
    while (await (await shops.shop(name)).retriever.asearch("可以刻字留念吗", k=1))[0].passage.id != new.id:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return time.perf_counter() - began


def _progress(what: str, number: int, count: int) -> None:
    if (number + 1) % 500 == 0:
        print(f"{what} {number + 1}/{count}", file=sys.stderr)


def main(count: int, entries: int, questions: int) -> None:
    """Measure and print one line a figure."""
    with tempfile.TemporaryDirectory() as folder:
        for name, value in asyncio.run(measure(Path(folder), count, entries, questions)).items():
            print(f"{name:18} {value:g}")
