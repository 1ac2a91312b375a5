"""The folder of one shop: made from a template, read with every mistake named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.errors import HouseError
from assistant.turn.shop import Product

TEMPLATE = Path(__file__).parent / "template"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class BadShopId(HouseError):
    """A shop id that cannot be a folder and a part of an address."""

    says = "店铺编号 {shop!r} 不能用：请用字母、数字、下划线或连字符，最多 64 个，例如 my-shop"


class ShopExists(HouseError):
    """`shop new` for a shop that has a folder."""

    says = "店铺 {shop} 已经有文件夹 {folder}：直接改里面的文件，改完运行 python -m assistant shop check {shop}"


class NoShopFolder(HouseError):
    """A shop without a folder."""

    says = "店铺 {shop} 还没有文件夹：先运行 python -m assistant shop new {shop} --name 店名"


class BadShopFile(HouseError):
    """A file of the shop cannot be used as it is."""

    says = "{file}：{why}。请改好后运行 python -m assistant shop check {shop}"


class About(BaseModel):
    """`shop.yaml`. Names that are not known are refused: a misspelt one would be ignored without a word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=40)
    about: str = ""
    platform: str = "自营商城"
    hours: Mapping[str, Any] = Field(default_factory=dict)
    tone: Mapping[str, Any] = Field(default_factory=dict)
    starters: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    handoff_categories: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    answer_at: float | None = Field(None, ge=0, le=1)
    clarify_at: float | None = Field(None, ge=0, le=1)

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            parts = urlsplit(one)
            if one != "*" and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
                raise ValueError(f"{one} 不是网站地址；写成 https://www.example.com，不带路径")
        return given


class _Goods(BaseModel):
    """One entry of `goods.yaml`."""

    model_config = ConfigDict(extra="forbid")

    sku: str = Field(min_length=1)
    title: str = Field(min_length=1)
    category: str = ""
    price_fen: int = Field(ge=0)
    aliases: tuple[str, ...] = ()
    attributes: dict[str, str] = Field(default_factory=dict)
    stock: dict[str, int] = Field(default_factory=dict)
    sizes: dict[str, Any] = Field(default_factory=dict)


def new_folder(home: Path, shop: str, name: str) -> Path:
    """Write the shop's folder under `home`. Raises `BadShopId`, `ShopExists`."""
    if not _ID.fullmatch(shop):
        raise BadShopId(shop=shop)
    folder = home / shop
    if folder.exists():
        raise ShopExists(shop=shop, folder=folder)
    for source in sorted(path for path in TEMPLATE.rglob("*.yaml")):
        target = folder / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        quoted = yaml.safe_dump(name, allow_unicode=True, width=200).splitlines()[0]
        target.write_text(source.read_text("utf-8").format(shop=shop, name=quoted), "utf-8")
    return folder


def read_about(home: Path, shop: str) -> dict[str, Any]:
    """The shop's own choices. Raises `NoShopFolder`, `BadShopFile`."""
    if not (home / shop).is_dir():
        raise NoShopFolder(shop=shop)
    file = home / shop / "shop.yaml"
    try:
        return {"id": shop, **About.model_validate(_read(file, shop)).model_dump(exclude_none=True)}
    except ValidationError as wrong:
        raise BadShopFile(file=file, why=_first(wrong), shop=shop) from None


def read_goods(home: Path, shop: str) -> list[Product]:
    """What the shop sells; () without a `goods.yaml`. Raises `BadShopFile`."""
    file = home / shop / "goods.yaml"
    if not file.is_file():
        return []
    rows = _read(file, shop).get("products") or []
    goods: list[Product] = []
    for number, row in enumerate(rows, 1):
        try:
            goods.append(Product(**_Goods.model_validate(row).model_dump()))
        except ValidationError as wrong:
            raise BadShopFile(file=file, why=f"第 {number} 件商品：{_first(wrong)}", shop=shop) from None
    if len({one.sku for one in goods}) < len(goods):
        raise BadShopFile(file=file, why="有两件商品用了同一个 sku", shop=shop)
    return goods


def _read(file: Path, shop: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        raise BadShopFile(file=file, why="读不到，或者不是 UTF-8 文字", shop=shop) from None
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        raise BadShopFile(file=file, why=f"第 {mark.line + 1 if mark else 1} 行写法不对", shop=shop) from None
    if not isinstance(found, dict):
        raise BadShopFile(file=file, why="应该是“名称: 内容”的形式", shop=shop)
    return found


def _first(wrong: ValidationError) -> str:
    """The first mistake in a line: where, and what."""
    error = wrong.errors()[0]
    place = ".".join(str(part) for part in error["loc"])
    told = {
        "missing": "没有写",
        "extra_forbidden": "不认识这个名称",
        "string_too_short": "不能空着",
        "int_parsing": "应该是整数",
        "int_from_float": "应该是整数",
    }
    return f"{place} {told.get(error['type'], str(error['msg']).removeprefix('Value error, '))}"
