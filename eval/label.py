"""People label answers, blind and twice: what scorers and judges are held against.

A batch is drawn once and kept. A rater sees question, answer and sources in an order of their own: no score, no other
rater's word. Two raters an item; where they differ a third person settles. What is agreed is the labelled set.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

from assistant.errors import HouseError
from assistant.turn.mask import mask
from eval.agreement import Agreement
from eval.judge import Item
from eval.marks import Mark, Marks

Label = Literal["right", "wrong", "unsure"]
RATERS = 2


class NoSuchBatch(HouseError):
    """No batch of this name in this shop."""

    status = 404
    code = "no_such_batch"
    says = "没有标注任务 {batch}"


class NotYourItem(HouseError):
    """It has been labelled by this person, or by two others."""

    status = 409
    code = "not_your_item"
    says = "{item}已经标过了；请刷新后标下一条"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be labelled."""

    id: str
    items: tuple[Item, ...]
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is, and how far its raters agree."""

    items: int
    labelled: int
    """Items with two labels."""
    agreement: Agreement
    """First rater beside second, where both were sure."""
    differ: tuple[str, ...]
    """Items that a third person must settle."""


def draw(items: Sequence[Item], count: int, seed: int) -> list[Item]:
    """`count` of the items at random, without what anybody or anything has said of them."""
    some = random.Random(seed).sample(list(items), min(count, len(items)))
    return [Item(i.id, mask(i.question).text, mask(i.answer).text, i.sources) for i in some]


async def open_batch(marks: Marks, shop: str, items: Sequence[Item], by: str) -> Batch:
    """Keep what is to be labelled."""
    id_ = "B" + secrets.token_hex(4)
    kept = [{"id": i.id, "question": i.question, "answer": i.answer, "sources": i.sources} for i in items]
    mark = await marks.put(shop, "batch", id_, by, items=kept)
    return Batch(id_, tuple(items), by, mark.at)


async def batches(marks: Marks, shop: str) -> list[Batch]:
    """The shop's batches, newest first."""
    return [_batch(mark) for mark in reversed(await marks.all(shop, "batch"))]


async def batch(marks: Marks, shop: str, id_: str) -> Batch:
    """One batch. Raises `NoSuchBatch`."""
    found = await marks.all(shop, "batch", about=id_)
    if not found:
        raise NoSuchBatch(batch=id_)
    return _batch(found[0])


def _batch(mark: Mark) -> Batch:
    return Batch(mark.about, tuple(Item(**item) for item in mark.body["items"]), mark.by, mark.at)


def left_for(rater: str, one: Batch, said: Iterable[Mark]) -> list[Item]:
    """What this rater has still to label, in an order of their own."""
    by_item = _by_item(one, said)
    open_ = [i for i in one.items if rater not in by_item[i.id] and len(by_item[i.id]) < RATERS]
    return sorted(open_, key=lambda item: random.Random(f"{rater}\0{one.id}\0{item.id}").random())


def _by_item(one: Batch, said: Iterable[Mark]) -> dict[str, dict[str, Label]]:
    """Item → rater → label; only the first two raters count, each once."""
    found: dict[str, dict[str, Label]] = {item.id: {} for item in one.items}
    for mark in said:
        labels = found.get(str(mark.body.get("item"))) if mark.kind == "labelled" and mark.about == one.id else None
        if labels is not None and mark.by not in labels and len(labels) < RATERS:
            labels[mark.by] = mark.body["label"]
    return found


async def label(marks: Marks, shop: str, one: Batch, item: str, rater: str, said: Label, note: str = "") -> None:
    """This rater's word. Raises `NotYourItem` where it does not count any more."""
    before = await marks.all(shop, "labelled", about=one.id)
    if item not in {each.id for each in left_for(rater, one, before)}:
        raise NotYourItem(item=item)
    await marks.put(shop, "labelled", one.id, rater, item=item, label=said, note=mask(note).text)
    if rater not in _by_item(one, await marks.all(shop, "labelled", about=one.id))[item]:
        raise NotYourItem(item=item)  # two others were quicker


async def settle(marks: Marks, shop: str, one: Batch, item: str, by: str, *, right: bool) -> None:
    """A third person's word where two differ. Raises `NotYourItem` for one of the two, or where they do not differ."""
    said = await marks.all(shop, "labelled", "settled", about=one.id)
    if item not in progress(one, said).differ or by in _by_item(one, said)[item]:
        raise NotYourItem(item=item)
    await marks.put(shop, "settled", one.id, by, item=item, right=right)


def progress(one: Batch, said: Sequence[Mark]) -> Progress:
    """How far it is. A rater who is unsure has not agreed with anybody."""
    by_item = _by_item(one, said)
    both = {item: list(labels.values()) for item, labels in by_item.items() if len(labels) == RATERS}
    sure = [labels for labels in both.values() if "unsure" not in labels]
    four = Agreement.of([a == "right" for a, _ in sure], [b == "right" for _, b in sure])
    settled = _settled(one, said)
    differ = tuple(i for i, (a, b) in both.items() if (a != b or a == "unsure") and i not in settled)
    return Progress(len(one.items), len(both), four, differ)


def _settled(one: Batch, said: Iterable[Mark]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for mark in said:
        if mark.kind == "settled" and mark.about == one.id:
            found.setdefault(str(mark.body["item"]), bool(mark.body["right"]))
    return found


def labelled(one: Batch, said: Sequence[Mark]) -> list[Item]:
    """The items people have made up their minds about: two agree, or a third has settled."""
    by_item, settled = _by_item(one, said), _settled(one, said)
    found = []
    for item in one.items:
        labels = list(by_item[item.id].values())
        agreed = len(labels) == RATERS and labels[0] == labels[1] != "unsure"
        if agreed or item.id in settled:
            right = labels[0] == "right" if agreed else settled[item.id]
            found.append(Item(item.id, item.question, item.answer, item.sources, item.expected, right))
    return found


def export(items: Iterable[Item], path: Path) -> int:
    """Write a labelled set as `judge --labels` reads it; returns how many."""
    lines = [orjson.dumps(asdict(item)) for item in items]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return len(lines)
