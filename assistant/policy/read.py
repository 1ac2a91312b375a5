"""Policy files read with their line numbers, so that every complaint names file, line and fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from assistant.policy.clock import Holidays, Year
from assistant.policy.model import Policy

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # the C reader is only faster
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

NOT_POLICIES = frozenset({"holidays.yaml", "use.yaml", "roles.yaml", "promotions.yaml"})
"""What else may lie in a folder of policies."""
Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a policy file."""

    file: str
    line: int
    level: str
    """`error` blocks loading; `warning` makes a task."""
    rule: str
    """Short name of the check, e.g. `below_floor`."""
    says: str
    fix: str

    def __str__(self) -> str:
        mark = "错误" if self.level == "error" else "提醒"
        return f"{self.file}:{self.line}: {mark} [{self.rule}] {self.says}；改法：{self.fix}"

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("file", "line", "level", "rule", "says", "fix")}


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file as written: its data, and on which line each part stands."""

    path: Path
    written: Any
    lines: Mapping[Where, int]

    def line(self, where: Iterable[str | int]) -> int:
        """The line of a part, or of the nearest part above it that exists."""
        path = tuple(where)
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, where: Iterable[str | int], level: str, rule: str, says: str, fix: str) -> Problem:
        return Problem(self.path.name, self.line(where), level, rule, says, fix)


@dataclass(frozen=True, slots=True)
class Read:
    """One file, and the policy in it if it could be read as one."""

    file: PolicyFile
    policy: Policy | None
    problems: tuple[Problem, ...] = ()


def read_policy(path: Path) -> Read:
    """Read one file; whatever is wrong with its form is a problem, never an exception."""
    try:
        file = read_file(path)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        cause = str(getattr(wrong, "problem", None) or "格式不对")
        problem = Problem(path.name, line, "error", "yaml", f"不是合法的 YAML：{cause}", "检查这一行的缩进、冒号和引号")
        return Read(PolicyFile(path, None, {}), None, (problem,))
    except UnicodeDecodeError:
        problem = Problem(path.name, 1, "error", "yaml", "文件不是 UTF-8 编码", "另存为 UTF-8 编码")
        return Read(PolicyFile(path, None, {}), None, (problem,))
    if not isinstance(file.written, dict):
        fix = "写成 id、title、authority 等字段"
        return Read(file, None, (file.problem((), "error", "schema", "文件里没有策略", fix),))
    try:
        return Read(file, Policy.model_validate(file.written))
    except ValidationError as wrong:
        return Read(file, None, tuple(_schema_problem(file, e) for e in wrong.errors()))


def _schema_problem(file: PolicyFile, error: Any) -> Problem:
    where = tuple(p for p in error["loc"])
    name = ".".join(str(p) for p in where)
    match error["type"]:
        case "extra_forbidden":
            return file.problem(where, "error", "schema", f"不认识字段 {name}", "改成已有的字段名，或删去")
        case "missing":
            return file.problem(where, "error", "schema", f"缺少字段 {name}", f"补上 {where[-1]}")
        case "literal_error":
            expected = error["ctx"]["expected"]
            return file.problem(where, "error", "schema", f"{name} 的值不在可用范围", f"改成 {expected} 之一")
    cause = str(error.get("ctx", {}).get("error", "")) or error["msg"]
    return file.problem(where, "error", "schema", f"{name} 的值不能用：{cause}", "按说明改正这个值")


def read_file(path: Path) -> PolicyFile:
    """Data and line numbers of a YAML file. Raises `yaml.YAMLError`, `UnicodeDecodeError`."""
    loader = _Loader(path.read_bytes().decode("utf-8-sig"))
    try:
        node = loader.get_single_node()
        lines: dict[Where, int] = {}
        if node is None:
            return PolicyFile(path, None, lines)
        _note(node, (), lines)
        return PolicyFile(path, loader.construct_document(node), lines)
    finally:
        loader.dispose()


def _note(node: yaml.Node, where: Where, lines: dict[Where, int]) -> None:
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*where, str(key.value))] = key.start_mark.line + 1
            _note(value, (*where, str(key.value)), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note(value, (*where, index), lines)


def read_holidays(paths: Iterable[Path]) -> Holidays:
    """Holiday tables by year; a later file adds years to an earlier one. Raises `ValueError` on a broken table."""
    years: dict[int, Year] = {}
    for path in paths:
        for year, table in (read_file(path).written or {}).items():
            years[int(year)] = Year(_days(int(year), table["rest"]), _days(int(year), table.get("work", ())))
    return Holidays(years)


def _days(year: int, written: Iterable[str]) -> frozenset[date]:
    """`02-15..02-23` is every day from the one to the other; `10-10` is one day."""
    days: set[date] = set()
    for item in written:
        first, _, last = str(item).partition("..")
        day, end = (date.fromisoformat(f"{year}-{d}") for d in (first, last or first))
        while day <= end:
            days.add(day)
            day += timedelta(days=1)
    return frozenset(days)
