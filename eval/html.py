"""A run, or a comparison of two, as one HTML file that needs nothing else: charts are SVG, a short script filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.compare import Comparison
from eval.gate import judged
from eval.report import reasons, summary
from eval.runfile import Line, Run
from eval.statistics import Paired, smallest_change
from eval.wording import label, say

FLOOR = 0.8
"""Below this an intent is shown in red: the least the product promises."""


def page(run: Run) -> str:
    """The report of one run."""
    found = summary(run.lines)
    wrong = [line for line in run.lines if not line["right"]]
    return _rendered(
        "report.jinja",
        title=say("html.title"),
        head=run.head,
        found=found,
        gauge=_gauge(found),
        intents=_bars(found["intents"]),
        tags=_bars({tag: rate for tag, rate in found["tags"].items() if tag not in found["intents"]}),
        scorers=_scorers(found["scorers"]),
        stability=_bars({label("variants", n): _steady(s) for n, s in found["stability"].items()}),
        pass_hat=found["pass_hat"],
        promises=judged(found) if run.complete and found["of"] else [],
        smallest=smallest_change(found["of"], found["groups"]) if found["of"] else None,
        complete=run.complete,
        wanted=run.wanted,
        answered=len(run.lines),
        failures=[_failure(line) for line in wrong],
        filters=_filters(wrong),
    )


def comparison_page(found: Comparison, before: Run, after: Run) -> str:
    """The report of a comparison."""
    changed = sorted(found.tags.items(), key=lambda item: item[1].change)
    return _rendered(
        "compare.jinja",
        title=say("html.compare_title"),
        found=found,
        all=found.all,
        rows=[_shift(tag, each, found.q[tag]) for tag, each in changed if each.better or each.worse],
        sides=[summary(before.lines), summary(after.lines)],
        overall=_shift(say("report.all"), found.all, found.all.p),
        rewritten=[change for change in found.same if not change.same_words],
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(say=say, label=label)
    made.filters.update(percent=_percent, points=_points)
    return made


def _rendered(template: str, /, **values: Any) -> str:
    return str(_environment().get_template(template).render(**values))


def _percent(share: float | None, digits: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _gauge(found: Mapping[str, Any]) -> dict[str, Any]:
    """The headline and its interval, the wider of the two."""
    ends = found["ci95_groups"] or found["ci95"]
    return {"share": found["accuracy"], "low": ends[0], "high": ends[1]}


def _bars(rates: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a chart: the lowest first."""
    rows = [
        {
            "name": name,
            "right": rate["right"],
            "of": rate["of"],
            "share": rate["accuracy"],
            "low": rate["ci95"][0],
            "high": rate["ci95"][1],
            "bad": rate["accuracy"] < FLOOR,
        }
        for name, rate in rates.items()
        if rate["of"]
    ]
    return sorted(rows, key=lambda row: row["share"])


def _steady(steady: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "right": steady["same"],
        "of": steady["of"],
        "accuracy": steady["stable"],
        "ci95": steady["stable_ci95"],
    }


def _scorers(scorers: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    rows = [{"key": name, "name": label("scorers", name), **counts} for name, counts in scorers.items()]
    return sorted(rows, key=lambda row: -row["wrong"])


def _filters(wrong: Sequence[Line]) -> list[tuple[str, int]]:
    counts = Counter(tag for line in wrong for tag in dict.fromkeys(line["tags"]))
    return counts.most_common()


def _failure(line: Line) -> dict[str, Any]:
    trace = line.get("trace") or {}
    return {
        **line,
        "variant_name": label("variants", line["variant"]) if line.get("variant") else "",
        "why": [
            (label("scorers", name), score["because"])
            for name, score in line["scores"].items()
            if score["value"] == 0.0
        ],
        "reasons": reasons(line),
        "expects": [(label("columns", k), _plain(k, v)) for k, v in line.get("expected", {}).items()],
        "readings": [
            f"{ask.get('question', '')} → {ask.get('decision', '')}（{ask.get('confidence', '')}）"
            for ask in trace.get("meaning", {}).get("answered", [])
        ],
        "passages": trace.get("passages", []),
        "stopped": trace.get("stopped", []),
        "faults": trace.get("faults", []),
        "sources": line.get("quotes") or [{"source": s, "title": "", "quote": ""} for s in line["cites"]],
    }


def _plain(key: str, value: Any) -> str:
    several = value if isinstance(value, list | tuple) else [value]
    return "  ·  ".join(label("actions", str(each)) if key == "action" else str(each) for each in several)


def _shift(name: str, each: Paired, q: float) -> dict[str, Any]:
    low, high = (each.interval.low, each.interval.high) if each.interval else (each.change, each.change)
    return {"name": name, "each": each, "low": low, "high": high, "q": q}
