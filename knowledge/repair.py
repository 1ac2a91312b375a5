"""What copying from the web breaks in Chinese text, put right step by step; every step can be undone.

Only damage that leaves a trace is touched: text that is clean comes back byte for byte. Repairs seen on real pages:
pinyin left behind a character by a converter (業(yè)), question marks where full-width blanks stood, Markdown stars,
GBK bytes shifted by a lost byte, UTF-8 read as Latin-1, invisible and control characters, radicals used as characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import ftfy

from knowledge.han import RANK, everyday, is_han, is_traditional, simplified

LOST = "□"
"""Stands for a character that is gone for good, as in printed Chinese."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One place put right. Undoing means taking `after` out at `at` and putting `before` back, last repair first."""

    at: int
    """Offset in the text as it stood once this step was done."""
    line: int
    """Line of that offset, from 1."""
    what: str
    """The kind of damage, in words for the merchant."""
    before: str
    after: str


Change = tuple[int, int, str]
"""Replace text[start:end] by this."""
Step = Callable[[str], Iterable[Change]]


def repair(text: str, *, annotated: bool = False) -> tuple[str, tuple[Repair, ...]]:
    """`text` put right, and what was done in order. Clean text comes back unchanged with an empty log.

    `annotated` says that the rest of the document carries pinyin junk, so a single 业(yè) is junk too.
    """
    log: list[Repair] = []
    for what, step in _STEPS:
        text = _apply(text, what, step(text), log)
    text = _apply(text, "拼音残留", _pinyin(text, annotated), log)
    return text, tuple(log)


def undo(text: str, log: Iterable[Repair]) -> str:
    """The text as it was before `log` was done to it."""
    for done in reversed(tuple(log)):
        text = text[: done.at] + done.before + text[done.at + len(done.after) :]
    return text


def is_annotated(texts: Iterable[str]) -> bool:
    """Whether a document as a whole carries pinyin junk (two places or more)."""
    found = 0
    for text in texts:
        if "(" in text or "（" in text:
            found += sum(_is_syllable(place[1]) for place in _PINYIN.finditer(text))
        if found > 1:
            return True
    return False


def _apply(text: str, what: str, changes: Iterable[Change], log: list[Repair]) -> str:
    parts: list[str] = []
    read = written = 0
    line = 1
    for start, end, after in changes:
        kept = text[read:start]
        written += len(kept)
        line += kept.count("\n")
        log.append(Repair(written, line, what, text[start:end], after))
        parts += (kept, after)
        written += len(after)
        line += after.count("\n")
        read = end
    return "".join((*parts, text[read:])) if parts else text


# Invisible characters ------------------------------------------------------------------------------------------------

_SURROGATE = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_NBSP = re.compile("&(?:nbsp|ensp|emsp|#160);")


def _surrogates(text: str) -> Iterator[Change]:
    for found in _SURROGATE.finditer(text):
        pair = found[0]
        whole = pair.encode("utf-16", "surrogatepass").decode("utf-16") if len(pair) == 2 else ""
        yield *found.span(), whole


def _controls(text: str) -> Iterator[Change]:
    for found in _CONTROL.finditer(text):
        yield *found.span(), "\n" if found[0] in "\x0b\x0c" else ""


def _invisible(text: str) -> Iterator[Change]:
    for found in _INVISIBLE.finditer(text):
        at = found.start()
        # A zero-width joiner holds an emoji family together; a variation selector may stand before it.
        joins = found[0] == "\u200d" and 0 < at < len(text) - 1 and _is_emoji(text[at - 1]) and _is_emoji(text[at + 1])
        if not joins:
            yield at, at + 1, ""


def _is_emoji(char: str) -> bool:
    return char == "\ufe0f" or unicodedata.category(char) in ("So", "Sk")


def _blanks(text: str) -> Iterator[Change]:
    for found in _NBSP.finditer(text):
        yield *found.span(), " "


# Wrong encodings -----------------------------------------------------------------------------------------------------

_LATIN = re.compile("[\x80-\u024f\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]{2,}")
_SHIFTED = re.compile(r"(?<![?\ufffd])[?\ufffd]+([^\x00-\x7f\ufffd]{4,})([@-~]?)")
_POINTS = frozenset("，。、；：！？（）“”‘’《》—…　")
_LONGEST = 60
"""Characters of one shifted run that are looked at; the search is quadratic."""
_GARBLED = re.compile(r"[^\x00-\x7f\s]{3,}")


def _latin(text: str) -> Iterator[Change]:
    """UTF-8 (by ftfy) or GBK (by hand) that was read as a Western encoding."""
    for found in _LATIN.finditer(text):
        run = found[0]
        fixed = _read_again(run, "cp1252", "gb18030") or _read_again(run, "latin-1", "gb18030")
        if fixed is None or everyday(fixed) < 0.5 or not all(is_han(c) or ord(c) >= 0x3000 for c in fixed):
            fixed = ftfy.fix_encoding(run)
        if fixed != run and any(map(is_han, fixed)):
            yield *found.span(), fixed


def _garbled(text: str) -> Iterator[Change]:
    """UTF-8 that was read as GBK (浣犲ソ), where no byte was lost."""
    for found in _GARBLED.finditer(text):
        run = found[0]
        first = run[0].encode("gb18030", "replace")
        # The first two bytes of a Chinese character in UTF-8, in GBK another and rare character.
        if not (0xE2 <= first[0] <= 0xEF and 0x80 <= first[-1] <= 0xBF) or everyday(run) > 0.3:
            continue
        fixed = _read_again(run, "gb18030", "utf-8")
        if fixed and everyday(fixed) >= 0.5:
            yield *found.span(), fixed


def _read_again(text: str, wrong: str, right: str) -> str | None:
    try:
        return text.encode(wrong).decode(right)
    except UnicodeError:
        return None


def _shifted(text: str) -> Iterator[Change]:
    """GBK text whose first lead byte was lost, so that every pair of bytes was cut one byte late.

    `?梢姷氖` is `可見的是` without 0xBF: the bytes are right, the cuts are not. The lost byte is chosen so that the
    first character is the commonest possible one; characters lost before it become `□`.
    """
    if "?" not in text and "\ufffd" not in text:
        return
    for found in _SHIFTED.finditer(text):
        run, tail = found[1][:_LONGEST], found[2] if len(found[1]) <= _LONGEST else ""
        if everyday(run[:4]) > 0.25 or sum(map(is_han, run[:4])) < 2 or (best := _recut(run, tail)) is None:
            continue
        fixed, taken = best
        end = found.start(1) + taken
        if fixed.endswith(LOST) and text[end : end + 1] in ("?", "\ufffd"):
            end += 1
        yield found.start(), end, LOST * (found.start(1) - found.start() - 1) + fixed


def _recut(run: str, tail: str) -> tuple[str, int] | None:
    """The best new reading of the start of `run`, and how many characters of the text it takes the place of.

    The wrong cuts end where a second byte fell into the ASCII range (`tail`), or where another byte was lost; from
    there on the text is right again.
    """
    best: tuple[float, str, int] | None = None
    for length in range(len(run), 3, -1):
        whole = bool(tail) and length == len(run)
        body = _body(run[:length], tail if whole else "")
        # With its last byte in place a run is proven by it; without, only a long and plainly better reading counts.
        if len(body) < (4 if whole else 5) or everyday(run[:length]) > 0.2:
            continue
        if everyday(body) < (0.5 if whole else 0.7):
            continue
        score = everyday(body) * len(body) + everyday(run[length:]) * (len(run) - length) + whole
        if best is None or score > best[0]:
            best = score, body + ("" if whole else LOST), length + whole
    return best[1:] if best else None


def _body(run: str, tail: str) -> str:
    """`run` with the likeliest first byte put back and the cuts moved; empty when that cannot be read."""
    try:
        raw = run.encode("gbk")
        rest = (raw[1:] + tail.encode() if tail else raw[1:-1]).decode("gbk")
    except UnicodeError:
        return ""
    first = _likeliest(raw[0])
    return first + rest if first and all(is_han(char) or char in _POINTS for char in rest) else ""


def _likeliest(trail: int) -> str | None:
    candidates = []
    for lead in range(0x81, 0xFF):
        try:
            char = bytes((lead, trail)).decode("gbk")
        except UnicodeDecodeError:
            continue
        if (rank := RANK.get(simplified(char))) is not None:
            candidates.append((rank, char))
    return min(candidates)[1] if candidates else None


# Leftovers -----------------------------------------------------------------------------------------------------------

_LEADING = re.compile(r"(?m)^[ \t]*\?{2,}[ \t\u3000]*(?=[\u4e00-\u9fff“「《【])")
_BOLD = re.compile(r"(?<!\*)\*\*(?![\s*，。、；：！？）】])([^*\n]+?)(?<![\s（【])\*\*(?!\*)")
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘"
    "杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_RADICALS = dict(
    zip(
        "⺁⺌⺍⺎⺝⺟⺠⺪⻀⻁⻄⻅⻆⻉⻋⻐⻓⻔⻘⻙⻚⻛⻜⻝⻞⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "厂小小兀月母民疋卜虎西见角贝车金长门青韦页风飞食食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)
_RADICAL = re.compile("[\u2e80-\u2eff\u2f00-\u2fd5]")


def _question_marks(text: str) -> Iterator[Change]:
    for found in _LEADING.finditer(text):
        yield *found.span(), ""


def _stars(text: str) -> Iterator[Change]:
    """Pairs of `**` that made something bold; masked names, numbers and words (王**、138****、被**了) stay."""
    at = 0
    while found := _BOLD.search(text, at):
        if _is_bold(text[found.start() - 1 : found.start()], found[1], text[found.end() : found.end() + 1]):
            yield found.start(), found.start() + 2, ""
            yield found.end() - 2, found.end(), ""
            at = found.end()
        else:
            at = found.start() + 2


def _is_bold(before: str, inner: str, after: str) -> bool:
    if before.isalnum() and (before.isascii() or (before in _SURNAMES and inner[-1] in _SURNAMES)):
        return False
    if inner[0] in "“‘「『《【" and inner[-1] in "”’」』》】":
        return True
    closes = not after or not after.isalnum() or not inner[-1].isalnum()
    return (not before.isalnum() and closes) or (inner.isalnum() and len(inner) > 1)


def _radicals(text: str) -> Iterator[Change]:
    for found in _RADICAL.finditer(text):
        whole = _RADICALS.get(found[0]) or unicodedata.normalize("NFKC", found[0])
        if whole != found[0]:
            yield *found.span(), whole


# Pinyin --------------------------------------------------------------------------------------------------------------

_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_PINYIN = re.compile(rf"(?<=[\u3400-\u9fff])[(（]\s?([a-zü{_TONED}\u0300-\u030c]{{1,8}})\s?[)）]")
_SYLLABLE = re.compile(
    "(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?"
    "(?:a|o|e|ai|ei|ao|ou|an|en|ang|eng|ong|er|i|ia|ie|iao|iu|ian|in|iang|ing|iong|u|ua|uo|uai|ui|uan|un|uang|ueng|v|ve|ue|van|vn)"
)
_MARKS = re.compile("[\u0300\u0301\u0304\u030c]")


def _pinyin(text: str, annotated: bool) -> Iterator[Change]:
    """One toned syllable in brackets behind a character. A single one behind a character both scripts share may be
    meant (a reading given on purpose), so it stays unless the document is full of them."""
    if "(" not in text and "（" not in text:
        return
    found = [place for place in _PINYIN.finditer(text) if _is_syllable(place[1])]
    if len(found) < 2 and not annotated:
        found = [place for place in found if is_traditional(text[place.start() - 1])]
    for place in found:
        yield *place.span(), ""


def _is_syllable(letters: str) -> bool:
    parts = unicodedata.normalize("NFD", letters.lower())
    bare, marks = _MARKS.subn("", parts)
    return marks == 1 and _SYLLABLE.fullmatch(bare.replace("u\u0308", "v")) is not None


_STEPS: tuple[tuple[str, Step], ...] = (
    ("半个字符", _surrogates),
    ("西文乱码", _latin),
    ("编码乱码", _garbled),
    ("错位乱码", _shifted),
    ("控制字符", _controls),
    ("不可见字符", _invisible),
    ("网页空格", _blanks),
    ("部首当字", _radicals),
    ("行首问号", _question_marks),
    ("多余的星号", _stars),
)
