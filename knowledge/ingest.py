"""A merchant's files into the shop's knowledge: read, repair, check, split, compare, publish, report."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from knowledge.catalogue import Catalogue, Mode, Upload
from knowledge.clash import Clash, find_clashes
from knowledge.columns import column_name, find_columns
from knowledge.errors import BadMapping, Unreadable
from knowledge.faq import Rows, entry, one_line, read_table, spot
from knowledge.readers import Block, Reading, Row, Table, file_name, read
from knowledge.readers.shape import MAX_BYTES
from knowledge.repair import Repair, is_annotated, repair
from knowledge.split import pieces, sections
from knowledge.types import IngestReport, Passage, Problem, file_of

_MOST_REPAIRS = 5_000
"""Repairs of one file that are kept one by one in the catalogue; the count in the report is of all."""
_MOST_CLASHES = 50


@dataclass(slots=True)
class Prepared:
    """A file read and checked, before it meets the catalogue."""

    upload: Upload
    rows: int
    rejected: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


async def ingest(
    catalogue: Catalogue,
    shop: str,
    paths: Sequence[Path],
    *,
    dry_run: bool = False,
    mapping: Mapping[str, str] | None = None,
    mode: Mode = "merge",
    now: datetime | None = None,
) -> list[IngestReport]:
    """Imports files and reports on each, in order. All are read before the first is published.

    Raises `Unreadable` for the first file that gives nothing, and then nothing of any file has been imported.
    """
    names = [file_name(path.name) for path in paths]
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        raise Unreadable(file=twice, why="一次给了两个同名文件，分不清该用哪个；请改名或分两次导入")
    prepared = [
        await asyncio.to_thread(prepare, path.name, _bytes(path), mapping=mapping or {}, now=now) for path in paths
    ]
    return [await publish(catalogue, shop, each, dry_run=dry_run, mode=mode) for each in prepared]


def prepare(
    name: str, data: bytes, *, mapping: Mapping[str, str] | None = None, now: datetime | None = None
) -> Prepared:
    """Everything that needs no catalogue; runs for seconds on large files, so call it off the event loop.

    `mapping` is column name → field as `parse_mapping` gives it. Raises `Unreadable` or `BadMapping`.
    """
    readings = read(name, data)
    wanted = dict(mapping or {})
    _check_mapping(readings, wanted)
    found = Rows()
    repairs: list[dict[str, Any]] = []
    for reading in readings:
        found.rejected += reading.rejected
        found.rows += sum(1 for problem in reading.rejected if problem.place != reading.file)
        found.warnings += reading.warnings
        mended, log = _mend(reading)
        repairs += log
        found.warnings += _told(log, reading.file)
        _gather(found, mended, wanted, now or datetime.now(UTC))
    if not found.passages and not found.withdrawn:
        why = "；".join(f"{problem.place}：{problem.problem}" for problem in found.rejected[:2])
        raise Unreadable(file=file_name(name), why=f"没有一行能用（{why or '里面没有文字'}）；请改好后再导入")
    upload = Upload(file_name(name), data, found.passages, frozenset(found.withdrawn), repairs[:_MOST_REPAIRS])
    return Prepared(upload, found.rows, found.rejected, found.warnings)


async def publish(
    catalogue: Catalogue, shop: str, prepared: Prepared, *, dry_run: bool = False, mode: Mode = "merge"
) -> IngestReport:
    """Publishes a prepared file, or says what that would do."""
    upload = prepared.upload
    others = await _others(catalogue, shop, upload)
    clashes = await asyncio.to_thread(_clashes, upload.passages, others)
    changes = await (catalogue.preview if dry_run else catalogue.publish)(shop, upload, mode)
    warnings = [*prepared.warnings, *clashes]
    if changes.kept:
        note = f"文件里没有提到的 {changes.kept} 条旧知识仍保留；要让它们失效请用 --mode replace"
        warnings.append(Problem(upload.file, note))
    return IngestReport(
        upload.file,
        prepared.rows,
        changes.added,
        changes.changed,
        changes.unchanged,
        changes.removed,
        prepared.rejected,
        warnings,
        changes.passages,
    )


def clash_problem(clash: Clash) -> Problem:
    """A contradiction in words, at the later of its two places."""
    here, there = _where(clash.one, clash.other), _where(clash.other, clash.one)
    asked = clash.other.question[:30]
    problem = f"与{here}矛盾（{asked}）：{here}写“{clash.here}”，{there}写“{clash.there}”；请改成一致或停用其中一条"
    return Problem(clash.other.source, problem)


def _where(passage: Passage, beside: Passage) -> str:
    file = file_of(passage.source)
    return spot(passage.source) if file == file_of(beside.source) else f" {file} {spot(passage.source).strip()}"


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise Unreadable(file=str(path), why="是文件夹；请指定里面的文件，或打成 .zip")
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(file=path.name, why=f"超过 {MAX_BYTES >> 20} MB；请拆成几个文件")
        return path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(file=str(path), why="找不到这个文件；请检查路径") from None
    except OSError as error:
        raise Unreadable(file=str(path), why=f"打不开（{error.strerror}）；请检查权限") from None


def _check_mapping(readings: Sequence[Reading], mapping: Mapping[str, str]) -> None:
    if not mapping:
        return
    rows = [row for each in readings for part in each.parts if isinstance(part, Table) for row in part.rows[:30]]
    headers = [part.header for each in readings for part in each.parts if isinstance(part, Table) and part.header]
    present = {column_name(cell) for cells in (*headers, *(row.cells for row in rows)) for cell in cells}
    for name, target in mapping.items():
        if name not in present:
            first = headers[0] if headers else rows[0].cells if rows else ()
            known = "、".join(cell for cell in first if cell)[:100] or "没有表格"
            raise BadMapping(given=f"{name}={target}", why=f"文件里没有“{name}”这一列；现有：{known}")


def _gather(found: Rows, reading: Reading, mapping: Mapping[str, str], now: datetime) -> None:
    """The passages of one file: its tables row by row, its text by headings."""
    if not any(isinstance(part, Block) for part in reading.parts):
        tables = [part for part in reading.parts if isinstance(part, Table)]
        faq = [table for table in tables if find_columns(table, mapping)]
        for table in tables:
            read_table(found, table, mapping, now=now, in_document=bool(faq) and table not in faq and _is_note(table))
        return
    for section in sections(reading.parts, guess=reading.guess_headings):
        made, tables = pieces(section)
        for piece in made:
            found.rows += 1
            if piece.question:
                found.take(entry(piece.question, piece.text, piece.place, category=piece.heading))
            else:
                found.take(Passage("", "text", piece.text, piece.place, one_line(piece.heading)))
        for table in tables:
            read_table(found, table, mapping, now=now, heading=one_line(" > ".join(section.path)), in_document=True)


def _is_note(table: Table) -> bool:
    """Whether a sheet beside the FAQ sheets is a few lines of remarks (填写说明) rather than a table of its own."""
    return all(sum(map(bool, row.cells)) <= 1 for row in table.rows)


def _mend(reading: Reading) -> tuple[Reading, list[dict[str, Any]]]:
    """The reading with its text repaired, and the log with places."""
    texts = [text for part in reading.parts for _, text in _texts(part)]
    annotated = not _is_export(reading) and is_annotated(texts)
    log: list[dict[str, Any]] = []

    def mend(place: str, text: str) -> str:
        fixed, done = repair(text, annotated=annotated)
        log.extend(_entry(place, each) for each in done)
        return fixed.strip() if done else text

    parts: list[Table | Block] = []
    for part in reading.parts:
        if isinstance(part, Block):
            parts.append(replace(part, text=mend(part.place, part.text)))
        else:
            rows = tuple(_mended(row, mend) for row in part.rows)
            header = tuple(mend(file_of(rows[0].place), cell) for cell in part.header) if part.header else None
            parts.append(replace(part, rows=rows, header=header))
    return replace(reading, parts=[part for part in parts if not isinstance(part, Block) or part.text]), log


def _is_export(reading: Reading) -> bool:
    """Whether the file is our own export, whose texts come from many documents and were repaired in theirs."""
    for part in reading.parts:
        cells = (part.header or (part.rows[0].cells if part.rows else ())) if isinstance(part, Table) else ()
        if {"来源", "形式"} <= set(cells) or {"source", "form"} <= set(cells):
            return True
    return False


def _mended(row: Row, mend: Any) -> Row:
    cells = tuple(mend(row.place, cell) if cell else cell for cell in row.cells)
    return row if cells == row.cells else replace(row, cells=cells)


def _texts(part: Table | Block) -> list[tuple[str, str]]:
    if isinstance(part, Block):
        return [(part.place, part.text)]
    return [(row.place, cell) for row in part.rows for cell in row.cells if cell]


def _entry(place: str, done: Repair) -> dict[str, Any]:
    return {
        "place": place,
        "at": done.at,
        "line": done.line,
        "what": done.what,
        "before": _printable(done.before),
        "after": done.after,
    }


def _printable(text: str) -> str:
    # A lone surrogate cannot be stored or sent; its number says which it was.
    return "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in text)


def _told(log: Sequence[dict[str, Any]], file: str) -> list[Problem]:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for each in log:
        kinds.setdefault(each["what"], []).append(each)
    told = []
    for what, places in kinds.items():
        first = places[0]
        example = f"“{_seen(first['before'])}”→“{_seen(first['after'])}”"
        told.append(Problem(first["place"], f"修复了 {len(places)} 处{what}（如 {example}），原文件照旧保留"))
    return told


def _seen(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)[:20]


async def _others(catalogue: Catalogue, shop: str, upload: Upload) -> list[Passage]:
    """FAQ entries of the shop's other files, to compare with."""
    if not await catalogue.version(shop):
        return []
    mine = {upload.file, *(file_of(passage.source) for passage in upload.passages)}
    return [
        passage
        for passage in await catalogue.passages(shop)
        if passage.kind == "faq" and file_of(passage.source) not in mine
    ]


def _clashes(new: Sequence[Passage], others: Sequence[Passage]) -> list[Problem]:
    ours = {passage.id for passage in new}
    found = [clash for clash in find_clashes([*others, *new]) if clash.other.id in ours or clash.one.id in ours]
    problems = [clash_problem(clash) for clash in found[:_MOST_CLASHES]]
    if len(found) > _MOST_CLASHES:
        problems.append(Problem(new[0].source, f"另有 {len(found) - _MOST_CLASHES} 处矛盾；用 lint 命令看全部"))
    return problems
