"""Plants known errors in right answers, and harmless changes too: do the scorers see the first and pass the second?

All changes are plain string work of its own: what the scorers' reading of figures overlooks is not overlooked here too.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from assistant.conversation.events import Action, Message, Reason
from eval.case import EvalCase
from eval.run import Result
from eval.scorers import CASE, plain, scored
from eval.transcript import Transcript

WORDS = Path(__file__).with_name("planted.yaml")


@dataclass(frozen=True, slots=True)
class Planted:
    """A right answer made wrong in one known way, or changed without harm."""

    kind: str
    case: EvalCase
    script: Transcript
    what: str
    """What was changed, for people."""


@dataclass(slots=True)
class Findings:
    """How many were planted and how many seen, by kind."""

    planted: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    missed: list[Planted] = field(default_factory=list)
    right: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    wronged: list[tuple[Planted, str]] = field(default_factory=list)

    @property
    def caught_share(self) -> float:
        """Of all errors planted."""
        return sum(self.caught.values()) / max(1, sum(self.planted.values()))

    @property
    def failed_share(self) -> float:
        """Of all right answers judged."""
        return sum(self.failed.values()) / max(1, sum(self.right.values()))


def try_scorers(results: Sequence[Result], *, each: int = 60, seed: int = 0) -> Findings:
    """Plant up to `each` errors of every kind, and judge every right answer as it is and harmlessly changed.

    Right are the answers that meet what a person wrote down for the case; what the other scorers say is under test.
    """
    right = [r for r in results if all(r.scores[name].value != 0.0 for name in CASE)]
    found, dice = Findings(), random.Random(seed)
    sound = [r for r in right if r.right]
    for kind, plant in PLANTS.items():
        order = dice.sample(sound, len(sound))
        for result in order:
            if found.planted[kind] >= each:
                break
            if (changed := plant(result, sound, dice)) is None:
                continue
            script, what = changed
            found.planted[kind] += 1
            if _wrong(result.case, script):
                found.caught[kind] += 1
            else:
                found.missed.append(Planted(kind, result.case, script, what))
    for kind, script, case in _harmless(right, dice):
        found.right[kind] += 1
        if named := _wrong(case, script):
            found.failed[kind] += 1
            found.wronged.append((Planted(kind, case, script, ""), named))
    return found


def _wrong(case: EvalCase, script: Transcript) -> str:
    """The scorers that say it is wrong."""
    return "、".join(name for name, score in scored(case, script).items() if score.value == 0.0)


def _said(result: Result, text: str) -> Transcript:
    return _answered(result, result.answer.model_copy(update={"text": text}))


def _answered(result: Result, answer: Message) -> Transcript:
    return replace(result.script, answer=answer)


Changed = tuple[Transcript, str] | None

_FIGURE = re.compile(
    r"(?<![\d.a-zA-Z%个～~到至-])(\d{1,4})(?=(?:个工作日|个月|小时|分钟|厘米|毫米|毫升|公斤|天|元|年|次|%|折|克|℃|瓦|秒)(?![到至～~-]))"
)
_DATE = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})日")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2})(?=点(?!击|按|开|选|退))")


def _figure(result: Result, _: Sequence[Result], dice: random.Random) -> Changed:
    """Another number in front of the same unit."""
    text = result.answer.text
    places = [m for m in _FIGURE.finditer(text) if not (m[1] == "1" and text[m.end() : m.end() + 1] == "次")]
    if result.answer.action != "answer" or not places:
        return None
    at = dice.choice(places)
    said = {m[0] for m in re.finditer(r"\d+", text)}
    wrong = next(str(n) for n in _others(int(at[1]), dice) if str(n) not in said)
    return _said(result, text[: at.start()] + wrong + text[at.end() :]), f"{at[1]} → {wrong}"


def _others(number: int, dice: random.Random) -> Iterator[int]:
    while True:
        yield max(2, number + dice.choice((-3, -2, -1, 1, 2, 3, 5, 10, 30)) * (10 if number >= 100 else 1))


def _date(result: Result, _: Sequence[Result], dice: random.Random) -> Changed:
    """Another day, or another hour."""
    text = result.answer.text
    places = [*_DATE.finditer(text), *_CLOCK.finditer(text)]
    if result.answer.action != "answer" or not places:
        return None
    at = dice.choice(places)
    if at.re is _DATE:
        month, day = int(at[1]), int(at[2])
        wrong = f"{month}月{day + dice.choice((1, 2, 3)) if day < 26 else day - dice.choice((1, 2, 3))}日"
    else:
        wrong = str(dice.choice([h for h in range(6, 24) if h != int(at[1]) and f"{h}点" not in text]))
    if at[0] == wrong or wrong in text:
        return None
    return _said(result, text[: at.start()] + wrong + text[at.end() :]), f"{at[0]} → {wrong}"


def _promise(result: Result, _: Sequence[Result], dice: random.Random) -> Changed:
    """A sentence that promises what nothing supports."""
    if result.answer.action != "answer" or not result.answer.cites:
        return None
    added = dice.choice(_words()["promises"])
    return _said(result, f"{result.answer.text}{added}"), added


def _citation(result: Result, all_: Sequence[Result], dice: random.Random) -> Changed:
    """Sources of an answer about something else."""
    if result.answer.action != "answer" or not result.answer.cites:
        return None
    mine = {cite.id for cite in result.answer.cites}
    subject = set(result.case.tags)
    for other in dice.sample(all_, min(len(all_), 50)):
        theirs = other.answer.cites
        if not theirs or other.answer.action != "answer" or subject & set(other.case.tags):
            continue
        if mine & {cite.id for cite in theirs} or other.answer.verdict or result.answer.text == other.answer.text:
            continue
        answer = result.answer.model_copy(update={"cites": theirs})
        return replace(_answered(result, answer), grounds=other.script.grounds), theirs[0].source
    return None


_STOPS = re.compile(r"(?<=[。！？；\n，])")


def _missing(result: Result, _: Sequence[Result], dice: random.Random) -> Changed:
    """A fact left out."""
    text = result.answer.text
    if not result.case.expect.facts or result.answer.action != "answer":
        return None
    fact = dice.choice(result.case.expect.facts)
    kept = [piece for piece in _STOPS.split(text) if not re.search(fact, plain(piece))]
    rest = "".join(kept) or str(_words()["empty"])
    if re.search(fact, plain(rest)):
        rest = str(_words()["empty"])
    return _said(result, rest), fact


def _handoff(result: Result, _: Sequence[Result], dice: random.Random) -> Changed:
    """Handed over where it should not be, not handed over where it should, or for another reason."""
    expect, answer = result.case.expect, result.answer
    if expect.reason and dice.random() < 0.5:
        reason = dice.choice([r for r in get_args(Reason) if r != expect.reason])
        return _answered(result, answer.model_copy(update={"reason": reason})), f"{expect.reason} → {reason}"
    wrong = [action for action in get_args(Action) if action not in expect.action]
    pair = {"answer": "handoff", "handoff": "answer", "clarify": "handoff", "decline": "answer"}
    action = pair.get(answer.action or "", "handoff")
    if action not in wrong:
        return None
    reason = dice.choice(get_args(Reason)) if action == "handoff" else None
    changed = answer.model_copy(update={"action": action, "reason": reason})
    return _answered(result, changed), f"{answer.action} → {action}"


PLANTS: Mapping[str, Callable[[Result, Sequence[Result], random.Random], Changed]] = {
    "figure": _figure,
    "date": _date,
    "promise": _promise,
    "citation": _citation,
    "missing": _missing,
    "handoff": _handoff,
}


def _harmless(right: Sequence[Result], dice: random.Random) -> Iterator[tuple[str, Transcript, EvalCase]]:
    """Every right answer as it is, and said a little differently."""
    for result in right:
        yield "as_is", result.script, result.case
    table = _words()
    for result in right:
        text = result.answer.text
        if result.answer.action != "answer" or not result.answer.cites:
            continue
        yield (
            "courtesy",
            _said(result, f"{dice.choice(table['before'])}{text}{dice.choice(table['after'])}"),
            result.case,
        )
        yield "width", _said(result, text.translate(_WIDE)), result.case
        for word, other in table["same"]:
            if word in text and not _asked_for(result.case, word):
                yield "synonym", _said(result, text.replace(word, other, 1)), result.case
                break


_WIDE = {ord(str(n)): chr(ord("０") + n) for n in range(10)}


def _asked_for(case: EvalCase, word: str) -> bool:
    return any(word in fact for fact in case.expect.facts)


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORDS.read_text("utf-8"))
    return found


def by_kind(found: Findings) -> dict[str, dict[str, int]]:
    """Counts per kind, for tables and JSON."""
    table: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, count in found.planted.items():
        table[kind] = {"planted": count, "caught": found.caught[kind]}
    for kind, count in found.right.items():
        table[kind] = {"right": count, "failed": found.failed[kind]}
    return dict(table)
