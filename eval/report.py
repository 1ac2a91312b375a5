"""What a run says: accuracy with its intervals, per tag and intent, and every wrong answer beside what was expected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from eval.scorers import NO_ANSWER
from eval.statistics import Counts, clustered, pass_hat, weighted, wilson
from eval.wording import label, say

Line = Mapping[str, Any]
TRAFFIC = Path(__file__).parent / "traffic.yaml"


def summary(lines: Sequence[Line]) -> dict[str, Any]:
    """What a run says: overall, per tag, per intent, how steady, and what was answered from nothing.

    Answers that failed outside the assistant (the model was away) are counted apart and judged nowhere.
    """
    written = [line for line in lines if not line.get("variant")]
    judged = [line for line in written if not line.get("broken")]
    tags: dict[str, list[Line]] = defaultdict(list)
    intents: dict[str, list[Line]] = defaultdict(list)
    for line in judged:
        for tag in dict.fromkeys(line["tags"]):
            tags[tag].append(line)
        for intent in line["tags"][:1]:
            intents[intent].append(line)
    return {
        "cases": len(written),
        **_rate(judged),
        "weighted": _by_traffic(judged),
        "broken": len(written) - len(judged),
        "invented": sum(NO_ANSWER in line["tags"] and line["action"] == "answer" for line in judged),
        "pass_hat": [round(share, 4) for share in _pass_hat(judged)],
        "stability": _stability(lines),
        "scorers": _scorers(judged),
        "tags": {tag: _rate(found) for tag, found in sorted(tags.items())},
        "intents": {intent: _rate(found) for intent, found in sorted(intents.items())},
        "tokens": sum(int(line.get("tokens") or 0) for line in lines),
        **_times([float(line["ms"]) for line in written]),
    }


def _rate(lines: Sequence[Line]) -> dict[str, Any]:
    values = [bool(line["right"]) for line in lines]
    groups = Counts.by_group([(_group(line), float(line["right"]), 1.0) for line in lines])
    by_group = clustered(groups)
    return {
        "right": sum(values),
        "of": len(values),
        "accuracy": round(sum(values) / len(values), 4) if values else None,
        "ci95": wilson(sum(values), len(values)).as_list(),
        "groups": len(groups.of),
        "ci95_groups": by_group.as_list() if by_group else None,
    }


def _group(line: Line) -> str:
    return str(line.get("group") or line["id"])


def _times(ms: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(ms, [50, 99]) if ms else (0.0, 0.0)
    return {"ms_p50": round(float(p50), 2), "ms_p99": round(float(p99), 2)}


@cache
def _traffic() -> dict[str, tuple[int, float]]:
    """Intent → (group of intents, that group's share of real questions)."""
    table = yaml.safe_load(TRAFFIC.read_text("utf-8"))["groups"]
    return {intent: (n, float(group["share"])) for n, group in enumerate(table) for intent in group["intents"]}


def traffic_weights(lines: Sequence[Line]) -> list[float]:
    """What each answer counts when groups of intents count as often as shoppers ask them."""
    traffic = _traffic()
    of = [traffic.get(line["tags"][0] if line["tags"] else "", (-1, 0.0)) for line in lines]
    sizes: Counter[int] = Counter()
    for (group, _), line in zip(of, lines, strict=True):
        sizes[group] += float(line.get("weight", 1.0))  # type: ignore[assignment]
    return [
        share * float(line.get("weight", 1.0)) / sizes[group] for (group, share), line in zip(of, lines, strict=True)
    ]


def _by_traffic(lines: Sequence[Line]) -> float | None:
    value = weighted([float(line["right"]) for line in lines], traffic_weights(lines))
    return None if value is None else round(value, 4)


def _pass_hat(lines: Sequence[Line]) -> list[float]:
    right: Counter[str] = Counter()
    trials: Counter[str] = Counter()
    for line in lines:
        right[line["id"]] += bool(line["right"])
        trials[line["id"]] += 1
    return pass_hat([right[name] for name in trials], list(trials.values()))


def _stability(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """Per variant: its accuracy, and how many cases came out as they do when worded as written."""
    plain = {(line["id"], line.get("trial", 0)): line for line in lines if not line.get("variant")}
    variants: dict[str, list[tuple[Line, Line]]] = defaultdict(list)
    for line in lines:
        before = plain.get((line["id"], line.get("trial", 0)))
        if line.get("variant") and before and not (line.get("broken") or before.get("broken")):
            variants[line["variant"]].append((before, line))
    return {name: _steadiness(pairs) for name, pairs in sorted(variants.items())}


def _steadiness(pairs: Sequence[tuple[Line, Line]]) -> dict[str, Any]:
    kept = sum(bool(before["right"]) == bool(after["right"]) for before, after in pairs)
    return {
        **_rate([after for _, after in pairs]),
        "as_written": round(sum(bool(before["right"]) for before, _ in pairs) / len(pairs), 4),
        "same": kept,
        "stable": round(kept / len(pairs), 4),
        "stable_ci95": wilson(kept, len(pairs)).as_list(),
    }


def _scorers(lines: Sequence[Line]) -> dict[str, dict[str, int]]:
    """Per scorer how many it judged right, wrong, not at all."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        for name, score in line["scores"].items():
            kind = "unscored" if score["value"] is None else "right" if score["value"] else "wrong"
            found[name][kind] += 1
    return {name: {kind: count[kind] for kind in ("right", "wrong", "unscored")} for name, count in found.items()}


def table(report: Mapping[str, Any]) -> str:
    """The summary for a terminal."""
    rows = [(say("report.all"), report), *report["tags"].items()]
    lines = [f"{_wide(name, 14)}{_shown(rate)}" for name, rate in rows if rate["of"]]
    lines += [_extra(report)]
    for name, steady in report["stability"].items():
        lines.append(say("report.stable", name=label("variants", name), **_percents(steady)))
    if len(report["pass_hat"]) > 1:
        shares = "，".join(f"pass^{k} {100 * share:.1f} %" for k, share in enumerate(report["pass_hat"], 1))
        lines.append(say("report.pass_hat", shares=shares))
    lines.append(say("report.time", p50=f"{report['ms_p50']:g}", p99=f"{report['ms_p99']:g}"))
    return "\n".join(lines)


def _extra(report: Mapping[str, Any]) -> str:
    groups = report["ci95_groups"]
    lines = [say("report.invented", count=str(report["invented"]))]
    if groups:
        low, high = (f"{100 * end:.1f}" for end in groups)
        lines.append(say("report.groups", count=str(report["groups"]), low=low, high=high))
    if report["weighted"] is not None:
        lines.append(say("report.weighted", share=f"{100 * report['weighted']:.1f}"))
    if report["broken"]:
        lines.append(say("report.broken", count=str(report["broken"])))
    return "\n".join(lines)


def _percents(steady: Mapping[str, Any]) -> dict[str, str]:
    low, high = steady["stable_ci95"]
    return {
        "of": str(steady["of"]),
        "accuracy": f"{100 * steady['accuracy']:.1f}",
        "before": f"{100 * steady['as_written']:.1f}",
        "stable": f"{100 * steady['stable']:.1f}",
        "low": f"{100 * low:.1f}",
        "high": f"{100 * high:.1f}",
    }


def _wide(text: str, width: int) -> str:
    """Padded to `width` columns, where a Chinese character takes two."""
    return text + " " * max(1, width - sum(2 if ord(c) > 0x2E7F else 1 for c in text))


def _shown(rate: Mapping[str, Any]) -> str:
    low, high = rate["ci95"]
    return f"{rate['right']:>4}/{rate['of']:<4} {100 * rate['accuracy']:5.1f} %（{100 * low:.1f}–{100 * high:.1f}）"


def reasons(line: Line) -> str:
    """Why an answer is wrong, in one line."""
    return "；".join(
        f"{label('scorers', name)}：{score['because']}"
        for name, score in line["scores"].items()
        if score["value"] == 0.0
    )


def failures(lines: Iterable[Line]) -> str:
    """Every wrong answer: what was asked, what came, why it is wrong."""
    told = []
    for line in lines:
        if not line["right"]:
            asked = " ／ ".join(line["turns"])
            about = f"（{label('variants', line['variant'])}）" if line.get("variant") else ""
            broken = say("report.away", fault=line["broken"]) if line.get("broken") else reasons(line)
            told.append(
                f"✗ {line['id']}{about} {asked}\n    {broken}\n"
                f"    {line['action']}：{line['text'][:120]!r} {line['cites'][:2]}"
            )
    return "\n".join(told)
