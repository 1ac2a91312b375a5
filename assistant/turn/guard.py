"""What may be shown: a sentence that follows from its sources and breaks no rule of conduct.

Checked per sentence, before it is stored or shown. The rules of conduct are those merchants are inspected by (质检红线)
and the advertising law (广告法 第九条、第十七条); what a shop publishes binds it (消费者权益保护法实施条例 第十二条).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from assistant.turn.claims import Granted, claims_of, is_question, is_unsure
from assistant.turn.figures import Known, figures
from assistant.turn.lexicon import level
from assistant.turn.sentences import SentenceStream, sentences
from prompts import words

__all__ = ["Breach", "Grounds", "SentenceStream", "check", "sentences"]

Kind = Literal[
    "figure",
    "promise",
    "payer",
    "contact",
    "payment",
    "identity",
    "blame",
    "privacy",
    "coercion",
    "rights",
    "absolute",
    "medical",
]


@dataclass(frozen=True, slots=True)
class Breach:
    """One named problem of a sentence; the first found."""

    kind: Kind
    what: str
    """The words at fault."""
    why: str
    """One line for staff and for the model's second try."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a sentence may rest on."""

    texts: tuple[str, ...]
    """Cited passages, the verdict and the order, each as text."""
    question: str = ""
    """The shopper's words. They ground nothing but the codes (order numbers) they contain."""
    year: int | None = None
    """The year we are in: it may be added to a date the sources give without one."""


def check(sentence: str, grounds: Grounds) -> Breach | None:
    """The first problem of `sentence`, or None where it may be shown. Pure; remembers what grounds hold."""
    text = level(sentence).lower()
    if len(text.strip()) < 2:
        return None
    sources = _sources(grounds)
    if sources.quotes(text):
        return None
    found = _red(text, sources.text) or _unfounded(sentence, text, sources, grounds.year)
    return _breach(*found, sentence, text) if found else None


def _unfounded(sentence: str, text: str, sources: _Sources, year: int | None) -> tuple[Kind, str] | None:
    for figure in figures(sentence):
        if not sources.known.supports(figure, year=year) and not sources.repeats(figure.text):
            return "figure", figure.text
    if swapped := sources.known.misplaced(sentence):
        return "figure", swapped
    if promised := _promise(text, sources):
        return "promise", promised
    if paid := sources.granted.pays(text):
        return "payer", paid
    return None


def _breach(kind: Kind, what: str, sentence: str, text: str) -> Breach:
    at = text.find(what)  # the words as they were written, not as they were compared
    said = sentence[at : at + len(what)] if at >= 0 and len(text) == len(sentence) else what
    return Breach(kind, said, str(words("lexicon_guard")["why"][kind]))


class _Sources:
    """Grounds, read once."""

    def __init__(self, grounds: Grounds) -> None:
        self.text = "\n".join(level(text).lower() for text in grounds.texts)
        self.known = Known(grounds.texts)
        self.granted = Granted(grounds.texts)
        self.days = frozenset(match["day"] for match in _rules().day.finditer(self.text))
        self._codes = frozenset(_CODE.findall(level(grounds.question).upper()))

    def quotes(self, text: str) -> bool:
        """Whether `text` stands in the sources word for word and whole: “可以退” does not stand in “不可以退”."""
        bare = text.strip().strip(_EDGES)
        at = self.text.find(bare) if len(bare) >= 4 else -1
        while at >= 0:
            end = at + len(bare)
            if (at == 0 or self.text[at - 1] in _EDGES) and (end == len(self.text) or self.text[end] in _EDGES):
                return True
            at = self.text.find(bare, at + 1)
        return False

    def repeats(self, figure: str) -> bool:
        """Whether a figure is a code (an order number) the shopper named: saying it back states nothing."""
        return level(figure).upper() in self._codes


_CODE = re.compile(r"[A-Z]{0,6}[-_]?\d{6,}[A-Z\d-]*")
_EDGES = " \t\n,。;!?:、，；：！？…~～\"'“”‘’()（）《》[]【】"


@lru_cache(maxsize=512)
def _sources(grounds: Grounds) -> _Sources:
    return _Sources(grounds)


@dataclass(frozen=True, slots=True)
class _Rules:
    red: re.Pattern[str]
    kinds: tuple[Kind, ...]
    each: dict[Kind, tuple[re.Pattern[str], ...]]
    warned: re.Pattern[str]
    guarantee: re.Pattern[str]
    done: re.Pattern[str]
    doing: re.Pattern[str]
    day: re.Pattern[str]
    days: dict[str, tuple[str, ...]]


@cache
def _rules() -> _Rules:
    table = words("lexicon_guard")
    kinds: tuple[Kind, ...] = tuple(table["red"])
    red = "|".join(f"(?P<{kind}>{'|'.join(table['red'][kind])})" for kind in kinds)
    groups = table["day"]["words"]
    every = "|".join(word for group in groups for word in group)
    return _Rules(
        red=re.compile(red),
        kinds=kinds,
        each={kind: tuple(re.compile(rule) for rule in table["red"][kind]) for kind in kinds},
        warned=re.compile(table["warned"]),
        guarantee=re.compile("|".join(table["guarantee"])),
        done=re.compile(table["done"]),
        doing=re.compile(table["doing"]),
        day=re.compile(rf"(?P<day>{every}){table['day']['does']}"),
        days={word: tuple(group) for group in groups for word in group},
    )


def _red(text: str, source: str) -> tuple[Kind, str] | None:
    """A rule of conduct broken: neither a warning against it nor the merchant's own published words."""
    rules = _rules()
    for match in rules.red.finditer(text):
        kind = next(kind for kind in rules.kinds if match[kind])
        if match[0] in source or (kind in _WARNABLE and rules.warned.search(text[: match.start()])):
            continue
        if kind in _OWN_WORDS and any(p.search(text) and p.search(source) for p in rules.each[kind]):
            continue
        return kind, match[0]
    return None


_WARNABLE = frozenset[Kind](["contact", "payment", "privacy", "coercion", "medical", "absolute"])
_OWN_WORDS = frozenset[Kind](["rights", "absolute", "medical"])
"""What a shop has published itself may be said in other words too; its lint is where that is argued about."""


def _promise(text: str, sources: _Sources) -> str | None:
    """The words that promise, claim as done, or deny more than the sources do."""
    rules = _rules()
    unsure = is_unsure(text)
    for pattern in (rules.guarantee, rules.done, rules.doing):
        if unsure and pattern is not rules.guarantee:
            continue
        for match in pattern.finditer(text):
            if not _said_alike(match[0], sources.text) and not rules.warned.search(text[: match.start()]):
                return match[0]
    for match in rules.day.finditer(text):
        if not sources.days.intersection(rules.days[match["day"]]):
            return match[0]
    if unsure or is_question(text):
        return None
    for claim in claims_of(text):
        if not sources.granted.supports(claim):
            return claim.clause
    return sources.granted.turned(text)


_PRONOUNS = re.compile(r"[您你我]们?|这边|小店|本店|会|来|可以|已经?|刚刚?|就|都|再|先|帮|给|为|替|的|了")


def _said_alike(words_: str, source: str) -> bool:
    """Whether the sources use the same words, pronouns and particles apart."""
    core = _PRONOUNS.sub("", words_)
    return words_ in source or (len(core) >= 2 and core in _PRONOUNS.sub("", source))
