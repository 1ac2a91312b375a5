"""The closed list of what can happen in a conversation; the same shape is stored, sent and replayed.

To add an event: add the class, put it in `Event`, fold it in `state.py` and in `web/talk.js`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Audience = Literal["shopper", "staff"]
Action = Literal["answer", "clarify", "handoff", "decline"]
Reason = Literal[
    "asked_for_person",
    "safety",
    "account_security",
    "complaint",
    "refund_dispute",
    "policy_human",
    "no_evidence",
    "not_understood",
    "anger",
    "vulnerable",
    "overdue",
    "engine_failure",
    "needs_action",
]
"""The closed list of hand-off reasons. `assistant/turn/escalate.py` says when each holds and how urgent it is."""
Level = Literal["L1", "L2", "L3"]
"""How urgent: L1 answered and written down · L2 a person in the queue · L3 a person now. L0 is a plain answer."""
WaitsOn = Literal["staff", "shopper", "warehouse", "carrier", "platform"]


class _Happened(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cite(_Happened):
    """Where an answer comes from, with the words as they stood when it was given."""

    id: str
    """Passage, policy or order id."""
    source: str
    """Where a person can check it, e.g. `faq.csv#12`, `seven_day_no_reason@3`."""
    title: str = ""
    quote: str = ""


class Option(_Happened):
    """One thing the shopper may pick with a tap; sending `says` is the same as typing it."""

    label: str
    says: str


class Message(_Happened):
    """Something said and finished."""

    kind: Literal["message"] = "message"
    by: Literal["shopper", "assistant", "staff"]
    text: str
    client_id: str | None = None
    """The sender's own id of this message; a resend carries the same one and is stored once."""
    name: str | None = None
    """Which member of staff."""
    action: Action | None = None
    reason: Reason | None = None
    cites: tuple[Cite, ...] = ()
    verdict: dict[str, Any] | None = None
    suggestions: tuple[Option, ...] = ()
    confidence: float | None = None
    engine: Literal["offline", "llm"] | None = None
    answers: int | None = None
    """The log number of the shopper message this one answers."""


class Part(_Happened):
    """One checked sentence of an answer that is still being said. The texts of the parts, joined, are the message."""

    kind: Literal["part"] = "part"
    text: str
    answers: int | None = None


class Traced(_Happened):
    """How an answer came about; staff only. Evaluation and the why-panel read the same thing."""

    kind: Literal["traced"] = "traced"
    answers: int | None = None
    meaning: dict[str, Any] = Field(default_factory=dict)
    passages: tuple[dict[str, Any], ...] = ()
    verdict: dict[str, Any] | None = None
    stopped: tuple[dict[str, str], ...] = ()
    """Sentences the guard did not let through, each with the named problem."""
    faults: tuple[str, ...] = ()
    """What went wrong on the way (model timed out, index rebuilt …), in order."""
    prompts: dict[str, str] = Field(default_factory=dict)
    model: str | None = None
    ms: dict[str, float] = Field(default_factory=dict)


class HandedOver(_Happened):
    """The conversation now waits for a person; its ticket is written in the same transaction."""

    kind: Literal["handed_over"] = "handed_over"
    reason: Reason
    level: Level = "L2"
    ticket: str = ""
    back: bool = False
    """The same ticket waits again: whoever had it gave it back to the queue."""


class Claimed(_Happened):
    """A person has the line."""

    kind: Literal["claimed"] = "claimed"
    by: str
    name: str | None = None
    """What the shopper calls them, e.g. 客服小李."""
    given_by: str | None = None
    """The colleague who gave it to them; None: they took it."""


class Transferred(_Happened):
    """Why the line moves on; the `Claimed` or `HandedOver` that moves it is written with it. Staff only."""

    kind: Literal["transferred"] = "transferred"
    by: str
    to: str | None = None
    """None: back to the queue."""
    note: str = ""


class Noted(_Happened):
    """A note among staff; never shown to the shopper."""

    kind: Literal["noted"] = "noted"
    by: str
    text: str


class Released(_Happened):
    """The person gave the line back to the assistant."""

    kind: Literal["released"] = "released"
    by: str


class Resolved(_Happened):
    kind: Literal["resolved"] = "resolved"
    by: str
    summary: str = ""
    ask: bool = True
    """Whether the shopper is asked how it was; once per ticket."""


class Reopened(_Happened):
    """A resolved ticket was not resolved. Counts against the answer given. Staff only."""

    kind: Literal["reopened"] = "reopened"
    by: str
    """`shopper`, or the colleague who said so."""
    ticket: str
    about: int | None = None
    """Log number of the shopper's message that reopened it."""


class Waiting(_Happened):
    """Whose move it is, where that is not plain from who spoke last. Staff only."""

    kind: Literal["waiting"] = "waiting"
    by: str
    on: WaitsOn


class Promised(_Happened):
    """A member of staff owes something by a time: an answer, a call, a look at whether it is well now. Staff only."""

    kind: Literal["promised"] = "promised"
    by: str
    promise: str
    """Its id."""
    text: str
    due: str
    """ISO 8601, UTC."""
    about: Literal["promise", "follow_up"] = "promise"


class Kept(_Happened):
    """A promise was kept, or need not be kept any more. Staff only."""

    kind: Literal["kept"] = "kept"
    by: str
    promise: str
    dropped: bool = False
    note: str = ""


class Raised(_Happened):
    """Somebody was told that this has waited too long; told once. Staff only."""

    kind: Literal["raised"] = "raised"
    what: Literal["unclaimed", "overdue"]
    about: str
    """The ticket or the promise."""


class Rated(_Happened):
    kind: Literal["rated"] = "rated"
    stars: int = Field(ge=1, le=5)
    note: str = ""


class Judged(_Happened):
    """The shopper said whether one answer helped."""

    kind: Literal["judged"] = "judged"
    seq: int
    """The number, as the shopper sees it, of the message judged."""
    helpful: bool


class Visited(_Happened):
    """Which page the shopper asks from; only what changed is logged. Not shown in the conversation."""

    kind: Literal["visited"] = "visited"
    product: str | None = None
    order: str | None = None
    buyer: str | None = None
    """Who the shopper is, as the merchant's page vouched for and the server verified."""


Event = Annotated[
    Message
    | Part
    | Traced
    | HandedOver
    | Claimed
    | Transferred
    | Noted
    | Released
    | Resolved
    | Reopened
    | Waiting
    | Promised
    | Kept
    | Raised
    | Rated
    | Judged
    | Visited,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes the one stored shape: `EVENT.validate_json(row)`, `EVENT.dump_json(event)`."""

STAFF_ONLY = frozenset(
    {"traced", "noted", "visited", "transferred", "reopened", "waiting", "promised", "kept", "raised"}
)


def seen_by(event: Event, audience: Audience) -> bool:
    """Whether `audience` sees this event. The shopper's numbers count only what the shopper sees."""
    return audience == "staff" or event.kind not in STAFF_ONLY
