"""The demo shop as data: products with charts a rule can read, and orders that stand on any day it is opened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from assistant.demo.load import (
    HOME,
    SHANGHAI,
    BadMoment,
    demo_files,
    load_buyers,
    load_orders,
    load_products,
    load_shop,
    moment,
    order_facts,
)
from assistant.policy.facts import Case
from assistant.turn.shop import Product

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=SHANGHAI)
HOURS = [
    pytest.param(datetime(2026, 11, 22, 0, 0, 30, tzinfo=SHANGHAI), id="just after midnight"),
    pytest.param(NOON, id="at noon"),
    pytest.param(datetime(2027, 3, 1, 23, 59, 59, tzinfo=SHANGHAI), id="late on another day"),
    pytest.param(datetime.fromisoformat("2026-12-31T20:00:00+00:00"), id="when the server's day is not the shop's"),
]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("-3d 10:20", "2026-11-19T10:20:00+08:00", id="three days ago at a clock time"),
        pytest.param("-20h", "2026-11-21T16:00:00+08:00", id="hours ago"),
        pytest.param("-20h5m", "2026-11-21T15:55:00+08:00", id="hours and minutes ago"),
        pytest.param("-90m", "2026-11-22T10:30:00+08:00", id="minutes ago"),
    ],
)
def test_a_moment_is_relative_to_today(written: str, meant: str) -> None:
    assert moment(written, NOON).isoformat() == meant


@pytest.mark.parametrize("written", ["昨天", "3d 10:20", "-3d", "-", "", "2026-11-19T10:20"])
def test_an_unreadable_moment_is_named(written: str) -> None:
    with pytest.raises(BadMoment, match=re.escape(repr(written))):
        moment(written, NOON)


# ── Products ──────────────────────────────────────────────────────────────────────────────────────

PRODUCTS = load_products()
SIZED = [p for p in PRODUCTS if p.sizes]


def test_the_shelf_is_full() -> None:
    assert len(PRODUCTS) >= 14
    assert len({p.sku for p in PRODUCTS}) == len(PRODUCTS)
    assert {p.sizes["kind"] for p in SIZED} == {"tops", "bottoms", "shoes", "kids", "diapers"}


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.sku)
def test_a_product_says_what_it_is(product: Product) -> None:
    assert product.title
    assert product.price_fen > 0
    assert product.aliases
    assert product.stock
    assert len(product.attributes) >= 5
    assert all(isinstance(v, str) and v for v in product.attributes.values())
    assert all(isinstance(n, int) and n >= 0 for n in product.stock.values())


@pytest.mark.parametrize("product", SIZED, ids=lambda p: p.sku)
def test_a_size_chart_rises_without_gaps(product: Product) -> None:
    chart = product.sizes
    assert chart["fit"] in {"偏小", "标准", "偏大"}
    assert chart["note"]
    assert len(chart["rows"]) >= 2
    for dimension in chart["dimensions"]:
        assert re.fullmatch(r"\w+_(cm|kg|mm)", dimension)
        spans = [row[dimension] for row in chart["rows"].values()]
        assert all(low < high for low, high in spans)
        for (low, high), (next_low, next_high) in pairwise(spans):
            assert low < next_low <= high < next_high


@pytest.mark.parametrize("product", SIZED, ids=lambda p: p.sku)
def test_stock_and_chart_know_the_same_sizes(product: Product) -> None:
    stocked = {variant.split("/")[-1] for variant in product.stock}
    assert stocked == set(product.sizes["rows"])


def test_something_is_sold_out() -> None:
    assert sum(0 in p.stock.values() for p in PRODUCTS) >= 5


# ── Orders ────────────────────────────────────────────────────────────────────────────────────────


def moments(value: Any, key: str = "") -> Iterator[datetime]:
    if isinstance(value, dict):
        for inner, part in value.items():
            yield from moments(part, inner)
    elif isinstance(value, list):
        for part in value:
            yield from moments(part)
    elif value is not None and (key == "at" or key.endswith("_at")):
        yield datetime.fromisoformat(value)


def by_number(now: datetime = NOON) -> dict[str, dict[str, Any]]:
    return {order["number"]: order for order in load_orders(now)}


ORDERS = list(by_number().values())
each_order = pytest.mark.parametrize("order", ORDERS, ids=lambda o: f"{o['number']} {o['note']}")


def test_there_are_orders_in_every_state() -> None:
    assert len(ORDERS) >= 28
    assert len({o["number"] for o in ORDERS}) == len(ORDERS)
    assert {o["state"] for o in ORDERS} == {
        *("待付款", "待付尾款", "待发货", "部分发货", "已发货", "待取件", "已签收", "已完成"),
        *("退款中", "换货中", "维修中", "拒收", "已关闭"),
    }
    assert {o["buyer"] for o in ORDERS} == set(load_buyers())


def test_the_sign_days_that_matter_are_there() -> None:
    ages = Counter(
        (NOON.date() - datetime.fromisoformat(o["signed_at"]).date()).days for o in ORDERS if "signed_at" in o
    )
    assert {1, 3, 7, 8, 20, 30, 90, 91, 180, 181} <= set(ages)


@pytest.mark.parametrize("now", HOURS)
def test_nothing_lies_in_the_future_and_all_is_in_order(now: datetime) -> None:
    for order in load_orders(now):
        assert all(at <= now for at in moments(order)), order["number"]
        assert all(at.utcoffset() == timedelta(hours=8) for at in moments(order))
        steps = ["ordered_at", "paid_at", "balance_paid_at", "shipped_at", "signed_at", "picked_up_at", "installed_at"]
        times = [datetime.fromisoformat(order[step]) for step in steps if order.get(step)]
        assert times == sorted(times), order["number"]
        trace = list(moments(order["logistics"]))
        assert trace == sorted(trace), order["number"]
        assert list(moments(order["events"])) == sorted(moments(order["events"])), order["number"]


@pytest.mark.parametrize("now", HOURS)
def test_the_rules_can_read_every_order(now: datetime) -> None:
    for order in load_orders(now):
        case = Case.from_json({"id": "1", "now": now.isoformat(), "wish": "return", "order": order_facts(order)})
        assert case.order.number == order["number"]


@each_order
def test_an_order_is_about_things_the_shop_sells(order: dict[str, Any]) -> None:
    sold = {p.sku: p for p in PRODUCTS}
    for line in order["lines"]:
        if "gift" in line["tags"]:
            assert line["paid_fen"] == 0
            continue
        product = sold[line["sku"]]
        assert line["title"].startswith(product.title)
        assert line["category"] == product.category
        variant = line["title"].removeprefix(product.title).strip()
        assert not variant or variant in product.stock
        assert set(line["confirmed_exclusions"]) <= set(line["tags"])


@each_order
def test_what_was_paid_follows_from_list_and_discount(order: dict[str, Any]) -> None:
    paid = {line["line"]: line["paid_fen"] for line in order["lines"]}
    listed = {line["line"]: line["list_fen"] for line in order["lines"]}
    off = 0
    for discount in order["discounts"]:
        assert sum(listed[n] for n in discount["lines"]) >= discount["threshold_fen"]
        off += discount["off_fen"]
    if order["state"] in {"待付款", "待付尾款"} or not ("paid_at" in order or "balance_paid_at" in order):
        assert sum(paid.values()) == sum(e["amount_fen"] for e in order["events"] if e["kind"] == "deposit_paid")
        return
    bought = [line["line"] for line in order["lines"] if "gift" not in line["tags"]]
    assert sum(paid[n] for n in bought) == sum(listed[n] for n in bought) - off


@each_order
def test_parcels_carry_the_lines_of_their_order(order: dict[str, Any]) -> None:
    lines = {line["line"] for line in order["lines"]}
    carried = [n for parcel in order["parcels"] for n in parcel["lines"]]
    assert len(carried) == len(set(carried))
    assert set(carried) <= lines
    if order["state"] in {"已签收", "已完成"}:
        assert set(carried) == lines
        assert max(p["signed_at"] for p in order["parcels"]) == order["signed_at"]


@pytest.mark.parametrize("now", HOURS)
def test_a_thing_cost_its_price_of_that_day(now: datetime) -> None:
    """Bought after the last recorded drop, it cost what the catalogue says; before, more than it dropped to."""
    orders = load_orders(now)
    drops = [event for order in orders for event in order["events"] if event["kind"] == "price_change"]
    priced = {p.sku: p.price_fen for p in PRODUCTS}
    for order in orders:
        for line in order["lines"]:
            if {"gift", "flash_sale"} & set(line["tags"]):
                continue
            each = line["list_fen"] // line["quantity"]
            later = [d["price_fen"] for d in drops if d["sku"] == line["sku"] and d["at"] > order["ordered_at"]]
            assert each > max(later) if later else each == priced[line["sku"]], order["number"]


def test_some_orders_are_late_and_one_is_not() -> None:
    waits = {
        o["number"]: NOON - datetime.fromisoformat(o["paid_at"])
        for o in ORDERS
        if o["state"] == "待发货" and "paid_at" in o
    }
    assert sorted(wait > timedelta(hours=48) for wait in waits.values()) == [False, True, True]


def test_one_parcel_has_not_moved_for_three_days() -> None:
    last = [max(moments(o["logistics"])) for o in ORDERS if o["state"] == "已发货"]
    assert sorted(NOON - at > timedelta(days=3) for at in last) == [False, False, True]


def test_order_numbers_are_neither_phones_nor_cards() -> None:
    assert all(re.fullmatch(r"6602\d{8}", o["number"]) for o in ORDERS)
    assert any("12315" in o["number"] for o in ORDERS)


# ── The shop itself ───────────────────────────────────────────────────────────────────────────────


def test_the_shop_says_who_it_is_and_when_people_are_there() -> None:
    shop = load_shop()
    assert shop["id"] == "demo"
    assert (shop["hours"]["from"], shop["hours"]["until"]) == ("09:00", "22:00")


def test_the_files_come_in_one_order_and_without_hidden_ones() -> None:
    assert demo_files() == sorted(demo_files())
    assert all(path.is_file() and not path.name.startswith(".") for path in demo_files())


def test_the_readme_counts_right() -> None:
    said = (HOME / "README.md").read_text(encoding="utf-8")
    assert f"{len(PRODUCTS)}件商品" in said
    assert f"{len(ORDERS)}个订单，{len(load_buyers())}位顾客" in said
    assert all(f"`{path.name}`" in said for path in demo_files())


def test_whoever_opens_the_demo_page_plays_a_shopper_with_orders_to_ask_about() -> None:
    mine = {o["state"] for o in ORDERS if o["buyer"] == load_shop()["visitor"]}
    assert {"待付款", "待发货", "已发货", "已签收", "已完成", "退款中"} <= mine
