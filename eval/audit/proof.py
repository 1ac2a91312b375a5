"""How well inspection finds what is there: conversations with planted violations, and others that only look like them.

`python -m eval.audit.proof` plants the lines of `proof.yaml` into seeded conversations, inspects them and prints
recall, precision and every mistake. The lines have been looked at while the rules were made: their figures say that the
rules do what they are meant to, not how they fare with words nobody has thought of. `--lines` measures other lines.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml

from eval.audit.rules import Example, Rules, load_rules
from eval.audit.scan import Finding, scan
from eval.audit.talk import lay_out
from eval.audit.written import entries_of
from eval.statistics import wilson

LINES = Path(__file__).parent / "proof.yaml"
AGENTS = ("客服小夏", "客服小秋", "客服小冬")
BAD = "★"


@dataclass(frozen=True, slots=True)
class Planted:
    """One conversation and what is wrong in it."""

    example: Example
    rule: str | None
    seq: int | None
    """The event at fault; None: nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What inspection made of them."""

    planted: int
    found: int
    """Found under its own name or a kindred one."""
    by_name: int
    findings: int
    right: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def recall(self) -> float:
        return self.found / self.planted

    @property
    def precision(self) -> float:
        return self.right / self.findings if self.findings else 1.0


def generated(count: int, seed: int, lines: Path = LINES) -> list[Planted]:
    """`count` conversations, half of them with one violation; each line is used before any is used again."""
    table: dict[str, Any] = yaml.safe_load(lines.read_text("utf-8"))
    chance = random.Random(seed)
    bad, good = _cores(table, "planted"), _cores(table, "clean")
    talks = [_talk(core, table["filler"], chance) for core in _drawn(bad, (count + 1) // 2, chance)]
    talks += [_talk(core, table["filler"], chance) for core in _drawn(good, count // 2, chance)]
    chance.shuffle(talks)
    return talks


_Core = tuple[str, dict[str, Any]]


def _cores(table: Mapping[str, Any], kind: str) -> list[_Core]:
    """Each line or little conversation with the rule it is about."""
    found: list[_Core] = []
    for rule, each in table[kind].items():
        found += [(rule, {"talk": _lines(rule, line, kind)}) for line in each]
    for rule, both in table["structural"].items():
        found += [(rule, core) for core in both[kind]]
    return found


def _lines(rule: str, line: str, kind: str) -> list[str]:
    asked, _, said = line.partition("｜")
    speaker = "机器人" if rule == "human" else AGENTS[0]
    return [f"顾客：{asked}", f"{BAD if kind == 'planted' else ''}{speaker}：{said}"]


def _drawn(cores: list[_Core], count: int, chance: random.Random) -> Iterator[_Core]:
    """`count` of them at random, all once before any twice."""
    drawn: list[_Core] = []
    while len(drawn) < count:
        drawn += chance.sample(cores, len(cores))
    yield from drawn[:count]


def _talk(core: _Core, filler: Sequence[str], chance: random.Random) -> Planted:
    rule, about = core
    agent = chance.choice(AGENTS)
    before = [line for pair in chance.sample(filler, chance.randint(0, 3)) for line in _quiet(pair, agent)]
    inner = list(about["talk"])
    after = [] if inner[-1] == "结束" else list(_quiet(chance.choice(filler), agent))[: 2 * chance.randint(0, 1)]
    lines = [*before, *inner, *after]
    place = next((n for n, line in enumerate(lines) if line.startswith(BAD)), None)
    lines = [line.removeprefix(BAD).replace(AGENTS[0], agent) for line in lines]
    verdict, order = about.get("verdict"), about.get("order")
    prefix = bool(verdict) + bool(order)  # what goes before the first line in the log
    return Planted(
        Example(tuple(lines), verdict, order),
        None if place is None else rule,
        None if place is None else place + prefix + 1,
    )


def _quiet(pair: str, agent: str) -> Iterator[str]:
    asked, _, said = pair.partition("｜")
    yield f"顾客：{asked}"
    yield f"{agent}：{said}"


def measure(rules: Rules, talks: Sequence[Planted], kindred: Sequence[Sequence[str]]) -> Measured:
    """Inspect them all and hold what is found against what was planted."""
    planted = found = by_name = findings = right = 0
    missed: list[str] = []
    wrong: list[str] = []
    for number, talk in enumerate(talks):
        got = scan(rules, lay_out(f"t{number}", "proof", entries_of(talk.example)))
        names = {talk.rule} | {name for group in kindred if talk.rule in group for name in group}
        hits = [f for f in got if f.seq == talk.seq and f.rule in names]
        findings += len(got)
        right += len(hits)
        wrong += [_told(f) for f in got if f not in hits]
        if talk.rule is not None:
            planted += 1
            found += bool(hits)
            by_name += any(f.rule == talk.rule for f in hits)
            if not hits:
                missed.append(f"{talk.rule}: {' ／ '.join(talk.example.talk)}")
    return Measured(planted, found, by_name, findings, right, tuple(missed), tuple(wrong))


def _told(finding: Finding) -> str:
    return f"{finding.rule}: {finding.asked} → {finding.quote}"


def kindred(lines: Path = LINES) -> list[list[str]]:
    """Rules under which one and the same sentence may be found."""
    found: list[list[str]] = yaml.safe_load(lines.read_text("utf-8"))["kindred"]
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where recall is under 95 % or precision under 90 %."""
    parser = argparse.ArgumentParser(prog="python -m eval.audit.proof", description=__doc__)
    parser.add_argument("--talks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=Path, default=LINES)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    talks = generated(args.talks, args.seed, args.lines)
    got = measure(load_rules(), talks, kindred(args.lines))
    report = {
        "talks": len(talks),
        "planted": got.planted,
        "found": got.found,
        "found_by_name": got.by_name,
        "recall": round(got.recall, 4),
        "recall_ci95": wilson(got.found, got.planted).as_list(),
        "findings": got.findings,
        "right": got.right,
        "precision": round(got.precision, 4),
        "precision_ci95": wilson(got.right, got.findings).as_list(),
        "missed": list(got.missed),
        "wrong": list(got.wrong),
    }
    if args.json:
        sys.stdout.buffer.write(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        for name, value in report.items():
            lines = [f"  {line}" for line in value] if name in ("missed", "wrong") else []  # type: ignore[attr-defined]
            print(f"{name}: {value if not lines and value != [] else len(lines)}")
            print("\n".join(lines), end="\n" if lines else "")
    return int(got.recall < 0.95 or got.precision < 0.90)


if __name__ == "__main__":
    sys.exit(main())
