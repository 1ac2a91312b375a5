"""Documents in, passages out: cut at headings and sentence ends, never in the middle of a sentence or a table row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from knowledge.readers.shape import Block, Table

LONGEST = 350
"""Characters a passage is filled up to; a longer sentence is cut at its commas."""
SHORTEST = 80
"""A shorter end is joined to the passage before it, within one heading."""
FULL = 200
"""From here on a passage ends with its paragraph."""
_LONGEST_ANSWER = 400
"""A question heading with more than this below it is a chapter, not an entry of a FAQ."""

_SENTENCE = re.compile(r".*?(?:[。！？!?；;…]+[”’」』”）)】》]*|\n|$)", re.DOTALL)
_CLAUSE = re.compile(r".*?(?:[，,、：:]+|$)", re.DOTALL)
_ENDS = re.compile(r"[。！？!?；;，,、：:…]$")
_NUMBERED = (
    (re.compile(r"第[一二三四五六七八九十百零〇\d]{1,5}[编篇章部]"), 1),
    (re.compile(r"第[一二三四五六七八九十百零〇\d]{1,5}节"), 2),
    (re.compile(r"[一二三四五六七八九十]{1,3}\s*[、.．]"), 2),
    (re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]"), 3),
    (re.compile(r"\d{1,2}[.．]\d{1,2}[.．]\d{1,2}\s*\D"), 5),
    (re.compile(r"\d{1,2}[.．]\d{1,2}\s*\D"), 4),
    (re.compile(r"\d{1,2}\s*[、.．]\s*\D"), 3),
    (re.compile(r"(?:PART|Part|Chapter|CHAPTER)\s*\d{1,2}"), 2),
)
_ARTICLE = re.compile(r"第[一二三四五六七八九十百零〇\d]{1,6}条")
"""An article of a law or contract is cited by its number: it starts a passage of its own."""
_BARE_NUMBER = re.compile(r"(?:0\d|[1-9]\d?|[一二三四五六七八九十]{1,2})[.、]?")
_ASK = re.compile(
    r"(?:[【\[]?\s{0,3}(?:问题?|提问|[QqＱ])\s{0,3}[\d一二三四五六七八九十]{0,3}\s{0,3}[】\]]?)\s{0,3}[:：.、]\s{0,3}(?=\S)|[【\[](?:问|[QqＱ])[】\]]\s{0,3}(?=\S)"
)
_REPLY = re.compile(
    r"(?:[【\[]?\s{0,3}(?:答案?|回答|解答|[AaＡ])\s{0,3}[\d一二三四五六七八九十]{0,3}\s{0,3}[】\]]?)\s{0,3}[:：.、]\s{0,3}(?=\S)|[【\[](?:答|[AaＡ])[】\]]\s{0,3}(?=\S)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a document with the headings above it."""

    place: str
    text: str
    path: tuple[str, ...] = ()
    question: str = ""
    """Filled where the document itself asks and answers (问：…答：…)."""

    @property
    def heading(self) -> str:
        return " > ".join(self.path)


@dataclass(slots=True)
class Section:
    """What stands below one heading, up to the next."""

    path: tuple[str, ...]
    place: str
    parts: list[Block | Table] = field(default_factory=list)


def sections(parts: Sequence[Block | Table], *, guess: bool) -> list[Section]:
    """The document by its headings. `guess` tells headings from the look of the lines."""
    if guess:
        parts = _with_headings(parts)
    if all(isinstance(part, Block) and part.level for part in parts):
        parts = [replace(part, level=0) for part in parts if isinstance(part, Block)]  # nothing but headings
    found = [Section((), parts[0].place if parts and isinstance(parts[0], Block) else "")]
    above: list[tuple[int, str]] = []
    for part in parts:
        if isinstance(part, Block) and part.level:
            above = [(level, text) for level, text in above if level < part.level]
            above.append((part.level, _one_line(part.text)))
            found.append(Section(tuple(text for _, text in above), part.place))
        else:
            found[-1].parts.append(part)
    return found


def pieces(section: Section) -> tuple[list[Piece], list[Table]]:
    """The passages of a section, and its tables."""
    blocks = [part for part in section.parts if isinstance(part, Block)]
    tables = [part for part in section.parts if isinstance(part, Table)]
    made: list[Piece] = []
    rest: list[Block] = []
    for piece in _dialogue(blocks, section.path):
        if isinstance(piece, Block):
            rest.append(piece)
        else:
            made += [*pack(rest, section.path), piece]
            rest = []
    text = "\n".join(block.text for block in blocks)
    if not made and not tables and section.path and _is_entry(section.path[-1], text):
        return [Piece(section.place, text, section.path[:-1], _unnumbered(section.path[-1]))], []
    made += pack(rest, section.path)
    return made, tables


def _is_entry(heading: str, text: str) -> bool:
    return bool(re.search(r"[?？]$", heading)) and 0 < len(text) <= _LONGEST_ANSWER


def _unnumbered(heading: str) -> str:
    bare = re.sub(
        r"^(?:\d{1,3}(?:[.．]\d{1,3})*\s*[、.．)）]?|[一二三四五六七八九十]{1,3}[、.．]|[（(][^（）()]{1,3}[）)])\s*",
        "",
        heading,
    )
    return bare or heading


def _dialogue(blocks: Sequence[Block], path: tuple[str, ...]) -> Iterator[Piece | Block]:
    """Question and answer pairs among the paragraphs; what is neither comes through as it is."""
    lines = [replace(block, text=line) for block in blocks for line in _qa_lines(block.text)]
    at = 0
    while at < len(lines):
        asked = _ASK.match(lines[at].text)
        reply = next((n for n in range(at + 1, min(at + 4, len(lines))) if _REPLY.match(lines[n].text)), None)
        if not asked or reply is None or any(_ASK.match(line.text) for line in lines[at + 1 : reply]):
            yield lines[at]
            at += 1
            continue
        question = "".join([lines[at].text[asked.end() :], *(line.text for line in lines[at + 1 : reply])])
        end = next((n for n in range(reply + 1, len(lines)) if _ASK.match(lines[n].text)), len(lines))
        first = _REPLY.sub("", lines[reply].text, count=1)
        answer = "\n".join([first, *(line.text for line in lines[reply + 1 : end])])
        yield Piece(lines[at].place, answer, path, question)
        at = end


def _qa_lines(text: str) -> list[str]:
    """A paragraph as lines, also where question and answer share one."""
    if not _ASK.match(text) and not _REPLY.match(text):
        return [text]
    parts: list[str] = []
    for line in text.split("\n"):
        cut = next(
            (
                found.start()
                for found in re.finditer(r"(?<=\s)\S|(?<=[?？])\S", line)
                if _REPLY.match(line, found.start())
            ),
            None,
        )
        parts += [line] if cut is None or not _ASK.match(line) else [line[:cut].rstrip(), line[cut:]]
    return [part for part in parts if part.strip()]


def pack(blocks: Sequence[Block], path: tuple[str, ...]) -> list[Piece]:
    """Paragraphs as passages: whole sentences, up to `LONGEST` characters, ended early at a paragraph."""
    packed: list[Piece] = []
    text, place = "", ""
    for block in blocks:
        if text and _ARTICLE.match(block.text):
            packed.append(Piece(place, text, path))
            text = ""
        for number, sentence in enumerate(_sentences(block.text)):
            joint = "\n" if text and not number else ""
            if text and len(text) + len(joint) + len(sentence) > LONGEST:
                packed.append(Piece(place, text, path))
                text = joint = ""
            text, place = text + joint + sentence, place if text else block.place
        if len(text) >= FULL:
            packed.append(Piece(place, text, path))
            text = ""
    if text:
        short = len(text) < SHORTEST and not _ARTICLE.match(text)
        if packed and short and len(packed[-1].text) + len(text) < LONGEST + SHORTEST:
            packed[-1] = replace(packed[-1], text=f"{packed[-1].text}\n{text}")
        else:
            packed.append(Piece(place, text, path))
    return [replace(piece, text=piece.text.strip()) for piece in packed if re.search(r"\w", piece.text)]


def _sentences(text: str) -> Iterator[str]:
    for found in _SENTENCE.finditer(text):
        sentence = found[0]
        if len(sentence) <= LONGEST:
            if sentence:
                yield sentence
            continue
        line = ""
        for clause in (part[0] for part in _CLAUSE.finditer(sentence)):
            if line and len(line) + len(clause) > LONGEST:
                yield line
                line = ""
            line += clause
            while len(line) > LONGEST:
                yield line[:LONGEST]
                line = line[LONGEST:]
        if line:
            yield line


def _with_headings(parts: Sequence[Block | Table]) -> list[Block | Table]:
    marked: list[Block | Table] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        if not isinstance(part, Block) or part.level:
            marked.append(part)
            at += 1
            continue
        if _BARE_NUMBER.fullmatch(part.text):
            taken = _title_lines(parts, at + 1)
            title = "".join(block.text for block in taken)
            if title:
                marked.append(Block(part.place, f"{part.text} {title}", 2))
                at += 1 + len(taken)
                continue
        before, after = _line(parts, at - 1), _line(parts, at + 1)
        marked.append(replace(part, level=_guess(part.text, before, after)))
        at += 1
    return marked


def _title_lines(parts: Sequence[Block | Table], at: int) -> list[Block]:
    """Up to three short lines below a bare number: the title of what follows."""
    taken: list[Block] = []
    for part in parts[at : at + 3]:
        if not isinstance(part, Block) or len(part.text) > 28 or re.search(r"[。！；]$", part.text):
            break
        taken.append(part)
    return taken


def _line(parts: Sequence[Block | Table], at: int) -> str:
    part = parts[at] if 0 <= at < len(parts) else None
    return part.text if isinstance(part, Block) else ""


def _guess(line: str, before: str, following: str) -> int:
    if "\n" in line or len(line) > 40:
        return 0
    for pattern, level in _NUMBERED:
        if pattern.match(line):
            is_list = level >= 3 and (_same_kind(pattern, following) or _same_kind(pattern, before))
            asks = bool(re.search(r"[?？]$", line))
            return level if asks or (len(line) <= 30 and not _ENDS.search(line) and not is_list) else 0
    if _ASK.match(line) or _REPLY.match(line):
        return 0
    if re.search(r"[?？]$", line) and len(line) <= 30 and len(following) >= 12 and not re.search(r"[?？]$", following):
        return 4
    plain = len(line) <= 20 and not re.search(r"[。！!；;，,、：:…”|｜/@\d%￥]", line)
    return 4 if plain and len(line) >= 2 and len(following) >= max(30, 2 * len(line)) else 0


def _same_kind(pattern: re.Pattern[str], beside: str) -> bool:
    return bool(pattern.match(beside)) and len(beside) <= 40


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
