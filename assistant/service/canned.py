"""快捷短语: short texts an agent sends with a few keys, in groups; in and out as the table that shops already keep."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass

from assistant.conversation.store import Store
from assistant.errors import HouseError
from knowledge.readers import Table, read
from prompts import words

_KIND, _TEAM = "phrases", "team"


class NoPhrases(HouseError):
    """A file without a column of phrases."""

    code = "no_phrases"
    says = "{file} 里没有找到“快捷短语”一列；请用列名：分组、快捷编码、快捷短语"


@dataclass(frozen=True, slots=True)
class Canned:
    """One phrase."""

    group: str
    code: str
    """What the agent types to get it."""
    text: str


async def canned(store: Store, shop: str, name: str | None = None) -> list[Canned]:
    """The phrases of the shop's team and, with `name`, that agent's own behind them."""
    found: list[Canned] = []
    for owner in (_TEAM, f"agent:{name}") if name else (_TEAM,):
        if record := await store.record(_KIND, shop, owner):
            found += [Canned(*row) for row in record.body]
    return found


async def save(store: Store, shop: str, phrases: Collection[Canned], name: str | None = None) -> None:
    """Replace the phrases of the team, or with `name` of one agent."""
    body = [[one.group, one.code, one.text] for one in phrases]
    await store.put(_KIND, shop, f"agent:{name}" if name else _TEAM, body)


def find(phrases: Collection[Canned], typed: str) -> list[Canned]:
    """Phrases whose code begins with, or whose text holds, what was typed; codes first."""
    typed = typed.strip().lower()
    by_code = [one for one in phrases if one.code.lower().startswith(typed)]
    return by_code + [one for one in phrases if one not in by_code and typed in one.text.lower()]


def read_phrases(file: str, data: bytes) -> list[Canned]:
    """The phrases in a table (csv, xlsx; any encoding). Raises `NoPhrases`, `Unreadable`."""
    names = words("desk")["phrase_columns"]
    for reading in read(file, data):
        for part in reading.parts:
            if isinstance(part, Table) and (found := _rows(part, names)):
                return found
    raise NoPhrases(file=file)


def write_phrases(phrases: Collection[Canned]) -> bytes:
    """The same as a CSV that spreadsheets open (UTF-8 with BOM); what export writes, import reads back."""
    names = words("desk")["phrase_columns"]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([names[field][0] for field in ("group", "code", "text")])
    writer.writerows([one.group, one.code, one.text] for one in phrases)
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _rows(table: Table, names: dict[str, list[str]]) -> list[Canned]:
    """The phrases under the header; the header is the first row that names the column of phrases."""
    rows = [row.cells for row in table.rows]
    header = table.header
    while header is None and rows:
        cells = rows.pop(0)
        header = cells if any(_named(cell, names["text"]) for cell in cells) else None
    if header is None:
        return []
    at = {field: next((n for n, cell in enumerate(header) if _named(cell, names[field])), None) for field in names}

    def cell(row: tuple[str, ...], field: str) -> str:
        column = at[field]
        return row[column].strip() if column is not None and column < len(row) else ""

    found = [Canned(cell(row, "group"), cell(row, "code"), cell(row, "text")) for row in rows]
    return [one for one in found if one.text]


def _named(cell: str, names: list[str]) -> bool:
    """Whether a header cell is one of `names`; “（必填）” and the like are ignored."""
    bare = re.sub(r"[（(【\[].*?[)）】\]]|[\s*＊]", "", cell).lower()
    return bare in names
