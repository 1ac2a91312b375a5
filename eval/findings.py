"""What an answer says beyond its sources, sentence by sentence: the guard's own eye, turned on the finished answer.

The product's fixed sentences (`prompts/phrases.yaml`) are taken off first: what a template says is the product's word
and rests on no source; what was filled into it is checked like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from assistant.turn.body import measures
from assistant.turn.guard import Grounds, check, sentences
from eval.transcript import Transcript
from knowledge.text import fold
from prompts import words

_SLOT = re.compile(r"\{(\w+)\}")
_ECHOES = ("smalltalk", "clarify", "none", "decline", "multi", "pair", "resume", "handoff", "guard")
_FILLED = ("product", "sizes", "order")
_EXAMPLE = "{example}"
"""A question that gives an example states nothing."""
_FIXED_WORDS = {False: 6, True: 4}
"""A template with fewer fixed characters matches by chance; in a reckoning even short ones do not."""
OWN_FIGURES = ("sizes:",)
"""Citations whose answers repeat the shopper's own measures."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence with the problem in it."""

    kind: str
    """As the guard names it: figure, promise, payer, contact, privacy …"""
    sentence: str
    what: str
    """The words at fault."""
    why: str


def findings(script: Transcript) -> tuple[Finding, ...]:
    """Everything in the answer that does not follow from its sources or breaks a rule of conduct."""
    grounds = _grounds(script)
    found = []
    for sentence in sentences(script.answer.text):
        for said in filled_in(sentence, script):
            if breach := check(said.text, grounds):
                found.append(Finding(breach.kind, sentence.strip(), breach.what, breach.why))
    return tuple(found)


def _grounds(script: Transcript) -> Grounds:
    answer = script.answer
    texts = [fold_lines(script.ground(cite)) for cite in answer.cites]
    texts += [fold_lines(script.grounds[name]) for name in script.grounds]
    if any(cite.id.startswith(OWN_FIGURES) for cite in answer.cites):
        texts += [measures_said(text) for text in script.asked]
    return Grounds(tuple(texts), question="\n".join(script.asked), year=script.year)


def fold_lines(text: str) -> str:
    """`fold`, with line breaks kept: figures of two lines must not run together."""
    return "\n".join(fold(line) for line in text.splitlines())


def measures_said(text: str) -> str:
    """The body measures a shopper gave, as a size answer says them back: “166 118斤” is 166 厘米 and 59 公斤."""
    plain, spelt = fold(text), words("phrases")["sizes"]
    found = [{**measures(plain)}, {**measures(plain, child=True)}]
    said = [spelt[key].format(value=f"{value:g}") for each in found for key, value in each.items() if key in spelt]
    return "\n".join((plain, *said))


_NUMBERED = re.compile(r"^\d{1,2}\.(?!\d)\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of an answer that is to be checked."""

    text: str
    free: bool
    """False: it was filled into one of the product's own templates."""


def filled_in(sentence: str, script: Transcript) -> Iterator[Said]:
    """What of a sentence is not the product's own template: all of it, or what its slots were filled with."""
    plain = _NUMBERED.sub("", fold(sentence).strip())
    plain = _GREETING.sub("", plain)
    for lead in _leads():
        plain = lead.sub("", plain, count=1)
    verdict = script.answer.verdict or {}
    plain = plain.removeprefix(fold(f"{verdict.get('goods') or ''}："))
    if verdict:
        plain = plain.removeprefix(_reckoning())
    if (slots := _slots(plain, verdict)) is not None:
        yield from (Said(slot, free=False) for slot in slots)
        return
    left = plain
    # What the rules lead to is said in clauses, each a template: amount, payer, how long.
    for clause in _CLAUSE.split(plain) if verdict else ():
        if (slots := _slots(clause, verdict)) is not None:
            left = left.replace(clause, "", 1)
            yield from (Said(slot, free=False) for slot in slots)
    if bare(left):
        yield Said(left, free=True)


_GREETING = re.compile(r"^(?:[您你]好|亲)[呀啊]?[,，!！~～。\s]+")


@cache
def _reckoning() -> str:
    """What goes before a reckoning; its steps follow in the same sentence."""
    return fold(_SLOT.split(words("phrases")["verdict"]["working"])[0])


_CLAUSE = re.compile("[,，。]")


def _slots(plain: str, verdict: Mapping[str, Any]) -> list[str] | None:
    """What stands in the slots of the template that says just this, or None where no template does.

    Who pays is no template's word once the verdict says who.
    """
    for echoes, template in _templates(bool(verdict), bool(verdict.get("freight"))):
        if match := template.fullmatch(plain):
            # What a question back or an honest no repeats are the shopper's own words.
            filled = [part for part in match.groups() if part and not echoes]
            deeper = [(part, None if part == plain else _slots(part, verdict)) for part in filled]
            return [slot for part, inner in deeper for slot in ([part] if inner is None else inner)]
    return None


@cache
def _templates(verdict: bool, payer_known: bool) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    """Every fixed sentence as a pattern, the longest first. Verdict phrases count only beside a verdict."""
    found: dict[str, bool] = {}
    payers = set(_strings(words("phrases")["verdict"]["freight"])) if payer_known else set()
    groups = {group: words("phrases").get(group, {}) for group in (*_ECHOES, *_FILLED)}
    if verdict:
        groups |= {"verdict": words("phrases")["verdict"], "working": _working()}
    for group, texts in groups.items():
        for text in _strings(texts):
            if text in payers:
                continue
            for piece in (text, *sentences(text)):
                plain = _GREETING.sub("", piece.strip())
                if len(_SLOT.sub("", plain)) >= _FIXED_WORDS[group == "working"]:
                    found.setdefault(plain, group in _ECHOES or _EXAMPLE in text)
    longest = sorted(found, key=len, reverse=True)
    return tuple((found[piece], _pattern(piece)) for piece in longest)


def _working() -> Any:
    """How the rules say what they reckoned."""
    return yaml.safe_load((files("assistant.policy") / "data" / "words.yaml").read_text("utf-8"))["working"]


@cache
def own_words() -> str:
    """Everything the product says of itself: its fixed sentences, without what fills them."""
    return "\n".join(_SLOT.sub("\n", text) for text in _strings(words("phrases")))


@cache
def _leads() -> tuple[re.Pattern[str], ...]:
    """How a quotation from a document is introduced; the quotation follows in the same sentence."""
    return tuple(re.compile("^" + _pattern(lead).pattern) for lead in _strings(words("phrases")["document"]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _pattern(template: str) -> re.Pattern[str]:
    fixed = [re.escape(fold(piece)).replace(r"\ ", r"\s*") for piece in _SLOT.split(template)[::2]]
    return re.compile("(.*?)".join(fixed) + r"[。；;]?", re.DOTALL)


_PUNCTUATION = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """Letters, figures and characters only, one spelling."""
    return _PUNCTUATION.sub("", fold(text))


def covered(said: str, source: str) -> float:
    """Share of the character pairs of `said` that stand in `source`."""
    pairs = _pairs(said)
    return len(pairs & _pairs(source)) / len(pairs) if pairs else 1.0


@lru_cache(maxsize=256)
def _pairs(text: str) -> frozenset[str]:
    plain = bare(text)
    return frozenset(plain[n : n + 2] for n in range(len(plain) - 1))
