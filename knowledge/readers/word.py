"""docx: paragraphs, headings and tables in order; comments, deleted and hidden text are left out with a warning."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from knowledge.errors import Unreadable
from knowledge.readers.archive import check_office
from knowledge.readers.shape import MAX_ROWS, Block, Reading, Row, Table

_HEADING = re.compile(r"(?:heading|标题|標題)\s*([1-9])", re.IGNORECASE)
_TITLE = re.compile(r"title|标题|標題", re.IGNORECASE)
_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_SKIPPED = frozenset(
    (
        qn("w:del"),
        qn("w:moveFrom"),
        qn("w:instrText"),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    )
)
_BOX = qn("w:txbxContent")


def read_docx(reading: Reading, data: bytes) -> None:
    check_office(data, reading.file, ".docx")
    try:
        document = docx.Document(io.BytesIO(data))
    except Exception:
        raise Unreadable(
            file=reading.file, why="Word 文件打不开，可能已损坏；请用 Word 或 WPS 打开后另存为 .docx"
        ) from None
    _Body(reading, document).read()
    _remarks(reading, document)


class _Body:
    def __init__(self, reading: Reading, document: Any) -> None:
        self.reading = reading
        self.document = document
        self.hidden = 0
        self._paragraphs = 0
        self._tables = 0

    def read(self) -> None:
        for element in _flow(self.document.element.body):
            if element.tag == qn("w:p"):
                self._paragraph(element)
            else:
                self._table(element)
        if self.hidden:
            self.reading.warn(self.reading.file, f"有 {self.hidden} 处隐藏文字，没有导入；要导入请先取消隐藏")
        blocks = [part for part in self.reading.parts if isinstance(part, Block)]
        self.reading.guess_headings = not any(block.level for block in blocks)

    def _paragraph(self, element: Any) -> None:
        boxes = list(element.iter(_BOX))
        text = self._text(element)
        if text:
            self._paragraphs += 1
            level = self._level(element)
            self.reading.parts.append(Block(f"{self.reading.file}#¶{self._paragraphs}", text, level))
        for box in boxes:
            if not any(above.tag in _SKIPPED for above in box.iterancestors()):
                for inner in box.iter(qn("w:p")):
                    self._paragraph(inner)

    def _table(self, element: Any) -> None:
        self._tables += 1
        rows: list[Row] = []
        below: dict[int, str] = {}
        for number, row in enumerate(element.iterchildren(qn("w:tr")), 1):
            if number > MAX_ROWS:
                break
            cells: list[str] = []
            for cell in row.iter(qn("w:tc")):
                column = len(cells)
                text = "\n".join(filter(None, (self._text(each) for each in cell.iter(qn("w:p")))))
                merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                if merge is not None and merge.get(qn("w:val")) != "restart":
                    text = text or below.get(column, "")
                below[column] = text
                span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
                cells += [text] * (min(int(span.get(qn("w:val"), "1")), 64) if span is not None else 1)
            if any(cells):
                rows.append(Row(f"{self.reading.file}#表{self._tables}!{number}", tuple(cells)))
        if rows:
            self.reading.parts.append(Table(f"表 {self._tables}", tuple(rows)))

    def _text(self, paragraph: Any) -> str:
        pieces: list[str] = []
        for run in _inside(paragraph):
            text = "".join(
                (piece.text or "") if piece.tag == qn("w:t") else _BREAKS[piece.tag]
                for piece in run
                if piece.tag == qn("w:t") or piece.tag in _BREAKS
            )
            if text and _is_hidden(run):
                self.hidden += 1
            else:
                pieces.append(text)
        return "".join(pieces).strip()

    def _level(self, element: Any) -> int:
        outline = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if outline is not None and (value := outline.get(qn("w:val"), "9")).isdigit() and int(value) < 6:
            return int(value) + 1
        try:
            style = Paragraph(element, self.document).style
            name = str(style.name or "") if style is not None else ""
        except (KeyError, AttributeError):
            return 0
        if found := _HEADING.search(name):
            return min(int(found[1]), 6)
        return 1 if _TITLE.fullmatch(name) else 0


def _flow(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, through content controls and insertions."""
    for element in parent:
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:smartTag"), qn("w:customXml")):
            yield from _flow(element)


def _inside(element: Any) -> Iterator[Any]:
    """The runs of a paragraph that its reader sees: not deleted ones, not those of text boxes inside it."""
    for child in element:
        if child.tag == qn("w:r"):
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED and child.tag not in (_BOX, qn("w:pPr")):
            yield from _inside(child)


def _is_hidden(run: Any) -> bool:
    """Whether a run is marked hidden, or is white on white outside any table."""
    properties = run.find(qn("w:rPr"))
    if properties is None:
        return False
    vanish = properties.find(qn("w:vanish"))
    if vanish is not None and vanish.get(qn("w:val"), "1") not in ("0", "false", "off"):
        return True
    colour = properties.find(qn("w:color"))
    if colour is None or colour.get(qn("w:val"), "").upper() != "FFFFFF":
        return False
    # A table style may colour the cell behind white text; a paragraph or run says so itself.
    shaded = any(above.find(f".//{qn('w:shd')}") is not None for above in (run, run.getparent()))
    return not shaded and not any(above.tag == qn("w:tbl") for above in run.iterancestors())


def _remarks(reading: Reading, document: Any) -> None:
    for relation in document.part.rels.values():
        if relation.is_external:
            continue
        kind = relation.reltype.rpartition("/")[2]
        if kind == "comments" and b"<w:comment " in relation.target_part.blob:
            reading.warn(reading.file, "文档里的批注没有导入")
        elif kind in ("footnotes", "endnotes") and len(re.findall(rb"<w:t[ >]", relation.target_part.blob)):
            reading.warn(reading.file, "文档里的脚注或尾注没有导入；要给顾客看的请写进正文")
