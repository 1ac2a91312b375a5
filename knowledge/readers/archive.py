"""Archives that cannot hurt: no bombs, no paths out of the folder, no archives in archives, no XML entities."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator

from knowledge.errors import Unreadable
from knowledge.readers.encoding import decode
from knowledge.readers.shape import MAX_BYTES

MAX_FILES = 1_000
MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 200
"""Unpacked bytes per packed byte. Text packs 3 to 30 times, a bomb a thousand times and more."""
_SMALL = 4 * 1024 * 1024
"""Below this an entry may pack as well as it likes."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.[^/]*$|Thumbs\.db$|desktop\.ini$|~\$)", re.IGNORECASE)


def open_archive(data: bytes, file: str) -> zipfile.ZipFile:
    """The archive, or `Unreadable`: damaged, too many entries, or promising to unpack to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, RecursionError):
        raise Unreadable(file=file, why="压缩包打不开，可能没有传完或已损坏；请重新打包") from None
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise Unreadable(file=file, why=f"里面有 {len(entries)} 个文件，超过 {MAX_FILES} 个；请分成几个包")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unreadable(file=file, why=f"解开后超过 {MAX_UNPACKED >> 20} MB；请分成几个包")
    if any(_is_bomb(entry) for entry in entries):
        raise Unreadable(file=file, why="压缩比异常（像压缩炸弹），没有打开；请重新打包")
    return archive


def members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes | str]]:
    """Name and content of each file a person put in; a string in place of the content says why it is left out."""
    seen: set[str] = set()
    left = MAX_UNPACKED
    for entry in archive.infolist():
        name = _name(entry)
        if entry.is_dir() or _SYSTEM.search(name):
            continue
        problem = _refused(entry, name)
        if not problem and name.lower() in seen:
            problem = "压缩包里有同名文件，只读了第一个"
        seen.add(name.lower())
        if problem:
            yield name, problem
            continue
        content = unpack(archive, entry, min(left, MAX_BYTES))
        if isinstance(content, bytes):
            left -= len(content)
        yield name, content


def unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes | str:
    """The bytes of one entry, or why not. The size is counted while unpacking: the archive's own word may lie."""
    try:
        with archive.open(entry) as stream:
            content = stream.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        return "文件已损坏，解不开；请重新打包"
    return content if len(content) <= limit else f"解开后超过 {limit >> 20} MB，没有读"


def check_office(data: bytes, file: str, kind: str) -> None:
    """Refuses an Office file that is none, is locked, is a bomb, or carries XML entities (XXE, billion laughs)."""
    if data.startswith(_OLE):
        raise Unreadable(file=file, why=f"加了密码或是旧版格式，读不了；请去掉密码并另存为 {kind}")
    if not data.startswith(b"PK"):
        raise Unreadable(file=file, why=f"内容不是 {kind} 文件；请用 Office 或 WPS 打开后另存为 {kind}")
    archive = open_archive(data, file)
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        content = unpack(archive, entry, MAX_BYTES)
        if isinstance(content, str):
            raise Unreadable(file=file, why=f"内部的 {entry.filename} {content}")
        if _declares(content):
            raise Unreadable(file=file, why=f"内部的 {entry.filename} 含有外部实体声明，为安全起见没有打开")


def _declares(xml: bytes) -> bool:
    """Whether XML has a document type, which Office never writes; also in two-byte encodings."""
    head = xml.replace(b"\0", b"")
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's name; Chinese Windows writes it in GBK without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return decode(entry.filename.encode("cp437"), "").text
    except (UnicodeError, Unreadable):
        return entry.filename


def _refused(entry: zipfile.ZipInfo, name: str) -> str:
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
        return "路径指向压缩包之外，没有读；请重新打包"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "是快捷链接，不是文件，没有读"
    if entry.flag_bits & 0x1:
        return "加了密码，没有读；请去掉密码重新打包"
    if name.lower().endswith((".zip", ".rar", ".7z", ".tar", ".gz")):
        return "是压缩包里的压缩包，没有读；请解开后再导入"
    return ""
