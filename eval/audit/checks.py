"""What words alone cannot tell: each check is a function from a rule and a conversation to what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby

from assistant.turn.mask import mask
from eval.audit.beyond import beyond
from eval.audit.rules import Rule
from eval.audit.spans import pieces
from eval.audit.talk import SHANGHAI, Said, Talk, plain, topics_of
from eval.scorers import FREE
from eval.transcript import Transcript
from prompts import words


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found, before it is a finding."""

    seq: int
    at: datetime
    who: str
    agent: str
    topic: str
    quote: str
    because: str
    said: Said | None = None
    span: tuple[int, int] = (0, 0)


Check = Callable[[Rule, Talk], Iterator[Hit]]


def in_message(said: Said, because: str, start: int = 0, end: int | None = None) -> Hit:
    """Something found in this stretch of a message; all of it by default."""
    end = len(said.text) if end is None else end
    return Hit(
        said.seq, said.at, said.who, said.agent, said.topic, said.text[start:end], because, said, (start, end)
    )  # fmt: skip


def why(name: str, /, **slots: object) -> str:
    """The reason in words."""
    return str(words("inspection_words")["because"][name]).format(**slots)


@cache
def _word(name: str) -> re.Pattern[str]:
    return re.compile(str(words("inspection_words")["patterns"][name]))


def _replies(talk: Talk) -> Iterator[list[Said]]:
    """Messages in a row by one speaker to the same words of the shopper: one reply."""
    for _, group in groupby(talk.said, key=lambda said: (said.agent, len(said.heard))):
        yield list(group)


def _whole(reply: list[Said]) -> str:
    return "\n".join(said.plain for said in reply)


def leak(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """Somebody else's personal data is told: a number, an address or a card the shopper has not named themselves."""
    for said in talk.said:
        heard = "".join(said.heard)
        if _word("own_data").search(said.plain):
            continue
        for start, piece in pieces(said.text):
            kinds = set(mask(piece).found) - {"code", "contact", "email", "plate"}
            kinds |= {"address"} if _word("address").search(plain(piece)) else set()
            third = bool(_word("third_person").search(plain(piece)))
            numbers = re.findall(r"\d{7,}", piece)
            told = [n for n in numbers if n not in heard]
            private = kinds & {"identity", "card"} or (kinds & {"phone", "landline", "address", "name"} and third)
            if private and (told or kinds - {"phone", "landline", "identity", "card"}):
                yield in_message(said, why("leak"), start, start + len(piece))
                break


def beyond_verdict(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """More, or something else, is promised than the rules had decided in this very conversation."""
    for said in talk.said:
        if said.verdict is not None and (got := beyond(said)):
            because, start, end = got
            yield in_message(said, because, start, end)


def scored(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """An answer of the assistant's that a scorer of the evaluation suite says no to."""
    assert rule.scorer is not None
    for said in talk.said:
        if said.script is None or said.action != "answer":
            continue
        score = FREE[rule.scorer](said.script)
        if score.value == 0.0:
            start, end = _at_fault(said, said.script)
            yield in_message(said, score.because, start, end)


def _at_fault(said: Said, script: Transcript) -> tuple[int, int | None]:
    """The first words that have no grounds, where they can be pointed at; else the whole message."""
    for breach in script.findings:
        if (at := said.text.find(breach.what)) >= 0:
            return at, at + len(breach.what)
    return 0, None


def repeats(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """The same words again, to other words of the shopper."""
    least = int(rule.limits["characters"])
    before: dict[str, dict[str, tuple[str, ...]]] = {}
    for said in talk.said:
        bare = re.sub(r"[\W_]+", "", said.plain)
        if len(bare) < least or said.action == "handoff":
            continue
        seen = before.setdefault(said.agent, {})
        if seen.get(bare, said.asked) != said.asked:  # the same question may have the same answer
            yield in_message(said, why("repeats"))
        seen.setdefault(bare, said.asked)


def off_topic(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """The reply speaks of something, and of nothing that was asked."""
    for reply in _replies(talk):
        last, text = reply[-1], _whole(reply)
        asked = "\n".join(last.asked)
        wanted, spoken = set(topics_of(asked)), set(topics_of(text))
        if not wanted or not spoken or spoken & _near(wanted) or last.action in ("handoff", "clarify", "decline"):
            continue
        if _word("bridge").search(text) or text.rstrip().endswith(("?", "吗", "呢")) or _pairs(asked) & _pairs(text):
            continue
        yield in_message(last, why("off_topic", asked="、".join(sorted(wanted)), said="、".join(sorted(spoken))))


def _near(topics: set[str]) -> set[str]:
    """These topics and those that are as good as the same matter."""
    groups: list[list[str]] = words("inspection_words")["near"]
    return topics.union(*(group for group in groups if topics & set(group)))


def _pairs(text: str) -> set[str]:
    """Pairs of characters that carry meaning."""
    bare = _word("filler").sub(" ", text)
    return {bare[i : i + 2] for i in range(len(bare) - 1) if re.fullmatch(r"[\w]{2}", bare[i : i + 2])}


def late(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """A shopper waited for longer than the limit, within the hours in which somebody is there."""
    opens, closes = float(rule.limits["from_hour"]), float(rule.limits["to_hour"])
    for wait in talk.waits:
        local = wait.since.astimezone(SHANGHAI)
        counted = wait.who == "assistant" or opens <= local.hour + local.minute / 60 < closes
        if counted and wait.seconds > float(rule.limits[wait.who]) and wait.who in rule.who:
            because = why("late", minutes=_minutes(wait.seconds), limit=_minutes(float(rule.limits[wait.who])))
            at = wait.since + timedelta(seconds=wait.seconds)
            yield Hit(wait.seq, at, wait.who, wait.agent, wait.topic, wait.text, because)


def _minutes(seconds: float) -> str:
    name = "minutes" if seconds >= 60 else "seconds"
    return why(name, n=f"{seconds / 60:.3g}" if seconds >= 60 else f"{seconds:.0f}")


def unsolved(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """A case is ended over a message nobody has answered."""
    for ending in talk.endings:
        if ending.open_seq is not None:
            yield Hit(
                ending.open_seq, ending.at, "staff", ending.agent, ending.topic, ending.open_text, why("unsolved")
            )


def asks_known(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """An order number is asked for that is known already."""
    for said in talk.said:
        known = said.order is not None or any(re.search(r"(?<!\d)\d{10,}(?!\d)", heard) for heard in said.heard)
        if known and (match := _word("asks_order").search(said.plain)):
            yield in_message(said, why("asks_known"), *match.span())


def no_apology(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """The shopper tells of our fault, and the first reply has no word of regret."""
    told = False
    for reply in _replies(talk):
        if not told and any(_tells_fault(asked) for asked in reply[0].asked):
            told = True
            if reply[0].action != "handoff" and not _word("apology").search(_whole(reply)):
                yield in_message(reply[0], why("no_apology"))


def _tells_fault(asked: str) -> bool:
    return bool(_word("our_fault").search(asked)) and not _word("supposed").search(asked)


def over_apology(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """One message that is mostly regret."""
    for said in talk.said:
        count = len(_word("apology").findall(said.plain))
        if count >= int(rule.limits["times"]):
            yield in_message(said, why("over_apology", n=count))


def long(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """A simple question is answered at length."""
    for reply in _replies(talk):
        asked = "".join(reply[-1].asked)
        length = sum(len(said.text) for said in reply)
        simple = 0 < len(asked) <= int(rule.limits["asked"]) and len(topics_of(asked)) <= 1
        if simple and reply[-1].verdict is None and length > int(rule.limits["characters"]):
            yield in_message(reply[-1], why("long", n=length))


def return_without_terms(rule: Rule, talk: Talk) -> Iterator[Hit]:
    """A return is granted, and neither who pays the freight nor until when is said."""
    for reply in _replies(talk):
        text = _whole(reply)
        asked = "\n".join(reply[-1].asked)
        granted = _word("grants_return").search(text) and not _word("limits_return").search(text)
        if granted and _word("return").search(asked) and not _word("terms").search(text):
            yield in_message(reply[-1], why("return_without_terms"))


ALL: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        asks_known, beyond_verdict, late, leak, long, no_apology, off_topic, over_apology, repeats,
        return_without_terms, unsolved,
    )
}  # fmt: skip
"""Every check by its name in the rule files."""
