"""Small functions from a case and what happened to a score with its reason. Not scored is never zero."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from assistant.conversation.events import Message
from eval.case import EvalCase
from knowledge.text import fold

SMALL_TALK = "寒暄感谢"
"""The intent whose answers rest on no source."""


@dataclass(frozen=True, slots=True)
class Score:
    """1.0 right, 0.0 wrong, None where the case says nothing about it; and why."""

    value: float | None
    because: str = ""

    @classmethod
    def unscored(cls, because: str) -> Score:
        return cls(None, because)


def plain(text: str) -> str:
    """Text for matching facts: one spelling, no blanks."""
    return re.sub(r"\s+", "", fold(text))


def right_action(case: EvalCase, answer: Message) -> Score:
    """Did it answer, ask back, hand over or decline, as it should?"""
    wanted = case.expect.action
    return Score(float(answer.action in wanted), f"应当 {'/'.join(wanted)}，实际 {answer.action}")


def required_facts(case: EvalCase, answer: Message) -> Score:
    """Does it say everything it must?"""
    if not case.expect.facts or answer.action not in ("answer", "handoff", "decline", "clarify"):
        return Score.unscored("没有要求说到的事实")
    missing = [f for f in case.expect.facts if not re.search(f, plain(answer.text))]
    return Score(float(not missing), f"没有说到 {missing}" if missing else "都说到了")


def nothing_forbidden(case: EvalCase, answer: Message) -> Score:
    """Does it say nothing it must not?"""
    if not case.expect.never:
        return Score.unscored("没有禁止的说法")
    said = [f for f in case.expect.never if re.search(f, plain(answer.text))]
    return Score(float(not said), f"说了不该说的 {said}" if said else "没有说不该说的")


def right_source(case: EvalCase, answer: Message) -> Score:
    """Is the named source among those cited?"""
    if case.expect.source is None:
        return Score.unscored("没有指定出处")
    sources = [cite.source for cite in answer.cites]
    return Score(float(any(case.expect.source in s for s in sources)), f"应引 {case.expect.source}，实引 {sources}")


def right_reason(case: EvalCase, answer: Message) -> Score:
    """Was it handed over for the right reason?"""
    if case.expect.reason is None:
        return Score.unscored("没有指定转人工原因")
    return Score(float(answer.reason == case.expect.reason), f"应当 {case.expect.reason}，实际 {answer.reason}")


def answers_cite(case: EvalCase, answer: Message) -> Score:
    """Does an answer from knowledge say where from? Small talk cites nothing and needs nothing."""
    if answer.action != "answer" or not case.expect.facts or SMALL_TALK in case.tags:
        return Score.unscored("不是依据资料的回答")
    return Score(float(bool(answer.cites)), f"引了 {len(answer.cites)} 处")


SCORERS: dict[str, Callable[[EvalCase, Message], Score]] = {
    "action": right_action,
    "facts": required_facts,
    "forbidden": nothing_forbidden,
    "source": right_source,
    "reason": right_reason,
    "cites": answers_cite,
}
"""A case is right when no scorer says it is wrong."""
