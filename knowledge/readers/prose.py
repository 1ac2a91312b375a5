"""txt and Markdown: lines with their numbers; Markdown's signs become structure or go."""

from __future__ import annotations

import re

from knowledge.readers.encoding import decode
from knowledge.readers.shape import Block, Reading, Row, Table

_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s+(.*))?$")
_TABLE_RULE = re.compile(r"\|?(:?-{2,}:?\|)*(:?-{2,}:?)\|?")
_RULE = re.compile(r"\s*([-*_])(\s*\1){2,}\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_INLINE = (
    (re.compile(r"!\[([^\]]{0,500})\]\([^)\s]{0,2000}(?:\s\"[^\"]{0,500}\")?\)"), r"\1"),
    (re.compile(r"\[([^\]]{1,500})\]\(([^)\s]{1,2000})(?:\s\"[^\"]{0,500}\")?\)"), r"\1（\2）"),
    (re.compile(r"(\*\*|__)(?=\S)(.{1,2000}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![*\w])\*(?=[^\s*])([^*]{1,500}?)(?<=\S)\*(?![*\w])"), r"\1"),
    (re.compile(r"~~(.{1,500}?)~~"), r"\1"),
    (re.compile(r"`([^`]{1,500})`"), r"\1"),
    (re.compile(r"<br\s*/?>"), "\n"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>])"), r"\1"),
)


def read_txt(reading: Reading, data: bytes) -> None:
    decoded = decode(data, reading.file)
    reading.charset = decoded.charset
    reading.guess_headings = True
    if decoded.lost:
        reading.warn(reading.file, f"有 {decoded.lost} 处字节不是 {decoded.charset} 文字，已用 � 代替；请核对原文件")
    for number, line in enumerate(decoded.text.split("\n"), 1):
        if line.strip():
            reading.parts.append(Block(f"{reading.file}#{number}", line.strip()))


def read_md(reading: Reading, data: bytes) -> None:
    decoded = decode(data, reading.file)
    reading.charset = decoded.charset
    lines = _without_comments(decoded.text).split("\n")
    at = _after_front_matter(lines)
    fenced = False
    while at < len(lines):
        line, place = lines[at], f"{reading.file}#{at + 1}"
        if _FENCE.match(line):
            fenced = not fenced
            at += 1
        elif fenced:
            _paragraph(reading, place, line.strip())
            at += 1
        elif at + 1 < len(lines) and "|" in line and _TABLE_RULE.fullmatch(re.sub(r"\s", "", lines[at + 1])):
            at = _table(reading, lines, at)
        elif heading := _HEADING.match(line):
            _paragraph(reading, place, plain(re.sub(r"\s#+$", "", (heading[2] or "").rstrip())), len(heading[1]))
            at += 1
        elif at + 1 < len(lines) and line.strip() and re.match(r" {0,3}(=+|-+)\s*$", lines[at + 1]):
            _paragraph(reading, place, plain(line), 1 if "=" in lines[at + 1] else 2)
            at += 2
        else:
            if not _RULE.match(line):
                _paragraph(reading, place, plain(re.sub(r"^\s*>[>\s]*", "", line)))
            at += 1


def plain(text: str) -> str:
    """Markdown text as it reads: emphasis, code and escapes without their signs, a link with its address behind it."""
    for pattern, instead in _INLINE:
        text = pattern.sub(instead, text)
    return text.strip()


def _without_comments(text: str) -> str:
    """`text` without `<!-- … -->`; its line ends stay, so that lines keep their numbers."""
    parts: list[str] = []
    while (start := text.find("<!--")) >= 0 and (end := text.find("-->", start)) >= 0:
        parts += (text[:start], "\n" * text.count("\n", start, end))
        text = text[end + 3 :]
    return "".join((*parts, text))


def _after_front_matter(lines: list[str]) -> int:
    if not lines or lines[0].strip() != "---":
        return 0
    for number, line in enumerate(lines[1:60], 1):
        if line.strip() == "---":
            return number + 1
        if line.strip() and ":" not in line and not line.startswith((" ", "-", "#")):
            return 0
    return 0


def _paragraph(reading: Reading, place: str, text: str, level: int = 0) -> None:
    if text:
        reading.parts.append(Block(place, text, level))


def _table(reading: Reading, lines: list[str], at: int) -> int:
    rows = [Row(f"{reading.file}#{at + 1}", _cells(lines[at]))]
    at += 2
    while at < len(lines) and "|" in lines[at] and lines[at].strip():
        rows.append(Row(f"{reading.file}#{at + 1}", _cells(lines[at])))
        at += 1
    reading.parts.append(Table("", tuple(rows)))
    return at


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip()
    inner = inner.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple(plain(cell) for cell in re.split(r"(?<!\\)\|", inner))
