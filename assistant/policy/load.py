"""A shop's policies: the statutory floor, what ships with the product, the shop's own files. Refused if unsound."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from assistant.errors import HouseError
from assistant.policy.clock import Holidays
from assistant.policy.lint import lint_files
from assistant.policy.model import Policy
from assistant.policy.read import NOT_POLICIES, Problem, Read, read_file, read_holidays, read_policy
from assistant.policy.rules import Policies

SHIPPED = Path(str(files("assistant.policy") / "shipped"))


class PolicyRefused(HouseError):
    """Policy files that may not be applied, with every problem found."""

    code = "policy_refused"
    says = "策略不能加载：{first}（共 {count} 个错误；运行 python -m assistant policy lint {folder} 看全部）"

    def __init__(self, problems: tuple[Problem, ...], folder: Path) -> None:
        self.problems = problems
        super().__init__(first=str(problems[0]), count=len(problems), folder=folder)


class PolicyFileBroken(HouseError):
    """A file beside the policies that cannot be used."""

    code = "policy_file_broken"
    says = "{file} 不能用：{cause}；请照随产品提供的样例改正"


class PolicyFolderMissing(HouseError):
    """No such folder."""

    code = "no_policy_folder"
    says = "策略目录 {folder} 不存在或不是目录；请检查路径"


def load_policies(folder: Path | str | None = None) -> Policies:
    """The policies of a shop.

    None: everything that ships. A folder: its own policies over the statutory floor, which always applies, plus the
    shipped promises its `use.yaml` names (`use: all`, or `use: [price_protection_30d, …]`). A file with the id of a
    shipped promise replaces it. Raises `PolicyFolderMissing`, `PolicyRefused`.
    """
    if folder is None:
        return _shipped()
    path = Path(folder)
    if not path.is_dir():
        raise PolicyFolderMissing(folder=path)
    if path.resolve() == SHIPPED.resolve():
        return _shipped()
    own = read_folder(path)
    _, problems = lint_folder(path)
    return _accepted([*_borrowed(path, own), *own], problems, path)


@cache
def _shipped() -> Policies:
    read = _shipped_files()
    return _accepted(list(read), lint_files(read, holidays_in(None), floor=_floor(), shipped=True), SHIPPED)


def lint_folder(folder: Path, today: date | None = None) -> tuple[int, list[Problem]]:
    """How many files were checked, and every problem in them. Raises `PolicyFolderMissing`.

    `today` adds what depends on the calendar: holiday tables of the year, sources nobody looked at for long.
    """
    if not folder.is_dir():
        raise PolicyFolderMissing(folder=folder)
    own = read_folder(folder)
    try:
        holidays = holidays_in(folder)
    except (KeyError, ValueError, TypeError, AttributeError, yaml.YAMLError) as wrong:
        fix = "写成 年份: {rest: [01-01..01-03], work: [01-04]}"
        return len(own), [Problem("holidays.yaml", 1, "error", "holidays", f"节假日表读不懂：{_short(wrong)}", fix)]
    shipped = folder.resolve() == SHIPPED.resolve()
    problems = lint_files(own, holidays, floor=_floor(), shipped=shipped, today=today)
    return len(own), sorted([*_use_problems(folder), *problems])


def _accepted(read: list[Read], problems: list[Problem], folder: Path) -> Policies:
    errors = tuple(p for p in problems if p.level == "error")
    if errors:
        raise PolicyRefused(errors, folder)
    policies: list[Policy] = [r.policy for r in read if r.policy is not None]
    return Policies(policies, holidays_in(folder))


@cache
def _shipped_files() -> tuple[Read, ...]:
    return tuple(read_policy(p) for p in _policy_paths(SHIPPED))


def _policy_paths(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p.name not in NOT_POLICIES)


def read_folder(folder: Path) -> tuple[Read, ...]:
    """Every policy file of a folder, with what is wrong with it."""
    if folder.resolve() == SHIPPED.resolve():
        return _shipped_files()
    return tuple(read_policy(p) for p in _policy_paths(folder))


def _floor() -> list[Policy]:
    return [r.policy for r in _shipped_files() if r.policy is not None and _in_floor(r.policy)]


def _in_floor(policy: Policy) -> bool:
    return policy.authority == "statute" or policy.always or policy.gate


def _borrowed(folder: Path, own: tuple[Read, ...]) -> list[Read]:
    """The floor, and the shipped promises the shop chose, less those it wrote itself."""
    wanted = _wanted(folder)
    written = {r.policy.id for r in own if r.policy is not None}
    return [
        r
        for r in _shipped_files()
        if r.policy is not None
        and (_in_floor(r.policy) or ((wanted == "all" or r.policy.id in wanted) and r.policy.id not in written))
    ]


def _wanted(folder: Path) -> str | list[str]:
    """The shipped promises a shop takes over: `all`, or their ids. Raises `ValueError`, `yaml.YAMLError`."""
    path = folder / "use.yaml"
    if not path.is_file():
        return []
    written = read_file(path).written
    used = written.get("use") if isinstance(written, dict) else None
    if used == "all" or (isinstance(used, list) and all(isinstance(i, str) for i in used)):
        return used
    raise ValueError("use 不是 all，也不是编号的列表")


def _use_problems(folder: Path) -> list[Problem]:
    try:
        wanted = _wanted(folder)
    except (ValueError, yaml.YAMLError) as wrong:
        fix = "写成 use: all，或 use: [price_protection_30d]"
        return [Problem("use.yaml", 1, "error", "use", f"看不懂选用的策略：{_short(wrong)}", fix)]
    known = {r.policy.id: r.policy.published for r in _shipped_files() if r.policy is not None}
    problems = []
    for name in wanted if isinstance(wanted, list) else ():
        if name not in known:
            fix = f"改成 {'、'.join(sorted(known))} 之一"
            problems.append(Problem("use.yaml", 1, "error", "use", f"没有编号为 {name} 的策略", fix))
        elif not known[name]:
            fix = "把它复制到策略目录，填好空再发布"
            problems.append(Problem("use.yaml", 1, "error", "use", f"{name} 是草稿，还有空要填", fix))
    return problems


def _short(wrong: Exception) -> str:
    return str(wrong).split("\n", 1)[0]


def holidays_in(folder: Path | None) -> Holidays:
    """The holiday tables that ship, with the years the folder adds."""
    paths = [SHIPPED / "holidays.yaml"]
    if folder is not None and (own := folder / "holidays.yaml").is_file() and own.resolve() != paths[0].resolve():
        paths.append(own)
    return read_holidays(paths)
