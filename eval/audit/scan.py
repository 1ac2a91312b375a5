"""From a conversation and the rules to findings. Pure: the same log and rules give the same findings, ids and all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from assistant.turn.mask import mask
from eval.audit.checks import ALL, Hit, in_message, scored, why
from eval.audit.rules import Level, Rule, Rules
from eval.audit.spans import found, sentence_of
from eval.audit.talk import SHANGHAI, Talk


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule, with all that a person needs to judge it."""

    id: str
    """Digest of conversation, event, rule and words: inspected again, it is the same finding."""
    rule: str
    name: str
    level: Level
    points: int
    alert: bool
    shop: str
    talk: str
    seq: int
    """The event that shows it."""
    at: str
    """When, ISO 8601, Shanghai."""
    who: str
    """`assistant`, `staff` or `queue`."""
    agent: str
    topic: str
    asked: str
    """What the shopper had just said, masked."""
    quote: str
    """The words at fault, masked."""
    because: str
    rewrite: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def scan(rules: Rules, talk: Talk, *, since: datetime | None = None) -> list[Finding]:
    """Everything in `talk` that breaks a rule, oldest first; what was said before `since` is context only."""
    hits = [(rule, hit) for rule in rules.each for hit in _hits(rule, talk) if since is None or hit.at >= since]
    kept = _one_a_stretch(hits)
    findings = {f.id: f for f in (_finding(rule, hit, talk) for rule, hit in kept)}
    return sorted(findings.values(), key=lambda f: (f.seq, -f.points, f.rule))


def scan_all(rules: Rules, talks: Iterable[Talk], *, since: datetime | None = None) -> list[Finding]:
    """The findings of many conversations."""
    return [finding for talk in talks for finding in scan(rules, talk, since=since)]


def _hits(rule: Rule, talk: Talk) -> Iterator[Hit]:
    if rule.check is not None:
        yield from (hit for hit in ALL[rule.check](rule, talk) if hit.who in rule.who)
    if rule.scorer is not None:
        yield from (hit for hit in scored(rule, talk) if hit.who in rule.who)
    if rule.says is not None:
        for said in talk.said:
            if said.who in rule.who:
                for start, end in found(rule, said):
                    yield in_message(said, why("words", name=rule.name), start, end)
                    break  # one message breaks a rule once


def _one_a_stretch(hits: Sequence[tuple[Rule, Hit]]) -> list[tuple[Rule, Hit]]:
    """The gravest of the rules that speak of the same words of the same message; each rule once a message."""
    kept: list[tuple[Rule, Hit]] = []
    for rule, hit in sorted(hits, key=lambda each: (each[0].level != "red", -each[0].points)):
        again = any(
            other.seq == hit.seq
            and other.agent == hit.agent
            and (same.id == rule.id or (hit.said and other.said and _overlap(_reach(rule, hit), other.span)))
            for same, other in kept
        )
        if not again:
            kept.append((rule, hit))
    return kept


def _reach(rule: Rule, hit: Hit) -> tuple[int, int]:
    """The words themselves; for a reminder the whole sentence: beside a red line in it, it adds nothing."""
    return hit.span if rule.level == "red" or hit.said is None else sentence_of(hit.said.plain, *hit.span)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _finding(rule: Rule, hit: Hit, talk: Talk) -> Finding:
    key = f"{talk.id}\0{hit.seq}\0{rule.id}\0{hit.agent}\0{hit.quote}"
    asked = hit.said.asked if hit.said else ()
    return Finding(
        id="F" + hashlib.sha256(key.encode()).hexdigest()[:12],
        rule=rule.id,
        name=rule.name,
        level=rule.level,
        points=rule.points,
        alert=rule.alert,
        shop=talk.shop,
        talk=talk.id,
        seq=hit.seq,
        at=hit.at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        who=hit.who,
        agent=hit.agent,
        topic=hit.topic,
        asked=mask(" ／ ".join(asked)).text,
        quote=mask(hit.quote.strip()).text,
        because=hit.because,
        rewrite=rule.rewrite,
    )
