"""What a sentence grants or refuses, and whether its sources grant or refuse the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

from assistant.turn.lexicon import alternation, level
from prompts import words

Stance = Literal["grants", "refuses", "mentions"]

_SENTENCE = re.compile(r"[。;!?\n]")
_CLAUSE = re.compile(r"[。;!?\n()（）、:]|(?<!\d),|,(?!\d)|但是?|不过|然而|否则|而且")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word table `lexicon_guard`, as far as it is about granting and refusing."""

    acts: re.Pattern[str]
    classes: dict[str, tuple[str, ...]]
    implied: dict[str, frozenset[str]]
    far: re.Pattern[str]
    near: re.Pattern[str]
    affirms: re.Pattern[str]
    not_denials: re.Pattern[str]
    unsure: re.Pattern[str]
    asks: re.Pattern[str]
    payer_about: re.Pattern[str]
    payer: re.Pattern[str]
    payers: dict[str, str]


@cache
def lexicon() -> Lexicon:
    """The word table in force; read once."""
    table = words("lexicon_guard")
    classes: dict[str, list[str]] = {}
    for name, spellings in table["acts"].items():
        for spelling in spellings:
            classes.setdefault(spelling, []).append(name)
    who = {word: side for side in ("buyer", "merchant") for word in table["payer"][side]}
    return Lexicon(
        acts=re.compile(alternation(classes)),
        classes={spelling: tuple(names) for spelling, names in classes.items()},
        implied={name: frozenset((name, *table["implied"].get(name, ()))) for name in table["acts"]},
        far=re.compile(table["denies_far"]),
        near=re.compile(rf"(?:{table['denies_near']})$"),
        affirms=re.compile(table["affirms"]),
        not_denials=re.compile(alternation(table["not_denials"])),
        unsure=re.compile(table["unsure"]),
        asks=re.compile(table["asks"]),
        payer_about=re.compile(table["payer"]["about"]),
        payer=re.compile(alternation(who)),
        payers=who,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """One clause about one kind of act."""

    act: str
    stance: Stance
    clause: str
    about: frozenset[str]
    """Character pairs of the whole sentence without its denials: what it is about, conditions included."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch between punctuation marks: what it is about, and whether it denies it."""

    text: str
    about: frozenset[str]
    """Character pairs without denials and fillers."""
    denied: str
    """The first characters behind an odd number of denials: what exactly is denied; empty where nothing is."""
    payer: str | None = None


_DENIAL = re.compile(r"不(?:能|可以?|支持|予以?|会|得)?|没有?|无法?|未|非|别|勿|禁止|拒绝|免")
_FILLER = re.compile(
    r"可以?|能够?|支持|会|需要?|要|都|也|就|是|的|了|呢|哦|请|您|你|我们|亲|一般|通常|目前|本店|进行|申请|如果|如|若|有"
)


@lru_cache(maxsize=4096)
def clauses_of(text: str) -> tuple[Clause, ...]:
    """The clauses of `text` (a passage, a sentence), each with what it denies."""
    table, found = lexicon(), []
    for piece in _CLAUSE.split(level(text).lower()):
        stretch = piece.strip()
        if len(stretch) >= 2:
            plain = table.not_denials.sub("", stretch)
            found.append(Clause(stretch, _about(plain), _denied(plain), _payer(stretch)))
    return tuple(found)


def _about(plain: str) -> frozenset[str]:
    bare = _FILLER.sub("", _DENIAL.sub("", plain))
    return frozenset(map("".join, pairwise(bare))) or frozenset([bare])


def _denied(plain: str) -> str:
    denials = list(_DENIAL.finditer(plain))
    if len(denials) % 2 == 0:
        return ""
    return _FILLER.sub("", plain[denials[-1].end() :])[:2] or _FILLER.sub("", plain[: denials[-1].start()])[-2:]


def _payer(clause: str) -> str | None:
    """Who the clause says bears the freight."""
    table = lexicon()
    if not table.payer_about.search(clause):
        return None
    sides = {table.payers[m[0]] for m in table.payer.finditer(clause)}
    return sides.pop() if len(sides) == 1 else None


def _covered(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of `one` found in `other`, 0…1."""
    return len(one & other) / len(one) if one else 0.0


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice coefficient, 0…1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


@lru_cache(maxsize=4096)
def claims_of(text: str) -> tuple[Claim, ...]:
    """Every act `text` speaks of, and whether it grants it, refuses it or only mentions it."""
    table = lexicon()
    found: list[Claim] = []
    for sentence in _SENTENCE.split(level(text).lower()):
        if not table.acts.search(sentence):
            continue
        about = _about(table.not_denials.sub("", sentence))
        for clause in _CLAUSE.split(sentence):
            plain = table.not_denials.sub(lambda m: m[0] if m[0] == "无理由" else "·" * len(m[0]), clause)
            for match in table.acts.finditer(plain):
                stance = _stance(plain, match)
                found += [
                    Claim(act, stance, clause.strip(), about) for act in table.classes[match[0]] if act != "other"
                ]
    return tuple(found)


_REFUSALS = frozenset(["不退", "不换", "不赔", "不修"])


def _stance(clause: str, act: re.Match[str]) -> Stance:
    table = lexicon()
    before, after = clause[: act.start()], clause[act.end() :]
    if act[0] in _REFUSALS or table.near.search(before):
        return "refuses"
    denial = max((m.end() for m in table.far.finditer(before)), default=-1)
    # “不能使用的券可以退” grants: what affirms after the denial wins.
    affirmed = any(m.start() >= denial for m in table.affirms.finditer(before))
    if denial >= 0 and not affirmed:
        return "refuses"
    if affirmed or table.affirms.match(act[0]):
        return "refuses" if table.far.match(after) else "grants"
    if table.far.search(after):
        return "refuses"
    return "grants" if table.affirms.search(after) else "mentions"


def is_question(sentence: str) -> bool:
    """Whether a sentence asks the shopper something."""
    return bool(lexicon().asks.search(sentence.strip()))


def is_unsure(sentence: str) -> bool:
    """Whether a sentence says that it does not know, or that a person must check."""
    return bool(lexicon().unsure.search(sentence))


class Granted:
    """What some texts grant, refuse and mention."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._claims: dict[str, list[Claim]] = {}
        for text in texts:
            for claim in claims_of(text):
                self._claims.setdefault(claim.act, []).append(claim)
        self.clauses = tuple(clause for text in texts for clause in clauses_of(text))
        self._denies = any(clause.denied for clause in self.clauses)
        self._payers = {clause.payer for clause in self.clauses if clause.payer}

    def supports(self, claim: Claim) -> bool:
        """Whether the same act is granted, refused or mentioned likewise, in the clause that is most about the same."""
        stated = [c for act in lexicon().implied[claim.act] for c in self._claims.get(act, ())]
        if claim.stance == "mentions":
            return bool(stated)
        alike = [c for c in stated if (c.stance == "refuses") == (claim.stance == "refuses")]
        if not alike:
            return False
        against = [c for c in stated if (c.stance == "refuses") != (claim.stance == "refuses")]
        nearest = max((_covered(claim.about, c.about) for c in against), default=0.0)
        return nearest < 0.45 or nearest - max(_covered(claim.about, c.about) for c in alike) < 0.2

    def turned(self, sentence: str) -> str | None:
        """A clause of `sentence` that says the opposite of what the sources say in nearly the same words."""
        for clause in clauses_of(sentence):
            if len(clause.about) < 3 or not (clause.denied or self._denies):
                continue
            same = opposite = 0.0
            size = len(clause.about)
            for stated in self.clauses:
                if not 0.6 * size <= len(stated.about) <= size / 0.6:
                    continue  # too long or short to be nearly the same words
                close = likeness(clause.about, stated.about)
                if bool(stated.denied) == bool(clause.denied):
                    same = max(same, close)
                elif (clause.denied or stated.denied) in (stated if clause.denied else clause).text:
                    opposite = max(opposite, close)
            if opposite >= 0.75 and opposite > same:
                return clause.text
        return None

    def pays(self, sentence: str) -> str | None:
        """A clause of `sentence` that lets someone else bear the freight than the sources do."""
        for clause in clauses_of(sentence):
            if clause.payer and self._payers and clause.payer not in self._payers:
                return clause.text
        return None
