"""What a browser is handed: the widget for any origin, words in its script, a demo shop under a strict policy."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from assistant.api import site
from assistant.demo.load import load_orders

WEB = Path(site.__file__).parents[1] / "web"


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(site.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example:8000") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "mime"),
    [
        ("/widget.js", "text/javascript"),
        ("/widget/talk.js", "text/javascript"),
        ("/widget/shop-chat.css", "text/css"),
        ("/widget/words.json", "application/json"),
        ("/demo", "text/html"),
        ("/demo/p/NY-DJ01", "text/html"),
        ("/demo/products.json", "application/json"),
        ("/demo/orders", "text/html"),
        ("/demo/storefront.js", "text/javascript"),
        ("/demo/storefront-orders.js", "text/javascript"),
        ("/demo/storefront.css", "text/css"),
        ("/demo/pictures/NY-DJ01.svg", "image/svg+xml"),
    ],
)
async def test_everything_has_its_type_and_is_not_sent_twice(browser: httpx.AsyncClient, path: str, mime: str) -> None:
    first = await browser.get(path)
    assert first.status_code == 200
    assert first.headers["content-type"].startswith(mime)
    assert first.headers["x-content-type-options"] == "nosniff"
    again = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_browser_that_unpacks_nothing_gets_the_same_bytes(browser: httpx.AsyncClient) -> None:
    packed = await browser.get("/widget/shop-chat.css", headers={"Accept-Encoding": "gzip"})
    plain = await browser.get("/widget/shop-chat.css", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == (WEB / "shop-chat.css").read_bytes()


async def test_the_widget_may_be_loaded_by_a_shop_elsewhere_and_the_shop_s_own_pages_may_not(
    browser: httpx.AsyncClient,
) -> None:
    for path in ("/widget.js", "/widget/shop-chat.js", "/widget/shop-chat.css", "/widget/words.json?lang=zh-HK"):
        assert (await browser.get(path)).headers["access-control-allow-origin"] == "*", path
    for path in ("/demo", "/demo/products.json"):
        assert "access-control-allow-origin" not in (await browser.get(path)).headers, path


@pytest.mark.parametrize(
    "path",
    [
        "/widget/../api/site.py",
        "/widget/%2e%2e%2fapi%2fsite.py",
        "/widget/storefront.js",
        "/widget/storefront.html",
        "/widget/package.json",
        "/widget/nothing.js",
        "/demo/storefront.html",
        "/demo/widget.js",
        "/demo/pictures/..%2fstorefront.html",
        "/demo/pictures/nothing.svg",
    ],
)
async def test_nothing_else_is_served(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_the_shop_s_pages_run_nothing_inline_and_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/demo/p/NY-DJ01")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert "unsafe" not in page.headers["content-security-policy"]
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://shop.example:8000 wss://shop.example:8000"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.text)


async def test_a_host_that_is_no_host_does_not_get_into_the_policy(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/demo", headers={"Host": "x; script-src *"})
    assert "script-src *" not in page.headers["content-security-policy"]


async def test_a_product_page_tells_the_widget_its_product_and_which_questions_fit(browser: httpx.AsyncClient) -> None:
    for sku, topic in (("NY-DJ01", "wear"), ("NY-DF01", "appliance"), ("NY-MT01", "product")):
        page = await browser.get(f"/demo/p/{sku}")
        tag = re.search(r'<script async src="/widget.js" ([^>]*)>', page.text)
        assert tag is not None
        assert dict(re.findall(r'data-(\w+)="([^"]*)"', tag[1])) == {
            "shop": "demo",
            "title": "暖屿生活客服",
            "product": sku,
            "topic": topic,
            "bottom": "66",
        }
    assert "data-product" not in (await browser.get("/demo")).text


async def test_an_order_s_page_tells_the_widget_which_order(browser: httpx.AsyncClient) -> None:
    mine = (await browser.get("/demo/orders.json")).json()["orders"]
    page = await browser.get(f"/demo/o/{mine[0]['number']}")
    assert f'data-order="{mine[0]["number"]}" data-topic="order"' in page.text


async def test_the_visitor_sees_the_orders_of_one_shopper_and_nothing_written_for_the_shop(
    browser: httpx.AsyncClient,
) -> None:
    told = await browser.get("/demo/orders.json")
    assert told.headers["content-type"].startswith("application/json")
    mine = told.json()["orders"]
    assert 0 < len(mine) < len(load_orders(datetime.now(UTC)))
    assert [it["ordered_at"] for it in mine] == sorted((it["ordered_at"] for it in mine), reverse=True)
    assert not {"note", "buyer"} & {key for it in mine for key in it}
    shown = {it["number"] for it in mine}
    others = next(it["number"] for it in load_orders(datetime.now(UTC)) if it["number"] not in shown)
    away = await browser.get(f"/demo/o/{others}")
    assert (away.status_code, away.headers["location"]) == (303, "/demo/orders")


async def test_a_product_we_do_not_sell_leads_to_the_list_and_the_root_too(browser: httpx.AsyncClient) -> None:
    gone = await browser.get("/demo/p/%3Cscript%3E")
    assert (gone.status_code, gone.headers["location"]) == (303, "/demo")
    assert (await browser.get("/")).headers["location"] == "/demo"


async def test_every_product_has_a_picture_of_its_own(browser: httpx.AsyncClient) -> None:
    shelf = (await browser.get("/demo/products.json")).json()
    assert len(shelf["products"]) >= 12
    for product in shelf["products"]:
        assert product["picture"] == f"/demo/pictures/{product['sku']}.svg"
        assert (await browser.get(product["picture"])).status_code == 200


@pytest.mark.parametrize("picture", sorted((WEB / "pictures").glob("*.svg")), ids=lambda file: file.stem)
def test_a_picture_is_only_a_picture(picture: Path) -> None:
    assert not re.search(
        r"<script|\son\w+=|href=|<foreignObject|https?://(?!www\.w3\.org/2000/svg)", picture.read_text()
    )


@pytest.mark.parametrize(
    ("lang", "send", "title"),
    [
        ("zh-CN", "发送", "店铺客服"),
        ("zh", "发送", "店铺客服"),
        ("en-US", "发送", "店铺客服"),
        ("zh-TW", "傳送", "店鋪客服"),
        ("zh-Hant", "傳送", "店鋪客服"),
        ("zh-Hant-HK", "發送", "店鋪客服"),
        ("zh_HK", "發送", "店鋪客服"),
        ("zh-Hans-HK", "发送", "店铺客服"),
        ("../../etc", "发送", "店铺客服"),
    ],
)
async def test_words_come_in_the_script_of_the_page(
    browser: httpx.AsyncClient, lang: str, send: str, title: str
) -> None:
    words = (await browser.get("/widget/words.json", params={"lang": lang})).json()
    assert (words["compose"]["send"], words["panel"]["title"]) == (send, title)
    assert not {"version", "topics", "traditional"} & set(words)


async def test_traditional_words_have_the_same_names_and_slots_and_their_own_quotation_marks(
    browser: httpx.AsyncClient,
) -> None:
    def shape(table: object) -> object:
        if isinstance(table, dict):
            return {key: shape(value) for key, value in table.items()}
        if isinstance(table, list):
            return [shape(value) for value in table]
        return sorted(re.findall(r"\{\w+\}", str(table)))

    plain, taiwan, hongkong = [
        (await browser.get("/widget/words.json", params={"lang": lang})).json() for lang in ("zh-CN", "zh-TW", "zh-HK")
    ]
    assert shape(plain) == shape(taiwan) == shape(hongkong)
    assert "「轉人工」" in json.dumps(taiwan, ensure_ascii=False)
    assert "“" not in json.dumps(taiwan, ensure_ascii=False)


async def test_the_shop_can_be_read_in_traditional(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/demo/p/NY-DJ01?lang=zh-TW")
    assert '<html lang="zh-TW">' in page.text
    assert "雪岸女士中長款羽絨服" in page.text
    shelf = (await browser.get("/demo/products.json?lang=zh-TW")).json()
    assert shelf["products"][0]["sku"] == "NY-DJ01"
