"""What the rules say. A model may word it; nothing may change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from assistant.policy.model import Remedy

Says = Literal["allow", "allow_with_deduction", "deny", "need_info", "human"]
Payer = Literal["buyer", "merchant", "insurer"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in one sentence, and where that is written."""

    policy: str
    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way out that is open to the shopper."""

    policy: str
    says: Says
    remedies: tuple[Remedy, ...]
    deadline: datetime | None
    title: str = ""
    """The policy's name for people. From here on not part of `as_json`."""
    freight: Payer | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one case."""

    id: str
    says: Says
    policy: str | None
    """The policy that decided; None when no policy has a say."""
    version: int | None
    remedies: tuple[Remedy, ...] = ()
    """What is granted, the wished one first; the choice is the shopper's unless the policy says otherwise."""
    deadline: datetime | None = None
    """The last open second; in a refund question, the refund's."""
    amount_fen: int | None = None
    freight: Payer | None = None
    missing: tuple[str, ...] = ()
    """The one or two facts that would settle it."""
    reasons: tuple[Reason, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    working: tuple[str, ...] = ()
    title: str = ""
    """The policy's name for people. From here on not part of `as_json`."""
    campaign: str | None = None
    """The campaign that widened the policy, if it was needed."""
    steps: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    refund_days: int | None = None
    """Days within which the money goes back once the goods are back."""
    trace: tuple[str, ...] = ()
    """Every policy that had a say, with what it said, e.g. `seven_day_no_reason@3 deny closed`; then each fact that
    came with a source."""

    @property
    def source(self) -> str | None:
        """How an answer cites it, e.g. `seven_day_no_reason@3`."""
        return None if self.policy is None else f"{self.policy}@{self.version}"

    @property
    def allowed(self) -> bool:
        return self.says in ("allow", "allow_with_deduction")

    def as_json(self) -> dict[str, Any]:
        """The promised shape, exactly."""
        return {
            "id": self.id,
            "says": self.says,
            "policy": self.policy,
            "version": self.version,
            "remedies": list(self.remedies),
            "deadline": _iso(self.deadline),
            "amount_fen": self.amount_fen,
            "freight": self.freight,
            "missing": list(self.missing),
            "reasons": [{"policy": r.policy, "text": r.text, "cites": list(r.cites)} for r in self.reasons],
            "alternatives": [
                {"policy": a.policy, "says": a.says, "remedies": list(a.remedies), "deadline": _iso(a.deadline)}
                for a in self.alternatives
            ],
            "working": list(self.working),
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
