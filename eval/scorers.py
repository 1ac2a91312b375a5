"""Small functions from a case and what happened to a score with its reason. Not scored is never zero.

`CASE` judges against what a case expects; `FREE` needs no case and judges live conversations as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from assistant.turn.figures import Known, figures
from assistant.turn.guard import sentences
from eval.case import EvalCase
from eval.findings import Finding, bare, covered, filled_in, own_words
from eval.transcript import Transcript
from eval.wording import label, say
from knowledge.text import fold, script_of
from prompts import words

SMALL_TALK = "寒暄感谢"
"""The intent whose answers rest on no source."""
NO_ANSWER = "无答案"
"""The tag of questions that nothing in the shop's knowledge answers."""
SUPPORTED = 0.45
"""Share of a sentence's character pairs that its source must have: a wording of it has more, another text far less."""
TOUCHED = 0.5
"""Share of some sentence that a citation must carry to be worth giving."""
OWN = 0.8
"""Share of a sentence's pairs that stand in the product's own fixed sentences for it to be one of them."""
LONGEST = 700
"""Characters of an answer that a shopper still reads on a phone."""
GROUNDLESS = frozenset({"promise", "payer"})
BESIDE_FIGURES = frozenset({"figure", *GROUNDLESS})


@dataclass(frozen=True, slots=True)
class Score:
    """1.0 right, 0.0 wrong, None where the case says nothing about it; and why."""

    value: float | None
    because: str = ""

    @classmethod
    def unscored(cls, name: str) -> Score:
        return cls(None, say(f"unscored.{name}"))


def plain(text: str) -> str:
    """Text for matching facts: one spelling, no blanks."""
    return re.sub(r"\s+", "", fold(text))


def right_action(case: EvalCase, script: Transcript) -> Score:
    """Did it answer, ask back, hand over or decline, as it should?"""
    wanted, got = case.expect.action, script.answer.action
    names = "/".join(label("actions", each) for each in wanted)
    return Score(float(got in wanted), say("score.wanted", wanted=names, got=label("actions", str(got))))


def required_facts(case: EvalCase, script: Transcript) -> Score:
    """Does it say everything it must?"""
    if not case.expect.facts:
        return Score.unscored("facts")
    text = plain(script.answer.text)
    missing = [f for f in case.expect.facts if not re.search(f, text)]
    return Score(float(not missing), say("score.missing", what=str(missing)) if missing else say("score.all_said"))


def nothing_forbidden(case: EvalCase, script: Transcript) -> Score:
    """Does it say nothing it must not?"""
    if not case.expect.never:
        return Score.unscored("never")
    text = plain(script.answer.text)
    said = [f for f in case.expect.never if re.search(f, text)]
    return Score(float(not said), say("score.forbidden", what=str(said)) if said else say("score.nothing_forbidden"))


def stated_figures(case: EvalCase, script: Transcript) -> Score:
    """Does it state every figure it must, in whatever notation?"""
    if not case.expect.figures:
        return Score.unscored("figures")
    known = Known((fold(script.answer.text),))
    missing = [f for f in case.expect.figures if not all(map(known.supports, figures(fold(f))))]
    return Score(float(not missing), say("score.missing", what=str(missing)) if missing else say("score.all_said"))


def right_source(case: EvalCase, script: Transcript) -> Score:
    """Is the named source among those cited?"""
    if case.expect.source is None:
        return Score.unscored("source")
    sources = [cite.source for cite in script.answer.cites]
    right = any(case.expect.source in source for source in sources)
    return Score(float(right), say("score.wanted", wanted=case.expect.source, got=str(sources)))


def right_verdict(case: EvalCase, script: Transcript) -> Score:
    """Did the rules decide as they should, and by the right policy?"""
    if case.expect.verdict is None and case.expect.policy is None:
        return Score.unscored("verdict")
    verdict = script.answer.verdict or {}
    wanted = (case.expect.verdict or verdict.get("says"), case.expect.policy or verdict.get("policy"))
    got = (verdict.get("says"), verdict.get("policy"))
    return Score(float(wanted == got), say("score.wanted", wanted=str(wanted), got=str(got)))


def right_reason(case: EvalCase, script: Transcript) -> Score:
    """Was it handed over for the right reason?"""
    if case.expect.reason is None:
        return Score.unscored("reason")
    got = script.answer.reason
    return Score(float(got == case.expect.reason), say("score.wanted", wanted=case.expect.reason, got=str(got)))


def answers_cite(case: EvalCase, script: Transcript) -> Score:
    """Does an answer from knowledge say where from? Small talk cites nothing and needs nothing."""
    if script.answer.action != "answer" or not case.expect.facts or SMALL_TALK in case.tags:
        return Score.unscored("cites")
    count = len(script.answer.cites)
    return Score(float(count > 0), say("score.cites", count=str(count)))


def in_time(case: EvalCase, script: Transcript) -> Score:
    """Did it come within the milliseconds the case allows?"""
    if case.expect.within_ms is None or script.ms is None:
        return Score.unscored("latency")
    return Score(
        float(script.ms <= case.expect.within_ms),
        say("score.wanted", wanted=f"≤{case.expect.within_ms:g} ms", got=f"{script.ms:.0f} ms"),
    )


def within_tokens(case: EvalCase, script: Transcript) -> Score:
    """Did the model spend no more tokens than the case allows?"""
    if case.expect.within_tokens is None or script.tokens is None:
        return Score.unscored("tokens")
    return Score(
        float(script.tokens <= case.expect.within_tokens),
        say("score.wanted", wanted=f"≤{case.expect.within_tokens}", got=str(script.tokens)),
    )


def figures_entailed(script: Transcript) -> Score:
    """Does every figure follow from what is cited, the verdict, the order?"""
    return _found(script, frozenset({"figure"}), "figure")


def promises_kept(script: Transcript) -> Score:
    """Is nothing promised, claimed as done, or charged that the sources do not say?"""
    return _found(script, GROUNDLESS, "promise")


def conduct(script: Transcript) -> Score:
    """Are the rules of conduct kept (contacts, payment, identity, blame, privacy, absolute words …)?"""
    broken = [f for f in script.findings if f.kind not in BESIDE_FIGURES]
    return Score(float(not broken), _told(broken) or say("score.clean"))


def _found(script: Transcript, kinds: frozenset[str], name: str) -> Score:
    broken = [f for f in script.findings if f.kind in kinds]
    return Score(float(not broken), _told(broken) or say(f"score.{name}"))


def _told(broken: Sequence[Finding]) -> str:
    return "；".join(say("score.finding", what=f.what, sentence=f.sentence, why=f.why) for f in broken)


def citations_support(script: Transcript) -> Score:
    """Does every sentence stand in what is cited, and does every citation carry some sentence?"""
    answer = script.answer
    if answer.action != "answer" or not answer.cites:
        return Score.unscored("support")
    parts = [part for sentence in sentences(answer.text) for part in filled_in(sentence, script)]
    said = [part for part in parts if len(bare(part.text)) > 3]
    grounds = [script.ground(cite) for cite in answer.cites]
    loose = [
        part.text
        for part in said
        if part.free and not _says_nothing(part.text) and max(covered(part.text, g) for g in grounds) < SUPPORTED
    ]
    idle = [
        cite.source
        for cite, ground in zip(answer.cites, grounds, strict=True)
        if said and max(covered(part.text, ground) for part in said) < TOUCHED
    ]
    if loose or idle:
        return Score(0.0, say("score.unsupported", sentences=str(loose[:2]), sources=str(idle)))
    return Score(1.0, say("score.supported"))


def _says_nothing(text: str) -> bool:
    """Whether a sentence is polite or the product's own, said a little differently: no source could bear it out."""
    return courteous(text) or (not figures(text) and covered(text, own_words()) >= OWN)


def courteous(text: str) -> bool:
    """Whether a sentence is only polite: it says nothing that a source could bear out."""
    return not figures(text) and bool(_courtesies().fullmatch(text.strip(" ,，。！!~～")))


@cache
def _courtesies() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in words("eval_courtesy")["patterns"]))


def same_script(script: Transcript) -> Score:
    """Is it written in the shopper's script (繁体问，繁体答)?"""
    asked = next((s for s in map(script_of, reversed(script.asked)) if s in ("simplified", "traditional")), None)
    got = script_of(script.answer.text)
    if asked is None or got in ("none", "mixed"):
        return Score.unscored("script")
    return Score(float(asked == got), say("score.wanted", wanted=str(asked), got=str(got)))


_LEFTOVER = re.compile(r"\{\w*\}|\bNone\b|\bnull\b|\bTrue\b|\bFalse\b|<[a-z/][^>]*>|\*\*|```|【无】|\[\d{1,2}\]")


def readable(script: Transcript) -> Score:
    """Is it a finished text: not empty, not endless, nothing left over from a template or a model, nothing twice?"""
    text = script.answer.text
    said = [bare(s) for s in sentences(text) if len(bare(s)) > 8]
    twice = [s for n, s in enumerate(said) if s in said[:n]]
    if not text.strip():
        return Score(0.0, say("score.empty"))
    if len(text) > LONGEST:
        return Score(0.0, say("score.long", length=str(len(text))))
    if left := _LEFTOVER.search(text):
        return Score(0.0, say("score.leftover", what=left[0]))
    if twice:
        return Score(0.0, say("score.twice", what=twice[0]))
    return Score(1.0, say("score.clean"))


CASE: Mapping[str, Callable[[EvalCase, Transcript], Score]] = {
    "action": right_action,
    "facts": required_facts,
    "forbidden": nothing_forbidden,
    "stated": stated_figures,
    "source": right_source,
    "verdict": right_verdict,
    "reason": right_reason,
    "cites": answers_cite,
    "latency": in_time,
    "tokens": within_tokens,
}
FREE: Mapping[str, Callable[[Transcript], Score]] = {
    "figures": figures_entailed,
    "promises": promises_kept,
    "conduct": conduct,
    "support": citations_support,
    "script": same_script,
    "readable": readable,
}
SCORERS = (*CASE, *FREE)
"""A case is right when no scorer says it is wrong."""


def scored(case: EvalCase, script: Transcript) -> dict[str, Score]:
    """Every scorer's word on one answer."""
    judged = {name: score(case, script) for name, score in CASE.items()}
    return judged | {name: score(script) for name, score in FREE.items()}
