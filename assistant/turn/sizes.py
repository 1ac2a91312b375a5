"""Which size fits: looked up in the product's own chart, deterministic, asking for at most two facts at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.conversation.events import Cite, Option
from assistant.conversation.state import Conversation
from assistant.turn.body import measures
from assistant.turn.products import Fact, named_products, products_meant
from assistant.turn.shop import Product, Shop
from knowledge.text import fold
from prompts import phrase

_ASKS_SIZE = re.compile(
    r"穿(?:多大|什么码|啥码|几码|哪个码|多少码|什么号|多大号|几号|什么尺|啥号)|(?:选|拿|拍|买|要|该)(?:什么|哪个|啥|多大|几|哪)(?:个)?(?:码|号|x|尺)"
    r"|(?:穿|选|拿|拍|买|适合).{0,8}(?:哪个|什么|啥|多大|几)的?(?:码|号)|[几啥](?:号|码)(?![店线])|(?:什么|哪个)码|什么尺码|啥尺码|哪个尺码|多大码|推荐.{0,4}(?:码|尺)|几个x|能穿(?:吗|不|么|m|l|s|x)|穿(?:m|l|s|x+l|2xl).{0,3}(?:行|合适|可以|能)|码数.{0,3}(?:推荐|帮)"
)
_FIRST_ASK = {"tops": ("height_cm", "weight_kg"), "kids": ("height_cm", "weight_kg"), "shoes": ("foot_mm",)}
_REMEMBER = 6
"""Messages of the shopper's that body measures are still taken from; they are kept nowhere else."""
CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Sizing:
    """What size advice has to say: facts to tell, or a question back."""

    facts: tuple[Fact, ...] = ()
    ask: str | None = None
    options: tuple[Option, ...] = ()


def size_advice(shop: Shop, text: str, question: str, talk: Conversation, *, answered: bool) -> Sizing | None:
    """Size advice if that is what is asked (or what we asked for last), else None.

    `text` is what was typed now, `question` its standalone reading (both folded). `answered`: the shop has an entry
    for exactly this question, which then goes before asking for measures.
    """
    now = measures(text, child=True)
    asks, was_asked = bool(_ASKS_SIZE.search(question)), _was_asked(talk)
    if not (asks or was_asked or len(now) >= 2):
        return None
    body = _known(text, talk)
    if not (asks or len(now) >= 2 or now or (body and named_products(text, shop))):
        return None
    charted = [p for p in products_meant(shop, question, talk) if p.sizes.get("rows")]
    if not charted:
        if not now or not shop.products:
            return None
        options = tuple(Option(label=p.title, says=p.title) for p in shop.products if p.sizes.get("rows"))[:3]
        return Sizing(ask=phrase("sizes.which"), options=options)
    product = charted[0]
    kind, rows = str(product.sizes["kind"]), product.sizes["rows"]
    in_chart = {dim for row in rows.values() for dim in row}
    usable = {dim: value for dim, value in body.items() if dim in in_chart}
    if not usable:
        if answered and not now:
            return None
        return Sizing(ask=_question_for(product, kind))
    if len(charted) > 1 and not _settles(charted, usable):
        options = tuple(Option(label=p.title, says=p.title) for p in charted[:3])
        return Sizing(ask=phrase("sizes.which"), options=options)
    return Sizing(facts=_advice(product, usable))


def _known(text: str, talk: Conversation) -> dict[str, float]:
    """Measures said in the last few messages, the newest winning."""
    said = [m.text for m in talk.messages if m.by == "shopper"][-_REMEMBER:]
    found: dict[str, float] = {}
    for earlier in said:
        found.update(measures(fold(earlier), child=True))
    found.update(measures(text, child=True))
    return found


def _was_asked(talk: Conversation) -> bool:
    asked = [m for m in talk.messages if m.by == "assistant"][-1:]
    return bool(asked) and any(word in asked[0].text for word in ("身高", "体重", "脚长", "腰围", "选码", "尺码"))


def _settles(charted: list[Product], usable: Mapping[str, float]) -> bool:
    """Whether only one of several products could be meant: the others' charts know none of the measures."""
    fitting = [p for p in charted if any(dim in row for row in p.sizes["rows"].values() for dim in usable)]
    return len(fitting) == 1


def _question_for(product: Product, kind: str) -> str:
    wanted = _FIRST_ASK.get(kind, tuple(product.sizes.get("dimensions", ())))[:2]
    facts = "、".join(phrase(f"sizes.names.{dim}") for dim in wanted)
    return phrase("sizes.ask", title=product.title, facts=facts, example=phrase(f"sizes.examples.{kind}"))


def _advice(product: Product, usable: Mapping[str, float]) -> tuple[Fact, ...]:
    rows = product.sizes["rows"]
    sizes = list(rows)
    by_dim = {dim: _fitting(rows, dim, value) for dim, value in usable.items()}
    off = [dim for dim, fit in by_dim.items() if not fit]
    if off:
        return (_fact(product, phrase("sizes.off_chart", reasons="、".join(_measure(d, usable[d]) for d in off))),)
    common = [size for size in sizes if all(size in fit for fit in by_dim.values())]
    best = {dim: _nearest(rows, dim, usable[dim], common or fit) for dim, fit in by_dim.items()}
    # Where measures disagree the larger size is the safe one: it can be worn, the smaller may not close.
    primary = max(best.values(), key=sizes.index)
    deciding = [dim for dim, size in best.items() if size == primary]
    reasons = "、".join(_measure(dim, usable[dim]) for dim in deciding)
    lines = [
        phrase("sizes.primary", title=product.title, size=primary),
        phrase("sizes.because", reasons=reasons, size=primary),
    ]
    smaller = [size for size in best.values() if size != primary]
    near = [size for dim in deciding for size in by_dim[dim] if size != primary and size not in smaller]
    if smaller:
        lines.append(phrase("sizes.apart", size=max(smaller, key=sizes.index)))
    elif near:
        lines.append(phrase("sizes.alternate", size=near[0]))
    if note := str(product.sizes.get("note", "")):
        lines.append(phrase("sizes.note", note=note.rstrip("。")))
    return tuple(_fact(product, line) for line in lines)


def _fitting(rows: Mapping[str, Mapping[str, list[float]]], dim: str, value: float) -> list[str]:
    return [size for size, row in rows.items() if dim in row and row[dim][0] <= value <= row[dim][1]]


def _nearest(rows: Mapping[str, Mapping[str, list[float]]], dim: str, value: float, fitting: list[str]) -> str:
    """Of overlapping sizes the one whose middle is nearest; the larger at a tie."""
    return min(reversed(fitting), key=lambda size: abs(sum(rows[size][dim]) / 2 - value))


def _measure(dim: str, value: float) -> str:
    return phrase(f"sizes.{dim}", value=f"{value:g}")


def _fact(product: Product, text: str) -> Fact:
    quote = "；".join(
        f"{size}：" + "、".join(f"{phrase(f'sizes.names.{dim}')} {low:g}–{high:g}" for dim, (low, high) in row.items())
        for size, row in product.sizes["rows"].items()
    )
    source = f"catalogue.yaml#{product.sku}"
    return Fact(text, Cite(id=f"sizes:{product.sku}", source=source, title=product.title, quote=quote), CONFIDENCE)
