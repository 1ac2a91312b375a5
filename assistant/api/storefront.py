"""The demo shop's pages: products and one shopper's orders, with the widget embedded as any shop would embed it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jinja2
import yaml
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from assistant.api.assets import GET, WEB, Asset, found, has, into, script_of
from assistant.demo.load import HOME, load_buyers, load_orders, load_shop
from prompts import words

SHOP = "demo"
"""The shop these pages talk to; its catalogue and orders ship with the product."""

router = APIRouter(include_in_schema=False)

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")
_SHOWN = ("number", "state", "ordered_at", "paid_at", "shipped_at", "signed_at", "lines", "logistics")
"""What a shopper sees of their order."""


@router.get("/")
async def front() -> Response:
    """The demo shop is what there is to see."""
    return RedirectResponse("/demo")


@router.get("/demo")
async def shelves(request: Request, lang: str = "zh-CN") -> Response:
    """The list of products."""
    return _page(request, lang, "home", shelf(script_of(lang)).name)


@router.get("/demo/p/{sku}")
async def product(request: Request, sku: str, lang: str = "zh-CN") -> Response:
    """The page of one product; the widget on it knows which. Of none we sell: the list."""
    here = shelf(script_of(lang))
    if (sold := here.products.get(sku)) is None:
        return RedirectResponse("/demo", status_code=303)
    return _page(request, lang, "product", f"{sold['title']} - {here.name}", sku=sku, topic=sold["topic"])


@router.get("/demo/orders")
async def my_orders(request: Request, lang: str = "zh-CN") -> Response:
    """The orders of the shopper whom the visitor of the demo plays."""
    return _page(request, lang, "orders", shelf(script_of(lang)).name)


@router.get("/demo/o/{number}")
async def my_order(request: Request, number: str, lang: str = "zh-CN") -> Response:
    """The page of one of these orders; the widget on it knows which. Of any other: the list."""
    if all(order["number"] != number for order in orders()):
        return RedirectResponse("/demo/orders", status_code=303)
    return _page(request, lang, "order", shelf(script_of(lang)).name, order=number, topic="order")


@router.api_route("/demo/products.json", methods=GET)
async def products(request: Request, lang: str = "zh-CN") -> Response:
    """The catalogue as the pages draw it."""
    return shelf(script_of(lang)).asset.answer(request)


@router.api_route("/demo/orders.json", methods=GET)
async def orders_json(request: Request, lang: str = "zh-CN") -> Response:
    """The orders as the pages draw them, dated from today."""
    told = json.dumps({"orders": orders()}, ensure_ascii=False)
    return Asset.of(into(script_of(lang))(told), ".json").answer(request)


@router.api_route("/demo/pictures/{name}", methods=GET)
async def picture(request: Request, name: str) -> Response:
    """A product's picture. Opened on its own it is a document, in which nothing may run."""
    return found(f"pictures/{name}", request, {"Content-Security-Policy": "default-src 'none'"})


@router.api_route("/demo/{name}", methods=GET)
async def furniture(request: Request, name: str) -> Response:
    """The pages' scripts and style sheet."""
    return found(name, request) if name.startswith("storefront") else Response(status_code=404)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The catalogue as the pages need it, in one script."""

    name: str
    products: Mapping[str, Mapping[str, Any]]
    asset: Asset


@cache
def shelf(script: str = "zh-CN") -> Shelf:
    """The catalogue that ships, with each product's picture and the first questions its page offers."""
    table: dict[str, Any] = yaml.safe_load((HOME / "catalogue.yaml").read_text("utf-8"))
    topics: Mapping[str, str] = words("widget")["topics"]
    shown = [
        {**it, "picture": _picture(it["sku"]), "topic": topics.get(it["category"], "product")}
        for it in table["products"]
    ]
    body = into(script)(json.dumps({"name": table["shop"]["name"], "products": shown}, ensure_ascii=False))
    told = json.loads(body)
    return Shelf(told["name"], {it["sku"]: it for it in told["products"]}, Asset.of(body, ".json"))


def orders() -> list[dict[str, Any]]:
    """What the visitor of the demo has ordered, newest first, as far as a shopper sees it."""
    visitor = load_shop()["visitor"]
    mine = [order for order in load_orders(datetime.now(UTC)) if order["buyer"] == visitor]
    mine.sort(key=lambda order: str(order["ordered_at"]), reverse=True)
    return [
        {key: order[key] for key in _SHOWN if key in order}
        | {"lines": [{**line, "picture": _picture(line["sku"])} for line in order["lines"]]}
        for order in mine
    ]


def _picture(sku: str) -> str:
    return f"/demo/pictures/{sku if has(f'pictures/{sku}.svg') else 'parcel'}.svg"


@cache
def _template(script: str) -> jinja2.Template:
    made = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return made.from_string(into(script)((WEB / "storefront.html").read_text("utf-8")))


def _page(request: Request, lang: str, view: str, title: str, **about: str) -> Response:
    script = script_of(lang)
    player = into(script)(load_buyers()[load_shop()["visitor"]])
    facts = {"sku": "", "order": "", "topic": "", "player": player, **about}
    html = _template(script).render(lang=script, shop=SHOP, name=shelf(script).name, view=view, title=title, **facts)
    return Asset.of(html, ".html").answer(request, _page_headers(request))


def _page_headers(request: Request) -> dict[str, str]:
    """Nothing inline, nothing from elsewhere. `'self'` does not cover ws:// in every browser, so it is named."""
    host = request.headers.get("host", "")
    socket = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        f"connect-src 'self'{socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}
