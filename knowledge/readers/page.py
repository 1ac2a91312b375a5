"""html: what a visitor of the page sees, without scripts, styles and hidden parts."""

from __future__ import annotations

import re

import lxml.html
from lxml import etree

from knowledge.errors import Unreadable
from knowledge.readers.encoding import decode
from knowledge.readers.shape import Block, Reading, Row, Table

_NO_TEXT = """
script style noscript template head iframe object embed svg canvas audio video select option textarea input button
datalist nav
"""
_OWN_LINES = """
address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form
h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table tbody td tfoot th thead tr ul
"""
_UNSEEN, _BLOCKS = frozenset(_NO_TEXT.split()), frozenset(_OWN_LINES.split())
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])", re.I
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_html(reading: Reading, data: bytes) -> None:
    decoded = decode(data, reading.file)
    reading.charset = decoded.charset
    text = _DECLARATION.sub("", decoded.text.replace("\0", ""))
    try:
        parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True)
        root = lxml.html.document_fromstring(text, parser=parser) if text.strip() else None
    except (etree.ParserError, ValueError):
        root = None
    if root is None:
        raise Unreadable(file=reading.file, why="网页里没有可见的文字；请确认导出的是正文页面")
    page = _Page(reading)
    page.walk(root)
    page.flush()
    if page.hidden:
        reading.warn(reading.file, f"有 {page.hidden} 处看不见的内容（display:none 等），没有导入")


class _Page:
    """Walks the tree once and gathers text until a block ends."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.hidden = 0
        self._pieces: list[str] = []
        self._level = 0
        self._blocks = 0
        self._tables = 0

    def walk(self, element: etree._Element) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag or tag in _UNSEEN:
            return
        if _is_hidden(element):
            self.hidden += bool("".join(element.itertext()).strip())
            return
        if tag == "br":
            self._pieces.append("\n")
            return
        if tag == "table" and _is_grid(element):
            self.flush()
            self._table(element)
            return
        is_block = tag in _BLOCKS
        if is_block:
            self.flush()
            self._level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0
        self._add(element.text, keep=tag == "pre")
        for child in element:
            self.walk(child)
            self._add(child.tail, keep=tag == "pre")
        if is_block:
            self.flush()

    def flush(self) -> None:
        text = _tidy("".join(self._pieces))
        self._pieces.clear()
        if text:
            self._blocks += 1
            self.reading.parts.append(Block(f"{self.reading.file}#¶{self._blocks}", text, self._level))
        self._level = 0

    def _add(self, text: str | None, *, keep: bool) -> None:
        if text:
            self._pieces.append(text if keep else re.sub(r"\s+", " ", text))

    def _table(self, element: etree._Element) -> None:
        self._tables += 1
        rows = []
        for number, row in enumerate(element.iter("tr"), 1):
            cells = tuple(_visible(cell) for cell in row if cell.tag in ("td", "th"))
            if any(cells) and not _is_hidden(row):
                rows.append(Row(f"{self.reading.file}#表{self._tables}!{number}", cells))
        if rows:
            self.reading.parts.append(Table(f"表 {self._tables}", tuple(rows)))


def _visible(cell: etree._Element) -> str:
    inner = _Page(Reading(""))
    inner.walk(cell)
    inner.flush()
    return "\n".join(part.text for part in inner.reading.parts if isinstance(part, Block))


def _is_hidden(element: etree._Element) -> bool:
    return (
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or _HIDING.search(element.get("style", "")) is not None
    )


def _is_grid(table: etree._Element) -> bool:
    """Whether a table holds data, not the layout of a page."""
    rows = list(table.iter("tr"))
    widths = [sum(cell.tag in ("td", "th") for cell in row) for row in rows]
    return len(rows) > 1 and max(widths) > 1 and next(table.iterdescendants("table"), None) is None


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
