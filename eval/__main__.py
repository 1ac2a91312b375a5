"""`python -m eval run | show | gate | retrieval`: how accurately the shop's questions are answered."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import yaml

from assistant.errors import HouseError
from assistant.settings import read_settings
from assistant.wiring import open_shops
from eval import report, retrieval
from eval.case import CASES, BadCase, read_cases
from eval.run import run_case, trials

EXPECTED = Path(__file__).parent / "expected.yaml"


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 the answer is no, 2 wrong use or bad input."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["retrieval"]:
        return retrieval.main(argv[1:])
    try:
        args = _parser().parse_args(argv)
        handler: Any = args.handler
        return int(handler(args))
    except HouseError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description="店伴：答得准不准")
    commands = parser.add_subparsers(required=True, metavar="命令")
    run = commands.add_parser("run", help="跑一遍题目")
    run.add_argument("cases", nargs="*", type=Path, default=[CASES], help="题目文件、文件夹或自带题目的名字")
    run.add_argument("--shop", default="demo")
    run.add_argument("--trials", type=int, default=1, help="每题跑几遍")
    run.add_argument("--now", help="当作这个时刻")
    run.add_argument("--out", type=Path, help="把每题结果写到这个 jsonl")
    run.add_argument("--json", action="store_true")
    run.set_defaults(handler=_run)
    show = commands.add_parser("show", help="看一次运行的结果")
    show.add_argument("run", type=Path)
    show.set_defaults(handler=_show)
    gate = commands.add_parser("gate", help="和 eval/expected.yaml 里说好的数比")
    gate.add_argument("run", type=Path)
    gate.set_defaults(handler=_gate)
    commands.add_parser("retrieval", help="在任意问答集上量检索", add_help=False)
    return parser


def _run(args: argparse.Namespace) -> int:
    cases = read_cases(args.cases)
    if args.now:
        cases = [c if c.now else c.model_copy(update={"now": args.now}) for c in cases]
    began = time.perf_counter()
    lines = asyncio.run(_answers(cases, args))
    if args.out:
        args.out.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    found = report.summary(lines)
    if args.json:
        sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        print(report.failures(lines))
        print(report.table(found))
        print(f"{len(lines)} 题，{time.perf_counter() - began:.1f} 秒", file=sys.stderr)
    return 0


async def _answers(cases: list[Any], args: argparse.Namespace) -> list[dict[str, Any]]:
    async with open_shops(read_settings()) as shops:
        shop = await shops.shop(args.shop)
        return [(await run_case(shop, case)).as_json() for case in trials(cases, args.trials)]


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise BadCase(place=str(path), why="没有这个结果文件")
    try:
        return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    except orjson.JSONDecodeError as bad:
        raise BadCase(place=path.name, why=f"不是运行结果（{bad}）") from None


def _show(args: argparse.Namespace) -> int:
    lines = _lines(args.run)
    print(report.failures(lines))
    print(report.table(report.summary(lines)))
    return 0


def _gate(args: argparse.Namespace) -> int:
    found = report.summary(_lines(args.run))
    expected: dict[str, dict[str, float]] = yaml.safe_load(EXPECTED.read_text("utf-8"))
    invented = expected.pop("invented")
    verdicts = []
    for name, promised in expected.items():
        rate = found if name == "all" else found["tags"].get(name)
        if rate is None:
            continue
        got, least, slack = float(rate["accuracy"]), float(promised["accuracy"]), float(promised["tolerance"])
        verdict = "OK" if got >= least else "OKISH" if got >= least - slack else "FAIL"
        verdicts.append(verdict)
        print(f"{verdict:5} {name} {got:.3f}（说好 {least:.3f}，容差 {slack:.3f}）")
    over = found["invented"] - invented["at_most"]
    verdicts.append("OK" if over <= 0 else "OKISH" if over <= invented["tolerance"] else "FAIL")
    print(f"{verdicts[-1]:5} 无答案却回答 {found['invented']} 条（说好至多 {invented['at_most']}）")
    return 1 if "FAIL" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
