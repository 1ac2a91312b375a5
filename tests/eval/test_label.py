"""Labels by people: blind, two raters an item, a third where they differ; and who answers for a worse change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from eval.judge import Item, read_labels
from eval.label import (
    Batch,
    NoSuchBatch,
    NotYourItem,
    batch,
    batches,
    draw,
    export,
    label,
    labelled,
    left_for,
    open_batch,
    progress,
    settle,
)
from eval.marks import Marks, open_marks
from eval.publish import MayNotSign, NotPassed, change_id, changes, measure, must_pass, sign
from eval.runfile import Run
from knowledge.database import open_engine
from tests.support.postgres import fresh_database

ITEMS = [Item(f"i{n}", f"第{n}问", f"答{n}", "资料", right=n % 2 == 0) for n in range(20)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def marks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Marks]:
    async def opened(url: str) -> tuple[AsyncEngine, Marks]:
        engine = open_engine(url)
        return engine, await open_marks(engine)

    if request.param == "sqlite":
        engine, found = await opened(f"sqlite:///{tmp_path / 'q.db'}")
        yield found
        await engine.dispose()
        return
    async with fresh_database() as url:
        engine, found = await opened(url)
        yield found
        await engine.dispose()


async def said(marks: Marks, one: Batch) -> Any:
    return await marks.all("demo", "labelled", "settled", about=one.id)


async def test_a_rater_sees_no_label_and_an_order_of_their_own(marks: Marks) -> None:
    drawn = draw([Item("p", "我电话 13912345678", "好的"), *ITEMS], 21, seed=1)
    assert all(item.right is None and item.expected == "" for item in drawn)
    assert "13912345678" not in str(drawn)
    assert draw(ITEMS, 5, seed=1) == draw(ITEMS, 5, seed=1) != draw(ITEMS, 5, seed=2)
    one = await open_batch(marks, "demo", draw(ITEMS, 20, seed=1), "qa")
    wang, li = left_for("wang", one, ()), left_for("li", one, ())
    assert {i.id for i in wang} == {i.id for i in li}
    assert [i.id for i in wang] != [i.id for i in li]
    assert left_for("wang", one, ()) == wang


async def test_two_labels_an_item_each_by_somebody_else(marks: Marks) -> None:
    one = await open_batch(marks, "demo", draw(ITEMS, 3, seed=1), "qa")
    item = one.items[0].id
    await label(marks, "demo", one, item, "li", "right")
    with pytest.raises(NotYourItem):
        await label(marks, "demo", one, item, "li", "wrong")
    await label(marks, "demo", one, item, "wang", "right", note="电话 13912345678")
    with pytest.raises(NotYourItem):
        await label(marks, "demo", one, item, "zhao", "wrong")
    assert item not in {i.id for i in left_for("zhao", one, await said(marks, one))}
    assert "13912345678" not in str(await said(marks, one))
    assert await batches(marks, "demo") == [await batch(marks, "demo", one.id)]
    with pytest.raises(NoSuchBatch):
        await batch(marks, "other", one.id)


async def test_of_three_who_label_at_once_two_count(marks: Marks) -> None:
    one = await open_batch(marks, "demo", draw(ITEMS, 1, seed=1), "qa")
    item = one.items[0].id
    got = await asyncio.gather(
        *(label(marks, "demo", one, item, name, "right") for name in ("li", "wang", "zhao")), return_exceptions=True
    )
    assert sum(isinstance(each, NotYourItem) for each in got) == 1
    assert progress(one, await said(marks, one)).labelled == 1


async def test_kappa_counts_and_a_third_settles_what_differs(marks: Marks, tmp_path: Path) -> None:
    """Ten items: five agreed right, three agreed wrong, one apart, one unsure. κ by hand over the nine sure ones:
    8/9 seen; by chance (6·5 + 3·4)/81 = 42/81; κ = (72 - 42)/(81 - 42) = 30/39.
    """
    one = await open_batch(marks, "demo", draw(ITEMS, 10, seed=1), "qa")
    ids = [item.id for item in one.items]
    first = ["right"] * 6 + ["wrong"] * 3 + ["unsure"]
    second = ["right"] * 5 + ["wrong"] * 4 + ["right"]
    for item, a, b in zip(ids, first, second, strict=True):
        await label(marks, "demo", one, item, "li", a)  # type: ignore[arg-type]
        await label(marks, "demo", one, item, "wang", b)  # type: ignore[arg-type]
    now = progress(one, await said(marks, one))
    assert (now.items, now.labelled) == (10, 10)
    assert now.agreement.kappa == pytest.approx(30 / 39)
    assert set(now.differ) == {ids[5], ids[9]}
    with pytest.raises(NotYourItem):
        await settle(marks, "demo", one, ids[5], "li", right=True)
    with pytest.raises(NotYourItem):
        await settle(marks, "demo", one, ids[0], "qa", right=True)
    await settle(marks, "demo", one, ids[5], "qa", right=True)
    done = labelled(one, await said(marks, one))
    assert {item.id for item in done} == set(ids[:9])
    assert [item.right for item in done if item.id == ids[5]] == [True]
    assert export(done, tmp_path / "labels.jsonl") == 9
    assert read_labels(tmp_path / "labels.jsonl") == done


def run(right: int, of: int, **head: Any) -> Run:
    lines = [
        {"id": f"c{n}", "group": f"g{n}", "turns": ["问"], "tags": ["退货"], "right": n < right, "text": "答",
         "action": "answer", "scores": {}, "broken": "", "weight": 1.0}
        for n in range(of)
    ]  # fmt: skip
    return Run({"kind": "head", "shop": "demo", "tasks": of, **head}, tuple(lines))


async def test_a_worse_change_waits_for_the_owners_signature(marks: Marks) -> None:
    before, after = run(190, 200, knowledge="v1"), run(150, 200, knowledge="v2")
    with pytest.raises(NotPassed, match="还没有和现在的版本比较过"):
        await must_pass(marks, "demo", before, after)
    found, _ = await measure(marks, "demo", before, after, "qa", names=("a", "b"))
    assert (found.standing, found.worse, found.better) == ("blocked", 40, 0)
    with pytest.raises(NotPassed, match="变差 40 题"):
        await must_pass(marks, "demo", before, after)
    with pytest.raises(MayNotSign):
        await sign(marks, "demo", found.id, "qa", "qa", "赶时间")
    with pytest.raises(MayNotSign):
        await sign(marks, "demo", found.id, "boss", "merchant", "  ")
    signed = await sign(marks, "demo", found.id, "boss", "merchant", "价格下周就要改，先上")
    assert (signed.standing, signed.signed_by, signed.reason) == ("signed", "boss", "价格下周就要改，先上")
    assert (await must_pass(marks, "demo", before, after)).signed_by == "boss"
    assert [change.id for change in await changes(marks, "demo")] == [found.id]


async def test_a_signature_is_for_one_change_and_one_measurement(marks: Marks) -> None:
    before, after, other = run(190, 200, knowledge="v1"), run(150, 200, knowledge="v2"), run(149, 200, knowledge="v3")
    assert change_id(before, after) != change_id(before, other)
    found, _ = await measure(marks, "demo", before, after, "qa")
    await sign(marks, "demo", found.id, "boss", "merchant", "先上")
    await measure(marks, "demo", before, other, "qa")
    with pytest.raises(NotPassed):
        await must_pass(marks, "demo", before, other)
    again, _ = await measure(marks, "demo", before, after, "qa")
    assert again.standing == "blocked"


async def test_a_tie_or_a_better_change_needs_nobody(marks: Marks) -> None:
    before = run(150, 200, knowledge="v1")
    for right, name in ((151, "v2"), (190, "v3")):
        found, _ = await measure(marks, "demo", before, run(right, 200, knowledge=name), "qa")
        assert found.standing == "open"
        await must_pass(marks, "demo", before, run(right, 200, knowledge=name))
        with pytest.raises(NotPassed, match="不需要签字"):
            await sign(marks, "demo", found.id, "boss", "merchant", "多此一举")
    cut = run(190, 200, knowledge="v4", tasks=300)
    found, _ = await measure(marks, "demo", before, cut, "qa")
    assert found.standing == "blocked"
