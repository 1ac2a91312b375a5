"""What is wrong with a shop's knowledge as a whole: contradictions, duplicates, gaps, what has run out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml

from knowledge.catalogue import Catalogue
from knowledge.clash import Clash, find_clashes, same_question
from knowledge.ingest import clash_problem
from knowledge.text import fold
from knowledge.types import Passage

Kind = Literal["contradiction", "duplicate", "gap", "expired"]

_SOON = timedelta(days=7)
_PLACEHOLDER = re.compile(
    r"待(?:补充|定|完善|确认|更新|填)|todo|tbd|[xX×]{2,}|暂无(?:答案|内容)?|同上|略|测试|[?？]+|[-—/.。]+"
)
_TOPICS = Path(__file__).with_name("topics.yaml")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a merchant should look at."""

    kind: Kind
    level: Literal["error", "warning"]
    """`error`: a shopper can get a wrong answer today."""
    places: tuple[str, ...]
    problem: str

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "level": self.level, "places": list(self.places), "problem": self.problem}


async def lint(catalogue: Catalogue, shop: str, *, now: datetime | None = None) -> list[Finding]:
    """Everything found in the version in force, errors first. Raises `NoSuchShop`."""
    return check(await catalogue.passages(shop), now=now or datetime.now(UTC))


def check(passages: Sequence[Passage], *, now: datetime) -> list[Finding]:
    """The findings for these passages as of `now`."""
    current = [passage for passage in passages if passage.valid_until is None or passage.valid_until > now]
    clashes = find_clashes(current)
    found = [*_contradictions(clashes), *_duplicates(current, clashes), *_gaps(passages, current)]
    found += _run_out(passages, now)
    return sorted(found, key=lambda finding: finding.level != "error")


def _contradictions(clashes: Sequence[Clash]) -> Iterator[Finding]:
    for clash in clashes:
        places = clash.one.source, clash.other.source
        yield Finding("contradiction", "error", places, f"{clash.other.source} {clash_problem(clash).problem}")


def _duplicates(passages: Sequence[Passage], clashes: Sequence[Clash]) -> Iterator[Finding]:
    told = {(clash.one.id, clash.other.id) for clash in clashes}
    for one, other in same_question(passages):
        if (one.id, other.id) in told:
            continue
        told.add((one.id, other.id))
        if (one.valid_from, one.valid_until) != (other.valid_from, other.valid_until):
            continue
        places = one.source, other.source
        if fold(one.text) == fold(other.text):
            problem = f"{other.source} 与 {one.source} 问题和答案都相同（{one.question[:30]}）；留一条就够"
            yield Finding("duplicate", "warning", places, problem)
        else:
            what = f"{other.source} 与 {one.source} 问题相同、答案不同（{one.question[:30]}）"
            problem = f"{what}；顾客会得到哪一条不一定，请合并"
            yield Finding("duplicate", "error", places, problem)


def _gaps(passages: Sequence[Passage], current: Sequence[Passage]) -> Iterator[Finding]:
    for passage in current:
        if passage.kind == "faq" and _PLACEHOLDER.fullmatch(re.sub(r"\s", "", passage.text)):
            problem = f"{passage.source} 的答案“{passage.text[:20]}”像是没写完，会原样发给顾客；请补上或停用"
            yield Finding("gap", "error", (passage.source,), problem)
    yield from _without_fallback(passages)
    asked = [fold(wording) for each in current for wording in (each.question, *each.similar)]
    asked += [fold(each.text) for each in current if each.kind == "text"]
    for topic in yaml.safe_load(_TOPICS.read_text(encoding="utf-8")):
        if not any(word in wording for wording in asked for word in topic["words"]):
            yield Finding("gap", "warning", (), f"没有关于“{topic['topic']}”的知识；顾客常问，建议补一条")


def _without_fallback(passages: Sequence[Passage]) -> Iterator[Finding]:
    """Questions answered only for some days or some products: nothing is said to everybody else."""
    groups: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        if passage.kind == "faq":
            groups[fold(passage.question)].append(passage)
    for group in groups.values():
        if all(each.valid_until for each in group) and not any(each.products for each in group):
            problem = (
                f"{group[0].source} “{group[0].question[:30]}”只有限时答案，过期后就没有答案了；请补一条长期有效的"
            )
            yield Finding("gap", "warning", tuple(each.source for each in group), problem)


def _run_out(passages: Sequence[Passage], now: datetime) -> Iterator[Finding]:
    for passage in passages:
        if passage.valid_until is None:
            continue
        day = f"{passage.valid_until - timedelta(seconds=1):%Y-%m-%d}"
        if passage.valid_until <= now:
            problem = f"{passage.source} “{passage.question[:30]}”已在 {day} 过期，不再使用；请更新或删除"
        elif passage.valid_until <= now + _SOON:
            problem = f"{passage.source} “{passage.question[:30]}”将在 {day} 过期；请确认要不要延长"
        else:
            continue
        yield Finding("expired", "warning", (passage.source,), problem)
