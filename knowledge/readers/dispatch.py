"""Which reader a file goes to, and what is said of a file that none can read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath

from knowledge.errors import Unreadable
from knowledge.readers.archive import members, open_archive
from knowledge.readers.delimited import read_csv
from knowledge.readers.page import read_html
from knowledge.readers.portable import read_pdf
from knowledge.readers.prose import read_md, read_txt
from knowledge.readers.records import read_json, read_jsonl
from knowledge.readers.shape import MAX_BYTES, Block, Reading
from knowledge.readers.word import read_docx
from knowledge.readers.workbook import read_xlsx

Reader = Callable[[Reading, bytes], None]

_READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_xlsx,
    ".jsonl": read_jsonl,
    ".json": read_json,
    ".md": read_md,
    ".markdown": read_md,
    ".txt": read_txt,
    ".html": read_html,
    ".htm": read_html,
    ".docx": read_docx,
    ".pdf": read_pdf,
}
ACCEPTED = (".csv", ".xlsx", ".jsonl", ".json", ".md", ".txt", ".html", ".docx", ".pdf", ".zip")
"""Extensions the contract promises."""

_INSTEAD = {
    ".xls": "是旧版 Excel；请另存为 .xlsx",
    ".et": "是 WPS 表格；请另存为 .xlsx",
    ".doc": "是旧版 Word；请另存为 .docx",
    ".wps": "是 WPS 文字；请另存为 .docx",
    ".rar": "是 rar 压缩包；请改用 .zip",
    ".7z": "是 7z 压缩包；请改用 .zip",
    ".ppt": "是演示文稿；请把文字另存为 .docx 或 .txt",
    ".pptx": "是演示文稿；请把文字另存为 .docx 或 .txt",
    ".png": "是图片；请先做文字识别（OCR）",
    ".jpg": "是图片；请先做文字识别（OCR）",
    ".jpeg": "是图片；请先做文字识别（OCR）",
}
_MAGIC = (
    (b"PK\x03\x04", "Excel、Word 或压缩包"),
    (b"%PDF-", "PDF"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office"),
    (b"\x89PNG", "图片"),
)
_TEXTUAL = frozenset((".csv", ".tsv", ".jsonl", ".json", ".md", ".markdown", ".txt", ".html", ".htm"))


def file_name(given: str) -> str:
    """The name a file is cited by: without its folders, one spelling (NFC), nothing that cannot be stored or shown."""
    last = given.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = unicodedata.normalize("NFC", last.encode("utf-8", "replace").decode())
    return "".join(char if char.isprintable() else "_" for char in clean).strip() or "_"


def read(name: str, data: bytes) -> list[Reading]:
    """What the file `name` says: one reading, or one per file of a `.zip`.

    Raises `Unreadable` when nothing in it can be used; inside an archive that is a rejection of that one file.
    """
    file = file_name(name)
    if not data:
        raise Unreadable(file=file, why="是空文件；请确认导出成功")
    if len(data) > MAX_BYTES:
        raise Unreadable(file=file, why=f"超过 {MAX_BYTES >> 20} MB；请拆成几个文件")
    if PurePosixPath(file).suffix.lower() != ".zip":
        return [_read_one(file, data)]
    inside = members(open_archive(data, file))
    readings = [_member(f"{file}/{_shown(inner)}", content) for inner, content in inside]
    if not any(reading.parts for reading in readings):
        whys = "；".join(problem.problem for reading in readings for problem in reading.rejected[:1])[:120]
        raise Unreadable(
            file=file, why=f"里面没有能导入的文件{f'（{whys}）' if whys else ''}；可用 {' '.join(ACCEPTED)}"
        )
    return readings


def _shown(inner: str) -> str:
    return "".join(char if char.isprintable() else "_" for char in inner.encode("utf-8", "replace").decode())


def _member(file: str, content: bytes | str) -> Reading:
    if isinstance(content, str):
        refused = Reading(file)
        refused.reject(file, content)
        return refused
    try:
        if not content:
            raise Unreadable(file=file, why="是空文件；请确认导出成功")
        return _read_one(file, content)
    except Unreadable as error:
        refused = Reading(file)
        refused.reject(file, str(error.about["why"]))
        return refused


def _read_one(file: str, data: bytes) -> Reading:
    suffix = PurePosixPath(file).suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        why = _INSTEAD.get(suffix, f"扩展名 {suffix or '（没有）'} 不能导入；可用 {' '.join(ACCEPTED)}")
        raise Unreadable(file=file, why=why)
    if suffix in _TEXTUAL:
        for magic, kind in _MAGIC:
            if data.startswith(magic):
                raise Unreadable(file=file, why=f"内容其实是{kind}，不是 {suffix} 文字；请改对扩展名再导入")
    reading = Reading(file)
    try:
        reader(reading, data)
    except Unreadable:
        raise
    except Exception as error:  # a damaged file may break a library in any way; it must not break the import
        raise Unreadable(file=file, why=f"文件已损坏，读不了（{type(error).__name__}）；请重新导出") from error
    if not any(_says_something(part) for part in reading.parts) and not reading.rejected:
        raise Unreadable(file=file, why="里面没有文字；请确认文件内容")
    return reading


def _says_something(part: object) -> bool:
    return bool(re.search(r"\w", part.text)) if isinstance(part, Block) else True
