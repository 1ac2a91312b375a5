"""The demo shop's files go through the same door as any merchant's, and all of them come in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from assistant.demo.load import SHANGHAI, demo_files
from knowledge.catalogue import Catalogue
from knowledge.database import open_engine
from knowledge.ingest import ingest
from tests.demo.shelf import entries

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=SHANGHAI)


async def test_every_row_of_every_file_comes_in_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
    try:
        catalogue = Catalogue(engine)
        await catalogue.open()
        first = await ingest(catalogue, "demo", demo_files(), now=NOW)
        again = await ingest(catalogue, "demo", demo_files(), now=NOW)
        passages = await catalogue.passages("demo")
    finally:
        await engine.dispose()

    assert [problem for report in first for problem in report.rejected] == []
    warned = [warning.problem for report in first for warning in report.warnings]
    assert all("已过期" in problem or "已停用" in problem for problem in warned), warned
    faq = {p.question: p for p in passages if p.kind == "faq" and not p.source.startswith("售后服务政策")}
    assert faq.keys() == {e.question for e in entries() if not e.stopped}
    for entry in entries():
        if not entry.stopped:
            got = faq[entry.question]
            assert (got.text, got.similar, got.counter) == (entry.answer, entry.similar, entry.counter)
            assert (got.category, got.products) == (entry.category, entry.products)
            assert (bool(got.valid_from), bool(got.valid_until)) == (bool(entry.first), bool(entry.last))
    assert {p.source.split("#")[0] for p in passages if p.kind == "text"} == {
        "售后服务政策.docx",
        "小家电使用与保修手册.pdf",
        "配送与发票说明.md",
    }
    assert all(report.added == report.changed == report.removed == 0 for report in again)
