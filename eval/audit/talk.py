"""One conversation laid out for inspection: who said what, to which question, on which grounds, after how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from assistant.conversation.events import Claimed, HandedOver, Message, Released, Resolved, Traced, Visited
from assistant.conversation.store import Entry
from assistant.turn.lexicon import level
from assistant.turn.shop import Shop
from assistant.turn.smalltalk import small_talk
from eval.transcript import Transcript, grounds_of, verdict_text
from prompts import words

Speaker = Literal["assistant", "staff"]
SHANGHAI = ZoneInfo("Asia/Shanghai")
NO_TOPIC = "其他"
_NEEDS_NO_ANSWER = frozenset(["thanks", "bye", "ok", "praise", "blessing", "noted", "busy_shopper"])


@dataclass(frozen=True, slots=True)
class Said:
    """One message of ours with what it stands in."""

    seq: int
    at: datetime
    who: Speaker
    agent: str
    """Whose it is: a member of staff, or `assistant`."""
    text: str
    plain: str
    """Half-width, simplified, lower case; every character where it stands in `text`."""
    asked: tuple[str, ...]
    """What the shopper said since somebody last answered, plain."""
    heard: tuple[str, ...]
    """Everything the shopper has said so far, plain."""
    script: Transcript | None
    """The assistant's answer as the evaluation's scorers see it."""
    verdict: dict[str, Any] | None
    """What the rules last decided in this conversation."""
    order: str | None
    """The order the conversation is known to be about."""
    action: str | None
    topic: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A shopper waited for somebody."""

    seq: int
    """The message that waited."""
    text: str
    who: Literal["assistant", "staff", "queue"]
    agent: str
    since: datetime
    seconds: float
    topic: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A member of staff ended the case."""

    seq: int
    at: datetime
    agent: str
    open_seq: int | None
    """A shopper's message nobody has answered."""
    open_text: str
    topic: str


@dataclass(frozen=True, slots=True)
class Talk:
    """What inspection sees of a conversation."""

    id: str
    shop: str
    said: tuple[Said, ...]
    waits: tuple[Wait, ...]
    endings: tuple[Ending, ...]


def lay_out(
    id_: str, shop: str, entries: Sequence[Entry], *, until: datetime | None = None, opened: Shop | None = None
) -> Talk:
    """Fold the log of one conversation. `until`: this moment; who still waits has waited until now.

    `opened`: the shop itself, whose catalogue says more than the answers quote of it.
    """
    return _Fold(id_, shop, opened).over(entries, until)


def plain(text: str) -> str:
    """For matching: half-width, simplified, lower case, places kept."""
    lowered = level(text).lower()
    return lowered if len(lowered) == len(text) else level(text)


def topic_of(text: str) -> str:
    """What a shopper's words are about: the first topic of `inspection_topics.yaml` that holds."""
    return next(iter(topics_of(text)), NO_TOPIC)


def topics_of(text: str) -> tuple[str, ...]:
    """Every topic that `text` speaks of."""
    said = plain(text)
    return tuple(name for name, pattern in _topics() if pattern.search(said))


@cache
def _topics() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table: dict[str, str] = words("inspection_words")["topics"]
    return tuple((name, re.compile(pattern)) for name, pattern in table.items())


def moment(at: str) -> datetime:
    """When an event was stored."""
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


class _Fold:
    def __init__(self, id_: str, shop: str, opened: Shop | None) -> None:
        self.id, self.shop, self.opened = id_, shop, opened
        self.said: list[Said] = []
        self.waits: list[Wait] = []
        self.endings: list[Ending] = []
        self.pending: list[tuple[int, datetime, str]] = []
        self.last: tuple[int, str] | None = None
        self.words: list[str] = []
        self.heard: list[str] = []
        self.held: Literal["assistant", "staff", "queue"] = "assistant"
        self.holder = "assistant"
        self.verdict: dict[str, Any] | None = None
        self.order: str | None = None
        self.topic = NO_TOPIC
        self.asked: tuple[str, ...] = ()

    def over(self, entries: Sequence[Entry], until: datetime | None) -> Talk:
        for entry in entries:
            self._one(entry)
        if until is not None:
            self._waited(until)
        return Talk(self.id, self.shop, tuple(self.said), tuple(self.waits), tuple(self.endings))

    def _one(self, entry: Entry) -> None:
        if entry.kind == "part":
            return
        at, event = moment(entry.at), entry.event
        match event:
            case Message(by="shopper"):
                self._asked(entry.seq, at, event.text)
            case Message():
                self._answered(entry.seq, at, event)
            case Traced(verdict=dict() as verdict):
                self.verdict = verdict
            case Visited():
                self.order = event.order or self.order
            case HandedOver():
                self.held, self.holder = "queue", "queue"
                if self.last is not None:  # the bot's parting words are no answer: a person is waited for
                    self.pending = [(self.last[0], at, self.last[1])]
            case Claimed():
                self._waited(at, answered=False)
                self.held, self.holder = "staff", event.name or event.by
            case Released():
                self.held, self.holder = "assistant", "assistant"
            case Resolved():
                seq, _, text = self.pending[-1] if self.pending else (None, at, "")
                self.endings.append(Ending(entry.seq, at, self._speaker(event.by), seq, text, self.topic))
                self.held, self.holder, self.pending = "assistant", "assistant", []
            case _:
                pass

    def _asked(self, seq: int, at: datetime, text: str) -> None:
        if not self.pending:
            self.asked = ()
        self.last = (seq, text)
        if self.pending or small_talk(plain(text)) not in _NEEDS_NO_ANSWER:
            self.pending.append((seq, at, text))
        said = plain(text)
        self.words.append(text)
        self.heard.append(said)
        self.asked = (*self.asked, said)
        found = topic_of(text)
        self.topic = found if found != NO_TOPIC else self.topic

    def _answered(self, seq: int, at: datetime, message: Message) -> None:
        if message.verdict is not None:
            self.verdict = message.verdict
        who: Speaker = "staff" if message.by == "staff" else "assistant"
        agent = (message.name or self.holder) if who == "staff" else "assistant"
        if who == "staff" or self.held != "queue":  # the bot's words in the queue are not what is waited for
            self.held = who
            self._waited(at, agent=agent)
        script = self._script(message, at) if who == "assistant" else None
        self.said.append(
            Said(
                seq=seq,
                at=at,
                who=who,
                agent=agent,
                text=message.text,
                plain=plain(message.text),
                asked=self.asked,
                heard=tuple(self.heard),
                script=script,
                verdict=self.verdict,
                order=self.order,
                action=message.action,
                topic=self.topic,
            )
        )

    def _script(self, answer: Message, at: datetime) -> Transcript:
        said = {f"{v.get('policy')}@{v.get('version')}": verdict_text(v) for v in [answer.verdict] if v}
        grounds = grounds_of(self.opened, answer) if self.opened is not None else said
        return Transcript(tuple(self.words), answer, grounds=grounds, year=at.astimezone(SHANGHAI).year)

    def _waited(self, at: datetime, *, agent: str | None = None, answered: bool = True) -> None:
        """The oldest open message has now been answered, or has at least been taken up."""
        if self.pending:
            seq, since, text = self.pending[0]
            self.waits.append(
                Wait(seq, text, self.held, agent or self.holder, since, (at - since).total_seconds(), self.topic)
            )
            if answered:
                self.pending = []
            else:
                self.pending[0] = (seq, at, text)  # from here on it is the agent's own time

    def _speaker(self, name: str) -> str:
        """The name the agent's messages carry, where they have spoken; else the one they log in with."""
        return next((s.agent for s in reversed(self.said) if s.who == "staff"), name)
