"""A run as a workbook for the boss: the numbers, every intent, and every wrong answer to read through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import DataBar, FormatObject, Rule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from eval.report import reasons, summary
from eval.runfile import Run
from eval.wording import label, say

_HEAD = PatternFill("solid", fgColor="0F766E")
_SHARE = "0.0%"
_LONGEST = 32_000
"""A cell holds 32,767 characters."""


def workbook(run: Run) -> Workbook:
    """Three sheets: overview, by intent and tag, wrong answers."""
    book, found = Workbook(), summary(run.lines)
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    _overview(sheet, run, found)
    for group in ("intents", "tags"):
        _rates(book.create_sheet(say(f"xlsx.{group}")), found[group])
    _wrong(book.create_sheet(say("xlsx.wrong")), run)
    return book


def _overview(sheet: Worksheet, run: Run, found: Mapping[str, Any]) -> None:
    sheet.title = say("xlsx.overview")
    low, high = found["ci95_groups"] or found["ci95"]
    rows: list[tuple[str, Any, str]] = [
        (say("xlsx.accuracy"), found["accuracy"], _SHARE),
        (say("xlsx.low"), low, _SHARE),
        (say("xlsx.high"), high, _SHARE),
        (say("xlsx.weighted"), found["weighted"], _SHARE),
        (say("xlsx.answers"), found["of"], "0"),
        (say("xlsx.right"), found["right"], "0"),
        (say("xlsx.invented"), found["invented"], "0"),
        (say("xlsx.broken"), found["broken"], "0"),
    ]
    rows += [
        (say("xlsx.stable", name=label("variants", n)), s["stable"], _SHARE) for n, s in found["stability"].items()
    ]
    rows += [(say("xlsx.pass_hat", k=str(k)), share, _SHARE) for k, share in enumerate(found["pass_hat"], 1) if k > 1]
    rows += [(label("heads", name), str(run.head[name]), "@") for name in _SHOWN if run.head.get(name)]
    rows += [(label("heads", name), digest, "@") for name, digest in run.head.get("digests", {}).items()]
    _header(sheet, [say("xlsx.what"), say("xlsx.value")], [30, 36])
    for name, value, shape in rows:
        sheet.append([name, value])
        cell = sheet.cell(sheet.max_row, 2)
        cell.number_format, cell.alignment = shape, Alignment(horizontal="left")
    sheet["B2"].font = Font(bold=True, size=14)


_SHOWN = ("shop", "clock", "engine", "model", "trials", "commit")


def _rates(sheet: Worksheet, rates: Mapping[str, Mapping[str, Any]]) -> None:
    columns = ("name", "right", "of", "accuracy", "low", "high")
    _header(sheet, [say(f"xlsx.{name}") for name in columns], [18, 10, 10, 12, 12, 12])
    for name, rate in sorted(rates.items(), key=lambda item: item[1]["accuracy"]):
        sheet.append([_safe(name), rate["right"], rate["of"], rate["accuracy"], *rate["ci95"]])
    last = sheet.max_row
    if last < 2:
        return
    for row in sheet.iter_rows(min_row=2, min_col=4, max_col=6):
        for cell in row:
            cell.number_format = _SHARE
    sheet.conditional_formatting.add(f"D2:D{last}", _share_bar())
    chart = BarChart()
    chart.type, chart.style, chart.title, chart.legend = "bar", 10, say("xlsx.accuracy"), None
    chart.add_data(Reference(sheet, min_col=4, min_row=1, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    chart.y_axis.scaling.min, chart.y_axis.scaling.max, chart.y_axis.number_format = 0, 1, "0%"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.height, chart.width = max(7.0, last * 0.6), 18
    sheet.add_chart(chart, "H2")


def _share_bar() -> Rule:
    bar = DataBar(cfvo=[FormatObject("num", 0), FormatObject("num", 1)], color="5EEAD4")
    return Rule(type="dataBar", dataBar=bar)


def _wrong(sheet: Worksheet, run: Run) -> None:
    names = ("id", "tags", "asked", "answer", "action", "why", "expected", "sources")
    _header(sheet, [say(f"xlsx.{name}") for name in names], [16, 18, 36, 60, 10, 50, 36, 36])
    for line in run.as_written:
        if line["right"] or line.get("broken"):
            continue
        expected = "\n".join(f"{label('columns', k)}：{v}" for k, v in line.get("expected", {}).items())
        row = [line["id"], "、".join(line["tags"]), "\n".join(line["turns"]), line["text"], line["action"]]
        sheet.append([_safe(cell) for cell in (*row, reasons(line), expected, "\n".join(line["cites"]))])
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.auto_filter.ref = sheet.dimensions


def _header(sheet: Worksheet, names: Sequence[str], widths: Sequence[int]) -> None:
    sheet.append(list(names))
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
        cell = sheet.cell(1, at)
        cell.fill, cell.font = _HEAD, Font(color="FFFFFF", bold=True)
    sheet.freeze_panes = "A2"


def _safe(value: Any) -> str:
    """Text that stays text: a shopper's “=1+1” is no formula, control characters are no part of a workbook."""
    text = "".join(c for c in str(value) if c >= " " or c in "\n\t")[:_LONGEST]
    return f"'{text}" if text[:1] in "=+-@" else text
