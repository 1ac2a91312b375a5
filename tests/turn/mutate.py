"""Changes one figure at a time in grounded answers and counts what the guard stops.

`python -m tests.turn.mutate [--show]` prints two tables. In the first the figures are marked by hand in
`cases/grounded.txt`; in the second every answer of the demo shop is said a little differently, and its figures are
found by a plain pattern. All changes are plain string work: what the guard overlooks is not overlooked here as well.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.turn.guard import Grounds, check, sentences
from knowledge.ingest import prepare

_MARKED = re.compile(r"\{(.*?)\}")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|[零一二两三四五六七八九十百千万半]+")
_HAN = "零一二三四五六七八九"
_UNITS = [
    ["秒", "分钟", "小时", "天", "周", "个月", "年"],
    ["分钟", "个工作日"],
    ["天", "个工作日"],
    ["元", "角", "万元", "%"],
    ["块", "毛"],
    ["克", "公斤"],
    ["斤", "公斤"],
    ["g", "kg"],
    ["毫米", "厘米", "米"],
    ["cm", "mm"],
    ["毫升", "升"],
    ["ml", "L"],
    ["瓦", "千瓦"],
    ["W", "kW"],
    ["件", "箱"],
    ["个", "箱"],
    ["%", "元"],
]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the passage it follows from; `marked` has its figures in braces."""

    source: str
    marked: str

    @property
    def text(self) -> str:
        return _MARKED.sub(r"\1", self.marked)


def answers(path: Path = Path(__file__).parent / "cases/grounded.txt") -> list[Answer]:
    """Every passage, said word for word, and every other wording of it."""
    found, source = [], ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            source = _MARKED.sub(r"\1", line)
        found.append(Answer(source, line.strip()))
    return found


_DEMO = Path(__file__).parents[2] / "assistant/demo/files"
_PLAIN = re.compile(
    r"(?<![a-zA-Z\d.])(\d+(?:\.\d+)?\s*(?:个工作日|个自然日|个月|小时|分钟|厘米|毫米|毫升|公斤|天|日|元|年|件|次|%|折|码|斤|克|cm|kg|ml|W|g))"
)
_SAID = (("可以", "能"), ("需要", "要"), ("如果", "要是"), ("我们", "我们这边"), ("。", "哦。"))


def demo_answers() -> list[Answer]:
    """Every sentence of the demo shop's answers, in slightly other words, its plain figures marked."""
    found = []
    for file in sorted(_DEMO.iterdir()):
        for passage in prepare(file.name, file.read_bytes()).upload.passages:
            for sentence in sentences(passage.text):
                marked = _PLAIN.sub(lambda match: "{" + _other_form(match[1]) + "}", sentence.strip())
                for word, other in _SAID:
                    marked = marked.replace(word, other, 1)
                if len(sentence.strip()) >= 4:
                    found.append(Answer(f"{passage.question}\n{passage.text}", marked))
    return found


def _other_form(figure: str) -> str:
    """七天 for 7天 where anybody would write that; else unchanged."""
    number, unit = re.fullmatch(r"([\d.]+)\s*(.*)", figure).groups()  # type: ignore[union-attr]
    spoken = unit in ("天", "小时", "个月", "年", "件", "次") and "." not in number and len(number) < 4
    return (_in_han(float(number)) or number) + unit if spoken else figure


def mutants(answer: Answer) -> Iterator[tuple[str, str]]:
    """Every way to get one figure wrong: what was done, and the wrong answer."""
    for match in _MARKED.finditer(answer.marked):
        for how, wrong in _wrong(match[1]):
            text = answer.marked[: match.start()] + wrong + answer.marked[match.end() :]
            yield how, _MARKED.sub(r"\1", text)


def _wrong(figure: str) -> Iterator[tuple[str, str]]:
    for match in _NUMBER.finditer(figure):
        number, before, after = match[0], figure[: match.start()], figure[match.end() :]
        value = _value(number)
        if value is None:
            continue
        date = after[:1] in "月:" or (before[-1:] in "月-" and after[:1] in "日号")
        how = "date or time" if date or after[:1] in "点号" or ":" in before else "value"
        for other in {value + 1, value + 3, max(value - 1, 0) or value + 2}:
            yield how, before + _written(other, like=number) + after
        if how == "value":
            if after != "折" and value:  # 85折 is 8.5折
                yield "magnitude", before + _written(value * 10, like=number) + after
            swapped = _in_han(value + 4) if number[0].isdigit() else f"{value + 4:g}"
            if swapped:
                yield "numeral form", before + swapped + after
    for family in _UNITS:
        unit = next((u for u in sorted(family, key=len, reverse=True) if figure.endswith(u)), None)
        if unit and not figure.removesuffix(unit).endswith(("个", "平", "平方", "公")):
            for other_unit in family:
                if other_unit != unit:
                    yield "unit", figure[: -len(unit)] + other_unit


def _value(number: str) -> float | None:
    if number[0].isdigit():
        return float(number.replace(",", ""))
    total = section = 0
    for char in number:
        if char == "半":
            return None
        if char in _HAN or char == "两":
            section = 2 if char == "两" else _HAN.index(char)
        else:
            total += (section or 1) * {"十": 10, "百": 100, "千": 1000, "万": 10000}[char]
            section = 0
    return float(total + section)


def _written(value: float, *, like: str) -> str:
    if like[0].isdigit():
        return f"{value:.2f}".rstrip("0").rstrip(".") if "." in like or value % 1 else f"{value:.0f}"
    return _in_han(value) or f"{value:g}"


def _in_han(value: float) -> str:
    """三十二 for 32; "" for what nobody writes out."""
    if value % 1 or not 0 < value < 10000:
        return ""
    text, zero, number = "", False, int(value)
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        text += ("零" if zero and text and digit else "") + (_HAN[digit] + unit if digit else "")
        zero = not digit
    return text.removeprefix("一") if text.startswith("一十") else text


@dataclass
class Tally:
    """What the guard did with clean and with wrong answers."""

    clean: int = 0
    clean_stopped: list[str] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str, str]] = field(default_factory=list)


def measure(cases: list[Answer]) -> Tally:
    """Run every answer, and every way to get one of its figures wrong, through the guard."""
    tally = Tally()
    for case in cases:
        grounds = Grounds((case.source,))
        tally.clean += 1
        if breach := check(case.text, grounds):
            tally.clean_stopped.append(f"{case.text}  [{breach.kind}: {breach.what}]")
        for how, text in mutants(case):
            tally.wrong[how] += 1
            if check(text, grounds) is None:
                tally.missed.append((how, text, case.source))
    return tally


def table(tally: Tally) -> str:
    """The result for people."""
    missed = Counter(how for how, _, _ in tally.missed)
    lines = [f"{'what was changed':<16}{'wrong':>7}{'stopped':>9}{'share':>9}"]
    for how, count in sorted(tally.wrong.items()):
        lines.append(f"{how:<16}{count:>7}{count - missed[how]:>9}{1 - missed[how] / count:>9.2%}")
    total, lost = sum(tally.wrong.values()), len(tally.missed)
    lines.append(f"{'all':<16}{total:>7}{total - lost:>9}{1 - lost / total:>9.2%}")
    stopped = len(tally.clean_stopped)
    lines.append(f"clean answers: {tally.clean}, stopped: {stopped} ({stopped / tally.clean:.2%})")
    return "\n".join(lines)


def main() -> int:
    """0 if at least 99 % of the wrong answers are stopped and at most 1 % of the clean ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="list what was missed and what was stopped wrongly")
    options = parser.parse_args()
    good = True
    for name, cases in (("answers with marked figures", answers()), ("the demo shop's answers", demo_answers())):
        tally = measure(cases)
        print(f"{name}\n{table(tally)}\n")
        if options.show:
            for how, text, source in tally.missed:
                print(f"missed ({how}): {text}\n    source: {source}")
            for text in tally.clean_stopped:
                print(f"stopped: {text}")
        good &= holds(tally)
    return 0 if good else 1


def holds(tally: Tally) -> bool:
    """Whether at least 99 % of the wrong answers are stopped and at most 1 % of the clean ones."""
    return len(tally.missed) <= 0.01 * sum(tally.wrong.values()) and len(tally.clean_stopped) <= 0.01 * tally.clean


if __name__ == "__main__":
    sys.exit(main())
