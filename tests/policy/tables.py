"""Reads the case tables a merchant can read, and says where a verdict differs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assistant.policy import Case, Verdict
from assistant.policy.examples import differences, facts_of

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Row:
    name: str
    facts: dict[str, Any]
    expect: dict[str, Any]
    also: tuple[str, ...] = ()
    """Ways out that must be named: `policy remedy`, or `policy human`."""

    @property
    def case(self) -> Case:
        return Case.from_json(self.facts)


def yaml_rows(name: str) -> list[Row]:
    """A table of full cases."""
    rows = []
    for row in yaml.safe_load((CASES / name).read_text(encoding="utf-8")):
        expect = row["expect"] if isinstance(row["expect"], dict) else {"says": row["expect"]}
        facts = facts_of(row["given"], wish=row["wish"], name=row["name"])
        rows.append(Row(row["name"], facts, expect, tuple(row.get("also", ()))))
    return rows


def wrong(row: Row, verdict: Verdict) -> list[str]:
    """What is not as the table says."""
    found = differences(verdict, row.expect)
    ways = {f"{a.policy} {word}" for a in verdict.alternatives for word in (*a.remedies, a.says)}
    return found + [f"没有列出 {way}" for way in row.also if way not in ways]


_WISHES = {
    "退": "return",
    "换": "exchange",
    "修": "repair",
    "价保": "price_protect",
    "退款": "refund",
    "取消": "cancel",
    "发货": "ship",
    "赔": "compensate",
}
_SAYS = {"可以": "allow", "扣减": "allow_with_deduction", "不行": "deny", "先问": "need_info", "人工": "human"}
_PAYERS = {"买家": "buyer", "商家": "merchant", "保险": "insurer", "无": None}
_VALUES: dict[str, Any] = {"是": True, "否": False, "不知": None}


def csv_rows(name: str) -> list[Row]:
    """A table with one case a line. Money in 元; `说过` and `其他` are `事实=值` pairs; `不知`: asked but unknown."""
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return [_row(f"{name}#{number}", cells) for number, cells in enumerate(csv.DictReader(file), 2)]


def _row(place: str, cells: dict[str, str]) -> Row:
    given: dict[str, Any] = {"now": cells["提出"]}
    for column, fact in (("类目", "category"), ("下单", "ordered_at"), ("签收", "signed_at")):
        if cells.get(column):
            given[fact] = cells[column]
    if cells.get("标签"):
        given["tags"] = cells["标签"].split()
    if cells.get("实付"):
        given["paid_fen"] = fen(cells["实付"])
    for pair in [*cells.get("说过", "").split(), *cells.get("其他", "").split()]:
        fact, _, value = pair.partition("=")
        given[fact] = _value(fact, value)
    expect: dict[str, Any] = {"says": _SAYS[cells["判定"]]}
    if cells.get("期限"):
        expect["deadline"] = None if cells["期限"] == "无" else f"{cells['期限']}+08:00"
    if cells.get("运费"):
        expect["freight"] = _PAYERS[cells["运费"]]
    if cells.get("金额"):
        expect["amount_fen"] = None if cells["金额"] == "无" else fen(cells["金额"])
    if cells.get("方案"):
        expect["remedies"] = [] if cells["方案"] == "无" else cells["方案"].split()
    if cells.get("缺少"):
        expect["missing"] = cells["缺少"].split()
    name = f"{place} {cells['说明']}"
    return Row(name, facts_of(given, wish=_WISHES[cells["诉求"]], name=name), expect)


def fen(yuan: str) -> int:
    """¥12.50 as 1250."""
    whole, _, cents = yuan.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0") or 0)


def _value(fact: str, value: str) -> Any:
    if value in _VALUES:
        return _VALUES[value]
    if fact == "events":
        return [_event(one) for one in value.split(";") if one]
    if fact in ("confirmed_exclusions",):
        return value.split("+")
    if fact in ("quantity", "returning", "bad_percent"):
        return int(value)
    if fact in ("freight_fen", "list_fen"):
        return fen(value)
    return value


def _event(written: str) -> dict[str, Any]:
    """`price_change@2026-11-10T00:00:00@2299`: kind, when, and 元 where it has them."""
    kind, at, *amount = written.split("@")
    event: dict[str, Any] = {"kind": kind, "at": at}
    if amount:
        event["price_fen" if kind == "price_change" else "amount_fen"] = fen(amount[0])
    return event
