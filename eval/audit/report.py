"""What the findings add up to: points and grades per agent, per topic, per rule and per day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.audit.scan import Finding
from eval.audit.talk import SHANGHAI, Talk
from eval.statistics import wilson
from prompts import words

FULL = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """One part one agent had in one conversation: what points are taken from."""

    talk: str
    agent: str
    who: str
    topic: str
    day: str
    messages: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was looked at and what was found."""

    shop: str
    digest: str
    """Of the rules."""
    seen: tuple[Seen, ...]
    findings: tuple[Finding, ...]
    states: Mapping[str, str]
    """Finding → what people have said of it since (`appeal.py`)."""
    judged: Mapping[str, Any]
    """The random re-check so far (`appeal.py`)."""


def seen_in(talk: Talk) -> list[Seen]:
    """Each agent's part in `talk`, whose topic is the one that was asked about most."""
    topics = Counter(said.topic for said in talk.said)
    topic = topics.most_common(1)[0][0] if topics else ""
    parts: dict[str, list[int]] = defaultdict(list)
    for place, said in enumerate(talk.said):
        parts[said.agent].append(place)
    return [
        Seen(
            talk.id,
            agent,
            talk.said[places[0]].who,
            topic,
            talk.said[places[0]].at.astimezone(SHANGHAI).date().isoformat(),
            len(places),
        )
        for agent, places in parts.items()
    ]


def standing(inspection: Inspection) -> list[Finding]:
    """The findings that count: all but those withdrawn on appeal."""
    return [f for f in inspection.findings if inspection.states.get(f.id) != "withdrawn"]


def grade(score: float) -> str:
    """The grade of an average score, by the merchant's own table."""
    steps: list[dict[str, Any]] = words("inspection_words")["grades"]
    return next(str(step["grade"]) for step in steps if score >= step["from"])


def summary(inspection: Inspection) -> dict[str, Any]:
    """All of it as one document."""
    counted = standing(inspection)
    return {
        "shop": inspection.shop,
        "rules": inspection.digest,
        "talks": len({seen.talk for seen in inspection.seen}),
        "messages": sum(seen.messages for seen in inspection.seen),
        "red": sum(f.level == "red" for f in counted),
        "amber": sum(f.level == "amber" for f in counted),
        "agents": {
            name: row | {"score": (score := _score(seen, found)), "grade": grade(score)}
            for name, seen, found, row in _groups(inspection, counted, lambda s: s.agent, lambda f: f.agent)
        },
        "topics": {n: row for n, _, _, row in _groups(inspection, counted, lambda s: s.topic, lambda f: f.topic)},
        "days": {n: row for n, _, _, row in _groups(inspection, counted, lambda s: s.day, lambda f: f.at[:10])},
        "by_rule": dict(Counter(f.rule for f in counted).most_common()),
        "trend": _trend(inspection, counted),
        "recheck": dict(inspection.judged),
        "findings": [f.as_json() | {"state": inspection.states.get(f.id, "open")} for f in inspection.findings],
    }


def _score(seen: Sequence[Seen], findings: Sequence[Finding]) -> float:
    """The mean over conversations of a hundred less the points lost in each, never below nought."""
    lost: dict[str, int] = defaultdict(int)
    for finding in findings:
        lost[finding.talk] += finding.points
    talks = {s.talk for s in seen} | set(lost)
    return round(sum(max(FULL - lost[talk], 0) for talk in talks) / len(talks), 1)


def _groups(
    inspection: Inspection,
    findings: Sequence[Finding],
    of_seen: Callable[[Seen], str],
    of_finding: Callable[[Finding], str],
) -> Iterable[tuple[str, list[Seen], list[Finding], dict[str, Any]]]:
    seen: dict[str, list[Seen]] = defaultdict(list)
    found: dict[str, list[Finding]] = defaultdict(list)
    for each in inspection.seen:
        seen[of_seen(each)].append(each)
    for finding in findings:
        found[of_finding(finding)].append(finding)
    for name in sorted(seen.keys() | found.keys()):
        yield name, seen[name], found[name], _row(seen[name], found[name])


def _row(seen: Sequence[Seen], findings: Sequence[Finding]) -> dict[str, Any]:
    talks = {s.talk for s in seen} | {f.talk for f in findings}
    bad = {f.talk for f in findings}
    rate = wilson(len(bad), len(talks))
    return {
        "talks": len(talks),
        "red": sum(f.level == "red" for f in findings),
        "amber": sum(f.level == "amber" for f in findings),
        "with_findings": round(len(bad) / len(talks), 4) if talks else None,
        "ci95": rate.as_list(),
    }


def _trend(inspection: Inspection, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Per day, agent and topic: conversations, findings, points lost; rows for a chart."""
    talks: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    reds: Counter[tuple[str, str, str]] = Counter()
    ambers: Counter[tuple[str, str, str]] = Counter()
    points: Counter[tuple[str, str, str]] = Counter()
    for seen in inspection.seen:
        talks[seen.day, seen.agent, seen.topic].add(seen.talk)
    for f in findings:
        key = (f.at[:10], f.agent, f.topic)
        talks[key].add(f.talk)
        (reds if f.level == "red" else ambers)[key] += 1
        points[key] += f.points
    return [
        {"day": key[0], "agent": key[1], "topic": key[2], "talks": len(talks[key])}
        | {"red": reds[key], "amber": ambers[key], "points": points[key]}
        for key in sorted(talks)
    ]


def text(inspection: Inspection, *, most: int = 50) -> str:
    """All of it for a terminal: the gravest findings first, `most` of them."""
    says: dict[str, Any] = words("inspection_words")["report"]
    doc, lines = summary(inspection), []
    lines.append(says["head"].format(findings=doc["red"] + doc["amber"], digest=doc["rules"], **_only(doc)))
    order = sorted(inspection.findings, key=lambda f: (f.level != "red", -f.points, f.at))
    for f in order[:most]:
        state = says["state"][inspection.states.get(f.id, "open")]
        shown = {**f.as_json(), "agent": agent_name(f.agent), "state": state, "mark": says["level"][f.level]}
        lines.append(says["finding"].format(**shown).rstrip())
    if not inspection.findings:
        lines.append(says["nothing"])
    lines.append(says["agents"])
    lines += [says["agent_line"].format(agent=agent_name(n), **_percent(row)) for n, row in doc["agents"].items()]
    for title, rows in (("topics", doc["topics"]), ("days", doc["days"])):
        lines.append(says[title])
        lines += [says["group_line"].format(name=name, **_percent(row)) for name, row in rows.items()]
    lines.append(says["rules"])
    names = {f.rule: f.name for f in inspection.findings}
    lines += [says["rule_line"].format(name=names[rule], count=n) for rule, n in doc["by_rule"].items()]
    states = Counter(inspection.states.values())
    lines.append(says["appeals"].format(**{name: states[name] for name in ("appealed", "upheld", "withdrawn")}))
    if inspection.judged.get("checked"):
        lines.append(says["recheck"].format(**_percent(dict(inspection.judged))))
    return "\n".join(lines)


def agent_name(agent: str) -> str:
    """An agent as people call them."""
    names: dict[str, str] = words("inspection_words")["report"]["agent"]
    return names.get(agent, agent)


def state_name(state: str) -> str:
    """What became of a finding, in words."""
    return str(words("inspection_words")["report"]["state"][state])


def share(count: int, of: int) -> tuple[float, float]:
    """Both ends of the interval of a share."""
    found = wilson(count, of)
    return found.low, found.high


def _only(doc: Mapping[str, Any]) -> dict[str, Any]:
    return {name: doc[name] for name in ("shop", "talks", "messages", "red", "amber")}


def _percent(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["ci95"]
    rate = row.get("with_findings", row.get("agreement")) or 0.0
    return {**row, "rate": f"{100 * rate:.1f}", "low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"}
