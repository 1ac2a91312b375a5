"""The commands about what a shop teaches beside its files: `tune`, `terms`, `feedback`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.catalogue import Catalogue

if TYPE_CHECKING:
    from knowledge.embedding import Embedding
    from knowledge.tune import Gain, Tuned


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Put their parsers beside the others."""
    fit = commands.add_parser(
        "tune", help="按店铺自己的相似问调检索", description="逐条留出相似问来试，说明值不值；加 --apply 才生效"
    )
    fit.add_argument("--apply", action="store_true", help="值得就用上，不值得就保持原样")
    fit.add_argument("--reset", action="store_true", help="取消用上的调整")
    fit.set_defaults(run_on=tune)
    words = commands.add_parser(
        "terms", help="店铺用语：同义词、叫法", description="导入后检索时把同一组的叫法当成一个词；给顾客看的原文不变"
    )
    words.add_argument("what", choices=("list", "import", "clear"), help="列出 / 从文件导入（替换原有的）/ 清空")
    words.add_argument("file", nargs="?", type=Path, metavar="FILE", help="一行一组：标准词在前，其他叫法在后")
    words.set_defaults(run_on=terms)
    said = commands.add_parser("feedback", help="顾客和客服的评价", description="评价只微调排序，随时可以清空")
    said.add_argument("what", choices=("list", "reset"), help="列出 / 清空")
    said.set_defaults(run_on=feedback)
    for command in (fit, words, said):
        command.add_argument("--shop", required=True, metavar="S", help="店铺名")
        command.add_argument("--json", action="store_true", help="输出一个 JSON 文档")


async def tune(given: argparse.Namespace, catalogue: Catalogue, embedding: Embedding) -> int:
    """Measure a fit on the shop's own questions, show it, apply it when told to and when it pays."""
    from knowledge.openshop import worded_index
    from knowledge.tune import tuned

    if given.reset:
        await catalogue.own.tune(given.shop, embedding.fingerprint, None)
        print(json.dumps({"reset": True}) if given.json else "已取消调整，恢复默认")
        return 0
    found = tuned(await worded_index(catalogue, given.shop, embedding))
    apply = given.apply and found.pays
    if apply:
        await catalogue.own.tune(given.shop, embedding.fingerprint, found.best)
    if given.json:
        print(json.dumps({"shop": given.shop, "applied": apply, **found.as_json()}, ensure_ascii=False))
    else:
        print("\n".join(tuning_lines(found, applied=apply)))
    return 0


def tuning_lines(found: Tuned, *, applied: bool) -> list[str]:
    """What tuning found, for people."""
    if found.rank is None or found.first is None or found.surprise is None:
        return [f"只有 {found.questions} 条相似问可以留出来试，不够调整（至少 100 条）；保持默认"]
    lines = [
        f"留出 {found.questions} 条相似问逐条来试（一半选，另一半量；括号里是 95 % 区间）：",
        f"  第一条就对  {_gain(found.first, 100, ' %')}",
        f"  排名倒数    {_gain(found.rank, 1, '')}；向量比重 {found.present.faq_share:g} → {found.best.faq_share:g}",
        f"  可信程度的偏差（越低越好）  {_gain(found.surprise, 1, '')}",
    ]
    if not found.pays:
        return [*lines, "没有一项的区间在零以上，不值得调整；保持默认"]
    return [*lines, "已用上" if applied else "值得调整；加 --apply 用上"]


def _gain(gain: Gain, scale: float, unit: str) -> str:
    low, high = gain.low * scale, gain.high * scale
    return f"{gain.before * scale:.3g}{unit} → {gain.after * scale:.3g}{unit}（改善 {low:+.2g} … {high:+.2g}）"


async def terms(given: argparse.Namespace, catalogue: Catalogue, _embedding: Embedding) -> int:
    """List, replace or clear the shop's words."""
    from knowledge.errors import Unreadable
    from knowledge.synonyms import Terms, read_terms

    own = catalogue.own
    rejected = []
    if given.what == "import":
        if given.file is None:
            raise Unreadable(file="terms import", why="缺少 FILE；用法见 python -m knowledge terms --help")
        found = read_terms(given.file)
        rejected = found.rejected
        await own.set_terms(given.shop, found.terms)
    elif given.what == "clear":
        await own.set_terms(given.shop, Terms())
    groups = (await own.terms(given.shop)).groups
    if given.json:
        problems = [{"place": p.place, "problem": p.problem} for p in rejected]
        print(json.dumps({"shop": given.shop, "groups": groups, "rejected": problems}, ensure_ascii=False))
        return 0
    lines = ["  ".join([f"{group[0]}：", *group[1:]]) for group in groups] or ["没有店铺用语"]
    print("\n".join([*lines, *(f"  未导入  {p.place}  {p.problem}" for p in rejected)]))
    return 0


async def feedback(given: argparse.Namespace, catalogue: Catalogue, _embedding: Embedding) -> int:
    """List what was said of the shop's answers, or forget it."""
    if given.what == "reset":
        gone = await catalogue.own.forget(given.shop)
        print(json.dumps({"forgotten": gone}) if given.json else f"已清空 {gone} 条评价")
        return 0
    said = await catalogue.own.said(given.shop)
    asked = {p.id: p.question or p.text[:30] for p in await catalogue.passages(given.shop)}
    if given.json:
        rows = [{"question": s.question, "entry": s.entry, "helped": s.helped, "failed": s.failed} for s in said]
        print(json.dumps({"shop": given.shop, "said": rows}, ensure_ascii=False))
        return 0
    shown = (f"有用 {s.helped}  没用 {s.failed}  {s.question} → {asked.get(s.entry, s.entry)}" for s in said)
    print("\n".join(shown) or "还没有评价")
    return 0
