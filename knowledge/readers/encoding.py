"""Which encoding a Chinese text file is in: a rule of a few lines that beats the detection libraries on shop files.

On a mostly-ASCII GBK file charset-normalizer answers cp1257; counting everyday characters does not.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from knowledge.errors import Unreadable
from knowledge.han import everyday, is_han

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 20_000
_CHINESE = ("gb18030", "cp950", "big5hkscs", "utf-8")
_NAMES = {"gb18030": "GBK", "cp950": "Big5", "big5hkscs": "Big5", "utf-8": "UTF-8", "cp1252": "西文"}


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    """With `\\n` line ends."""
    charset: str
    lost: int = 0
    """Bytes that no encoding explains, each now a U+FFFD."""


def decode(data: bytes, file: str) -> Decoded:
    """The text of `data`: by its mark, as strict UTF-8, by where its NUL bytes stand, else by everyday characters.

    Raises `Unreadable` for what is no text, or text in no encoding Chinese shops use.
    """
    for mark, charset in _BOMS:
        if data.startswith(mark):
            text = data.decode(charset, "replace")
            return _decoded(text, charset, text.count("\ufffd"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if "\0" not in text:
            return _decoded(text, "utf-8", 0)
    if b"\0" in data:
        return _utf16(data, file)
    return _chinese(data, file)


def _utf16(data: bytes, file: str) -> Decoded:
    """Two-byte text without a mark, whichever byte order reads better; or UTF-8 with a stray NUL."""
    best: tuple[float, str, str] | None = None
    for charset in ("utf-16-le", "utf-16-be", "utf-8"):
        text = data.decode(charset, "replace")
        unlike = _noise(text) + (1 - everyday(text[:_SAMPLE]) if any(map(is_han, text[:_SAMPLE])) else 0)
        if best is None or unlike < best[0]:
            best = unlike, text, charset
    if best is None or best[0] > 0.7 or _noise(best[1]) > 0.02:
        raise Unreadable(file=file, why="内容不是文字（像是二进制文件）；请确认文件没有损坏、扩展名没有改错")
    return _decoded(best[1], best[2], 0)


def _chinese(data: bytes, file: str) -> Decoded:
    best: tuple[float, str, str, int] | None = None
    for charset in _CHINESE:
        text = data.decode(charset, "replace")
        lost = text.count("\ufffd")
        if lost > max(2, len(text) // 200):
            continue
        sample = text[:_SAMPLE]
        score = everyday(sample) - lost / max(len(text), 1)
        if best is None or score > best[0] + 0.01:
            best = score, text, charset, lost
    if best is None or _noise(best[1].replace("\ufffd", "")) > 0.02:
        raise Unreadable(file=file, why="内容不是文字，或编码无法识别；请另存为 UTF-8 再导入")
    score, text, charset, lost = best
    if score < 0.2 and any(map(is_han, text[:_SAMPLE])):
        western = data.decode("cp1252", "replace")
        if sum(not char.isascii() for char in western) * 5 > len(western):
            raise Unreadable(file=file, why="编码无法识别，读出来不是通顺的中文；请另存为 UTF-8 再导入")
        text, charset, lost = western, "cp1252", 0
    return _decoded(text, charset, lost)


def _decoded(text: str, charset: str, lost: int) -> Decoded:
    return Decoded(text.replace("\r\n", "\n").replace("\r", "\n"), _NAMES.get(charset, charset.upper()), lost)


def _noise(text: str) -> float:
    sample = text[:_SAMPLE]
    bad = sum(char == "\ufffd" or (char < " " and char not in "\t\n\r\x0b\x0c") for char in sample)
    return bad / max(len(sample), 1)
