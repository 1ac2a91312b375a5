"""A confirmed finding becomes a case: what was once said wrong must not be said again."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.turn.mask import mask
from eval.audit.scan import Finding
from eval.audit.talk import Talk
from eval.case import EvalCase, Expected
from eval.scorers import plain

TAG = "质检"
_LEAST = 4
"""Characters of a quotation that may stand as a forbidden pattern; fewer would forbid everyday words."""
_TURNS = 6


def case_of(finding: Finding, talk: Talk) -> EvalCase:
    """The shopper's words up to the finding, masked, and the quoted words as what must never be said.

    Any action but silence is right: the rule knows what was wrong, not what the answer is. A person fills that in.
    """
    heard = _heard(finding, talk)
    quote = plain(finding.quote)
    never = (re.escape(quote),) if len(quote) >= _LEAST and "*" not in quote else ()
    return EvalCase(
        id=f"inspection-{finding.id}",
        turns=tuple(mask(text).text for text in heard[-_TURNS:]),
        expect=Expected(action=("answer", "clarify", "handoff", "decline"), never=never),
        tags=(finding.topic, TAG),
        by=TAG,
    )


def _heard(finding: Finding, talk: Talk) -> tuple[str, ...]:
    said = next((s for s in talk.said if s.seq == finding.seq), None)
    if said is not None and said.heard:
        return said.heard
    waited = next((wait.text for wait in talk.waits if wait.seq == finding.seq), finding.asked or finding.quote)
    return (waited,)


def keep(cases: list[EvalCase], path: Path) -> int:
    """Put the cases behind those of the file that are not there yet; returns how many were new."""
    there = path.read_text("utf-8") if path.exists() else ""
    ids = set(re.findall(r'"id"\s*:\s*"([^"]+)"', there))
    fresh = [case for case in cases if case.id not in ids]
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            if there and not there.endswith("\n"):
                file.write("\n")
            file.writelines(case.model_dump_json(exclude_defaults=True) + "\n" for case in fresh)
    return len(fresh)
