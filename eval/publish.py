"""The publish gate: what is significantly worse does not go live unless somebody signs for it.

A change is a run before and a run after over the same cases; its id says what differs (knowledge, prompts, policies,
model). The comparison's verdict and every signature are kept for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from assistant.errors import HouseError
from eval.compare import Comparison, compared
from eval.marks import Mark, Marks
from eval.runfile import Run

Standing = Literal["unknown", "open", "blocked", "signed"]
SIGNERS = frozenset({"merchant", "admin"})
"""Roles that may answer for a worse shop: those who own it, not those who measure it."""
_WHAT = ("shop", "commit", "knowledge", "policies", "prompts", "model", "embedding", "engine")


class NotPassed(HouseError):
    """The change is worse and nobody has signed, or it was never measured."""

    status = 409
    code = "not_passed"
    says = "改动 {change} 不能上线：{why}"


class MayNotSign(HouseError):
    """Signing is the owner's."""

    status = 403
    code = "may_not_sign"
    says = "{by} 不能签字放行：要由店主签，并写明理由"


@dataclass(frozen=True, slots=True)
class Change:
    """What the gate knows of one change."""

    id: str
    standing: Standing
    verdict: str = ""
    before: str = ""
    after: str = ""
    worse: int = 0
    better: int = 0
    change: float = 0.0
    signed_by: str = ""
    reason: str = ""
    at: str = ""


def change_id(before: Run, after: Run) -> str:
    """Which change this is: by what the run after was made with, over what came before."""
    heads = [{name: run.head.get(name) for name in _WHAT} for run in (before, after)]
    text = orjson.dumps(heads, option=orjson.OPT_SORT_KEYS, default=str)
    return "C" + hashlib.sha256(text).hexdigest()[:12]


async def measure(
    marks: Marks, shop: str, before: Run, after: Run, by: str, *, names: tuple[str, str] = ("", "")
) -> tuple[Change, Comparison]:
    """Compare the two runs and keep what came of it."""
    found = compared(before, after)
    body: dict[str, Any] = {
        "verdict": found.all.verdict,
        "better": found.all.better,
        "worse": found.all.worse,
        "change": found.all.change,
        "before": names[0],
        "after": names[1],
        "complete": before.complete and after.complete,
    }
    id_ = change_id(before, after)
    await marks.put(shop, "compared", id_, by, **body)
    return standing(id_, await marks.all(shop, "compared", "signed", about=id_)), found


def standing(change: str, said: Iterable[Mark]) -> Change:
    """Whether the change may go live, by the last comparison and the signatures since."""
    now = Change(change, "unknown")
    for mark in said:
        if mark.about != change:
            continue
        body = mark.body
        if mark.kind == "compared":
            passed = body["verdict"] != "worse" and body["complete"]
            now = Change(
                change, "open" if passed else "blocked", body["verdict"], body["before"], body["after"],
                body["worse"], body["better"], body["change"], at=mark.at,
            )  # fmt: skip
        elif mark.kind == "signed" and now.standing == "blocked":
            now = Change(
                change, "signed", now.verdict, now.before, now.after, now.worse, now.better, now.change,
                signed_by=mark.by, reason=str(body["reason"]), at=mark.at,
            )  # fmt: skip
    return now


async def sign(marks: Marks, shop: str, change: str, by: str, role: str, reason: str) -> Change:
    """Somebody answers for a worse change. Raises `MayNotSign`, `NotPassed`."""
    if role not in SIGNERS or not reason.strip():
        raise MayNotSign(by=by)
    now = standing(change, await marks.all(shop, "compared", "signed", about=change))
    if now.standing != "blocked":
        raise NotPassed(change=change, why="还没有比较过，不用签" if now.standing == "unknown" else "不需要签字")
    await marks.put(shop, "signed", change, by, reason=reason.strip(), role=role)
    return standing(change, await marks.all(shop, "compared", "signed", about=change))


async def must_pass(marks: Marks, shop: str, before: Run, after: Run) -> Change:
    """Return if this change may go live; raises `NotPassed` with the reason. What publishes asks here first."""
    id_ = change_id(before, after)
    now = standing(id_, await marks.all(shop, "compared", "signed", about=id_))
    if now.standing == "unknown":
        raise NotPassed(change=id_, why="还没有和现在的版本比较过")
    if now.standing == "blocked":
        why = f"明显变差（变差 {now.worse} 题，变好 {now.better} 题）" if now.verdict == "worse" else "运行没有跑完"
        raise NotPassed(change=id_, why=f"{why}，也没有人签字")
    return now


async def changes(marks: Marks, shop: str) -> list[Change]:
    """Every change that was measured, newest first."""
    said = await marks.all(shop, "compared", "signed")
    ids = dict.fromkeys(mark.about for mark in reversed(said))
    return [standing(id_, said) for id_ in ids]
