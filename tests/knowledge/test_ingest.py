"""A merchant's files into the shop's knowledge: nothing lost, nothing half done, every oddity told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge.catalogue import Catalogue
from knowledge.columns import parse_mapping
from knowledge.database import open_engine
from knowledge.errors import Unreadable
from knowledge.ingest import ingest, prepare
from knowledge.moments import SHANGHAI
from tests.knowledge.files import excel, saved, zipped

NOW = datetime(2026, 11, 20, tzinfo=SHANGHAI)
FAQ = "问题,答案\n怎么退货,签收后30天内可退\n几天发货,当天\n"


@pytest.fixture
async def catalogue() -> AsyncIterator[Catalogue]:
    engine = open_engine("sqlite://")
    catalogue = Catalogue(engine)
    await catalogue.open()
    yield catalogue
    await engine.dispose()


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def test_the_report_has_the_promised_shape(catalogue: Catalogue, tmp_path: Path) -> None:
    path = put(tmp_path, "faq.csv", FAQ + "没有答案,\n")
    (report,) = await ingest(catalogue, "demo", [path], now=NOW)
    assert report.as_json() == {
        "file": "faq.csv",
        "rows": 3,
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "rejected": [{"place": "faq.csv#4", "problem": "答案是空的"}],
        "warnings": [],
        "passages": 2,
    }


async def test_a_dry_run_reports_and_writes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    path = put(tmp_path, "faq.csv", FAQ)
    (told,) = await ingest(catalogue, "demo", [path], dry_run=True)
    assert (told.added, await catalogue.version("demo"), await catalogue.sources("demo")) == (2, 0, [])
    (done,) = await ingest(catalogue, "demo", [path])
    assert told.as_json() == done.as_json()


async def test_the_same_file_twice_changes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    path = put(tmp_path, "faq.csv", FAQ)
    await ingest(catalogue, "demo", [path])
    (again,) = await ingest(catalogue, "demo", [path])
    assert (again.added, again.changed, again.unchanged, again.removed, again.passages) == (0, 0, 2, 0, 2)
    assert await catalogue.version("demo") == 1


async def test_a_file_saved_again_in_another_encoding_changes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    await ingest(catalogue, "demo", [put(tmp_path, "faq.csv", FAQ)])
    (again,) = await ingest(catalogue, "demo", [put(tmp_path, "faq.csv", FAQ.encode("gb18030"))])
    assert (again.unchanged, await catalogue.version("demo")) == (2, 1)


async def test_contradictions_inside_a_file_and_with_other_files_are_told(catalogue: Catalogue, tmp_path: Path) -> None:
    inside = FAQ + "怎么退货呢,签收后7天内可退\n"
    (report,) = await ingest(catalogue, "demo", [put(tmp_path, "faq.csv", inside)], now=NOW)
    (warning,) = report.warnings
    assert warning.place == "faq.csv#4"
    assert "第 2 行写“30天”，第 4 行写“7天”" in warning.problem
    (report,) = await ingest(
        catalogue, "demo", [put(tmp_path, "new.csv", "问题,答案\n几天发货,48小时内\n怎么退货,15天\n")]
    )
    assert {warning.place for warning in report.warnings} == {"new.csv#3"}
    assert "faq.csv 第 2 行写“30天”" in report.warnings[0].problem


async def test_merge_tells_what_it_keeps(catalogue: Catalogue, tmp_path: Path) -> None:
    await ingest(catalogue, "demo", [put(tmp_path, "faq.csv", FAQ)])
    (report,) = await ingest(catalogue, "demo", [put(tmp_path, "faq.csv", "问题,答案\n怎么退货,15天\n")])
    assert (report.changed, report.removed, report.passages) == (1, 0, 2)
    assert "--mode replace" in report.warnings[-1].problem
    (report,) = await ingest(
        catalogue, "demo", [put(tmp_path, "faq.csv", "问题,答案\n怎么退货,15天\n")], mode="replace"
    )
    assert (report.unchanged, report.removed, report.passages, report.warnings) == (1, 1, 1, [])


async def test_an_archive_is_one_report_and_one_version(catalogue: Catalogue, tmp_path: Path) -> None:
    data = zipped({"faq.csv": FAQ.encode(), "b.xlsx": excel(["问题", "答案"], ["甲", "乙"]), "x.exe": b"MZ"})
    (report,) = await ingest(catalogue, "demo", [put(tmp_path, "all.zip", data)])
    assert (report.file, report.rows, report.added, report.passages) == ("all.zip", 3, 3, 3)
    assert [each.place for each in report.rejected] == ["all.zip/x.exe"]
    assert await catalogue.version("demo") == 1
    (source,) = await catalogue.sources("demo")
    assert (source.file, source.passages) == ("all.zip", 3)


async def test_one_unusable_file_stops_all_before_anything_is_written(catalogue: Catalogue, tmp_path: Path) -> None:
    good, bad = put(tmp_path, "faq.csv", FAQ), put(tmp_path, "scan.pdf", b"MZ")
    with pytest.raises(Unreadable, match=r"scan\.pdf"):
        await ingest(catalogue, "demo", [good, bad])
    assert await catalogue.shops() == []


@pytest.mark.parametrize("wrong", ["missing.csv", ".", "twice"])
async def test_paths_that_are_no_files_are_refused(catalogue: Catalogue, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "other").mkdir()
    good = put(tmp_path, "faq.csv", FAQ)
    paths = [good, put(tmp_path / "other", "faq.csv", FAQ)] if wrong == "twice" else [tmp_path / wrong]
    with pytest.raises(Unreadable):
        await ingest(catalogue, "demo", paths)


async def test_repairs_are_told_kept_and_do_not_touch_the_original(catalogue: Catalogue, tmp_path: Path) -> None:
    data = "问题,答案\n本店業(yè)務(wù)時間,九點至十八點\u200b\n".encode()
    (report,) = await ingest(catalogue, "demo", [put(tmp_path, "faq.csv", data)])
    (passage,) = await catalogue.passages("demo")
    assert (passage.question, passage.text) == ("本店業務時間", "九點至十八點")
    assert [(each.place, each.problem[:9]) for each in report.warnings] == [
        ("faq.csv#2", "修复了 2 处拼音"),
        ("faq.csv#2", "修复了 1 处不可"),
    ]
    (source,) = await catalogue.sources("demo")
    assert [each["before"] for each in source.repairs] == ["(yè)", "(wù)", "\u200b"]
    assert await catalogue.original("demo", "faq.csv") == data


BROKEN = """???? 早些年的服務(wù)只有電話(huà),后來(lái)才有在線客服。顧客最怕的是沒有人回答(dá)。

好的客服從開始到結(jié)束都是一個閉環(huán),??贪吹氖浅兄Z"""


def test_a_page_copied_from_the_web_reads_like_chinese_again() -> None:
    passages = prepare("f.txt", BROKEN.encode()).upload.passages
    text = "".join(each.text for each in passages)
    assert "????" not in text
    assert "(" not in text
    assert "早些年的服務只有電話" in text
    assert "一個閉環," in text


def test_a_mapped_table_is_entries() -> None:
    prepared = prepare(
        "f.csv", "客户说,客服说\n甲,乙\n".encode(), mapping=parse_mapping(["客户说=question", "客服说=回答"])
    )
    assert [each.kind for each in prepared.upload.passages] == ["faq"]


@pytest.mark.parametrize("name", ["../../etc/faq.csv", "C:\\tmp\\faq.csv", "a\nb.csv", "名\udce4.csv"])
def test_a_file_name_is_never_a_path_nor_a_line_break(name: str) -> None:
    file = prepare(name, FAQ.encode()).upload.file
    assert "/" not in file
    assert "\\" not in file
    assert file.isprintable()


def test_remarks_beside_the_faq_sheet_are_no_product_table() -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    for row in (["问题", "答案"], ["甲", "乙"]):
        first.append(row)
    note = book.create_sheet("填写说明")
    note.append(["带星号的必须填写"])
    prepared = prepare("f.xlsx", saved(book))
    assert prepared.warnings == []
    assert [(each.kind, each.text) for each in prepared.upload.passages] == [
        ("faq", "乙"),
        ("text", "带星号的必须填写"),
    ]
