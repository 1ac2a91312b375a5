"""How well retrieval finds the right entry, addition by addition: `python -m tests.bench table FOLDER… --demo`.

A folder holds `kb.jsonl` and `queries.jsonl` as `python -m eval retrieval` reads them. `--demo` asks the demo shop
every single-turn eval case that one of its entries answers (right is an entry that says what the case expects). Prints
one table with 95 % intervals over questions, what the default is worth at saying no, and what script and typos cost.
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.demo.load import demo_files
from assistant.settings import Settings
from assistant.wiring import open_catalogue
from eval.case import CASES, EvalCase
from eval.retrieval import Query, auroc, read_kb, read_queries
from knowledge.embedding import ShippedEmbedding
from knowledge.index import ShopIndex
from knowledge.ingest import ingest
from knowledge.keyword import KeywordRetriever
from knowledge.postings import build
from knowledge.rows import rows_of
from knowledge.text import fold, to_traditional
from knowledge.tune import interval
from knowledge.types import Passage
from knowledge.vectors import open_index
from knowledge.words import clean

Search = Callable[[str, int], Sequence[str]]
"""From a question to the ids of the best entries."""
Floats = NDArray[np.float64]
DEPTH = 10
ALIKE = "的得地 货或 退腿推 发法 单但 快块 递弟第 钱前 换还 尺吃 码吗马 买卖 包报 邮油 账帐 坏怀 几己 号好 什甚 怎咋"
TYPOS = {sign: group for group in ALIKE.split() for sign in group}


@dataclass(frozen=True)
class Set:
    """Questions to ask of some entries."""

    name: str
    entries: list[Passage]
    queries: list[Query]


def variants(entries: list[Passage]) -> dict[str, Search]:
    """Every way to search, each an addition to the one before."""
    words, shipped, plain = KeywordRetriever.over(entries), ShippedEmbedding(), ShippedEmbedding()
    plain._pull = np.float32(0)
    index = ShopIndex.build(entries, shipped)
    fitted = open_index("table", entries, shipped)
    return {
        "BM25": lambda text, k: [passage.id for passage, _ in words.scored(text, k=k)],
        "配方": recipe(entries, plain),
        "＋意图层": recipe(entries, shipped),
        "＋说法互证、反例": by(_without_rerank(index)),
        "＋整条重排": by(index),
        "出厂默认（＋按店拟合）": by(fitted),
    }


def recipe(entries: list[Passage], model: ShippedEmbedding) -> Search:
    """.85 cosine + .15 lexical, the best wording of an entry, + .3 of the cosine with the answer."""
    rows = rows_of(entries)
    matrix, answers = model.encode_passages(rows.texts), model.encode_passages([entry.text for entry in entries])
    postings, ids = build(rows.texts), np.array([entry.id for entry in entries])

    def search(text: str, k: int) -> Sequence[str]:
        asked = clean(text)
        vector = model.encode_queries([asked])[0]
        score = 0.85 * (matrix @ vector) + 0.15 * postings.scores(asked)
        best = np.maximum.reduceat(np.where(rows.counter, -9, score), rows.starts)
        best = best + 0.3 * np.maximum(answers @ vector, 0)
        return [str(one) for one in ids[np.argsort(-best, kind="stable")[:k]]]

    return search


def _without_rerank(index: ShopIndex) -> ShopIndex:
    weights = type(index.weights)
    none = {field.name: 0.0 for field in fields(weights) if field.name != "answer"}
    return replace(index, weights=weights(**none | ({"answer": 0.3} if "answer" in weights.__annotations__ else {})))


def by(index: ShopIndex) -> Search:
    """Search through an index."""
    return lambda text, k: [hit.passage.id for hit in index.search(text, k)]


def ranks(search: Search, queries: Sequence[Query]) -> NDArray[np.int64]:
    """Place of the first right entry of each question, from 1; 0 where it is not among the first ten."""
    out = []
    for query in queries:
        found = [id_ for id_ in search(query.text, DEPTH + len(query.ignore)) if id_ not in query.ignore][:DEPTH]
        out.append(next((place for place, id_ in enumerate(found, 1) if id_ in query.gold), 0))
    return np.array(out)


def measured(each: Set) -> list[str]:
    """Lines of the table for one set."""
    queries = [query for query in each.queries if query.gold]
    lines, before = [], None
    for name, search in variants(each.entries).items():
        place = ranks(search, queries)
        first, five = (place == 1).astype(float), ((place > 0) & (place <= 5)).astype(float)
        mean = np.where(place > 0, 1 / np.maximum(place, 1), 0.0)
        gain = "" if before is None else _span(first - before, sign=True)
        lines.append(f"| {each.name} | {name} | {_mean(first)} | {_mean(five)} | {_mean(mean)} | {gain} |")
        before = first
    return lines


def surety(each: Set) -> str:
    """What the default's confidence is worth on one set."""
    index = open_index("table", each.entries, ShippedEmbedding())
    place = {entry.id: at for at, entry in enumerate(each.entries)}
    sure, right, known, missing = [], [], [], []

    def best(query: Query, without: frozenset[str]) -> tuple[str, float]:
        # What is left out is put out of date: everything else stays as it is.
        ends = index.ends.copy()
        ends[[place[id_] for id_ in without if id_ in place]] = -np.inf
        hits = replace(index, ends=ends).search(query.text, 1)
        return (hits[0].passage.id, hits[0].confidence) if hits else ("", 0.0)

    for query in each.queries:
        top, confidence = best(query, query.ignore)
        sure.append(confidence)
        known.append(bool(query.gold))
        right.append(top in query.gold)
        if query.gold:
            missing.append(best(query, query.ignore | query.gold)[1])
    tops, answerable = np.array(sure), np.array(known)
    off = auroc(tops, answerable) if not answerable.all() else None
    both = np.concatenate([tops[answerable], missing])
    close = auroc(both, np.arange(len(both)) < answerable.sum())
    return f"| {each.name} | {_plain(off)} | {_plain(close)} | {calibration(tops, np.array(right)):.3f} |"


def calibration(sure: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins of equally many questions."""
    order = np.array_split(np.argsort(sure), min(bins, len(sure)))
    return float(sum(abs(sure[part].mean() - right[part].mean()) * len(part) for part in order) / len(sure))


def costs(each: Set, count: int = 300) -> list[str]:
    """What script and a typo cost in hit@1, paired over the same questions."""
    search = by(open_index("table", each.entries, ShippedEmbedding()))
    pick = random.Random(3)
    queries = pick.sample([query for query in each.queries if query.gold], count)
    wordings: dict[str, Callable[[str], str]] = {
        "简体": str,
        "繁体": to_traditional,
        "台湾用词": lambda text: to_traditional(text, "tw"),
        "每句一个错字": lambda text: typo(text, pick),
    }
    first = {
        name: (ranks(search, [replace(query, text=said(query.text)) for query in queries]) == 1).astype(float)
        for name, said in wordings.items()
    }
    return [f"| {name} | {_mean(hit)} | {_span(hit - first['简体'], sign=True)} |" for name, hit in first.items()]


def typo(text: str, pick: random.Random) -> str:
    """`text` with one slip: a character that sounds or looks alike, dropped, doubled, or changed with its neighbour."""
    places = [at for at, sign in enumerate(text) if "一" <= sign <= "龥"]
    if len(places) < 2:
        return text
    alike = [at for at in places if text[at] in TYPOS]
    if alike and pick.random() < 0.5:
        at = pick.choice(alike)
        return text[:at] + pick.choice([s for s in TYPOS[text[at]] if s != text[at]]) + text[at + 1 :]
    at = pick.choice(places[:-1])
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return pick.choice([text[:at] + text[at + 1 :], text[: at + 1] + text[at:], swapped])


def demo_set() -> Set:
    """The demo shop and the eval cases that its entries answer."""

    async def entries() -> list[Passage]:
        with tempfile.TemporaryDirectory() as folder:
            async with open_catalogue(Settings(DATA_DIR=Path(folder))) as catalogue:
                await ingest(catalogue, "demo", demo_files())
                return await catalogue.passages("demo")

    kept = asyncio.run(entries())
    said = {entry.id: re.sub(r"\s", "", fold(f"{entry.question} {entry.text}")) for entry in kept}
    queries = []
    for file in sorted(CASES.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip() and (query := _asked(EvalCase.model_validate_json(line), kept, said)):
                queries.append(query)
    return Set("演示店", kept, queries)


def _asked(case: EvalCase, entries: Sequence[Passage], said: dict[str, str]) -> Query | None:
    """The case as a question with the entries that say what it expects; None where no entry alone does."""
    wanted = case.expect
    if len(case.turns) != 1 or "answer" not in wanted.action or wanted.verdict or not wanted.facts:
        return None
    gold = frozenset(
        entry.id
        for entry in entries
        if all(re.search(pattern, said[entry.id], re.IGNORECASE) for pattern in wanted.facts)
        and (wanted.source is None or wanted.source in entry.source)
    )
    # Facts that many entries state do not tell which is right.
    return Query(case.turns[0], gold, frozenset()) if 1 <= len(gold) <= 5 else None


def _mean(values: Floats) -> str:
    low, high = interval(values, lambda rows: rows.mean(axis=1))
    return f"{values.mean() * 100:.1f}（{low * 100:.1f}–{high * 100:.1f}）"


def _span(values: Floats, *, sign: bool) -> str:
    low, high = interval(values, lambda rows: rows.mean(axis=1))
    return f"{values.mean() * 100:+.1f}（{low * 100:+.1f} … {high * 100:+.1f}）"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def main(folders: Sequence[Path], *, demo: bool) -> None:
    """Measure and print the tables."""
    sets = []
    for folder in folders:
        entries = read_kb(folder / "kb.jsonl")
        known = frozenset(entry.id for entry in entries)
        sets.append(Set(folder.name, entries, read_queries(folder / "queries.jsonl", known)))
    if demo:
        sets.append(demo_set())
    print("| 题集 | 怎样找 | hit@1 % | hit@5 % | MRR@10 | 比上一行，hit@1（成对） |\n|---|---|---|---|---|---|")
    for each in sets:
        print("\n".join(measured(each)), flush=True)
    print("\n| 题集 | 资料外的话 AUROC | 只差正主 AUROC | 校准误差 |\n|---|---|---|---|")
    for each in sets:
        print(surety(each), flush=True)
    for each in sets:
        asked = sum(bool(query.gold) for query in each.queries)
        print(f"\n{each.name}：{len(each.entries)} 条知识，{asked} 个有答案的问题，{len(each.queries) - asked} 个没有")
    if demo:
        print("\n| 演示店，同样 300 个问题 | hit@1 % | 差（成对） |\n|---|---|---|")
        print("\n".join(costs(sets[-1])))
