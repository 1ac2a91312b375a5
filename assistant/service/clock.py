"""The service clock: every measure is one pure fold over the raw log, and names the conversations that broke it.

The same log gives the same bytes, whatever order the conversations come in and whatever database they come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from assistant.conversation.store import Entry, Store
from assistant.service.clocks import Measure, measures
from assistant.service.rounds import Course, Round, course

ZONE = ZoneInfo("Asia/Shanghai")
"""Platforms count in Beijing time."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A conversation that counts against a measure, and where."""

    talk: str
    seq: int | None
    """Log number of what waited too long; None where it is the conversation as a whole."""
    at: str | None
    seconds: float | None
    """How long the reply took; None: it never came."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one measure says of a log."""

    id: str
    version: int
    name: str
    platform: str
    unit: str
    value_kind: str
    value: float | None
    """A share from 0 to 1, or seconds; None where nothing was counted."""
    kept: int
    counted: int
    left_out: dict[str, int]
    """What was not counted, by why: `hours`, `waived`, `undecided`."""
    target: float | None
    met: bool | None
    """Whether the target is met; None without a target or with too few for the platform to judge."""
    by: dict[str, int]
    broken: tuple[Broken, ...]


async def read_clock(
    store: Store, shop: str, *, since: datetime | None = None, now: datetime | None = None, of: Sequence[Measure] = ()
) -> list[Reading]:
    """Every measure (or those given) over what a shop's shoppers began `since` then."""
    talks: list[tuple[str, list[Entry]]] = []
    first = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if since else ""
    after = ""
    while page := await store.talks(shop, since=first, after=after):
        talks += [(talk, await store.read(talk)) for talk, _ in page]
        after = page[-1][0]
    return evaluate(talks, now or datetime.now(UTC), since=since, of=of)


def evaluate(
    talks: Iterable[tuple[str, Sequence[Entry]]],
    now: datetime,
    *,
    since: datetime | None = None,
    of: Sequence[Measure] = (),
) -> list[Reading]:
    """The measures over these conversations, as of `now`: what can still be answered in time is not judged yet."""
    courses = [course(talk, entries) for talk, entries in sorted(talks, key=lambda one: one[0])]
    return [
        _replies(m, courses, now, since) if m.of == "replies" else _went(m, courses, since) for m in of or measures()
    ]


def as_bytes(readings: Sequence[Reading]) -> bytes:
    """The one way to write readings down."""
    return orjson.dumps(readings, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


# — replies —


def _replies(m: Measure, courses: Sequence[Course], now: datetime, since: datetime | None) -> Reading:
    left_out: Counter[str] = Counter()
    units: dict[tuple[str, str], list[Round]] = {}
    for one in courses:
        for wait in _rounds_for(m, one):
            why = _left_out(m, wait.at, since) or _undecided(m, wait, now)
            if why:
                left_out[why] += 1
            else:
                units.setdefault(_unit(m, one.talk, wait), []).append(wait)
    waits = [(talk, wait) for (talk, _), rounds in units.items() for wait in rounds]
    late = {unit: [wait for wait in rounds if _late(m, wait)] for unit, rounds in units.items()}
    broken = tuple(_broken(talk, wait) for (talk, _), rounds in late.items() for wait in rounds)
    kept = sum(not rounds for rounds in late.values())
    value = _share(kept, len(units))
    if m.value == "mean_seconds":
        took = [seconds for _, wait in waits if (seconds := _seconds(wait)) is not None]
        kept, value = len(took), round(sum(took) / len(took), 3) if took else None
    return _reading(m, value, kept, len(units), left_out, Counter(), broken)


def _rounds_for(m: Measure, one: Course) -> Sequence[Round]:
    rounds = one.by_people if m.scope == "people" else one.by_any if m.robot_counts else one.by_person_only
    return rounds[:1] if m.unit == "first_round" else rounds


def _unit(m: Measure, talk: str, wait: Round) -> tuple[str, str]:
    match m.unit:
        case "round":
            return talk, str(wait.seq)
        case "conversation_day":
            return talk, wait.at.astimezone(ZONE).date().isoformat()
        case _:
            return talk, ""


def _left_out(m: Measure, at: datetime, since: datetime | None) -> str:
    here = at.astimezone(ZONE)
    if since is not None and at < since:
        return "before"
    if not ((m.since or date.min) <= here.date() <= (m.until or date.max)):
        return "before"
    if any(waiver.first <= here.date() <= waiver.last for waiver in m.waived):
        return "waived"
    if m.hours and not time.fromisoformat(m.hours.begin) <= here.time() < time.fromisoformat(m.hours.end):
        return "hours"
    return ""


def _undecided(m: Measure, wait: Round, now: datetime) -> str:
    limit = timedelta(seconds=m.within_seconds or 0)
    return "undecided" if wait.replied is None and now - wait.at <= limit else ""


def _seconds(wait: Round) -> float | None:
    return None if wait.replied is None else round((wait.replied - wait.at).total_seconds(), 3)


def _late(m: Measure, wait: Round) -> bool:
    took = _seconds(wait)
    return took is None or (m.within_seconds is not None and took > m.within_seconds)


def _broken(talk: str, wait: Round) -> Broken:
    return Broken(talk, wait.seq, wait.at.astimezone(UTC).isoformat(timespec="milliseconds"), _seconds(wait))


# — how conversations went —


def _went(m: Measure, courses: Sequence[Course], since: datetime | None) -> Reading:
    left_out: Counter[str] = Counter()
    counted: list[Course] = []
    for one in courses:
        if one.began is None:
            continue
        if why := _left_out(m, one.began, since):
            left_out[why] += 1
        elif _belongs(m, one):
            counted.append(one)
    kept = [one for one in counted if _holds(m, one)]
    # What broke it: where fewer is better, the conversations that have it; else those that lack it.
    against = kept if m.better == "less" else [one for one in counted if one not in kept]
    broken = tuple(Broken(one.talk, None, None, None) for one in against)
    by = Counter(label for one in (counted if m.by == "stars" else kept) for label in _labels(m, one))
    return _reading(m, _share(len(kept), len(counted)), len(kept), len(counted), left_out, by, broken)


def _belongs(m: Measure, one: Course) -> bool:
    """Among which conversations a measure counts."""
    match m.that:
        case "solved_at_once":
            return one.resolved > 0
        case "satisfied":
            return one.stars is not None
        case _:
            return True


def _holds(m: Measure, one: Course) -> bool:
    match m.that:
        case "handed_over":
            return bool(one.reasons)
        case "solved_at_once":
            return one.reopened == 0
        case "robot_alone":
            return one.robot_answered and not one.reasons and not one.disliked and one.answered_last
        case "satisfied":
            return (one.stars or 0) >= 4
        case _:
            return "complaint" in one.reasons


def _labels(m: Measure, one: Course) -> tuple[str, ...]:
    match m.by:
        case "reason":
            return tuple(sorted(set(one.reasons)))
        case "end":
            return ("confirmed" if one.confirmed else "silent",)
        case "stars":
            return (str(one.stars),)
        case _:
            return ()


def _share(kept: int, counted: int) -> float | None:
    return round(kept / counted, 6) if counted else None


def _reading(
    m: Measure,
    value: float | None,
    kept: int,
    counted: int,
    left_out: Counter[str],
    by: Counter[str],
    broken: tuple[Broken, ...],
) -> Reading:
    met = None
    if value is not None and m.target is not None and counted >= m.exempt_below:
        met = value >= m.target if m.better == "more" else value <= m.target
    return Reading(
        id=m.id,
        version=m.version,
        name=m.name,
        platform=m.platform,
        unit=m.unit,
        value_kind=m.value,
        value=value,
        kept=kept,
        counted=counted,
        left_out=dict(sorted(left_out.items())),
        target=m.target,
        met=met,
        by=dict(sorted(by.items())),
        broken=broken,
    )


async def as_json(store: Store, shop: str, since: datetime | None, now: datetime) -> dict[str, Any]:
    """The clock of a shop as the command and the REST API give it."""
    readings = await read_clock(store, shop, since=since, now=now)
    return {"shop": shop, "since": since.isoformat() if since else None, "measures": orjson.loads(as_bytes(readings))}
