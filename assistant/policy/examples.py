"""The tests inside a policy: a few facts in plain fields, and what must come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from assistant.policy.facts import Case, Line, Order, Said, shop_time
from assistant.policy.model import Example, Policy
from assistant.policy.verdict import Verdict

_ORDER, _SAID, _LINE = set(Order.model_fields), set(Said.model_fields), set(Line.model_fields)


def facts_of(given: Mapping[str, Any], *, wish: str, name: str = "test") -> dict[str, Any]:
    """Spread plain fields over the promised facts document. Raises `ValueError` on a field that is no fact."""
    order: dict[str, Any] = {}
    said: dict[str, Any] = {}
    line: dict[str, Any] = {"line": "1", "paid_fen": 10000}
    facts: dict[str, Any] = {"id": name, "wish": wish}
    for key, value in given.items():
        if key in ("now", "wish", "line"):
            facts[key] = value
        elif key in _SAID and key != "quantity":
            said[key] = value
        elif key == "returning":
            said["quantity"] = value
        elif key in _ORDER:
            order[key] = value
        elif key in _LINE:
            line[key] = value
        else:
            raise ValueError(f"given 里的 {key!r} 不是事实")
    order.setdefault("lines", [line])
    if "now" not in facts:
        raise ValueError("given 缺少 now（哪一刻问的）")
    order.setdefault("ordered_at", _earliest([*order.values(), facts["now"]]) - timedelta(days=2))
    return {**facts, "order": order, "said": said}


def _earliest(values: list[Any]) -> datetime:
    moments = []
    for value in values:
        if isinstance(value, str) and value[:4].isdigit():
            value = datetime.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if isinstance(value, datetime):
            moments.append(shop_time(value))
    return min(moments)


def case_of(example: Example, policy: Policy) -> Case:
    """The case an example describes. Raises `ValueError`, `FactRefused`."""
    answered = sorted(policy.grants[0].answers())
    wish = answered[0] if answered else "return"
    return Case.from_json(facts_of(example.given, wish=wish, name=example.name))


def differences(verdict: Verdict, expect: Any) -> list[str]:
    """Where a verdict is not what was expected, in words; empty if it is. `expect` is a word or a mapping of fields."""
    wanted = expect if isinstance(expect, Mapping) else {"says": expect}
    got = verdict.as_json()
    wrong = []
    for name, value in wanted.items():
        if name not in got:
            raise ValueError(f"expect 里的 {name!r} 不是判定结果的字段")
        if isinstance(value, datetime):
            value = shop_time(value).isoformat(timespec="seconds")
        if got[name] != value:
            wrong.append(f"{name} 应为 {value}，实为 {got[name]}")
    return wrong
