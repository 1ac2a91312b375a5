"""`policy lint` and `policy decide`: results to stdout, complaints to stderr; 0 done, 1 errors found, 2 bad input."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.errors import HouseError
from assistant.policy.decide import decide
from assistant.policy.facts import SHANGHAI, Case
from assistant.policy.load import PolicyFolderMissing, lint_folder, load_policies
from assistant.policy.verdict import Verdict
from assistant.policy.words import PAYERS, SAYS, until, yuan


def add_parser(subparsers: Any) -> None:
    """Hang `policy lint` and `policy decide` under a program's subcommands."""
    policy = subparsers.add_parser("policy", help="检查策略文件，或按策略判定")
    commands = policy.add_subparsers(dest="policy_command", required=True)
    check = commands.add_parser("lint", help="检查一个目录里的策略文件")
    check.add_argument("folder", metavar="DIR", help="策略目录")
    check.add_argument("--json", action="store_true", help="输出一个 JSON 文档")
    judge = commands.add_parser("decide", help="对事实文件逐行判定，每行输出一个判定")
    judge.add_argument("--policies", metavar="DIR", help="策略目录；不写则用随产品提供的全部策略")
    judge.add_argument("--facts", metavar="FACTS.jsonl", required=True, help="事实文件，每行一个 JSON；- 为标准输入")
    judge.add_argument("--json", action="store_true", help="每行一个 JSON 判定（默认即是）")
    judge.add_argument("--text", action="store_true", help="给人看的一行一判")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit status."""
    if args.policy_command == "lint":
        return lint(args.folder, as_json=args.json)
    return decide_file(args.policies, args.facts, as_json=not args.text)


def lint(folder: Path | str, *, as_json: bool = False) -> int:
    """Check the policies of a folder: 0 sound (warnings allowed), 1 errors, 2 no such folder."""
    try:
        checked, problems = lint_folder(Path(folder), datetime.now(SHANGHAI).date())
    except HouseError as refused:
        return _refuse(str(refused))
    errors = [p for p in problems if p.level == "error"]
    if as_json:
        print(json.dumps({"files": checked, "problems": [p.as_json() for p in problems]}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"检查 {checked} 个文件：{len(errors)} 个错误，{len(problems) - len(errors)} 个提醒", file=sys.stderr)
    return 1 if errors else 0


def decide_file(policies: Path | str | None, facts: Path | str, as_json: bool = True) -> int:
    """A verdict for every line of a facts file. A bad line gets one clear line and loses none of the others: then 2."""
    try:
        book = load_policies(policies)
    except PolicyFolderMissing as refused:
        return _refuse(str(refused))
    except HouseError as refused:
        return _refuse(str(refused))
    try:
        lines = _lines(facts)
    except (OSError, UnicodeDecodeError) as wrong:
        return _refuse(f"读不了事实文件 {facts}：{_cause(wrong)}；请检查路径和编码（UTF-8）")
    bad = 0
    for number, line in lines:
        try:
            given = json.loads(line)
            if not isinstance(given, dict):
                raise ValueError("这一行不是 JSON 对象")
            verdict = decide(book, Case.from_json(given))
        except (HouseError, ValueError, RecursionError) as refused:
            bad += 1
            print(f"{facts}:{number}: {_cause(refused)}", file=sys.stderr)
            continue
        print(json.dumps(verdict.as_json(), ensure_ascii=False) if as_json else in_words(verdict))
    return 2 if bad else 0


def _lines(facts: Path | str) -> Iterator[tuple[int, str]]:
    text = sys.stdin.read() if str(facts) == "-" else Path(facts).read_bytes().decode("utf-8-sig")
    numbered = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    return iter(numbered)


def in_words(verdict: Verdict) -> str:
    """One verdict as a line for people."""
    parts = [verdict.id, SAYS[verdict.says], verdict.title or "—"]
    if verdict.deadline is not None:
        parts.append(f"到{until(verdict.deadline)}")
    if verdict.amount_fen is not None:
        parts.append(yuan(verdict.amount_fen))
    if verdict.freight is not None:
        parts.append(f"运费{PAYERS[verdict.freight]}")
    if verdict.missing:
        parts.append("缺" + "、".join(verdict.missing))
    if verdict.reasons:
        parts.append(verdict.reasons[0].text)
    return "\t".join(parts)


def _cause(wrong: BaseException) -> str:
    if isinstance(wrong, json.JSONDecodeError):
        return f"不是合法的 JSON（第 {wrong.colno} 个字符附近）；请每行写一个完整的 JSON 对象"
    if isinstance(wrong, FileNotFoundError):
        return "文件不存在"
    if isinstance(wrong, IsADirectoryError):
        return "这是一个目录"
    if isinstance(wrong, UnicodeDecodeError):
        return "不是 UTF-8 编码"
    if isinstance(wrong, RecursionError):
        return "嵌套太深"
    return str(wrong)


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2
