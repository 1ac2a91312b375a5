"""The facts of one case, as they arrive: the order, what the shopper said, and the moment.

The JSON shape is promised to other programs. A fact the engine does not know is refused by name, never ignored:
an ignored "定做" would be a wrong yes. Every moment becomes a moment of the shop's day (Asia/Shanghai).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from assistant.errors import HouseError
from assistant.policy.names import platform_name, tag_name

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The shop's day. China has had no daylight saving since 1991, so a fixed offset is exact and fast."""

Wish = Literal["return", "exchange", "repair", "price_protect", "refund", "cancel", "ship", "compensate"]
Fault = Literal["none", "quality", "damage", "wrong_item", "short"]
EventKind = Literal[
    "deposit_paid",
    "price_change",
    "price_protected",
    "return_requested",
    "exchange_done",
    "repair_started",
    "repair_done",
]


class FactRefused(HouseError):
    """The facts cannot be used: one is unknown to the engine, missing, or of the wrong kind."""

    code = "bad_facts"
    says = "{what}"


def shop_time(moment: datetime) -> datetime:
    """The same moment on the shop's clock; a moment without a zone is Asia/Shanghai already."""
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment.astimezone(SHANGHAI)


def _written(value: object) -> object:
    if isinstance(value, int | float):  # a bare number is not a date somebody wrote down
        raise ValueError("写成 2026-11-05T10:20:00 这样的时间")
    return value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(shop_time)]
Fen = Annotated[int, Field(strict=True, ge=0)]
"""Money in integer fen (1 元 = 100 fen)."""
Number = Annotated[str, BeforeValidator(_text)]
Tag = Annotated[str, AfterValidator(tag_name)]


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Given):
    """One line of an order: one SKU, in some quantity."""

    line: Number
    sku: Number = ""
    title: str = ""
    category: str = ""
    tags: tuple[Tag, ...] = ()
    quantity: int = Field(default=1, ge=1, strict=True)
    paid_fen: Fen
    """What was really paid for the line, after every discount, deposit included."""
    list_fen: Fen | None = None
    """The line at the prices of the moment of purchase, before order-level discounts."""
    confirmed_exclusions: tuple[Tag, ...] = ()
    """Kinds the buyer confirmed, one by one, at this purchase as outside the seven-day right (暂行办法 第二十条)."""


class Event(_Given):
    """Something that happened to the order later."""

    kind: EventKind
    at: Moment
    line: Number | None = None
    sku: Number | None = None
    amount_fen: Fen | None = None
    price_fen: Fen | None = None
    """Price of one piece from then on, coupons anybody may take included."""


class Parcel(_Given):
    parcel: Number
    lines: tuple[Number, ...]
    signed_at: Moment | None = None
    sign_consent: StrictBool | None = None
    """Whether the receiver agreed to this kind of signing (station, locker, neighbour); None: not on record."""


class Discount(_Given):
    """An order-level discount: off_fen for reaching threshold_fen, every time if `repeat` (每满299减50)."""

    kind: Literal["full_reduction"]
    title: str = ""
    threshold_fen: Annotated[int, Field(strict=True, gt=0)]
    off_fen: Fen
    repeat: StrictBool = False
    lines: tuple[Number, ...] = ()
    """Lines it counts; empty means every line of the order."""


class Order(_Given):
    number: Number | None = None
    platform: Annotated[str, AfterValidator(platform_name)] | None = None
    ordered_at: Moment
    paid_at: Moment | None = None
    balance_paid_at: Moment | None = None
    shipped_at: Moment | None = None
    signed_at: Moment | None = None
    picked_up_at: Moment | None = None
    installed_at: Moment | None = None
    goods_received_at: Moment | None = None
    sign_consent: StrictBool | None = None
    region: str | None = None
    """Province or region of the address, e.g. 新疆."""
    freight_fen: Fen | None = None
    """Freight the buyer paid for the way out, apart from the lines."""
    lines: tuple[Line, ...] = Field(min_length=1)
    discounts: tuple[Discount, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    events: tuple[Event, ...] | None = None


class Said(_Given):
    """What the shopper said; true, false, or null for "asked about and not known". A key left out was never touched."""

    intact: StrictBool | None = None
    opened: StrictBool | None = None
    seal_intact: StrictBool | None = None
    tag_on: StrictBool | None = None
    activated: StrictBool | None = None
    accessories_complete: StrictBool | None = None
    worn: StrictBool | None = None
    fault: Fault | None = None
    safety: StrictBool | None = None
    evidence: StrictBool | None = None
    refund_only: StrictBool | None = None
    notice_at: Moment | None = None
    """When the shopper told the shop; the moment asked about if it differs from `now`."""
    quantity: Annotated[int, Field(strict=True, ge=1)] | None = None
    """How many pieces of the line this is about; left out: all."""
    bad_percent: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    """Share of fresh goods that is bad."""
    deliver_on: Moment | None = None
    """The delivery day the shopper would like."""
    trade_in: StrictBool | None = None
    stalled: StrictBool | None = None
    """The parcel's trace has stood still."""
    freight_claim: StrictBool | None = None
    """The question is about the return-freight insurance money."""


class _Facts(_Given):
    id: Number
    now: Moment
    wish: Wish
    order: Order
    line: Number | None = None
    said: Said = Said()
    provenance: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the rules. Nothing here changes, and nothing is read from a clock."""

    id: str
    now: datetime
    wish: Wish
    order: Order
    line: str | None = None
    said: Said = field(default_factory=Said)
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Where a fact comes from, by key, e.g. `{"intact": "买家第 3 句"}`; an order's own facts need none."""

    @staticmethod
    def from_json(facts: Mapping[str, Any]) -> Case:
        """Read one facts document. Raises `FactRefused` naming the fact, what is wrong, and what to do."""
        try:
            given = _Facts.model_validate(facts)
        except ValidationError as wrong:
            raise FactRefused(what=_in_words(wrong)) from None
        lines = [line.line for line in given.order.lines]
        if len(set(lines)) != len(lines):
            raise FactRefused(what="order.lines 里行号重复；给每一行不同的 line")
        _known_lines(given, set(lines))
        return Case(given.id, given.now, given.wish, given.order, given.line, given.said, given.provenance)


def _known_lines(given: _Facts, lines: set[str]) -> None:
    named: list[tuple[str, str]] = [("line", given.line)] if given.line is not None else []
    for index, parcel in enumerate(given.order.parcels):
        named += [(f"order.parcels[{index}].lines", line) for line in parcel.lines]
    for index, discount in enumerate(given.order.discounts):
        named += [(f"order.discounts[{index}].lines", line) for line in discount.lines]
    for index, event in enumerate(given.order.events or ()):
        if event.line is not None:
            named.append((f"order.events[{index}].line", event.line))
    for where, line in named:
        if line not in lines:
            raise FactRefused(what=f"{where} 指向的行 {line!r} 不在订单里；订单的行有 {'、'.join(sorted(lines))}")


_MODELS: dict[str, type[BaseModel]] = {
    "": _Facts,
    "order": Order,
    "said": Said,
    "lines": Line,
    "parcels": Parcel,
    "discounts": Discount,
    "events": Event,
}


def _in_words(wrong: ValidationError) -> str:
    first = wrong.errors()[0]
    path = ""
    for part in first["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    kind = first["type"]
    if kind == "extra_forbidden":
        owner = next((str(p) for p in reversed(first["loc"][:-1]) if str(p) in _MODELS), "")
        known = "、".join(_MODELS[owner].model_fields)
        return f"引擎不认识事实 {path}；这里认识的有 {known}；请改名，或不要给它"
    if kind == "missing":
        return f"缺少事实 {path}；请补上它"
    if kind in ("literal_error", "enum"):
        return f"事实 {path} 的值 {first['input']!r} 不在可用的值里：{first['ctx']['expected']}；请改成其中一个"
    reason = str(first.get("ctx", {}).get("error", "")) or first["msg"]
    return f"事实 {path} 的值 {_short(first['input'])} 不能用：{reason}；请改正它"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"
