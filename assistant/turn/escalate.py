"""When a person must take over: the closed list of reasons, recognised by rule before any model is asked.

Levels: L1 answered and written down · L2 a person in the queue · L3 a person now. Which words mean which reason is data
(`prompts/lexicon_handoff.yaml`). A request for a person holds in any wording and is never answered with a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from assistant.conversation.events import Reason
from assistant.conversation.state import Conversation
from knowledge.text import fold
from prompts import words

Level = Literal["L1", "L2", "L3"]

SAME_QUESTION = 3
"""A question asked this often, word for word, was not understood."""


@dataclass(frozen=True, slots=True)
class Found:
    """A reason to call a person, and the words that gave it."""

    reason: Reason
    level: Level
    span: str
    """The words, folded; empty where the conversation as a whole is the reason."""
    confirm: bool = False
    """Answer and offer a person with one tap, instead of handing over at once."""


def reasons(text: str, talk: Conversation | None = None) -> list[Found]:
    """Every reason `text` (folded or raw) gives in `talk` to call a person, most urgent first.

    Only those without `confirm` hand over; with it the answer goes on and offers a person. Reasons that lie in the
    answer (no evidence, failed clarification, verdict, engine) are for the turn to add.
    """
    said = fold(text)
    if not said:
        return []
    found = [*_person(said), *_others(said)]
    if talk is not None:
        found = [_risen(one, talk) for one in found]
        found += _repeated(said, talk)
    return sorted(found, key=lambda one: (one.confirm, -int(one.level[1]), _ORDER[one.reason]))


_ORDER: dict[Reason, int] = {
    "safety": 0,
    "account_security": 1,
    "asked_for_person": 2,
    "complaint": 3,
    "vulnerable": 4,
    "refund_dispute": 5,
    "overdue": 6,
    "anger": 7,
    "not_understood": 8,
    "policy_human": 9,
    "no_evidence": 10,
    "needs_action": 11,
    "engine_failure": 12,
}
_NOW = frozenset({"safety", "account_security", "asked_for_person", "complaint", "engine_failure"})
"""Reasons for which a person is wanted now (L3); the others can wait their turn in the queue (L2)."""


def urgency(reason: str) -> int:
    """Where a reason stands among those of one level: smaller is taken first."""
    return _ORDER.get(reason, len(_ORDER))  # type: ignore[call-overload, no-any-return]


def level_of(reason: Reason) -> Level:
    """How urgent a reason is where nothing else says so."""
    return "L3" if reason in _NOW else "L2"


def deserved(talk: Conversation) -> Found:
    """What a shopper who presses the button should be taken for: what they told before counts, too."""
    lately = [message.text for message in talk.messages if message.by == "shopper"][-4:]
    told = [one for text in lately for one in reasons(text) if not one.confirm and one.reason in _NOW]
    return min([*told, Found("asked_for_person", "L3", "")], key=lambda one: _ORDER[one.reason])


def asks_for_person(text: str) -> bool:
    """Whether `text` asks for a person, or refuses the robot, and would hand over at once."""
    return any(one.reason == "asked_for_person" and not one.confirm for one in reasons(text))


def mood_of(said: Sequence[str]) -> Literal["calm", "upset", "angry"]:
    """How the shopper sounds in the last few of their messages (raw or folded), for the person who takes over."""
    cross = sum(any(one.reason in ("anger", "complaint") for one in _others(fold(text))) for text in said[-4:])
    return "calm" if not cross else "upset" if cross == 1 else "angry"


@dataclass(frozen=True, slots=True)
class _Rule:
    reason: Reason
    level: Level
    asked_first: bool
    friends: re.Pattern[str]
    maybe: re.Pattern[str]
    sure: re.Pattern[str]
    soft: re.Pattern[str] | None
    """Words that only ask for the reason to be confirmed."""


@dataclass(frozen=True, slots=True)
class _Lexicon:
    friends: re.Pattern[str]
    person: re.Pattern[str]
    spaced: re.Pattern[str]
    about: re.Pattern[str]
    firm: re.Pattern[str]
    about_complaint: re.Pattern[str]
    rules: tuple[_Rule, ...]
    sensitive: re.Pattern[str]


def _either(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@cache
def _lexicon() -> _Lexicon:
    table = words("lexicon_handoff")
    parts: dict[str, str] = table["parts"]

    def filled(patterns: list[str]) -> re.Pattern[str]:
        slots = re.compile(r"\{(" + "|".join(parts) + r")\}")

        def fill(pattern: str) -> str:
            return slots.sub(lambda slot: parts[slot[1]], pattern)

        return _either([fill(fill(pattern)) for pattern in patterns])

    rules = tuple(
        _Rule(
            reason=reason,
            level=about["level"],
            asked_first=bool(about.get("asked_first")),
            friends=_either([re.escape(friend) for friend in about["friends"]]),
            maybe=re.compile(about["maybe"]),
            sure=_either(about["sure"]),
            soft=_either(about["soft"]) if "soft" in about else None,
        )
        for reason, about in table["reasons"].items()
    )
    shown = words("lexicon_mask")["shown"]
    return _Lexicon(
        friends=_either(table["person_friends"]),
        person=filled([*table["person"], *table["rejects"]]),
        spaced=re.compile(table["spaced"]),
        about=_either(table["about"]),
        firm=re.compile(parts["firm"]),
        about_complaint=_either(table["about_complaint"]),
        rules=rules,
        sensitive=_either([re.escape(fold(shown[kind])) for kind in ("identity", "card")]),
    )


_ZHUAN, _REN, _GONG = "转传砖专赚撰篆钻", "人仁任忍认刃壬仞入八", "工公功攻宫供弓恭龚共贡巩拱躬"
_KE, _FU, _ZHEN = "客克刻课可科棵", "服符复伏福富副付府附扶芙伕", "真珍针贞朕"
_HOMOPHONES = (
    (re.compile("転"), "转"),
    (re.compile(f"[{_ZHUAN}][{_REN}][{_GONG}](?![商资厂司])"), "转人工"),
    (re.compile(r"转人工工|转工人"), "转人工"),
    (re.compile(f"(?<=[找要叫接请])[{_REN}][{_GONG}](?=$|[^\\w])"), "人工"),
    (re.compile(f"[{_REN}][{_GONG}](?:[{_KE}][{_FU}]|客户(?!端)|服[物务]|客f)"), "人工客服"),
    (re.compile(f"人工[{_KE}][{_FU}]"), "人工客服"),
    (re.compile(f"(?:(?<=[转找叫])|^)[客克刻课][{_FU}](?![务装饰])"), "客服"),
    (re.compile(f"[{_ZHEN}]人(?=客|$|[^\\w])|真[{_REN}]"), "真人"),
    (re.compile(f"^[{_REN}][{_GONG}]\\W*$"), "人工"),
)
_JUNK = re.compile(r"[^\w]+")
_SHORT = 14


def _person(said: str) -> Iterator[Found]:
    """A person asked for, or the robot refused."""
    lexicon = _lexicon()
    about = lexicon.about.search(said)
    if about and not lexicon.firm.search(said):
        yield Found("asked_for_person", "L1", about[0], confirm=True)
        return
    if (match := lexicon.person.search(_plain(said))) or (match := lexicon.spaced.search(_plain(_bare(said)))):
        yield Found("asked_for_person", "L3", match[0].strip(" ,。!?"))


def _bare(said: str) -> str:
    """A short message without its decoration (“转-人-工”, “人。工”); empty for a longer one."""
    bare = _JUNK.sub("", said)
    return bare if len(bare) <= _SHORT else ""


def _plain(said: str) -> str:
    """Homophones set right (转仁工), lookalikes blotted out (人工草坪)."""
    for wrong, right in _HOMOPHONES:
        said = wrong.sub(right, said)
    return _lexicon().friends.sub(lambda match: "·" * len(match[0]), said)


def _others(said: str) -> Iterator[Found]:
    lexicon = _lexicon()
    if sensitive := lexicon.sensitive.search(said):
        yield Found("account_security", "L3", sensitive[0])
    for rule in lexicon.rules:
        plain = rule.friends.sub(lambda match: "·" * len(match[0]), said)
        if rule.reason == "complaint" and (about := lexicon.about_complaint.search(plain)):
            yield Found("complaint", "L1", about[0], confirm=True)
        elif match := next((m for m in rule.sure.finditer(plain) if not _only_asked(rule, plain, m)), None):
            yield Found(rule.reason, rule.level, match[0], confirm=rule.asked_first)
        elif rule.soft and (match := rule.soft.search(plain)):
            yield Found(rule.reason, "L2", match[0], confirm=True)


_WHETHER = re.compile(r"会不会|会(?!员).*[吗么]")


def _only_asked(rule: _Rule, text: str, match: re.Match[str]) -> bool:
    """Whether the thing is feared or asked about (“会不会漏电”) rather than told."""
    return bool(rule.maybe.search(text[: match.start()]) or _WHETHER.search(text[match.start() : match.end() + 2]))


def _before(talk: Conversation) -> list[str]:
    """What the shopper said earlier, newest last, the message now being answered left out."""
    said = [message.text for message in talk.messages if message.by == "shopper"]
    return said[: len(said) - len(talk.pending)]


def _risen(found: Found, talk: Conversation) -> Found:
    """Anger or waiting said a second time in a row is no longer asked about."""
    if not found.confirm or found.reason not in ("anger", "overdue"):
        return found
    last = _before(talk)[-1:]
    again = any(one.reason in ("anger", "complaint", found.reason) for text in last for one in _others(fold(text)))
    return replace(found, confirm=False) if again else found


def _repeated(said: str, talk: Conversation) -> Iterator[Found]:
    same = _JUNK.sub("", said)
    times = sum(_JUNK.sub("", fold(text)) == same for text in _before(talk)[-6:])
    if len(same) >= 4 and times >= SAME_QUESTION - 1:
        yield Found("not_understood", "L2", said)
