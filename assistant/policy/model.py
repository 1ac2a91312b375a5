"""A policy: one dated, cited YAML file that says what it grants, until when, at whose cost, and proves it with tests.

Every field a merchant may edit is here, documented where it stands. Unknown fields are refused. The statutory floor
ships with the product and is not edited.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from assistant.policy.facts import Wish, shop_time
from assistant.policy.names import category_name, platform_name, tag_name
from assistant.policy.truth import read_test

Authority = Literal["statute", "platform", "merchant", "campaign"]
"""Who stands behind it. This is not precedence: whichever policy grants more, wins."""
Remedy = Literal["return_refund", "exchange", "replace", "repair", "price_diff", "reship", "compensate", "refund"]
Clock = Literal["ordered_at", "paid_at", "balance_paid_at", "signed_at", "now"]
Trigger = Literal[
    "ordered_at",
    "paid_at",
    "balance_paid_at",
    "shipped_at",
    "signed_at",
    "picked_up_at",
    "installed_at",
    "goods_received_at",
    "exchange_done",
    "now",
]
AmountRule = Literal["none", "paid", "price_drop", "deposit_excess", "whole_order", "share_table"]

WISHES_OF: dict[Remedy, tuple[Wish, ...]] = {
    "return_refund": ("return",),
    "exchange": ("exchange",),
    "replace": ("exchange", "repair"),
    "repair": ("repair",),
    "price_diff": ("price_protect",),
    "reship": ("compensate", "ship"),
    "compensate": ("compensate",),
    "refund": ("refund",),
}
"""Which wish of the shopper a remedy answers, unless the policy says otherwise."""


def _moment(value: object) -> object:
    """A bare date in a policy is that day's first moment."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def _to_midnight(value: object) -> object:
    """A bare end date counts to 24:00 of that day."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time()) + timedelta(days=1)
    return value


def _checked(written: Any) -> Any:
    read_test(written)
    return written


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


PolicyMoment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(shop_time)]
Condition_ = Annotated[Any, AfterValidator(_checked)]
"""A three-valued test; see `truth.py` for how it is written."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Effective(_Part):
    """When the rule is in force, judged by the moment of the `clock` event."""

    from_: PolicyMoment = Field(alias="from")
    to: Annotated[datetime, BeforeValidator(_to_midnight), AfterValidator(shop_time)] | None = None
    """First moment it is no longer in force; a bare date is in force to its 24:00. None: until further notice."""
    clock: Clock = "ordered_at"

    def holds(self, moment: datetime) -> bool:
        return self.from_ <= moment and (self.to is None or moment < self.to)


class Include(_Part):
    """What the policy is about. Empty means everything."""

    categories: tuple[Annotated[str, AfterValidator(category_name)], ...] = ()
    except_categories: tuple[Annotated[str, AfterValidator(category_name)], ...] = ()
    """Left to another policy (a national 三包 rule, say); not a refusal."""
    tags: tuple[Annotated[str, AfterValidator(tag_name)], ...] = ()
    """Any one of these."""
    except_tags: tuple[Annotated[str, AfterValidator(tag_name)], ...] = ()
    platforms: tuple[Annotated[str, AfterValidator(platform_name)], ...] = ()
    sku: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Exclusion(_Part):
    """Goods the policy refuses, on a named legal basis."""

    tag: Annotated[str, AfterValidator(tag_name)] | None = None
    categories: tuple[Annotated[str, AfterValidator(category_name)], ...] = ()
    when: Condition_ | None = None
    basis: str
    """Article it rests on."""
    needs_buyer_confirmation: bool = False
    """Only if the buyer confirmed it at this purchase; without a record the exclusion is void (暂行办法 第二十条)."""

    @model_validator(mode="after")
    def _says_what(self) -> Exclusion:
        if self.tag is None and not self.categories:
            raise ValueError("exclude 要写 tag 或 categories")
        return self


class Scope(_Part):
    include: Include = Include()
    exclude: tuple[Exclusion, ...] = ()


class Window(_Part):
    """How long. Day one is the day after the trigger (民法典 第二百零一条), and the last day runs to 24:00."""

    trigger: Annotated[tuple[Trigger, ...], BeforeValidator(_listed)]
    """The starting event; of several, the first that happened."""
    by_tag: dict[Annotated[str, AfterValidator(tag_name)], Trigger] = Field(default_factory=dict)
    """Another starting event for some goods, e.g. `{merchant_installs: installed_at}`."""
    if_not_consented: Trigger | None = None
    """Starting event when the receiver did not agree to how it was signed for (station, locker)."""
    length: Annotated[int, Field(ge=0)] | None = None
    unit: Literal["natural_day", "workday", "hour", "month"] = "natural_day"
    first_day: Literal["next_day", "same_day"]
    end: Literal["end_of_day", "exact_moment"]
    timezone: Literal["Asia/Shanghai"]
    holiday_rollover: Literal["none", "statutory", "statutory_and_weekend"] = "none"
    act: Literal["notice", "now", "shipped_at", "deliver_on"] = "notice"
    """What must happen inside the window."""
    per: Literal["set_last_parcel", "order"] = "set_last_parcel"
    pause_while: tuple[Literal["in_repair"], ...] = ()
    restart_on: tuple[Literal["exchange_done"], ...] = ()
    end_date: date | None = None
    """Last whole day, whatever the length says; it only ever lengthens."""
    grace_hours: Annotated[int, Field(ge=0)] = 0
    """A notice this much too late goes to a person instead of being refused."""


class Condition(_Part):
    """Something that must be so."""

    id: str
    test: Condition_
    on_false: Literal["deny", "deduct", "human"] = "deny"
    on_unknown: Literal["ask", "human", "assume_true"] = "ask"
    says: str
    """Why, in one sentence the shopper may read, when it is not so."""
    unrecorded: Annotated[str, AfterValidator(tag_name)] | None = None
    """The exclusion this condition stands beside: with no purchase-time confirmation on record a person decides."""
    evidence: tuple[str, ...] = ()


class Freight(_Part):
    payer: Literal["buyer", "merchant", "insurer"] | None
    covered_by_insurance: bool = False
    """An insured return is paid by the insurer."""


class Grant(_Part):
    """Something given, as long as its own window is open."""

    remedies: tuple[Remedy, ...] = ()
    """Empty for a duty that is simply done (shipping in time)."""
    wishes: tuple[Wish, ...] = ()
    """Which wishes it answers; left out: the usual ones of its remedies."""
    when: Condition_ | None = None
    window: dict[str, Any] | None = None
    """Differences from the policy's window; `null` with a policy window means the same window."""
    amount: AmountRule | None = None
    freight: Freight | None = None
    open: Literal["allow", "deny"] = "allow"
    """What holds while its window is open; `deny` for what is only due once a date has passed."""
    estimate: bool = False
    """The law names no figure here; ours is the point from which a person judges, and no floor for others."""
    closed: Literal["deny", "human", "still"] = "deny"
    """What follows when its window is over; `still`: the date was the shop's, and the right remains."""

    @model_validator(mode="after")
    def _answers_something(self) -> Grant:
        if not self.answers():
            raise ValueError("grants 里没有 remedies 的一项要写 wishes")
        return self

    def answers(self) -> frozenset[Wish]:
        return frozenset(self.wishes or (wish for remedy in self.remedies for wish in WISHES_OF[remedy]))


class Refund(_Part):
    """How the money goes back."""

    deadline_days: Annotated[int, Field(ge=0)]
    """Natural days after the goods came back; the law allows seven (消法 第二十五条)."""
    method: Literal["original"] = "original"
    partial: Literal["repurchase_prices"] = "repurchase_prices"


class Limits(_Part):
    per_item: Annotated[int, Field(ge=1)] | None = None
    """How often for one line, counted by exchanges done (一次一换)."""
    then: Literal["deny", "human"] = "human"


class Share(_Part):
    """A step of a share table: up to `bad_percent` bad, `refund_percent` of what was paid."""

    bad_percent: Annotated[int, Field(ge=0, le=100)]
    refund_percent: Annotated[int, Field(ge=0, le=100)]


class Exceptions(_Part):
    """What a named person may still grant; never the assistant."""

    grace_days: Annotated[int, Field(ge=0)] = 0
    approvers: tuple[str, ...] = ()
    cap_fen: Annotated[int, Field(ge=0)] | None = None
    reason_required: bool = True


class Override(_Part):
    """A campaign: for orders in its own dates it changes the named window fields, and only ever adds."""

    id: str
    title: str
    effective: Effective
    platforms: tuple[Annotated[str, AfterValidator(platform_name)], ...] = ()
    window: dict[str, Any]
    citations: tuple[str, ...] = ()


class Example(_Part):
    """A test a merchant can read: the facts, and what must come out."""

    name: str
    given: dict[str, Any]
    expect: Any
    """A verdict word, or a mapping of verdict fields."""


class Policy(_Part):
    """One promise or duty."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    authority: Authority
    version: Annotated[int, Field(ge=1)]
    published: bool = True
    """A draft is linted and never applied."""
    blanks: dict[str, Any] = Field(default_factory=dict)
    """What the merchant must fill in before publishing: a path like `window.length`, and a sample for the tests."""
    always: bool = False
    """Part of the floor although no statute: a trade rule that holds when the page is silent."""
    yields_to: tuple[str, ...] = ()
    """Policies that, where they are in scope, take this one's place (三包规定优先于一般规定)."""
    effective: Effective
    citations: Annotated[tuple[str, ...], Field(min_length=1)]
    grade: Literal["A", "B", "C", "D"]
    """How sure the source is: A statute, B a platform's own rule, C secondary, D trade habit."""
    source_url: str | None = None
    checked_on: date | None = None
    scope: Scope = Scope()
    when: Condition_ | None = None
    """What makes it apply at all; false: the policy has no say in the case."""
    gate: bool = False
    """Looked at before everything else, and final (safety first). Only policies that ship with the product."""
    decider: Literal["engine", "human", "system", "platform", "insurer"] = "engine"
    """Who may say yes. Unless it is the engine, a yes becomes "a person will see to it"."""
    alternative: Literal["always", "denied", "never"] = "always"
    """Whether it is named as another way out when something else was asked for."""
    window: Window | None = None
    conditions: tuple[Condition, ...] = ()
    limits: Limits = Limits()
    grants: Annotated[tuple[Grant, ...], Field(min_length=1)]
    choice_by: Literal["consumer", "merchant"] = "consumer"
    amount: AmountRule = "none"
    shares: tuple[Share, ...] = ()
    freight: Freight = Freight(payer=None)
    refund: Refund | None = None
    gifts: str = ""
    coupons: str = ""
    overrides: tuple[Override, ...] = ()
    exceptions: Exceptions = Exceptions()
    evidence: tuple[str, ...] = ()
    """What a person will want to see; asked for once, in one message."""
    steps: tuple[str, ...] = ()
    speak: dict[Literal["allow", "deny", "human", "ask"], str] = Field(default_factory=dict)
    """Own words for a reason; computed slots only, see `data/words.yaml`."""
    tests: tuple[Example, ...] = ()

    @property
    def source(self) -> str:
        """How an answer cites it."""
        return f"{self.id}@{self.version}"
