"""The demo shop's files read plainly, without our importer: the tests hold to what the merchant wrote."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from assistant.demo.load import demo_files

ROLES = {
    "question": ("问题（必填）", "标准问法", "标准问题"),
    "answer": ("答案（必填）", "机器人回答", "答案"),
    "similar": ("相似问(##)", "扩展问答", "相似问题"),
    "counter": ("反例问题",),
    "category": ("分类", "类型"),
    "products": ("关联商品",),
    "first": ("有效开始日期",),
    "last": ("有效结束日期",),
    "stopped": ("是否停用", "状态"),
}


@dataclass(frozen=True)
class Entry:
    place: str
    question: str
    answer: str
    similar: tuple[str, ...]
    counter: tuple[str, ...]
    category: str
    products: tuple[str, ...]
    first: date | None
    last: date | None
    stopped: bool

    @property
    def intent(self) -> str:
        """The part of `大类-意图` the tests count by."""
        return self.category.split("-", 1)[1]

    def valid_on(self, day: date) -> bool:
        return not self.stopped and (not self.first or self.first <= day) and (not self.last or day <= self.last)


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return date(*map(int, re.split("[-/]", str(value)))) if value else None


def _entry(place: str, row: dict[str, Any]) -> Entry:
    cell = {role: next((row[name] for name in names if row.get(name)), "") for role, names in ROLES.items()}
    return Entry(
        place=place,
        question=str(cell["question"]),
        answer=str(cell["answer"]),
        similar=tuple(re.split(r"##|\n|\|", str(cell["similar"]))),
        counter=tuple(filter(None, re.split(r"##|\n|\|", str(cell["counter"])))),
        category=str(cell["category"]),
        products=tuple(filter(None, str(cell["products"]).split("、"))),
        first=_day(cell["first"]),
        last=_day(cell["last"]),
        stopped=cell["stopped"] in ("是", "停用"),
    )


@cache
def entries() -> tuple[Entry, ...]:
    """Every question and answer of the tables."""
    found = []
    for path in demo_files():
        if path.suffix == ".xlsx":
            for sheet in load_workbook(path, data_only=True).worksheets:
                heads, *rows = sheet.iter_rows(values_only=True)
                found += [
                    _entry(f"{path.name}#{sheet.title}!{n}", dict(zip(map(str, heads), row, strict=True)))
                    for n, row in enumerate(rows, start=2)
                ]
        elif path.suffix == ".csv":
            table = csv.DictReader(io.StringIO(path.read_bytes().decode("gbk"), newline=""))
            found += [_entry(f"{path.name}#{n}", row) for n, row in enumerate(table, start=2)]
    return tuple(found)


@cache
def documents() -> dict[str, str]:
    """The words of every file that is not a table, by file name."""
    found = {}
    for path in demo_files():
        if path.suffix == ".md":
            found[path.name] = path.read_text(encoding="utf-8")
        elif path.suffix == ".docx":
            document = Document(str(path))
            lines = [p.text for p in document.paragraphs]
            lines += ["，".join(c.text for c in row.cells) for table in document.tables for row in table.rows]
            found[path.name] = "\n".join(lines)
        elif path.suffix == ".pdf":
            found[path.name] = "\n".join(page.extract_text() for page in PdfReader(path).pages)
    return found


def sentences() -> list[tuple[str, str]]:
    """(place, sentence) of everything the shop may tell a shopper."""
    said = [(e.place, e.answer) for e in entries()] + list(documents().items())
    return [(place, part) for place, text in said for part in re.split(r"[。！？\n]", text) if part.strip()]
