"""多方案协商: for a stuck case, every option the rules allow within each role's limit, with cost and value shown.

What a policy grants the assistant may offer itself. Money beyond that only a person may give, up to the limit of the
role. The engine proposes; the choice is the shopper's, and is logged with everything that was on the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.policy import money
from assistant.policy.decide import decide, view_of
from assistant.policy.facts import Case, Wish
from assistant.policy.load import SHIPPED, PolicyFileBroken
from assistant.policy.model import WISHES_OF, Policy, Remedy
from assistant.policy.read import read_file
from assistant.policy.verdict import Payer
from assistant.policy.words import yuan

_WISHES: tuple[Wish, ...] = ("return", "exchange", "repair", "compensate")
_Fen = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Part):
    """Somebody who may promise something."""

    role: str
    title: str
    goodwill_fen: _Fen
    """Most money beyond the rules for one order, in fen."""


class Terms(_Part):
    """A shop's own figures for weighing options. All are estimates the merchant edits."""

    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    """Smallest limit first."""
    denominations_fen: tuple[_Fen, ...]
    unit_cost_percent: Annotated[int, Field(ge=0, le=100)]
    repair_cost_fen: _Fen
    freight_fen: _Fen
    """One way."""
    titles: Mapping[str, str]
    working: Mapping[str, str]

    def role_for(self, goodwill_fen: int) -> Role | None:
        """The lowest role that may give so much; None if nobody may."""
        return next((r for r in self.roles if r.goodwill_fen >= goodwill_fen), None)


@dataclass(frozen=True, slots=True)
class Option:
    """One way to settle it."""

    id: str
    """Names it in the log, e.g. `exchange+20000`."""
    title: str
    remedies: tuple[str, ...]
    policy: str
    """What grants the remedy, e.g. `sanbao_electronics`."""
    cost_fen: int
    """What it costs the shop, estimated."""
    value_fen: int
    """What it is worth to the shopper."""
    goodwill_fen: int
    """The part beyond the rules."""
    role: str
    """The lowest role that may promise it; `assistant` for what the rules grant."""
    working: tuple[str, ...]
    deadline: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        deadline = None if self.deadline is None else self.deadline.isoformat(timespec="seconds")
        fields = ("id", "title", "policy", "cost_fen", "value_fen", "goodwill_fen", "role")
        shown: dict[str, Any] = {name: getattr(self, name) for name in fields}
        return {**shown, "remedies": list(self.remedies), "working": list(self.working), "deadline": deadline}


def load_terms(folder: Path | str | None = None) -> Terms:
    """The shop's roles and figures: its own `roles.yaml`, or the shipped sample. Raises `PolicyFileBroken`."""
    own = Path(folder) / "roles.yaml" if folder is not None else None
    return _terms(own if own is not None and own.is_file() else SHIPPED / "roles.yaml")


@cache
def _shipped_terms() -> Terms:
    return Terms.model_validate(read_file(SHIPPED / "roles.yaml").written)


def _terms(path: Path) -> Terms:
    if path.parent == SHIPPED:
        return _shipped_terms()
    sample = _shipped_terms().model_dump()
    try:
        written = read_file(path).written or {}
        return Terms.model_validate({**sample, **written})
    except (ValueError, TypeError) as wrong:
        raise PolicyFileBroken(file=path.name, cause=str(wrong).split("\n", 1)[0]) from None


def options(
    policies: Sequence[Policy], case: Case, terms: Terms | None = None, *, worth_fen: int | None = None
) -> tuple[Option, ...]:
    """Every way to settle the case that the rules and the roles allow, the best for the shopper first.

    `worth_fen`: what the goods would fetch now (second-hand, say); left out, a sound piece is worth what was paid.
    Nothing is offered where safety is at stake or the rules leave it all to a person.
    """
    terms = terms or load_terms()
    if case.said.safety or decide(policies, case).says == "need_info":
        return ()
    paid = money.refund(view_of(case)).fen or 0
    worth = paid if worth_fen is None else worth_fen
    found: dict[str, Option] = {}
    for remedy, policy, deadline, freight in _open(policies, case):
        option = _granted(remedy, terms, paid, worth, freight)
        if option is not None:
            found.setdefault(remedy, replace(option, policy=policy, deadline=deadline))
    refunded = found.get("return_refund")
    swapped = found.get("exchange") or found.get("replace")
    if refunded is not None and swapped is not None:
        gift = _with_gift(swapped, refunded, terms, worth)
        if gift is not None:
            found[gift.id] = gift
    return tuple(sorted(found.values(), key=lambda o: (-o.value_fen, o.cost_fen, o.id)))


def _open(policies: Sequence[Policy], case: Case) -> Iterator[tuple[Remedy, str, datetime | None, Payer | None]]:
    """Each remedy some policy grants now, with its own deadline and freight payer."""
    for wish in _WISHES:
        verdict = decide(policies, replace(case, wish=wish))
        if verdict.allowed and verdict.policy is not None:
            for remedy in verdict.remedies:
                if wish in WISHES_OF[remedy]:
                    yield remedy, verdict.policy, verdict.deadline, verdict.freight
        for other in verdict.alternatives:
            for remedy in other.remedies if other.says == "allow" else ():
                if wish in WISHES_OF[remedy]:
                    yield remedy, other.policy, other.deadline, other.freight


def _granted(remedy: Remedy, terms: Terms, paid: int, worth: int, payer: Payer | None) -> Option | None:
    freight = terms.freight_fen if payer == "merchant" else 0
    said = terms.working
    if remedy == "return_refund":
        cost, value = paid + freight, paid
        shown = said["refund"].format(value=yuan(paid), freight=yuan(freight), cost=yuan(cost))
    elif remedy in ("exchange", "replace", "repair", "reship"):
        unit = terms.repair_cost_fen if remedy == "repair" else paid * terms.unit_cost_percent // 100
        freight *= 1 if remedy == "reship" else 2
        cost, value = unit + freight, worth
        shown = said["goods"].format(value=yuan(worth), unit=yuan(unit), freight=yuan(freight), cost=yuan(cost))
    else:
        return None
    resale = (said["resale"].format(worth=yuan(worth)),) if worth != paid and value == worth else ()
    title, role = terms.titles[remedy], terms.roles[0].role
    return Option(remedy, title, (remedy,), "", cost, value, 0, role, (shown, *resale))


def _with_gift(option: Option, refunded: Option, terms: Terms, worth: int) -> Option | None:
    """The exchange with the smallest gift of money that makes it worth more to the shopper than the refund."""
    wanted = refunded.value_fen - worth
    gift = next((d for d in terms.denominations_fen if d > wanted), None)
    role = terms.role_for(gift) if gift is not None else None
    if wanted < 0 or gift is None or role is None:
        return None
    cost = option.cost_fen + gift
    shown = terms.working["gift"].format(
        value=yuan(worth + gift),
        worth=yuan(worth),
        gift=yuan(gift),
        refund=yuan(refunded.value_fen),
        cost=yuan(cost),
        refund_cost=yuan(refunded.cost_fen),
    )
    return replace(
        option,
        id=f"{option.id}+{gift}",
        title=terms.titles["gift"].format(remedy=option.title, amount=yuan(gift)),
        remedies=(*option.remedies, "compensate"),
        cost_fen=cost,
        value_fen=worth + gift,
        goodwill_fen=gift,
        role=role.role,
        working=(*option.working, shown),
    )


def within(found: Sequence[Option], terms: Terms, role: str) -> tuple[Option, ...]:
    """The options this role may promise. Raises `ValueError` on a role the shop does not have."""
    order = [r.role for r in terms.roles]
    if role not in order:
        raise ValueError(f"没有角色 {role!r}；有 {'、'.join(order)}")
    return tuple(o for o in found if order.index(o.role) <= order.index(role))


def choice(found: Sequence[Option], chosen: str, *, by: str, at: datetime) -> dict[str, Any]:
    """What to log once the shopper has chosen: everything offered, and what was taken. Raises `ValueError`."""
    if chosen not in {o.id for o in found}:
        raise ValueError(f"没有方案 {chosen!r}；有 {'、'.join(o.id for o in found)}")
    offered = [o.as_json() for o in found]
    return {"offered": offered, "chosen": chosen, "by": by, "at": at.isoformat(timespec="seconds")}
