"""csv as shops really send it: any delimiter, any Chinese encoding, and rows whose quotes do not close."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator

from knowledge.readers.encoding import decode
from knowledge.readers.shape import MAX_ROWS, Reading, Row, Table

_LONGEST_RECORD = 200
"""Lines one quoted cell may run over; more means that a quote was never closed."""
_SEPARATOR = re.compile(r"sep=(.)$")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")

csv.field_size_limit(1 << 24)


def read_csv(reading: Reading, data: bytes) -> None:
    decoded = decode(data, reading.file)
    reading.charset = decoded.charset
    if decoded.lost:
        reading.warn(reading.file, f"有 {decoded.lost} 处字节不是 {decoded.charset} 文字，已用 � 代替；请核对原文件")
    lines = decoded.text.split("\n")
    delimiter = ","
    if lines and (named := _SEPARATOR.match(lines[0].strip().lower())):
        delimiter = named[1]
        lines = lines[1:]
    else:
        delimiter = _delimiter(lines[:40])
    rows: list[Row] = []
    for number, cells, fault in _records(lines, delimiter):
        if number > MAX_ROWS:
            reading.reject(f"{reading.file}#{number}", f"超过 {MAX_ROWS} 行，后面的没有读；请拆成几个文件")
            break
        place = f"{reading.file}#{number}"
        if fault:
            reading.reject(place, fault)
        elif any(cells):
            rows.append(Row(place, cells))
    reading.parts.append(Table("", tuple(rows), strict=True))


def restore(cell: str) -> str:
    """A cell as it was before export made it harmless to spreadsheet programs: without the quote in front of `=`."""
    return cell[1:] if cell.startswith("'") and _NEUTRALISED.match(cell) else cell


def neutralise(cell: str) -> str:
    """A cell that no spreadsheet program runs as a formula (OWASP: CSV injection); `restore` gives it back exactly."""
    return "'" + cell if _NEUTRALISED.match("'" + cell) else cell


def _delimiter(lines: list[str]) -> str:
    def columns(delimiter: str) -> tuple[bool, int, int]:
        rows = [cells for _, cells, fault in _records(lines, delimiter) if not fault and any(cells)]
        width, often = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        return width > 1, often, width

    return max((",", "\t", ";", "|"), key=columns)


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Number (as a spreadsheet program counts), cells and fault of each record.

    A record whose quotes do not close costs its first line only: reading starts again on the next one.
    """
    number = at = 0
    while at < len(lines):
        if at == len(lines) - 1 and not lines[at]:
            return
        number += 1
        cells, taken = _record(lines, at, delimiter)
        if cells is None:
            yield number, (), "引号没有成对，这一行没有导入；请给含引号或换行的单元格两边补上英文双引号"
        else:
            yield number, tuple(restore(cell.strip()) for cell in cells), ""
        at += taken


def _record(lines: list[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    first = lines[at]
    if '"' not in first:
        return first.split(delimiter), 1
    text, quotes = first, first.count('"')
    for taken in range(1, min(_LONGEST_RECORD, len(lines) - at) + 1):
        if taken > 1:
            line = lines[at + taken - 1]
            text += "\n" + line
            quotes += line.count('"')
            if '"' not in line or quotes % 2:
                continue
        try:
            return next(csv.reader([text], delimiter=delimiter, strict=True)), taken
        except csv.Error as error:
            if "unexpected end" in str(error):
                continue
            if taken == 1 and first.count('"') % 2 == 0:
                return next(csv.reader([text], delimiter=delimiter)), 1
            break
    return None, 1
