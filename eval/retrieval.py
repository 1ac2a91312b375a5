"""How well the product finds the right entry, on any FAQ set: `python -m eval retrieval --kb KB --queries Q`.

The same index and retriever as the product. KB lines `{"id","question","answer"?,"similar"?,"category"?}`, query lines
`{"query","gold_ids","ignore_ids"?}`: no gold means nothing in the KB answers it, ignored ids leave the ranking.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Embedding, EmbeddingUnusable, open_embedding
from knowledge.fit import fitted
from knowledge.search import HybridRetriever, ShopIndex
from knowledge.types import Hit, Passage

DEPTH = 10
"""How far down a ranking is looked at."""
_T = TypeVar("_T")


class BadInput(Exception):
    """A file cannot be measured: one line naming the file, the line, the cause and the next step."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a retrieval set."""

    text: str
    gold: frozenset[str]
    ignore: frozenset[str]


def read_kb(path: Path) -> list[Passage]:
    """The entries of a KB file; raises `BadInput`."""
    entries = _read(path, _passage)
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise BadInput(f"{path}：编号 {entry.id} 出现了两次。请让每个条目的 id 唯一。")
        seen.add(entry.id)
    return entries


def read_queries(path: Path, known: frozenset[str]) -> list[Query]:
    """The queries of a file; a gold id that is not in the KB is a mistake, not a miss. Raises `BadInput`."""
    queries = _read(path, _query)
    for number, query in enumerate(queries, 1):
        if missing := sorted(query.gold - known):
            raise BadInput(f"{path} 第 {number} 条：gold_ids 里的 {missing[0]} 不在知识库里。请检查两个文件是否配套。")
    return queries


def run(kb_path: Path | str, queries_path: Path | str, embedding: Embedding | str | None = None) -> dict[str, Any]:
    """Measure; the result is the contract's JSON. Raises `BadInput`, `EmbeddingUnusable`."""
    passages = read_kb(Path(kb_path))
    queries = read_queries(Path(queries_path), frozenset(p.id for p in passages))
    model = open_embedding(embedding) if embedding is None or isinstance(embedding, str) else embedding
    began = time.perf_counter()
    index = fitted(ShopIndex.build(passages, model))
    index_seconds = time.perf_counter() - began
    retriever = HybridRetriever(index=index)
    ranks: list[int] = []
    tops: list[float] = []
    took: list[float] = []
    for query in queries:
        began = time.perf_counter()
        hits = retriever.search(query.text, k=DEPTH + len(query.ignore))
        took.append((time.perf_counter() - began) * 1000)
        kept = [hit for hit in hits if hit.passage.id not in query.ignore][:DEPTH]
        ranks.append(_rank(kept, query))
        tops.append(kept[0].confidence if kept else 0.0)
    answerable = np.array([bool(q.gold) for q in queries])
    found = np.array(ranks)[answerable]
    figures = _figures(found)
    return {
        "queries": len(queries),
        "answerable": int(answerable.sum()),
        **{name: _round(float(values.mean())) if len(values) else None for name, values in figures.items()},
        "ci95": {name: interval(values) for name, values in figures.items()},
        "no_answer_auroc": auroc(np.array(tops), answerable),
        "index_seconds": _round(index_seconds),
        "query_ms": {"p50": _round(float(np.percentile(took, 50))), "p99": _round(float(np.percentile(took, 99)))},
        "retriever": index.described(),
        "embedding": f"{model.name}@{model.fingerprint}",
    }


def _rank(hits: Sequence[Hit], query: Query) -> int:
    """Place of the first right hit, from 1; 0 when none of them is."""
    return next((place for place, hit in enumerate(hits, 1) if hit.passage.id in query.gold), 0)


def _figures(ranks: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Per answerable query, what each figure is the mean of."""
    found = ranks > 0
    return {
        **{f"hit@{k}": (found & (ranks <= k)).astype(np.float64) for k in (1, 3, 5)},
        "mrr@10": np.where(found, 1 / np.maximum(ranks, 1), 0.0),
    }


def interval(values: NDArray[np.float64], *, resamples: int = 1000, seed: int = 0) -> list[float] | None:
    """95 % bootstrap interval of the mean, resampling queries; None without any."""
    if not len(values):
        return None
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return [_round(float(low)), _round(float(high))]


def auroc(tops: NDArray[np.float64], answerable: NDArray[np.bool_]) -> float | None:
    """How often an answerable question's best hit is surer than an unanswerable one's; ties count half."""
    yes, no = tops[answerable], np.sort(tops[~answerable])
    if not len(yes) or not len(no):
        return None
    below, upto = np.searchsorted(no, yes, side="left"), np.searchsorted(no, yes, side="right")
    return _round(float((below + upto).mean() / 2 / len(no)))


def _passage(row: dict[str, Any]) -> Passage:
    question, similar = _text(row, "question"), row.get("similar") or []
    if not isinstance(similar, list) or not all(isinstance(s, str) for s in similar):
        raise ValueError("similar 应是字符串列表")
    return Passage(
        id=_text(row, "id"),
        kind="faq",
        text=str(row.get("answer") or ""),
        source=_text(row, "id"),
        question=question,
        similar=tuple(similar),
        category=str(row.get("category") or ""),
    )


def _query(row: dict[str, Any]) -> Query:
    ids = {}
    for name in ("gold_ids", "ignore_ids"):
        value = row.get(name, [] if name == "ignore_ids" else None)
        if not isinstance(value, list):
            raise ValueError(f"{name} 应是列表（没有答案的问题写 []）")
        ids[name] = frozenset(map(str, value))
    return Query(_text(row, "query"), ids["gold_ids"], ids["ignore_ids"])


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"缺少 {name}")
    return value


def _read(path: Path, shape: Callable[[dict[str, Any]], _T]) -> list[_T]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        cause = "不是 UTF-8 文本" if isinstance(error, UnicodeDecodeError) else (error.strerror or str(error))
        raise BadInput(f"{path} 读不出来：{cause}。请给一个每行一个 JSON 的 UTF-8 文件。") from error
    out = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("不是 JSON 对象")
            out.append(shape(row))
        except ValueError as error:
            cause = "不是合法的 JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            raise BadInput(f"{path} 第 {number} 行：{cause}。请改正这一行再运行。") from error
    if not out:
        raise BadInput(f"{path} 里一行也没有。请给一个每行一个 JSON 的文件。")
    return out


def _round(value: float) -> float:
    return round(value, 4)


def main(argv: Sequence[str] | None = None) -> int:
    """The command: prints figures, with `--json` the contract's document. 0 done, 2 bad input in one line."""
    parser = argparse.ArgumentParser(prog="python -m eval retrieval", description="在任意问答集上测检索。")
    parser.add_argument("--kb", required=True, type=Path, help="知识库，每行 {id, question, …}")
    parser.add_argument("--queries", required=True, type=Path, help="问题，每行 {query, gold_ids, ignore_ids?}")
    parser.add_argument("--embedding", default=os.environ.get("EMBEDDING_MODEL") or None, help="默认同 EMBEDDING_MODEL")
    parser.add_argument("--json", action="store_true", help="只打印一个 JSON 文档")
    options = parser.parse_args(argv)
    try:
        result = run(options.kb, options.queries, options.embedding)
    except (BadInput, EmbeddingUnusable) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    for name, value in result.items():
        if name != "ci95":
            span = result["ci95"].get(name)
            print(f"{name:>16}  {value}" + (f"  （95% {span[0]}–{span[1]}）" if span else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
