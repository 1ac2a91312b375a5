"""Whether words about a verdict say what it says: its date, its amount, its payer, its remedies, its yes or no.

The general guard asks whether a sentence follows from its sources; here the sources are one verdict, so that even a
figure that stands in it may not stand for another: the day of signing is not the deadline, what was paid for two is
not what comes back for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from assistant.turn.lexicon import level
from prompts import words

_YES = ("allow", "allow_with_deduction")
_DAY = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?")
_UNTIL = re.compile(
    r"(?:截止|最晚|最迟|期限|到期|之前|以前|(?:到|至)(?=\D{0,4}\d)).{0,8}?(?:\d{4}年)?(\d{1,2})月(\d{1,2})[日号]?"
    r"|(\d{1,2})月(\d{1,2})[日号]?(?:当天)?(?:24(?:点|:00|时)|\d{1,2}(?:点|:\d\d))?(?:之?前|以前|截止|为止|到期|止)"
)
_MONEY = re.compile(r"(?:¥\s*(\d+(?:\.\d{1,2})?)|(\d+(?:\.\d{1,2})?)\s*(?:元|块))")
_CLAUSES = re.compile(r"[，,。;；!！?？\n]")


@cache
def _table() -> Mapping[str, Any]:
    table = words("lexicon_verdict")
    return {
        "grants": re.compile(table["grants"]),
        "denies": re.compile(table["denies"]),
        "back": re.compile(table["back"]),
        "payers": {side: re.compile(pattern) for side, pattern in table["payers"].items()},
        "remedies": {re.compile(pattern): tuple(names) for pattern, names in table["remedies"].items()},
        "free": re.compile(table["free"]),
    }


def contradiction(sentences: Sequence[str], verdict: Mapping[str, Any], told: Sequence[str]) -> str | None:
    """The first words of `sentences` that do not say what `verdict` says, or None. `told`: the verdict in our words."""
    known = "\n".join(told)
    for sentence in sentences:
        text = level(sentence)
        for clause in filter(None, _CLAUSES.split(text)):
            wrong = _day(clause, verdict, known) or _payer(clause, verdict) or _remedy(clause, verdict)
            if wrong or _sum(clause, verdict, known):
                return wrong or str(clause)
    return None


def untold(sentences: Sequence[str], verdict: Mapping[str, Any]) -> str | None:
    """What the words leave out: the result, the deadline, the amount, the payer. None where all is told."""
    if not sentences:
        return "result"
    text = level("".join(sentences))
    table = _table()
    if verdict["says"] in _YES and (not table["grants"].search(text) or table["denies"].search(text)):
        return "result"
    if verdict["says"] == "deny" and not table["denies"].search(level(sentences[0])):
        return "result"
    if verdict["says"] in _YES and (end := _moment(verdict)) and (end.month, end.day) not in set(_days(text)):
        return "deadline"
    if verdict.get("amount_fen") and verdict["amount_fen"] not in {fen for fen in _fens(text)}:
        return "amount"
    if verdict.get("freight") and not table["payers"][verdict["freight"]].search(text):
        return "payer"
    return None


def _moment(verdict: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(verdict["deadline"]) if verdict.get("deadline") else None


def _days(text: str) -> Iterator[tuple[int, int]]:
    for match in _DAY.finditer(text):
        yield int(match[1]), int(match[2])


def _fens(text: str) -> Iterator[int]:
    for match in _MONEY.finditer(text):
        yield round(float(match[1] or match[2]) * 100)


def _day(clause: str, verdict: Mapping[str, Any], known: str) -> str | None:
    """A day the verdict does not name, or another than the deadline given as one."""
    if any(day not in set(_days(known)) for day in _days(clause)):
        return clause
    ends = {(m.month, m.day) for m in [_moment(verdict), *map(_moment, verdict.get("alternatives", ()))] if m}
    for match in _UNTIL.finditer(clause):
        month, day = match[1] or match[3], match[2] or match[4]
        if (int(month), int(day)) not in ends:
            return str(match[0])
    return None


def _sum(clause: str, verdict: Mapping[str, Any], known: str) -> bool:
    """Whether a clause names money the verdict does not, or says that another sum than its own comes back."""
    named = set(_fens(clause))
    if not named <= set(_fens(known)):
        return True
    return bool(named) and bool(_table()["back"].search(clause)) and named != {verdict.get("amount_fen")}


def _payer(clause: str, verdict: Mapping[str, Any]) -> str | None:
    """Somebody else bears the freight than the verdict says."""
    if _table()["free"].search(clause) and verdict.get("freight") != "merchant":
        return clause
    for side, pattern in _table()["payers"].items():
        if side != verdict.get("freight") and pattern.search(clause):
            own = verdict.get("freight")
            if own is None or not _table()["payers"][own].search(clause):
                return clause
    return None


def _remedy(clause: str, verdict: Mapping[str, Any]) -> str | None:
    """A remedy granted that the verdict does not grant, or one refused that it does."""
    granted = set(verdict["remedies"]) if verdict["says"] in _YES else set()
    others = verdict.get("alternatives", ()) if verdict["says"] == "deny" else ()  # a yes is told without them
    maybe = {remedy for other in others for remedy in other["remedies"] if other["says"] != "deny"}
    refuses = bool(_table()["denies"].search(clause))
    for pattern, names in _table()["remedies"].items():
        if not pattern.search(clause):
            continue
        if refuses and granted & set(names):
            return clause
        if not refuses and _table()["grants"].search(clause) and not (granted | maybe) & set(names):
            return clause
    return None
