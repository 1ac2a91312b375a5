"""Cases as tables that people edit: csv and xlsx with Chinese columns, and back to the same cases.

One row a case. Several values in a cell stand on lines of their own; what is no plain value (an order given as facts, a
simulated shopper) is JSON. Columns may stand in any order, and empty ones may be left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from charset_normalizer import from_bytes
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from eval.wording import say
from prompts import words

SEVERAL = frozenset({"turns", "tags", "action", "facts", "never", "figures"})
"""Columns whose cells hold one value a line."""
EXPECT = (
    "action",
    "facts",
    "never",
    "figures",
    "source",
    "verdict",
    "policy",
    "reason",
    "within_ms",
    "within_tokens",
)
COLUMNS = ("id", "turns", *EXPECT, "order", "product", "now", "tags", "weight", "group", "by", "shopper")
NUMBERS = frozenset({"weight", "within_ms", "within_tokens"})
_NOTE = re.compile(r"[（(].*?[)）]|\s")


class Unreadable(ValueError):
    """A file is no table of cases; the text says why, for people."""


def rows_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of a csv or xlsx file as (place, case as plain data). Raises `Unreadable`."""
    if path.suffix.lower() == ".xlsx":
        yield from _rows(path.name, _xlsx(path))
    else:
        yield from _rows(path.name, [("", _csv(path))])


def _csv(path: Path) -> list[tuple[int, list[str]]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        found = from_bytes(raw, cp_isolation=["gb18030", "big5", "utf_16"]).best()
        if found is None:
            raise Unreadable(say("case.encoding")) from None
        text = str(found)
    reader = csv.reader(io.StringIO(text, newline=""))
    numbered: list[tuple[int, list[str]]] = []
    for cells in reader:
        numbered.append((reader.line_num - sum(cell.count("\n") for cell in cells), cells))
    return numbered


def _xlsx(path: Path) -> list[tuple[str, list[tuple[int, list[str]]]]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as bad:  # openpyxl raises whatever the zip or the XML inside raises
        raise Unreadable(say("case.not_xlsx", problem=str(bad)[:80])) from None
    sheets = []
    for sheet in book.worksheets:
        rows = enumerate(sheet.iter_rows(values_only=True), 1)
        sheets.append((f"{sheet.title}!", [(n, [_text(cell) for cell in row]) for n, row in rows]))
    book.close()
    return sheets


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())
    return str(cell).removeprefix("'")


def _rows(
    name: str, sheets: Sequence[tuple[str, Sequence[tuple[int, Sequence[str]]]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    some = False
    for title, rows in sheets:
        filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
        if not filled:
            continue
        columns = [_column(cell) for cell in filled[0][1]]
        if "turns" not in columns and "shopper" not in columns:
            if title and some:
                continue  # a sheet of notes beside the cases
            raise Unreadable(say("case.no_columns", columns="、".join(_names()[c] for c in ("id", "turns", "action"))))
        some = True
        unknown = [cell for cell, column in zip(filled[0][1], columns, strict=True) if cell.strip() and not column]
        if unknown:
            raise Unreadable(say("case.unknown_column", name=unknown[0], known="、".join(_names().values())))
        for number, cells in filled[1:]:
            place = f"{name}#{title}{number}"
            yield place, _case(dict(zip(columns, (*cells, *[""] * len(columns)), strict=False)))


def _names() -> Mapping[str, str]:
    table = words("eval")["columns"]
    return {column: str(table[column]) for column in COLUMNS}


def _column(heading: str) -> str:
    """The column a heading names; notes in brackets (（必填）) do not count."""
    plain = _NOTE.sub("", heading)
    known = {_NOTE.sub("", name): column for column, name in _names().items()}
    return known.get(plain, plain if plain in COLUMNS else "")


def _case(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row as the same plain data a line of jsonl holds; empty cells are left out."""
    case: dict[str, Any] = {"expect": {}}
    for column, cell in cells.items():
        if not column or not cell.strip():
            continue
        value = _value(column, cell)
        if column in EXPECT:
            case["expect"][column] = value
        else:
            case[column] = value
    return case


def _value(column: str, cell: str) -> Any:
    if column in SEVERAL:
        lines = [line.strip() for line in cell.replace("\r", "\n").split("\n") if line.strip()]
        return [_action(line) for line in lines] if column == "action" else lines
    plain = cell.strip()
    if plain.startswith("{") and column in ("order", "shopper"):
        try:
            return orjson.loads(plain)
        except orjson.JSONDecodeError:
            return plain
    if column in NUMBERS:
        try:
            return float(plain)
        except ValueError:
            return plain
    return plain


def _action(name: str) -> str:
    """The action a Chinese name stands for."""
    known = {str(said): str(action) for action, said in words("eval")["actions"].items()}
    return known.get(name, name)


def write_table(cases: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write cases (as plain data) as csv or xlsx; `rows_of` reads back the same."""
    used = [c for c in COLUMNS if c in ("id", "turns", "action") or any(_cell(case, c) for case in cases)]
    head = [_names()[column] for column in used]
    rows = [[_cell(case, column) for column in used] for case in cases]
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(head, rows, path)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def _cell(case: Mapping[str, Any], column: str) -> str:
    value = case.get("expect", {}).get(column) if column in EXPECT else case.get(column)
    if value is None or value == "" or value == [] or (column == "weight" and value == 1.0):
        return ""
    if column == "action":
        several = [value] if isinstance(value, str) else value
        return "\n".join(str(words("eval")["actions"].get(each, each)) for each in several)
    if column in SEVERAL:
        return "\n".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return orjson.dumps(value).decode() if isinstance(value, dict) else str(value)


def _write_xlsx(head: list[str], rows: list[list[str]], path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = say("case.sheet")
    sheet.append(head)
    for row in rows:
        sheet.append([""] * len(row))
        for at, cell in enumerate(row, 1):
            # Told to be text: “=1+1” typed by a shopper is no formula, 660220480070 no number.
            place = sheet.cell(sheet.max_row, at, cell or None)
            if cell:
                place.data_type, place.number_format = "s", "@"
            place.alignment = Alignment(wrap_text=True, vertical="top")
    for at in range(1, len(head) + 1):
        sheet.column_dimensions[get_column_letter(at)].width = 36 if at == 2 else 20
        top = sheet.cell(1, at)
        top.font, top.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0F766E")
    sheet.freeze_panes = "B2"
    book.save(path)
