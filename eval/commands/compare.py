"""`compare A B`: did it get better, worse, or is it a tie; and which answers changed, with both texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from eval.compare import Change, Comparison, compared
from eval.runfile import Line, read_run
from eval.statistics import Paired
from eval.wording import label, say


def register(commands: Any) -> None:
    """What `compare` takes."""
    parser = commands.add_parser("compare", help=say("help.compare"))
    parser.add_argument("before", type=Path, metavar="A")
    parser.add_argument("after", type=Path, metavar="B")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--html", type=Path, metavar="FILE", help=say("help.html"))
    parser.set_defaults(handler=handle)


def handle(args: argparse.Namespace) -> int:
    """Print the comparison; 1 where B is significantly worse."""
    before, after = read_run(args.before), read_run(args.after)
    found = compared(before, after)
    if args.json:
        sys.stdout.buffer.write(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        print("\n".join(_told(found)))
    if args.html:
        from eval.html import comparison_page

        args.html.write_text(comparison_page(found, before, after), "utf-8")
        print(say("run.written", file=str(args.html)), file=sys.stderr)
    return 1 if found.all.verdict == "worse" else 0


def _told(found: Comparison) -> list[str]:
    lines = [*_changes("worse", found.worse), *_changes("better", found.better)]
    other = [change for change in found.same if not change.same_words]
    lines.append(say("compare.same", same=str(len(found.same)), words=str(len(other))))
    if found.only_before or found.only_after:
        lines.append(say("compare.only", a=str(len(found.only_before)), b=str(len(found.only_after))))
    if found.differs:
        lines.append(say("compare.differs", what="、".join(label("heads", name) for name in found.differs)))
    for tag, each in found.significant_tags.items():
        name = say("compare.tag", tag=tag, q=f"{found.q[tag]:.3f}")
        lines.append(say("compare.change", name=name, **shown(each)))
    lines.append(say("compare.change", name=say("report.all"), **shown(found.all)))
    lines.append(say(f"compare.{found.all.verdict}"))
    if found.smallest is not None:
        lines.append(say("compare.smallest", change=f"{100 * found.smallest:.1f}"))
    return lines


def shown(each: Paired) -> dict[str, str]:
    """The numbers of a comparison as text."""
    ends = (each.interval.low, each.interval.high) if each.interval else None
    return {
        "change": f"{100 * each.change:+.1f}",
        "between": "–" if ends is None else "{:+.1f} … {:+.1f}".format(*(100 * end for end in ends)),
        "better": str(each.better),
        "worse": str(each.worse),
        "p": f"{each.p:.4f}",
        "cases": str(each.cases),
    }


def _changes(name: str, changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    lines = [say(f"compare.{name}_title", count=str(len(changes)))]
    for change in changes:
        lines.append(f"{say(f'compare.{name}_mark')} {change.id} {' ／ '.join(change.turns)}")
        lines += [f"    A {_side(change.before)}", f"    B {_side(change.after)}"]
    return lines


def _side(line: Line) -> str:
    text = str(line["text"]).replace("\n", " ")
    return f"{line['action']}：{text[:160]}"
