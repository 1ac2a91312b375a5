"""An optional model that judges what rules cannot score, once people have said how good a judge it is.

Rules come first: an answer any scorer can judge never reaches the judge, so switching the judge on changes no verdict
of a rule. Its word counts only after its agreement with human labels is stored, for this very prompt and model, and is
above the gate; what it counts is then corrected for its error.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from assistant.errors import HouseError
from eval.agreement import Agreement, Useless, together
from eval.case import BadCase
from eval.marks import Mark, Marks
from eval.statistics import Interval
from prompts import load, words

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Line = Mapping[str, Any]
Verdict = Literal["right", "wrong", "unsure"]

KAPPA, TPR, TNR, LABELS, OF_EACH = 0.6, 0.8, 0.8, 50, 10
"""The gate: agreement beyond chance that is called substantial (Landis and Koch 1977), neither error above a fifth,
over enough labels of both kinds to know."""
AT_ONCE = 4
_CONTENT = ("facts", "forbidden", "stated", "source", "verdict", "reason")
"""Scorers that say whether the content is right."""


@dataclass(frozen=True, slots=True)
class Item:
    """One answer to be judged."""

    id: str
    question: str
    answer: str
    sources: str = ""
    expected: str = ""
    """What a case says in words about a right answer."""
    right: bool | None = None
    """What people say; None where they have not."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge makes of one item; `unsure` also where it gave no usable reply."""

    verdict: Verdict
    because: str = ""


class NoJudge(HouseError):
    """There is no model to ask."""

    says = "没有设置 LLM_MODEL，没有可以当评委的模型；不用评委也能评，只是规则评不出的题不计入"


def digest(model: str) -> str:
    """Which judge this is: the prompt's text and the model's name. Another word in either is another judge."""
    return hashlib.sha256(f"{load('judge').digest}\0{model}".encode()).hexdigest()[:12]


def needs_judge(line: Line) -> bool:
    """Whether rules leave open if this answer's content is right."""
    if line.get("broken") or not line["right"] or line["action"] != "answer":
        return False
    return all(line["scores"].get(name, {}).get("value") is None for name in _CONTENT)


def item_of(line: Line) -> Item:
    """A line of a run file as the judge sees it."""
    quotes = line.get("quotes") or ()
    sources = "\n".join(f"{q.get('title', '')}：{q.get('quote', '')}" for q in quotes)
    key = f"{line['id']}#{line.get('trial', 0)}{line.get('variant') or ''}"
    return Item(key, "\n".join(line["turns"]), str(line["text"]), sources)


def read_labels(path: Path) -> list[Item]:
    """A set labelled by people: JSON lines `{"id","question","answer","sources"?,"expected"?,"right"}`."""
    try:
        rows = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadCase(place=str(path), why="读不出来") from None
    items: list[Item] = []
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            item = Item(**{k: v for k, v in orjson.loads(row).items() if k != "by"})
        except (orjson.JSONDecodeError, TypeError, AttributeError):
            raise BadCase(place=f"{path.name}#{number}", why="应有 id、question、answer、right") from None
        if not isinstance(item.right, bool):
            raise BadCase(place=f"{path.name}#{number}", why="right 应是 true 或 false")
        items.append(item)
    return items


def prompt_of(item: Item) -> str:
    """What the judge is asked."""
    nothing = str(words("judging")["nothing"])
    return load("judge").render(
        question=item.question,
        answer=item.answer,
        sources=item.sources or nothing,
        expected=item.expected or nothing,
    )


async def judge(model: BaseChatModel, items: Sequence[Item]) -> list[Opinion]:
    """The judge's word on each item, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> Opinion:
        async with gate:
            try:
                reply = await model.bind(temperature=0.0).ainvoke(prompt_of(item))
            except Exception as fault:  # whatever the endpoint does, an answer nobody judged is not judged
                return Opinion("unsure", type(fault).__name__)
        return read_opinion(str(reply.content))

    return list(await asyncio.gather(*map(one, items)))


def read_opinion(text: str) -> Opinion:
    """The judge's reply; anything but the JSON it was asked for is `unsure`."""
    for found in re.findall(r"\{[^{}]*\}", text):
        try:
            said = orjson.loads(found)
        except orjson.JSONDecodeError:
            continue
        if said.get("verdict") in ("right", "wrong", "unsure"):
            return Opinion(said["verdict"], str(said.get("because", "")))
    return Opinion("unsure", text[:80])


@dataclass(frozen=True, slots=True)
class Measured:
    """How good a judge is, by labels."""

    digest: str
    model: str
    prompt: str
    labels: str
    """Digest of the labelled set."""
    agreement: Agreement
    unsure: int
    problems: tuple[str, ...] = field(default=())
    """Why it does not count; empty where it does."""


def measured(model: str, labelled: Sequence[Item], opinions: Sequence[Opinion]) -> Measured:
    """Hold the judge's word against people's. An item it is unsure of counts as said wrong: it would not pass."""
    truth = [bool(item.right) for item in labelled]
    agreement = Agreement.of(truth, [opinion.verdict == "right" for opinion in opinions])
    key = hashlib.sha256("\n".join(f"{i.id}\0{i.question}\0{i.answer}\0{i.right}" for i in labelled).encode())
    unsure = sum(opinion.verdict == "unsure" for opinion in opinions)
    found = problems(agreement)
    return Measured(digest(model), model, load("judge").digest, key.hexdigest()[:12], agreement, unsure, found)


def problems(agreement: Agreement) -> tuple[str, ...]:
    """What keeps a judge below the gate."""
    says: Mapping[str, str] = words("judging")["problems"]
    few = agreement.of_all < LABELS or min(agreement.true, agreement.false) < OF_EACH
    found = [says["few"].format(least=LABELS, each=OF_EACH)] if few else []
    for name, got, least in (
        ("kappa", agreement.kappa, KAPPA),
        ("tpr", agreement.tpr, TPR),
        ("tnr", agreement.tnr, TNR),
    ):
        if got is None or got < least:
            found.append(says[name].format(got="—" if got is None else f"{got:.2f}", least=f"{least:.2f}"))
    return tuple(found)


async def store(marks: Marks, shop: str, found: Measured, by: str) -> Mark:
    """Keep how good the judge was found to be."""
    four = found.agreement
    counts = [four.both_right, four.missed, four.let_pass, four.both_wrong]
    body = {"model": found.model, "prompt": found.prompt, "labels": found.labels, "counts": counts}
    return await marks.put(shop, "judge", found.digest, by, **body, unsure=found.unsure)


async def known(marks: Marks, shop: str, model: str) -> Measured | None:
    """What was last found of the judge as it is now: this prompt, this model."""
    said = await marks.all(shop, "judge", about=digest(model))
    if not said:
        return None
    body = said[-1].body
    agreement = Agreement(*body["counts"])
    return Measured(
        digest(model), model, body["prompt"], body["labels"], agreement, body["unsure"], problems(agreement)
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """What a run may be said to have reached."""

    accuracy: float | None
    """None: refused."""
    interval: Interval | None
    right: int
    of: int
    """Answers scored by rules."""
    said_right: int
    judged: int
    refused: tuple[str, ...] = ()


def headline(
    lines: Iterable[Line], opinions: Mapping[str, Opinion] | None = None, judge_: Measured | None = None
) -> Headline:
    """One accuracy. Without `opinions` the answers that rules cannot score are left out; with them they count as the
    judge says, corrected; a judge that is unknown or below the gate makes the run refuse a headline.
    """
    counted = [line for line in lines if not line.get("broken")]
    by_rules = [line for line in counted if not needs_judge(line)]
    open_ = [line for line in counted if needs_judge(line)]
    right = sum(bool(line["right"]) for line in by_rules)
    if opinions is None or not open_:
        value, within = together(right, len(by_rules), 0, 0, None)
        return Headline(value, within, right, len(by_rules), 0, 0)
    said = sum(opinions[item_of(line).id].verdict == "right" for line in open_)
    if judge_ is None:
        why: tuple[str, ...] = (str(words("judging")["problems"]["unknown"]),)
    else:
        why = judge_.problems
    if not why and judge_ is not None:
        try:
            value, within = together(right, len(by_rules), said, len(open_), judge_.agreement)
            return Headline(value, within, right, len(by_rules), said, len(open_))
        except Useless:
            why = (str(words("judging")["problems"]["useless"]),)
    return Headline(None, None, right, len(by_rules), said, len(open_), why)
