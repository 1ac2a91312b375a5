"""Full reductions (满减) before the sale: what a cart costs, and what each thing in it costs, with the working."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.policy.facts import Discount
from assistant.policy.load import SHIPPED, PolicyFileBroken
from assistant.policy.model import Effective
from assistant.policy.money import Sum, off, settle
from assistant.policy.read import read_file
from assistant.policy.words import working, yuan

_Fen = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CartTest(_Part):
    """What a cart must come to."""

    name: str
    cart_fen: Annotated[tuple[_Fen, ...], Field(min_length=1)]
    pay_fen: _Fen
    each_fen: tuple[_Fen, ...]


class Promotion(_Part):
    """A full reduction and when it runs."""

    id: str
    title: str
    threshold_fen: Annotated[int, Field(gt=0)]
    off_fen: _Fen
    repeat: bool
    effective: Effective
    citations: Annotated[tuple[str, ...], Field(min_length=1)]
    tests: Annotated[tuple[CartTest, ...], Field(min_length=1)]

    @property
    def discount(self) -> Discount:
        return Discount(
            kind="full_reduction",
            title=self.title,
            threshold_fen=self.threshold_fen,
            off_fen=self.off_fen,
            repeat=self.repeat,
        )


_FILE: TypeAdapter[tuple[Promotion, ...]] = TypeAdapter(tuple[Promotion, ...])


def load_promotions(folder: Path | str | None = None) -> tuple[Promotion, ...]:
    """The full reductions of a folder's `promotions.yaml`, or the shipped samples; none if a folder has no such file.

    Raises `PolicyFileBroken` on a file that cannot be read or fails a test of its own.
    """
    path = (SHIPPED if folder is None else Path(folder)) / "promotions.yaml"
    if not path.is_file():
        return ()
    try:
        found = _FILE.validate_python(read_file(path).written or ())
    except (ValidationError, ValueError) as wrong:
        raise PolicyFileBroken(file=path.name, cause=str(wrong).split("\n", 1)[0]) from None
    for promotion in found:
        for test in promotion.tests:
            each = tuple(each_price(test.cart_fen, [promotion]))
            if (sum(each), each) != (test.pay_fen, test.each_fen):
                cause = f"{promotion.title}的测试“{test.name}”算得 {list(each)}，共 {sum(each)}"
                raise PolicyFileBroken(file=path.name, cause=cause)
    return found


def each_price(cart_fen: Sequence[int], promotions: Sequence[Promotion]) -> list[int]:
    """What each thing in the cart costs once every promotion is shared out."""
    gross = {str(i): fen for i, fen in enumerate(cart_fen)}
    return list(settle(gross, [p.discount for p in promotions]).values())


def cart_price(cart_fen: Sequence[int], promotions: Sequence[Promotion], at: datetime) -> Sum:
    """What the cart costs at a moment, with the working. Promotions that do not run then are left out."""
    running = [p for p in promotions if p.effective.holds(at)]
    whole = sum(cart_fen)
    shown = [working("cart", gross=yuan(whole))]
    for promotion in running:
        taken = off(whole, promotion.discount)
        shown.append(working("cart_off" if taken else "cart_no_off", title=promotion.title, off=yuan(taken)))
    return Sum(sum(each_price(cart_fen, running)), tuple(shown))
