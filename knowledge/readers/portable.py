"""pdf: the text of each page; a scan without text, a locked file or no pdf at all is refused by name."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter

import pypdf
from pypdf.errors import PyPdfError

from knowledge.errors import Unreadable
from knowledge.readers.shape import Block, Reading

MAX_PAGES = 1_000
_END = re.compile(r"[。！？!?；;：:…”』」》）)]$")
_START = re.compile(
    r"(?:第[一二三四五六七八九十百零〇\d]{1,5}[章节条部分]|[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]"
    r"|\d{1,3}(?:[.．]\d{1,3})*[、.．\s)）]|[●•·■◆▪*-]\s?|(?:问|答|[QqAa])\s?\d{0,3}\s?[:：.、])"
)

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read_pdf(reading: Reading, data: bytes) -> None:
    if b"%PDF-" not in data[:1024]:
        raise Unreadable(file=reading.file, why="内容不是 PDF（只是扩展名叫 .pdf）；请确认导出的文件")
    pages = _pages(data, reading.file)
    if not any(page for page in pages):
        raise Unreadable(file=reading.file, why="里面没有文字，像是扫描件或图片；请先做文字识别（OCR）再导入")
    reading.guess_headings = True
    furniture = _furniture(pages)
    for number, lines in enumerate(pages, 1):
        place = f"{reading.file}#p{number}"
        if not lines:
            reading.warn(place, f"第 {number} 页没有文字，可能是图片；请先做文字识别（OCR）")
        kept = [line for line in lines if _shape(line) not in furniture]
        reading.parts += [Block(place, text) for text in _paragraphs(kept)]


def _pages(data: bytes, file: str) -> list[list[str]]:
    try:
        document = pypdf.PdfReader(io.BytesIO(data))
        if document.is_encrypted and not document.decrypt(""):
            raise Unreadable(file=file, why="PDF 加了密码；请去掉密码再导入")
        if len(document.pages) > MAX_PAGES:
            raise Unreadable(file=file, why=f"超过 {MAX_PAGES} 页；请拆成几个文件")
        return [_lines(page.extract_text()) for page in document.pages]
    except Unreadable:
        raise
    except (PyPdfError, RecursionError, MemoryError) as error:
        locked = "crypto" in str(error).lower() or "decrypt" in str(error).lower()
        why = "PDF 加了密码；请去掉密码再导入" if locked else "PDF 打不开，可能已损坏；请重新导出"
        raise Unreadable(file=file, why=why) from None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\x0c", "\n").splitlines() if line.strip()]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _furniture(pages: list[list[str]]) -> set[str]:
    """Running heads and page numbers: the first and last lines that most pages share, figures aside."""
    edges = Counter(shape for lines in pages if lines for shape in {_shape(lines[0]), _shape(lines[-1])})
    filled = sum(1 for lines in pages if lines)
    return {shape for shape, pages_with in edges.items() if pages_with >= 3 and pages_with * 2 > filled}


def _paragraphs(lines: list[str]) -> list[str]:
    """Lines joined where the page, not the writer, broke them: a full line without an end goes on in the next."""
    if not lines:
        return []
    full = sorted(map(len, lines))[len(lines) * 3 // 4] * 0.8
    joined: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and not _START.match(line):
            between = " " if joined[-1][-1].isascii() and line[0].isascii() and joined[-1][-1].isalnum() else ""
            joined[-1] += between + line
        else:
            joined.append(line)
        goes_on = len(line) >= max(full, 12) and not _END.search(line)
    return joined
