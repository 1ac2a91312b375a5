"""Accuracy with its interval, per tag, and every wrong answer beside what was expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scipy.stats import binomtest


def interval(right: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson interval of `right` out of `of`."""
    if not of:
        return (0.0, 1.0)
    low, high = binomtest(right, of).proportion_ci(method="wilson")
    return (float(low), float(high))


def summary(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a run says: overall, per tag, and what was answered from nothing."""
    tags: dict[str, list[bool]] = defaultdict(list)
    for line in lines:
        for tag in line["tags"]:
            tags[tag].append(bool(line["right"]))
    ms = sorted(float(line["ms"]) for line in lines)
    return {
        "cases": len(lines),
        **_rate([bool(line["right"]) for line in lines]),
        "invented": sum("无答案" in line["tags"] and line["action"] == "answer" for line in lines),
        "ms_p50": ms[len(ms) // 2] if ms else 0.0,
        "ms_p99": ms[int(len(ms) * 0.99)] if ms else 0.0,
        "tags": {tag: _rate(values) for tag, values in sorted(tags.items())},
    }


def _rate(values: Sequence[bool]) -> dict[str, Any]:
    low, high = interval(sum(values), len(values))
    return {
        "right": sum(values),
        "of": len(values),
        "accuracy": round(sum(values) / len(values), 4) if values else None,
        "ci95": [round(low, 4), round(high, 4)],
    }


def table(report: Mapping[str, Any]) -> str:
    """The summary for a terminal."""
    rows = [("全部", report), *report["tags"].items()]
    lines = [f"{name:12} {_shown(rate)}" for name, rate in rows]
    lines.append(f"无答案却回答 {report['invented']} 条；每轮 p50 {report['ms_p50']} ms，p99 {report['ms_p99']} ms")
    return "\n".join(lines)


def _shown(rate: Mapping[str, Any]) -> str:
    low, high = rate["ci95"]
    return f"{rate['right']:>4}/{rate['of']:<4} {100 * rate['accuracy']:5.1f} %（{100 * low:.1f}–{100 * high:.1f}）"


def failures(lines: Iterable[Mapping[str, Any]]) -> str:
    """Every wrong answer: what was asked, what came, why it is wrong."""
    told = []
    for line in lines:
        if not line["right"]:
            why = "；".join(s["because"] for s in line["scores"].values() if s["value"] == 0.0)
            asked = " ／ ".join(line["turns"])
            told.append(
                f"✗ {line['id']} {asked}\n    {why}\n    {line['action']}：{line['text'][:120]!r} {line['cites'][:2]}"
            )
    return "\n".join(told)
