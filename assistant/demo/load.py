"""The demo shop as data: what it sells, its orders as they stand on any day, and its own files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from assistant.errors import HouseError
from assistant.turn.shop import Product

HOME = Path(__file__).parent
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The shop's clock. China has had no daylight saving since 1991."""

DISPLAY_ONLY = frozenset({"buyer", "state", "logistics", "note"})
"""Keys of an order that are for people to read; the rest are facts as in the contract, section 5."""

_DAYS = re.compile(r"-(\d+)d (\d\d):(\d\d)")
_SPAN = re.compile(r"-(?=\d)(?:(\d+)h)?(?:(\d+)m)?")


class BadMoment(HouseError):
    """A moment in `orders.yaml` is written in a way nobody can read."""

    says = "orders.yaml 的时间 {value!r} 读不懂；写成 -3d 10:20（三天前的 10:20）或 -2h30m（两个半小时前）"


def moment(written: str, now: datetime) -> datetime:
    """The absolute time meant by `-3d 10:20` (that clock time, three calendar days ago) or `-2h30m` (so long ago).

    Days and clock times are Asia/Shanghai. Raises `BadMoment`.
    """
    here = now.astimezone(SHANGHAI)
    if found := _DAYS.fullmatch(written):
        days, hour, minute = map(int, found.groups())
        return here.replace(hour=hour, minute=minute, second=0, microsecond=0) - timedelta(days=days)
    if found := _SPAN.fullmatch(written):
        hours, minutes = (int(part or 0) for part in found.groups())
        return here.replace(microsecond=0) - timedelta(hours=hours, minutes=minutes)
    raise BadMoment(value=written)


def load_shop() -> dict[str, Any]:
    """The merchant's own choices: id, name, platform, hours, tone."""
    return dict(_read("shop.yaml"))


def load_products() -> list[Product]:
    """What the shop sells, with verified attributes, stock per variant and size charts."""
    return [
        Product(
            sku=it["sku"],
            title=it["title"],
            category=it["category"],
            price_fen=it["price_fen"],
            attributes=it["attributes"],
            sizes=it.get("sizes", {}),
            stock=it["stock"],
            aliases=tuple(it["aliases"]),
        )
        for it in _read("catalogue.yaml")["products"]
    ]


def load_buyers() -> dict[str, str]:
    """The demo shoppers: id → the name to show."""
    return dict(_read("orders.yaml")["buyers"])


def load_orders(now: datetime) -> list[dict[str, Any]]:
    """Every demo order as it stands at `now` (aware), its moments absolute ISO times at +08:00."""
    return [_dated(order, now) for order in _read("orders.yaml")["orders"]]


def order_facts(order: Mapping[str, Any]) -> dict[str, Any]:
    """The order without what is only shown to people: what the rules may be asked about."""
    return {key: value for key, value in order.items() if key not in DISPLAY_ONLY}


def demo_files() -> list[Path]:
    """The shop's knowledge files as the merchant keeps them, in a fixed order."""
    return sorted(path for path in (HOME / "files").iterdir() if not path.name.startswith("."))


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HOME / name).read_text(encoding="utf-8"))
    return found


def _dated(value: Any, now: datetime, key: str = "") -> Any:
    if isinstance(value, dict):
        return {inner: _dated(part, now, inner) for inner, part in value.items()}
    if isinstance(value, list):
        return [_dated(part, now) for part in value]
    if value is not None and (key == "at" or key.endswith("_at")):
        return moment(str(value), now).isoformat()
    return value
