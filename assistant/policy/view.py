"""One line of one case, with every fact a policy may test: true, false, or None for unknown.

To add a fact: give it a place in `facts.py` if it comes from outside, and a line in `FACTS` here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from assistant.policy.facts import Case, Event, Line, Parcel
from assistant.policy.names import category_name, data

Truth = bool | None
"""Three-valued: None is "not known", and stays so until somebody says."""

_CLAIMED_BY_WISH = frozenset({"repair", "compensate"})


class View:
    """A case looked at through one of its lines. Facts are worked out once, when first asked for."""

    __slots__ = (
        "_memo",
        "acted_at",
        "case",
        "category",
        "confirmed",
        "events",
        "line",
        "parcels",
        "returned",
        "spans",
        "tags",
    )

    def __init__(self, case: Case, line: Line, returned: Mapping[str, int] | None = None) -> None:
        order = case.order
        self.case = case
        self.line = line
        self.category: str
        self.category, implied = _kind(line.category)
        self.tags: frozenset[str] = implied.union(line.tags) if line.tags else implied
        self.confirmed = frozenset(line.confirmed_exclusions)
        self.returned = returned or {line.line: min(case.said.quantity or line.quantity, line.quantity)}
        """How many pieces of which lines the question is about."""
        self.events: tuple[Event, ...] = (
            tuple(sorted((e for e in order.events if _about(e, line)), key=lambda e: e.at)) if order.events else ()
        )
        self.parcels: tuple[Parcel, ...] = (
            tuple(p for p in order.parcels if line.line in p.lines) if order.parcels else ()
        )
        self.acted_at = case.said.notice_at or self._requested() or case.now
        self._memo: dict[str, Any] = {}
        self.spans: dict[int, Any] = {}
        """Windows already laid over this line, see `clock.span`."""

    def _requested(self) -> datetime | None:
        """A return asked for through the order page is the notice, whenever the question comes (暂行办法 第十一条)."""
        if self.case.wish not in ("return", "exchange", "repair"):
            return None
        return next((e.at for e in self.events if e.kind == "return_requested" and e.at <= self.case.now), None)

    def fact(self, name: str) -> Any:
        """The value of a fact by name; None while it is unknown."""
        if name in self._memo:
            return self._memo[name]
        value = self._memo[name] = FACTS[name](self)
        return value

    def moment(self, trigger: str) -> datetime | None:
        """When the named event happened, or None."""
        if trigger == "signed_at":
            return self.signed_at()
        if trigger == "exchange_done":
            return self.last(trigger)
        if trigger == "now":
            return self.case.now
        value: datetime | None = getattr(self.case.order, trigger)
        return value

    def signed_at(self) -> datetime | None:
        """When the whole of this line was signed for: the last parcel that carries it, if it came in several."""
        if not self.parcels:
            return self.case.order.signed_at
        signed = [p.signed_at for p in self.parcels]
        return None if None in signed else max(s for s in signed if s is not None)

    def consent(self) -> Truth:
        """Whether the receiver agreed to how it was signed for; None when there is no record."""
        for parcel in self.parcels:
            if parcel.signed_at == self.signed_at() and parcel.sign_consent is not None:
                return parcel.sign_consent
        return self.case.order.sign_consent

    def last(self, kind: str) -> datetime | None:
        """The last event of this kind up to now."""
        return next((e.at for e in reversed(self.events) if e.kind == kind and e.at <= self.case.now), None)

    def total(self, kind: str) -> int:
        """The sum in fen of all events of this kind up to now."""
        return sum(e.amount_fen or 0 for e in self.events if e.kind == kind and e.at <= self.case.now)

    def count(self, kind: str) -> int:
        return sum(1 for e in self.events if e.kind == kind and e.at <= self.case.now)

    def repairs(self) -> list[tuple[datetime, datetime | None]]:
        """Each stay in repair: from when to when; the last one may not have ended."""
        stays: list[tuple[datetime, datetime | None]] = []
        for event in self.events:
            if event.at > self.case.now:
                break
            if event.kind == "repair_started":
                stays.append((event.at, None))
            elif event.kind == "repair_done" and stays and stays[-1][1] is None:
                stays[-1] = (stays[-1][0], event.at)
        return stays

    def missing(self, name: str) -> tuple[str, ...]:
        """The one or two facts that would settle an unknown one, in the words of the contract."""
        if name == "intact":
            return _ask_intact(self)
        if name == "activation_trace":
            return ("activated",)
        if name in ("unopened", "sealed_disc"):
            return ("opened",)
        return (name,)


@lru_cache(maxsize=4096)
def _kind(category: str) -> tuple[str, frozenset[str]]:
    name = category_name(category)
    implied = data("names")["implied_tags"]
    return name, frozenset((*implied.get(category.strip(), ()), *implied.get(name, ())))


def _about(event: Event, line: Line) -> bool:
    if event.line is not None:
        return event.line == line.line
    return event.sku is None or event.sku == line.sku


def _said(name: str) -> Callable[[View], Any]:
    return lambda view: getattr(view.case.said, name)


def _standard(category: str) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = _standards()
    return kinds.get(category) or kinds[""]


@lru_cache(maxsize=1)
def _standards() -> dict[str, dict[str, Any]]:
    table = data("intact")
    kinds = {category: kind for kind in table["kinds"] for category in kind["categories"]}
    return {**kinds, "": table["general"]}


def _holds(view: View, test: str) -> Truth:
    value: Truth = view.fact(test.removeprefix("not "))
    if value is None:
        return None
    return not value if test.startswith("not ") else value


def _intact(view: View) -> Truth:
    """商品完好 (暂行办法 第八条、第九条): by category, from what is known; a general "完好" comes last."""
    said = view.case.said
    standard = _standard(view.category)
    if said.intact is False or any(_holds(view, test) for test in standard["broken_by"]):
        return False
    # Somebody asked about this very thing and there is no answer: a general "完好" does not settle it.
    decisive = {test.removeprefix("not ") for test in standard["broken_by"]}
    if any(name in said.model_fields_set and getattr(said, name) is None for name in decisive):
        return None
    if said.intact and not (said.opened and said.seal_intact is None and "ask_when_opened" in standard):
        return True
    return True if any(_holds(view, test) for test in standard["shown_by"]) else None


def _ask_intact(view: View) -> tuple[str, ...]:
    standard, said = _standard(view.category), view.case.said
    names = standard.get("ask_when_opened") if said.opened else None
    asks = tuple(n for n in names or standard["ask"] if getattr(said, n) is None)
    return asks or tuple(
        name
        for name in (test.removeprefix("not ") for test in standard["broken_by"])
        if name in said.model_fields_set and getattr(said, name) is None
    )


def _activation_trace(view: View) -> Truth:
    """Activation, authorisation or login left on electronics (暂行办法 第九条第二项)."""
    said = view.case.said
    devalues = "activation_devalues" in view.tags
    if not devalues and not _standard(view.category).get("watches_activation"):
        return False
    if said.activated is not None:
        return said.activated
    if said.opened is False:
        return False
    # Untouched, it is taken as "no" for plain electronics; where activation is what matters it has to be asked.
    return None if devalues or "activated" in said.model_fields_set else False


def _fault(view: View) -> Any:
    """What is wrong with the goods. Nobody mentioned a fault: none is claimed, unless the wish itself claims one."""
    said = view.case.said
    if said.fault is not None:
        return said.fault
    if "fault" in said.model_fields_set:
        return None
    return None if view.case.wish in _CLAIMED_BY_WISH and _signed(view) else "none"


def _claim(name: str) -> Callable[[View], Truth]:
    """A claim only counts once it is made; one that was never touched is a "no"."""

    def claimed(view: View) -> Truth:
        said = view.case.said
        value: Truth = getattr(said, name)
        return False if value is None and name not in said.model_fields_set else value

    return claimed


def _assumed(name: str) -> Callable[[View], Truth]:
    def assumed(view: View) -> Truth:
        said = view.case.said
        value: Truth = getattr(said, name)
        return True if value is None and name not in said.model_fields_set else value

    return assumed


def _safety(view: View) -> Truth:
    return bool(view.case.said.safety)


def _deposit_only(view: View) -> Truth:
    """A deposit was paid and the balance was not."""
    return view.count("deposit_paid") > 0 and view.case.order.balance_paid_at is None


def _shipped(view: View) -> Truth:
    order = view.case.order
    return any(m is not None and m <= view.case.now for m in (order.shipped_at, order.signed_at, view.signed_at()))


def _signed(view: View) -> Truth:
    signed = view.signed_at()
    return signed is not None and signed <= view.case.now


def _received_back(view: View) -> Truth:
    return view.case.order.goods_received_at is not None


def _long_repair(view: View) -> Truth:
    """A stay in repair of more than thirty days."""
    month = timedelta(days=30)
    return any((end or view.case.now) - start > month for start, end in view.repairs())


def _unopened(view: View) -> Truth:
    said = view.case.said
    if said.opened is not None:
        return not said.opened
    return True if said.seal_intact or said.intact else None if said.seal_intact is None else False


def _sealed_disc(view: View) -> Truth:
    """Music, film or software on a carrier never unwrapped: 暂行办法 第六条第三项 speaks of opened ones."""
    if view.category not in ("音像", "软件"):
        return False
    said = view.case.said
    return not said.opened if said.opened is not None else said.seal_intact


def _asked_to_stop(view: View) -> Truth:
    """A refund was asked for before the goods left, and they left all the same."""
    shipped = view.case.order.shipped_at
    return shipped is not None and any(e.kind == "return_requested" and e.at < shipped for e in view.events)


FACTS: Mapping[str, Callable[[View], Any]] = {
    "category": lambda view: view.category,
    "opened": _said("opened"),
    "seal_intact": _said("seal_intact"),
    "tag_on": _said("tag_on"),
    "activated": _said("activated"),
    "worn": _said("worn"),
    "evidence": _said("evidence"),
    "bad_percent": _said("bad_percent"),
    "accessories_complete": _assumed("accessories_complete"),
    "refund_only": _claim("refund_only"),
    "trade_in": _claim("trade_in"),
    "stalled": _claim("stalled"),
    "freight_claim": _claim("freight_claim"),
    "safety": _safety,
    "fault": _fault,
    "intact": _intact,
    "unopened": _unopened,
    "sealed_disc": _sealed_disc,
    "activation_trace": _activation_trace,
    "deposit_only": _deposit_only,
    "deposit_paid": lambda view: view.count("deposit_paid") > 0,
    "shipped": _shipped,
    "signed": _signed,
    "received_back": _received_back,
    "asked_to_stop": _asked_to_stop,
    "repaired_twice": lambda view: view.count("repair_done") >= 2,
    "long_repair": _long_repair,
    "exchanged": lambda view: view.count("exchange_done") > 0,
    "insured": lambda view: "freight_insurance" in view.tags,
    "delivery_day_named": lambda view: view.case.said.deliver_on is not None,
}
"""Every fact a policy's tests may name."""
