"""xlsx: several sheets, merged cells, formulas, dates, and what is hidden from a person's eyes.

What a person cannot see when checking the sheet is not published: hidden sheets, rows and columns are left out, with
a warning each. Cells are streamed; merges and hidden marks are read from the sheet's XML, because the library would
build every cell of a merge, and a merge may name seventeen billion.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils import get_column_letter, range_boundaries

from knowledge.errors import Unreadable
from knowledge.readers.archive import check_office
from knowledge.readers.delimited import restore
from knowledge.readers.shape import MAX_COLUMNS, MAX_ROWS, Reading, Row, Table

_LARGEST_MERGE = 20_000
"""Cells of one merge that are filled with its value."""
_DEEPEST_ROW = 1_048_576


def read_xlsx(reading: Reading, data: bytes) -> None:
    check_office(data, reading.file, ".xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and extensions openpyxl does not keep are no matter to us
        shown = _open(data, reading.file, computed=True)
        written = _open(data, reading.file, computed=False) if _has_formulas(data) else None
        for number, sheet in enumerate(shown.worksheets):
            place = f"{reading.file}#{_title(sheet)}"
            if sheet.sheet_state != "visible":
                reading.warn(place, "是隐藏的工作表，没有导入；要导入请先取消隐藏")
                continue
            formulas = written.worksheets[number] if written else None
            marks = _marks(data, sheet)
            rows = tuple(_rows(reading, place, sheet, formulas, marks))
            if rows:
                reading.parts.append(Table(_title(sheet), rows))


@dataclass(slots=True)
class _Marks:
    """What the sheet's XML says beside its values."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    """Row → column → the cell (row, column) whose value is shown there."""


def _open(data: bytes, file: str, *, computed: bool) -> Any:
    try:
        return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=computed)
    except Exception:
        raise Unreadable(file=file, why="Excel 文件打不开，可能已损坏；请用 Excel 或 WPS 打开后另存为 .xlsx") from None


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<(?:\w+:)?f[ >/]", archive.read(name)) for name in sheets)


def _title(sheet: Any) -> str:
    # `#` and `!` part file, sheet and row in a place.
    return str(sheet.title).replace("#", "＃").replace("!", "！")


def _marks(data: bytes, sheet: Any) -> _Marks:
    marks = _Marks()
    wanted = ("{*}row", "{*}col", "{*}mergeCell")
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(sheet._worksheet_path) as stream:
        for _, element in etree.iterparse(stream, tag=wanted, resolve_entities=False, no_network=True):
            hidden = element.get("hidden") in ("1", "true")
            match etree.QName(element).localname:
                case "row" if hidden or element.get("ht") == "0":
                    marks.hidden_rows.add(int(element.get("r", 0)))
                case "col" if hidden or element.get("width") == "0":
                    last = min(int(element.get("max", 0)), MAX_COLUMNS)
                    marks.hidden_columns.update(range(int(element.get("min", 1)), last + 1))
                case "mergeCell":
                    _merge(marks, element.get("ref", ""))
            element.clear()
    return marks


def _merge(marks: _Marks, reference: str) -> None:
    try:
        left, top, right, bottom = (int(edge or 0) for edge in range_boundaries(reference))
    except (ValueError, TypeError):
        return
    if not left or not top or (right - left + 1) * (bottom - top + 1) > _LARGEST_MERGE:
        return
    for row in range(top, bottom + 1):
        columns = marks.merged.setdefault(row, {})
        for column in range(left, min(right, MAX_COLUMNS) + 1):
            columns[column] = top, left


def _rows(reading: Reading, place: str, sheet: Any, formulas: Any, marks: _Marks) -> Iterator[Row]:
    sheet.reset_dimensions()  # the declared size may be wrong or huge
    values = sheet.iter_rows(max_row=_DEEPEST_ROW)
    texts: Iterator[Any] | None = None
    if formulas is not None:
        formulas.reset_dimensions()
        texts = iter(formulas.iter_rows(max_row=_DEEPEST_ROW))
    origins: dict[tuple[int, int], str] = {}
    hidden_seen: set[int] = set()
    taken = 0
    for number, cells in enumerate(values, 1):
        written = next(texts, ()) if texts is not None else ()
        row = _row(f"{place}!{number}", number, cells[:MAX_COLUMNS], written)
        if number in marks.merged:
            row = _fill(row, number, marks.merged[number], origins)
        if not any(row.cells) and not row.faults:
            continue
        if number in marks.hidden_rows:
            reading.warn(row.place, f"第 {number} 行是隐藏行，没有导入；要导入请先取消隐藏")
            continue
        taken += 1
        if taken > MAX_ROWS:
            reading.reject(row.place, f"超过 {MAX_ROWS} 行，后面的没有读；请拆成几个文件")
            return
        hidden_seen.update(c for c in marks.hidden_columns if c <= len(row.cells) and row.cells[c - 1])
        yield _without(row, marks.hidden_columns)
    for column in sorted(hidden_seen):
        letter = get_column_letter(column)
        reading.warn(f"{place}!{letter}", f"{letter} 列是隐藏列，没有导入；要导入请先取消隐藏")


def _row(place: str, number: int, cells: Any, written: Any) -> Row:
    texts: list[str] = []
    faults: list[tuple[int, str]] = []
    notes: list[tuple[int, str]] = []
    for column, cell in enumerate(cells):
        source = written[column] if column < len(written) else None
        formula = source is not None and getattr(source, "data_type", "") == "f"
        text = _text(cell)
        where = f"{get_column_letter(column + 1)}{number}"
        if formula and not text:
            faults.append((column, f"{where} 是公式 {_formula(source)}，文件里没有算好的结果；请复制后“粘贴为数值”"))
        elif cell.data_type == "e":
            faults.append((column, f"{where} 是错误值 {text}；请改好这个单元格"))
            text = ""
        elif formula:
            notes.append((column, f"{where} 是公式 {_formula(source)}，用了文件里保存的结果“{text[:30]}”"))
        texts.append(text)
    while texts and not texts[-1]:
        texts.pop()
    return Row(place, tuple(texts), tuple(faults), tuple(notes))


def _fill(row: Row, number: int, merged: dict[int, tuple[int, int]], origins: dict[tuple[int, int], str]) -> Row:
    """`row` with the cells of a merge showing the merge's value, as a person sees it. `origins` keeps the values."""
    filled = list(row.cells)
    for column, origin in merged.items():
        if origin == (number, column):
            origins[origin] = row.cells[column - 1] if column <= len(row.cells) else ""
        elif text := origins.get(origin, ""):
            filled += [""] * (column - len(filled))
            filled[column - 1] = text
    return _with(row, tuple(filled))


def _with(row: Row, cells: tuple[str, ...]) -> Row:
    return Row(row.place, cells, row.faults, row.notes)


def _without(row: Row, hidden: set[int]) -> Row:
    if not hidden:
        return row
    return _with(row, tuple("" if column in hidden else text for column, text in enumerate(row.cells, 1)))


def _text(cell: Any) -> str:
    """What the cell shows, near enough: whole numbers without a point, dates as ISO, percentages with their sign."""
    match cell.value:
        case None:
            return ""
        case bool(value):
            return "是" if value else "否"
        case int() | float() as number:
            if "%" in str(cell.number_format or ""):
                return f"{number * 100:.10g}%"
            return f"{number:.15g}"
        case datetime() as moment:
            return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%d %H:%M:%S}"
        case date() | time() | timedelta() as moment:
            return str(moment)
        case other:
            # Excel writes a carriage return as _x000D_, and the library hands it on as it stands.
            text = str(other).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
            return restore(text.strip())


def _formula(cell: Any) -> str:
    text = str(getattr(cell.value, "text", cell.value))
    return text if len(text) <= 40 else text[:40] + "…"
