"""What every reader gives: rows of tables and blocks of text, in the order of the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowledge.types import Problem

MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is read, packed or not."""
MAX_ROWS = 200_000
"""Rows of one table."""
MAX_COLUMNS = 256


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    place: str
    cells: tuple[str, ...]
    faults: tuple[tuple[int, str], ...] = ()
    """Columns (from 0; -1 is the whole row) that could not be read, and why. A row is rejected if it needs one."""
    notes: tuple[tuple[int, str], ...] = ()
    """Columns that were read with a doubt a person should know of."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that belong together: a sheet, a csv file, a table inside a document."""

    name: str
    """What a person calls it: the sheet's name, `表格 2`; empty where the file is the table."""
    rows: tuple[Row, ...]
    header: tuple[str, ...] | None = None
    """Column names that are not themselves a row (JSON keys); None where they must be found among the rows."""
    strict: bool = False
    """A filled cell beyond the header means a broken row (an unquoted comma in csv), not a remark beside the table."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a heading of a document."""

    place: str
    text: str
    level: int = 0
    """1…6 for a heading, 0 for a paragraph."""


@dataclass(slots=True)
class Reading:
    """Everything one file says."""

    file: str
    """The name it is cited by; a file inside an archive carries the archive's name in front."""
    parts: list[Table | Block] = field(default_factory=list)
    rejected: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    charset: str = ""
    guess_headings: bool = False
    """Whether headings still have to be told from the look of the lines (plain text, PDF, unstyled documents)."""

    def warn(self, place: str, problem: str) -> None:
        self.warnings.append(Problem(place, problem))

    def reject(self, place: str, problem: str) -> None:
        self.rejected.append(Problem(place, problem))
