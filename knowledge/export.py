"""A shop's knowledge as a file that `import` reads back unchanged: csv, xlsx or jsonl."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from knowledge.catalogue import Catalogue
from knowledge.errors import Unreadable
from knowledge.moments import show_moment
from knowledge.readers.delimited import neutralise
from knowledge.types import Passage

HEADER = (
    "问题",
    "答案",
    "相似问法",
    "反例问题",
    "分类",
    "标签",
    "关联商品",
    "有效开始日期",
    "有效结束日期",
    "形式",
    "来源",
)
_KEYS = (
    "question",
    "answer",
    "similar",
    "counter",
    "category",
    "tags",
    "product",
    "valid_from",
    "valid_until",
    "form",
    "source",
)
_FORMS = {"faq": "问答", "text": "文档"}


async def export(catalogue: Catalogue, shop: str, out: Path) -> int:
    """Writes every passage in force to `out` by its extension and returns how many. The file appears whole or not.

    Raises `NoSuchShop`, or `Unreadable` when the extension is none of ours or the folder cannot be written.
    """
    write = {".csv": as_csv, ".xlsx": as_xlsx, ".jsonl": as_jsonl}.get(out.suffix.lower())
    if write is None:
        raise Unreadable(file=out.name, why="导出只支持 .csv .xlsx .jsonl；请改扩展名")
    passages = await catalogue.passages(shop)
    _save(out, write(passages))
    return len(passages)


def as_csv(passages: Sequence[Passage]) -> bytes:
    """UTF-8 with a mark, so that Excel shows Chinese; cells that would run as formulas carry a quote in front."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([neutralise(cell) for cell in _cells(passage)] for passage in passages)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(passages: Sequence[Passage]) -> bytes:
    """One sheet, every cell a text: nothing runs, and no figure changes its shape."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("知识")
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABC", (30, 60, 30), strict=True):
        sheet.column_dimensions[letter].width = width
    for cells in (HEADER, *map(_cells, passages)):
        row = []
        for text in cells:
            cell = WriteOnlyCell(sheet, neutralise(text))
            cell.data_type = "s"
            row.append(cell)
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_jsonl(passages: Sequence[Passage]) -> bytes:
    """One object a line; lists as lists, what is empty left out."""
    lines = []
    for passage in passages:
        values = (
            passage.question,
            passage.text,
            list(passage.similar),
            list(passage.counter),
            passage.category,
            list(passage.tags),
            list(passage.products),
            show_moment(passage.valid_from, end=False),
            show_moment(passage.valid_until, end=True),
            passage.kind,
            passage.source,
        )
        row = {key: value for key, value in zip(_KEYS, values, strict=True) if value}
        lines.append(json.dumps(row, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _cells(passage: Passage) -> tuple[str, ...]:
    return (
        passage.question,
        passage.text,
        "##".join(passage.similar),
        "##".join(passage.counter),
        passage.category,
        "、".join(passage.tags),
        "、".join(passage.products),
        show_moment(passage.valid_from, end=False),
        show_moment(passage.valid_until, end=True),
        _FORMS[passage.kind],
        passage.source,
    )


def _save(out: Path, data: bytes) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, out)
    except OSError as error:
        raise Unreadable(file=str(out), why=f"写不进去（{error.strerror}）；请检查文件夹和权限") from None
