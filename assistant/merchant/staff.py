"""Who may log in: `staff.yaml` in the data folder, passwords as salted digests, read again whenever it changes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from assistant.api.auth import Account, Role, hash_password
from assistant.errors import HouseError

ROLES: tuple[Role, ...] = ("agent", "merchant", "qa", "admin")
SHORTEST = 8


class BadStaff(HouseError):
    """A member of staff cannot be added as asked."""

    says = "员工 {name}：{why}"


class StaffBook(Mapping[str, Account]):
    """The accounts of `file` over `given` ones. Taken from the file is taken at once: it is read when it changed."""

    def __init__(self, file: Path, given: Mapping[str, Account] | None = None) -> None:
        self._file, self._given = file, dict(given or {})
        self._seen: tuple[int, int] | None = None
        self._own: dict[str, Account] = {}

    def __getitem__(self, name: str) -> Account:
        own = self._current()
        return own[name] if name in own else self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._given, **self._current()})

    def __len__(self) -> int:
        return len({**self._given, **self._current()})

    def add(self, name: str, password: str, role: Role, shops: tuple[str, ...], shown: str = "") -> None:
        """Add, or change, one. Raises `BadStaff`."""
        if not name or any(c.isspace() for c in name):
            raise BadStaff(name=repr(name), why="登录名不能空着，也不能有空格")
        if len(password) < SHORTEST:
            raise BadStaff(name=name, why=f"密码至少 {SHORTEST} 位")
        self._write({**self._current(), name: Account(name, hash_password(password), role, shops, shown)})

    def remove(self, name: str) -> None:
        """Take one away. Raises `BadStaff`."""
        if name not in (own := dict(self._current())):
            raise BadStaff(name=name, why="没有这个员工；python -m assistant staff list 可以看全部")
        del own[name]
        self._write(own)

    def _current(self) -> Mapping[str, Account]:
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            self._own, self._seen = {}, None
            return self._own
        if (stamp := (stat.st_mtime_ns, stat.st_size)) != self._seen:
            rows = yaml.safe_load(self._file.read_text("utf-8")) or {}
            self._own = {
                name: Account(name, row["password"], row["role"], tuple(row["shops"]), row.get("shown", ""))
                for name, row in rows.items()
            }
            self._seen = stamp
        return self._own

    def _write(self, accounts: Mapping[str, Account]) -> None:
        rows = {
            a.name: {"password": a.password_hash, "role": a.role, "shops": list(a.shops), "shown": a.shown}
            for a in accounts.values()
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            yaml.safe_dump(rows, out, allow_unicode=True, sort_keys=True)
        part.replace(self._file)
