"""A run on disk: the head, then one line per answer, each written as soon as it is there.

A process killed at any moment leaves at most one torn last line, which reading drops; what is whole stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from eval.case import BadCase
from eval.wording import say

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as read back, its lines in the order they were planned."""

    head: Mapping[str, Any]
    """Empty for a file from elsewhere that has none."""
    lines: tuple[Line, ...]

    @property
    def wanted(self) -> int:
        """Answers the run is to have."""
        return int(self.head.get("tasks", len(self.lines)))

    @property
    def complete(self) -> bool:
        """Whether every answer is there."""
        return len(self.lines) >= self.wanted

    @property
    def as_written(self) -> tuple[Line, ...]:
        """The answers to the cases as they are, without changed wordings."""
        return tuple(line for line in self.lines if not line.get("variant"))


def read_run(path: Path) -> Run:
    """The run in this file. Raises `BadCase` naming what is wrong."""
    if not path.is_file():
        raise BadCase(place=str(path), why=say("run.no_file"))
    rows = path.read_bytes().splitlines()
    found: list[Any] = []
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            found.append(orjson.loads(row))
        except orjson.JSONDecodeError as bad:
            if number == len(rows) and found and not path.read_bytes().endswith(b"\n"):
                break  # torn by a kill
            raise BadCase(place=f"{path.name}#{number}", why=say("run.not_a_run", problem=str(bad))) from None
    head = found.pop(0) if found and isinstance(found[0], dict) and found[0].get("kind") == "head" else {}
    for number, line in enumerate(found, 1):
        if not isinstance(line, dict) or "id" not in line or "right" not in line:
            raise BadCase(place=f"{path.name}#{number}", why=say("run.not_a_run", problem="id, right"))
    once = {str(line.get("key", n)): line for n, line in enumerate(found)}
    return Run(head, tuple(sorted(once.values(), key=lambda line: int(line.get("n", 0)))))


class Writer:
    """Appends answers to a run file; everything given to `add` survives the process."""

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self.path = path
        self.done: frozenset[str] = frozenset()
        before = _before(path)
        if before is not None and _same(before.head, head) and not before.complete:
            self.done = frozenset(str(line["key"]) for line in before.lines)
            rows = [dict(head), *before.lines]
        else:
            if before is not None and not before.complete and before.lines:
                path.replace(path.with_name(path.name + ".before"))
            rows = [dict(head)]
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        fresh.replace(path)
        self._file: BinaryIO = path.open("ab", buffering=0)

    def add(self, lines: Sequence[bytes]) -> None:
        """Put these answers behind the others."""
        self._file.write(b"".join(line + b"\n" for line in lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two runs ask the same of the same: a commit that left every digest alone changes nothing."""
    return orjson.dumps({**before, "commit": ""}) == orjson.dumps({**now, "commit": ""})


def _before(path: Path) -> Run | None:
    if not path.is_file():
        return None
    try:
        return read_run(path)
    except BadCase:
        return None
