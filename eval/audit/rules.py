"""Inspection rules: YAML files that a merchant can edit, read and refused here.

The shipped ones are `prompts/inspection.yaml`. A folder of the merchant's own files goes on top: the same id replaces a
shipped rule, `disable: true` switches it off, a new id adds one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from assistant.errors import HouseError
from assistant.settings import Settings
from prompts import words

Who = Literal["assistant", "staff", "queue"]
Level = Literal["red", "amber"]

CHECKS = frozenset(
    {
        "asks_known",
        "beyond_verdict",
        "late",
        "leak",
        "long",
        "no_apology",
        "off_topic",
        "over_apology",
        "repeats",
        "return_without_terms",
        "unsolved",
    }
)
"""The checks that words alone cannot make; `checks.py` has one function of each name."""
SCORERS = ("figures", "promises", "support", "script", "readable")
"""The scorers of the evaluation suite that need no expected answer; they judge the assistant's answers here too."""


class BadRule(HouseError):
    """A rule file cannot be used."""

    says = "{place}：{why}。请改好再运行"


@dataclass(frozen=True, slots=True)
class Example:
    """A short conversation that a rule must find something in, or must leave alone."""

    talk: tuple[str, ...]
    """Lines as people write them down: see `written.py`."""
    verdict: Mapping[str, Any] | None = None
    """What the rules had decided before, as an answer carries it."""
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must not, or should not, be said or left undone."""

    id: str
    name: str
    level: Level
    points: int
    """Taken from the hundred that a conversation starts with."""
    rewrite: str
    """What to say or do instead."""
    alert: bool = False
    """Whether somebody is told at once."""
    who: tuple[Who, ...] = ("staff", "assistant")
    says: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    """In the same sentence, makes it right."""
    unless_anywhere: re.Pattern[str] | None = None
    """Anywhere in the message, makes it right."""
    asked: re.Pattern[str] | None = None
    """Only where the shopper has just said this."""
    warned: bool = False
    """Words of warning before it (请不要…) make it right."""
    check: str | None = None
    scorer: str | None = None
    """A scorer of the evaluation suite that says no."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the check, e.g. `seconds`."""
    must: tuple[Example, ...] = ()
    passes: tuple[Example, ...] = ()
    place: str = ""
    """File and id, for messages."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force."""

    each: tuple[Rule, ...]
    digest: str
    """Of their text: a report says under which rules it was made."""

    def __getitem__(self, id_: str) -> Rule:
        return next(rule for rule in self.each if rule.id == id_)


_KEYS = {
    "id", "name", "level", "points", "alert", "who", "guard", "says", "unless", "unless_anywhere", "asked", "warned",
    "check", "scorer", "limits", "rewrite", "must", "passes", "disable",
}  # fmt: skip


def load_rules(folder: Path | None = None) -> Rules:
    """The shipped rules with the merchant's own of `folder` on top. Raises `BadRule` naming file, rule and problem."""
    shipped = "inspection.yaml"
    texts = [(shipped, (files("prompts") / shipped).read_text("utf-8"))]
    if folder is not None:
        found = sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
        if not found:
            raise BadRule(place=str(folder), why="文件夹里没有 .yaml 规则文件")
        texts += [(path.name, path.read_text("utf-8")) for path in found]
    rules: dict[str, Rule] = {}
    for name, text in texts:
        seen: set[str] = set()
        for row in _rows(name, text):
            id_ = str(row.get("id", ""))
            if id_ in seen:
                raise BadRule(place=f"{name}#{id_}", why="这个 id 在同一个文件里用了两次")
            seen.add(id_)
            if row.get("disable") is True:
                if rules.pop(id_, None) is None:
                    raise BadRule(place=f"{name}#{id_}", why="要关掉的规则不存在")
                continue
            rule = _rule(name, row)
            rules[rule.id] = rule
    digest = hashlib.sha256("\n".join(text for _, text in texts).encode()).hexdigest()[:12]
    return Rules(tuple(rules.values()), digest)


def rules_of(settings: Settings, folder: Path | None = None) -> Rules:
    """The rules of this installation: those of `folder`, else the merchant's own in `DATA_DIR/inspection`, if any."""
    own = settings.DATA_DIR / "inspection"
    return load_rules(folder or (own if any(own.glob("*.y*ml")) else None))


def _rows(name: str, text: str) -> list[Mapping[str, Any]]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as bad:
        mark = getattr(bad, "problem_mark", None)
        place = f"{name} 第 {mark.line + 1} 行" if mark else name
        raise BadRule(place=place, why=f"不是合法的 YAML（{getattr(bad, 'problem', bad)}）") from None
    rows = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadRule(place=name, why="最外层应是 rules: 加一列规则")
    return rows


def _rule(file: str, row: Mapping[str, Any]) -> Rule:
    place = f"{file}#{row.get('id', '?')}"

    def need(ok: bool, why: str) -> None:
        if not ok:
            raise BadRule(place=place, why=why)

    if spare := sorted(set(map(str, row)) - _KEYS):
        need(False, f"不认识的字段 {'、'.join(spare)}")
    for name in ("id", "name", "level", "points", "rewrite"):
        need(bool(row.get(name)), f"缺少 {name}")
    need(row["level"] in get_args(Level), "level 应是 red 或 amber")
    need(isinstance(row["points"], int) and 0 < row["points"] <= 100, "points 应是 1 到 100 的整数")
    who = tuple(row.get("who", ("staff", "assistant")))
    need(bool(who) and set(who) <= set(get_args(Who)), f"who 应从 {'、'.join(get_args(Who))} 里选")
    check = row.get("check")
    need(check is None or check in CHECKS, f"没有叫 {check} 的检查；可用的是 {'、'.join(sorted(CHECKS))}")
    scorer = row.get("scorer")
    need(scorer is None or scorer in SCORERS, f"没有叫 {scorer} 的评分；可用的是 {'、'.join(SCORERS)}")
    says = [*map(str, row.get("says", ())), *_guarded(row.get("guard", ()), place)]
    need(bool(says or check or scorer), "says、guard、check、scorer 至少写一个")
    return Rule(
        id=str(row["id"]),
        name=str(row["name"]),
        level=row["level"],
        points=row["points"],
        rewrite=str(row["rewrite"]).strip(),
        alert=bool(row.get("alert", False)),
        who=who,
        says=_pattern(says, place, "says"),
        unless=_pattern(row.get("unless", ()), place, "unless"),
        unless_anywhere=_pattern(row.get("unless_anywhere", ()), place, "unless_anywhere"),
        asked=_pattern(row.get("asked", ()), place, "asked"),
        warned=bool(row.get("warned", False)),
        check=check,
        scorer=scorer,
        limits=dict(row.get("limits", {})),
        must=tuple(_example(e, place, who) for e in row.get("must", ())),
        passes=tuple(_example(e, place, who) for e in row.get("passes", ())),
        place=place,
    )


def _guarded(kinds: Iterable[str], place: str) -> list[str]:
    """The words that the answer guard stops too, by kind: one list, kept in one place."""
    red: Mapping[str, list[str]] = words("lexicon_guard")["red"]
    for kind in kinds:
        if kind not in red:
            raise BadRule(place=place, why=f"guard 里没有 {kind}；可用的是 {'、'.join(sorted(red))}")
    return [pattern for kind in kinds for pattern in red[kind]]


def _pattern(patterns: Iterable[str], place: str, field_: str) -> re.Pattern[str] | None:
    each = list(map(str, patterns))
    for pattern in each:
        try:
            re.compile(pattern)
        except re.error as bad:
            raise BadRule(place=place, why=f"{field_} 里的“{pattern}”不是合法的正则（{bad}）") from None
    return re.compile("|".join(f"(?:{pattern})" for pattern in each)) if each else None


def _example(given: Any, place: str, who: tuple[Who, ...]) -> Example:
    """A line “问｜答”, or `{talk: […], verdict: …, order: …}`."""
    if isinstance(given, str):
        asked, bar, said = given.partition("｜")
        speaker = "客服" if who[0] == "staff" else "机器人"
        return Example((f"顾客：{asked}", f"{speaker}：{said}") if bar else (f"{speaker}：{given}",))
    if not isinstance(given, dict) or not isinstance(given.get("talk"), list):
        raise BadRule(place=place, why=f"例子应写成“问｜答”，或写出 talk：{given!r}")
    if spare := sorted(set(given) - {"talk", "verdict", "order"}):
        raise BadRule(place=place, why=f"例子里有不认识的字段 {'、'.join(map(str, spare))}")
    return Example(tuple(map(str, given["talk"])), given.get("verdict"), given.get("order"))


def only(rules: Rules, *ids: str) -> Rules:
    """The rules of these ids alone."""
    return replace(rules, each=tuple(rule for rule in rules.each if rule.id in ids))
