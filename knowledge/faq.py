"""Tables in, passages out: checks row by row, so that one bad row never costs another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from knowledge.columns import Columns, find_columns, is_header
from knowledge.moments import parse_moment
from knowledge.readers.shape import Block, Row, Table
from knowledge.split import pack
from knowledge.text import fold
from knowledge.types import Passage, Problem, file_of, identified

LONGEST_ANSWER = 20_000
"""Characters; a spreadsheet cell holds 32,767 and an answer is read by a person on a phone."""
LONGEST_QUESTION = 500
_LINES = re.compile(r"#{2,}|\n")
_WORDINGS = re.compile(r"#{2,}|[\n|｜]")
_LABELS = re.compile(r"#{2,}|[\n|｜,，、;；]")
_YES = frozenset(("是", "true", "yes", "y", "1", "停用", "禁用", "已停用", "已禁用", "on", "√", "✓"))
_NO = frozenset(("否", "false", "no", "n", "0", "停用", "禁用", "off", "×", "x"))
_STATES = "停用 已停用 禁用 已禁用 无效 失效 下线 已下线 关闭 已关闭 草稿 待审核 未发布 disabled inactive off draft"
_OFF = frozenset(_STATES.split())
_ASKING = re.compile(r"[?？]$|怎么|怎样|如何|什么|多久|多少|吗$|呢$|能不能|可不可以|是否|几[天个件]|哪")


@dataclass(slots=True)
class Rows:
    """What a file's tables came to."""

    rows: int = 0
    passages: list[Passage] = field(default_factory=list)
    rejected: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    withdrawn: set[tuple[str, str]] = field(default_factory=set)
    """(file, folded question) of rows the merchant switched off."""
    _seen: dict[tuple[object, ...], str] = field(default_factory=dict)

    def take(self, passage: Passage) -> None:
        """Keeps the passage unless the very same question, answer and scope came before.

        A row that came before is rejected, so that the merchant can take it out; a paragraph that a document repeats
        is simply kept once.
        """
        scope = (passage.kind, fold(passage.question), passage.products, passage.valid_from, passage.valid_until)
        key = (file_of(passage.source), *scope, fold(passage.text))
        if key in self._seen:
            if passage.kind == "faq":
                first = spot(self._seen[key])
                self.rejected.append(Problem(passage.source, f"与{first}重复，只保留{first}"))
            return
        self._seen[key] = passage.source
        self.passages.append(identified(passage))


def read_table(
    found: Rows,
    table: Table,
    mapping: Mapping[str, str],
    *,
    now: datetime,
    heading: str = "",
    in_document: bool = False,
) -> None:
    """Puts the rows of `table` into `found`: FAQ rows, or rows of text where no question and answer columns are.

    `heading` is where in a document the table stands. `in_document` tables are text without a word of warning.
    """
    columns = find_columns(table, mapping) or _without_header(found, table)
    if columns is None:
        _as_text(found, table, heading, in_document)
        return
    for row in columns.rows:
        if not (any(row.cells) or row.faults) or is_header(row.cells, columns):
            continue
        if problem := _broken(row, columns, strict=table.strict):
            found.rows += 1
            found.rejected.append(Problem(row.place, problem))
        elif columns.has("answer"):
            _faq_row(found, row, columns, now, heading)
        else:
            _text_row(found, row, columns, heading)


def spot(source: str) -> str:
    """A place in words for a person: `第 12 行`, `Sheet1 第 12 行`, `第 3 页`."""
    place = source.rpartition("#")[2]
    sheet, _, line = place.rpartition("!")
    if line.startswith("p") and line[1:].isdigit():
        return f"第 {line[1:]} 页"
    if line.startswith("¶"):
        return f"第 {line[1:]} 段"
    return f" {sheet} 第 {line} 行" if sheet else f"第 {line} 行"


def entry(
    question: str,
    answer: str,
    source: str,
    *,
    similar: Iterable[str] = (),
    counter: Iterable[str] = (),
    category: str = "",
    tags: Iterable[str] = (),
    products: Iterable[str] = (),
) -> Passage:
    """A FAQ passage, its id still open. No wording, tag or product keeps a sign that parts them in a table's cell, so
    that what is exported is read back the same."""
    asked = re.sub("#{2,}", "#", one_line(question)).strip(" #") or one_line(question)
    return Passage(
        id="",
        kind="faq",
        text=answer.strip(),
        source=source,
        question=asked,
        similar=tuple(each for each in wordings(similar) if each != asked),
        counter=wordings(counter),
        category=one_line(category),
        tags=labels(tags),
        products=labels(products),
    )


def one_line(text: str) -> str:
    """`text` with its line ends and runs of blanks as one blank."""
    return re.sub(r"\s+", " ", text).strip()


def wordings(cells: Iterable[str]) -> tuple[str, ...]:
    """The wordings in cells of 相似问: parted by `##`, line ends or `|`; no wording twice."""
    parts = (one_line(part).strip(" #") for cell in cells for part in _WORDINGS.split(cell))
    return tuple(dict.fromkeys(part for part in parts if part))


def labels(cells: Iterable[str]) -> tuple[str, ...]:
    """Tags or products in cells; commas part them too."""
    parts = (one_line(part).strip(" #") for cell in cells for part in _LABELS.split(cell))
    return tuple(dict.fromkeys(part for part in parts if part))


def _broken(row: Row, columns: Columns, *, strict: bool) -> str:
    needed = {column for each in columns.at.values() for column in each} | {-1}
    if faults := [why for column, why in row.faults if column in needed]:
        return "；".join(faults)
    extra = [cell for cell in row.cells[len(columns.names) :] if cell]
    if strict and extra:
        return f"比表头多出 {len(extra)} 列（“{extra[0][:20]}”），多半是答案里有英文逗号；请给整个单元格加英文双引号"
    return ""


def _faq_row(found: Rows, row: Row, columns: Columns, now: datetime, heading: str) -> None:
    questions, answer = columns.cells(row, "question"), _answer(row, columns)
    if not questions and not answer and len(set(filter(None, row.cells))) <= 1:
        return  # a title between the rows
    found.rows += 1
    if columns.cell(row, "form") in ("文档", "text"):
        _document_row(found, row, columns)
        return
    wording = [part.strip() for cell in questions for part in _LINES.split(cell) if part.strip(" #")]
    if problem := _empty(wording, answer) or _too_long(wording, answer):
        found.rejected.append(Problem(row.place, problem))
        return
    source = columns.cell(row, "source")
    passage = entry(
        wording[0],
        answer,
        source if "#" in source and columns.has("form") else row.place,
        similar=[*wording[1:], *columns.cells(row, "similar")],
        counter=columns.cells(row, "counter"),
        category=columns.cell(row, "category") or heading,
        tags=columns.cells(row, "tags"),
        products=columns.cells(row, "products"),
    )
    if _switched_off(found, row, columns):
        found.withdrawn.add((file_of(passage.source), fold(passage.question)))
        return
    if dated := _dated(found, row, columns, passage, now):
        needed = {column for each in columns.at.values() for column in each}
        found.warnings += [Problem(row.place, why) for column, why in row.notes if column in needed]
        found.take(dated)


def _answer(row: Row, columns: Columns) -> str:
    answer = columns.cell(row, "answer").strip()
    column = next(iter(columns.at.get("answer", ())), 0)
    if "##" in answer and "机器人" in columns.names[column]:
        # 微信对话平台 keeps several answers in one cell: sent one by one, or one of them at random.
        parts = [part.strip() for part in re.split("#{2,}", answer) if part.strip()]
        return "\n".join(parts) if fold(columns.cell(row, "every")) in _YES else next(iter(parts), "")
    return answer


def _empty(wording: list[str], answer: str) -> str:
    if not wording and not answer:
        return "问题和答案都是空的"
    if not wording:
        return "问题是空的"
    return "" if re.search(r"\w", answer) else "答案是空的"


def _too_long(wording: list[str], answer: str) -> str:
    if len(wording[0]) > LONGEST_QUESTION:
        return f"问题有 {len(wording[0])} 字，超过 {LONGEST_QUESTION} 字；是不是把答案放进了问题列？"
    return f"答案有 {len(answer)} 字，超过 {LONGEST_ANSWER} 字；请改成文档导入" if len(answer) > LONGEST_ANSWER else ""


def _switched_off(found: Rows, row: Row, columns: Columns) -> bool:
    disabled, enabled, status = (fold(columns.cell(row, name)) for name in ("disabled", "enabled", "status"))
    off = disabled in _YES or enabled in _NO or status in _OFF
    if off:
        found.warnings.append(Problem(row.place, "已停用，没有导入"))
    return off


def _dated(found: Rows, row: Row, columns: Columns, passage: Passage, now: datetime) -> Passage | None:
    """The passage with its validity, or None (and a rejection) when a date cannot be read or the window is empty."""
    moments: dict[str, datetime | None] = {}
    for name in ("valid_from", "valid_until"):
        written = columns.cell(row, name)
        try:
            moments[name] = parse_moment(written, end=name == "valid_until")
        except (ValueError, OverflowError):
            problem = f"日期“{written[:30]}”看不懂，没有导入（免得过期的答案一直生效）；请写成 2026-11-11"
            found.rejected.append(Problem(row.place, problem))
            return None
    start, end = moments["valid_from"], moments["valid_until"]
    if start and end and start >= end:
        found.rejected.append(Problem(row.place, "结束日期早于开始日期，没有导入；请核对"))
        return None
    if end and end <= now:
        found.warnings.append(Problem(row.place, f"已过期（{columns.cell(row, 'valid_until')}），导入了但不会用来回答"))
    return replace(passage, valid_from=start, valid_until=end)


def _document_row(found: Rows, row: Row, columns: Columns) -> None:
    """A passage of a document, as `export` wrote it."""
    text, source = columns.cell(row, "answer"), columns.cell(row, "source")
    if not text or "#" not in source:
        found.rejected.append(Problem(row.place, "文档段落缺少正文或来源"))
        return
    found.take(
        Passage(
            id="",
            kind="text",
            text=text,
            source=source,
            question=one_line(columns.cell(row, "question")),
            category=one_line(columns.cell(row, "category")),
            tags=labels(columns.cells(row, "tags")),
            products=labels(columns.cells(row, "products")),
            valid_from=parse_moment(columns.cell(row, "valid_from"), end=False),
            valid_until=parse_moment(columns.cell(row, "valid_until"), end=True),
        )
    )


def _text_row(found: Rows, row: Row, columns: Columns, heading: str) -> None:
    found.rows += 1
    if not re.search(r"\w", columns.cell(row, "text")):
        found.rejected.append(Problem(row.place, "正文是空的"))
        return
    title = one_line(columns.cell(row, "heading") or columns.cell(row, "question") or heading)
    tags, products = (labels(columns.cells(row, name)) for name in ("tags", "products"))
    lines = [Block(row.place, line) for line in columns.cell(row, "text").split("\n") if line.strip()]
    for piece in pack(lines, (title,)):
        found.take(Passage("", "text", piece.text, piece.place, title, tags=tags, products=products))


def _without_header(found: Rows, table: Table) -> Columns | None:
    """Two columns without a header that read like questions and answers are questions and answers."""
    rows = [row for row in table.rows if len(row.cells) >= 2 and row.cells[0] and row.cells[1]]
    if table.header is not None or len(rows) < 2 or len(rows) * 10 < len(table.rows) * 8:
        return None
    if any(len([cell for cell in row.cells if cell]) > 2 for row in rows):
        return None
    asking = sum(_ASKING.search(row.cells[0]) is not None for row in rows)
    if asking * 10 < len(rows) * 6 or sum(_ASKING.search(row.cells[1]) is not None for row in rows) > asking // 2:
        return None
    found.warnings.append(Problem(rows[0].place, "没有表头，按第 1 列是问题、第 2 列是答案导入；请核对"))
    return Columns({"question": (0,), "answer": (1,)}, ("", ""), table.rows)


def _as_text(found: Rows, table: Table, heading: str, in_document: bool) -> None:
    rows = list(table.rows)
    header = table.header or (rows.pop(0).cells if rows and _looks_like_header(rows) else ())
    if not in_document and table.rows:
        names = "、".join(name for name in header if name)[:80]
        found.warnings.append(
            Problem(
                file_of(table.rows[0].place) + (f"#{table.name}" if table.name else ""),
                f"没有找到问题列和答案列{f'（现有列：{names}）' if names else ''}，按资料逐行收录；"
                "要当问答导入请加 --map 列名=question --map 列名=answer",
            )
        )
    for row in rows:
        text = "；".join(_named(header, row))
        found.rows += 1
        if re.search(r"\w", text):
            found.take(Passage("", "text", text, row.place, heading or (table.name if header else "")))


def _named(header: tuple[str, ...], row: Row) -> Iterator[str]:
    for column, cell in enumerate(row.cells):
        name = header[column].strip() if column < len(header) else ""
        if cell:
            yield f"{name}：{cell}" if name and name != cell else cell


def _looks_like_header(rows: list[Row]) -> bool:
    first = [cell for cell in rows[0].cells if cell]
    return (
        len(rows) > 1
        and len(first) > 1
        and all(len(cell) <= 20 and not re.fullmatch(r"[\d.,%\s]+", cell) for cell in first)
    )
