"""What export writes, import reads back unchanged; and no spreadsheet program runs a cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import Catalogue, Upload
from knowledge.database import open_engine
from knowledge.errors import NoSuchShop, Unreadable
from knowledge.export import as_csv, as_jsonl, as_xlsx, export
from knowledge.faq import entry
from knowledge.ingest import ingest, prepare
from knowledge.moments import SHANGHAI
from knowledge.readers.delimited import neutralise, restore
from knowledge.text import fold
from knowledge.types import Passage, identified

Writer = Callable[[Sequence[Passage]], bytes]
WRITERS = {"csv": as_csv, "xlsx": as_xlsx, "jsonl": as_jsonl}

PLAIN = st.text(alphabet="退货运费换尺码a1 ，。？！|#'\"=+-@;、,\n\t＝😀𠮷", min_size=1, max_size=30).filter(
    lambda text: any(char.isalnum() for char in text)
)
LISTS = st.lists(PLAIN, max_size=3)
MOMENTS = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=SHANGHAI)
)


@st.composite
def entries(draw: st.DrawFn) -> Passage:
    made = entry(
        draw(PLAIN),
        draw(PLAIN),
        f"{draw(st.sampled_from(['faq.csv', 'b#1.xlsx', '=x.csv']))}#Sheet1!{draw(st.integers(2, 99))}",
        similar=draw(LISTS),
        counter=draw(LISTS),
        category=draw(PLAIN),
        tags=draw(LISTS),
        products=draw(LISTS),
    )
    start, end = draw(MOMENTS), draw(MOMENTS)
    if start and end and start >= end:
        start = None
    return identified(replace(made, valid_from=start, valid_until=end))


STRETCHES = st.builds(
    lambda text, heading, page: identified(
        Passage("", "text", text.strip(), f"手册.pdf#p{page}", " ".join(heading.split()))
    ),
    PLAIN,
    PLAIN,
    st.integers(1, 50),
)


def read_back(name: str, data: bytes) -> list[Passage]:
    return list(prepare(name, data, now=datetime(2026, 11, 20, tzinfo=SHANGHAI)).upload.passages)


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=60, deadline=None)
@given(
    passages=st.lists(
        entries() | STRETCHES, min_size=1, max_size=6, unique_by=lambda each: (fold(each.question), fold(each.text))
    )
)
def test_what_is_written_is_read_back_the_same(kind: str, passages: list[Passage]) -> None:
    assert read_back(f"out.{kind}", WRITERS[kind](passages)) == passages


@pytest.mark.parametrize("kind", WRITERS)
async def test_an_export_imported_into_its_own_shop_changes_nothing(kind: str, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/shop.db")
    catalogue = Catalogue(engine)
    await catalogue.open()
    (tmp_path / "faq.csv").write_text(
        "问题,答案,相似问,有效结束日期\n怎么退货,七天,退货##退,2030-01-01\n=1+1等于几,@二,,\n"
    )
    (tmp_path / "手册.md").write_text("# 售后\n签收后七天可以退货。\n# 运费谁出？\n我们出。\n")
    await ingest(catalogue, "demo", [tmp_path / "faq.csv", tmp_path / "手册.md"])
    before = await catalogue.passages("demo")
    out = tmp_path / f"out.{kind}"
    assert await export(catalogue, "demo", out) == len(before) == 4
    (report,) = await ingest(catalogue, "demo", [out])
    assert (report.added, report.changed, report.unchanged, report.removed) == (0, 0, 4, 0)
    await ingest(catalogue, "other", [out])
    assert await catalogue.passages("other") == before
    await engine.dispose()


async def test_an_edited_export_changes_the_entry_it_came_from(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/shop.db")
    catalogue = Catalogue(engine)
    await catalogue.open()
    (tmp_path / "faq.csv").write_text("问题,答案\n怎么退货,七天\n几天发货,当天\n")
    await ingest(catalogue, "demo", [tmp_path / "faq.csv"])
    await export(catalogue, "demo", tmp_path / "out.csv")
    edited = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").replace("七天", "十五天")
    (tmp_path / "out.csv").write_text(edited)
    (report,) = await ingest(catalogue, "demo", [tmp_path / "out.csv"])
    assert (report.added, report.changed, report.unchanged, report.removed) == (0, 1, 1, 0)
    assert [each.text for each in await catalogue.passages("demo")] == ["十五天", "当天"]
    await engine.dispose()


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("cell", DANGEROUS)
def test_a_dangerous_cell_is_made_harmless_and_comes_back(cell: str) -> None:
    assert neutralise(cell).startswith("'")
    assert restore(neutralise(cell)) == cell


@given(st.text(max_size=20))
def test_making_harmless_is_undone_exactly(cell: str) -> None:
    assert restore(neutralise(cell)) == cell
    assert not neutralise(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_no_cell_of_an_export_is_a_formula() -> None:
    passages = [
        identified(Passage("", "faq", cell.strip() + "吗", "faq.csv#2", f"{cell.strip()}是什么")) for cell in DANGEROUS
    ]
    for row in csv.reader(io.StringIO(as_csv(passages).decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(passages))).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


def test_an_export_opens_in_excel_with_its_chinese() -> None:
    assert as_csv([]).startswith(b"\xef\xbb\xbf")


async def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    engine = open_engine("sqlite://")
    catalogue = Catalogue(engine)
    await catalogue.open()
    with pytest.raises(NoSuchShop):
        await export(catalogue, "nobody", tmp_path / "out.csv")
    passage = identified(Passage("", "faq", "七天", "faq.csv#2", "怎么退货"))
    await catalogue.publish("demo", Upload("faq.csv", b"", [passage]))
    with pytest.raises(Unreadable, match=r"\.csv \.xlsx \.jsonl"):
        await export(catalogue, "demo", tmp_path / "out.pdf")
    with pytest.raises(Unreadable, match="写不进去"):
        await export(catalogue, "demo", tmp_path / "nowhere" / "out.csv")
    await engine.dispose()
