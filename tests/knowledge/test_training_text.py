"""The training text: what it must hold, and that it repeats nothing it will be measured on."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = ROOT / "knowledge" / "training" / "text"
SHORT = 4
"""A text of up to four characters (谢谢, 转人工) is common property: equal ones prove nothing."""


def bare(text: str) -> str:
    """`text` without case, width, punctuation and blanks: what two copies of one text share."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def wordings() -> list[dict[str, Any]]:
    return [item for path in sorted((TEXT / "wordings").glob("*.yaml")) for item in load(path)]


def near_misses() -> list[dict[str, Any]]:
    return list(load(TEXT / "near_misses.yaml"))


def answers() -> list[dict[str, Any]]:
    return list(load(TEXT / "answers.yaml"))


def grammar() -> dict[str, Any]:
    return dict(load(TEXT / "grammar.yaml"))


def prose() -> list[tuple[str, str]]:
    files = sorted((TEXT / "prose").glob("*.txt"))
    return [(path.name, line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def every_text() -> Iterator[tuple[str, str]]:
    """Each text we train on, with the place it stands."""
    for item in wordings():
        for text in (item["question"], *item["say"]):
            yield item["intent"], text
    for group in near_misses():
        for side in group["sides"]:
            for text in side["say"]:
                yield group["group"], text
    for pair in answers():
        yield "answers", pair["question"]
        yield "answers", pair["answer"]
    yield from prose()


def measured_texts(place: str) -> Iterator[tuple[str, str]]:
    """What the product is measured on and answers from: the demo shop's knowledge and every eval case."""
    for path in sorted((ROOT / place).rglob("*")):
        yield from ((str(path.relative_to(ROOT)), text) for text in texts_of(path))


def texts_of(path: Path) -> Iterator[str]:
    match path.suffix:
        case ".yaml" | ".yml":
            yield from strings(load(path))
        case ".json":
            yield from strings(json.loads(path.read_text(encoding="utf-8")))
        case ".jsonl":
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.strip():
                    yield from strings(json.loads(line))
        case ".csv":
            raw = path.read_bytes()
            try:
                content = raw.decode("utf-8-sig")
            except UnicodeDecodeError:
                content = raw.decode("gb18030")
            for row in csv.reader(content.splitlines()):
                yield from row
        case ".xlsx":
            from openpyxl import load_workbook

            for sheet in load_workbook(path, read_only=True, data_only=True):
                for cells in sheet.iter_rows(values_only=True):
                    yield from (str(cell) for cell in cells if cell is not None)
        case ".md" | ".txt":
            yield from path.read_text(encoding="utf-8").splitlines()
        case _:
            return


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)
        case _:
            return


def test_there_are_four_hundred_intents_and_each_has_fifteen_wordings() -> None:
    items = wordings()
    names = Counter(item["intent"] for item in items)
    assert len(items) >= 400
    assert [name for name, count in names.items() if count > 1] == []
    assert [item["intent"] for item in items if len({bare(text) or text for text in item["say"]}) < 15] == []
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def test_every_wording_is_one_line_of_text() -> None:
    for place, text in every_text():
        assert isinstance(text, str), (place, text)
        assert text.splitlines() == [text.strip()], (place, text)


def test_no_wording_belongs_to_two_intents() -> None:
    owner: dict[str, str] = {}
    for item in wordings():
        for text in item["say"]:
            key = bare(text) or text
            assert owner.setdefault(key, item["intent"]) == item["intent"], (text, owner[key], item["intent"])


def test_a_near_miss_stays_on_its_side() -> None:
    groups = near_misses()
    intents = {item["intent"]: {bare(text) for text in item["say"]} for item in wordings()}
    assert len(groups) >= 60
    assert [name for name, count in Counter(group["group"] for group in groups).items() if count > 1] == []
    for group in groups:
        assert len(group["sides"]) >= 2, group["group"]
        sides = [{bare(text) for text in side["say"]} for side in group["sides"]]
        assert all(len(side) >= 6 for side in sides), group["group"]
        assert sum(map(len, sides)) == len(set().union(*sides)), group["group"]
        for side, texts in zip(group["sides"], sides, strict=True):
            assert "intent" not in side or side["intent"] in intents, (group["group"], side["intent"])
            elsewhere = {name for name, say in intents.items() if name != side.get("intent") and texts & say}
            assert not elsewhere, (group["group"], elsewhere)


def test_there_are_four_hundred_questions_with_the_sentence_that_answers_them() -> None:
    pairs = answers()
    assert len(pairs) >= 400
    assert [pair for pair in pairs if bare(pair["question"]) == bare(pair["answer"])] == []
    assert [text for text, count in Counter(bare(pair["question"]) for pair in pairs).items() if count > 1] == []


def test_shoppers_write_briefly_and_seldom_close_a_sentence() -> None:
    """Real messages: median 10 characters, nine in ten up to 17, four in five without a closing mark."""
    said = [text for item in wordings() for text in item["say"]]
    lengths = sorted(map(len, said))
    assert 6 <= lengths[len(lengths) // 2] <= 12
    assert lengths[len(lengths) * 9 // 10] <= 18
    assert sum(text[-1] in "。！？!?." for text in said) < 0.2 * len(said)


def test_the_prose_is_eight_thousand_different_sentences() -> None:
    lines = [line for _, line in prose()]
    assert len({bare(line) for line in lines}) >= 8_000
    assert [line for line, count in Counter(lines).items() if count > 1] == []


def test_the_grammar_names_only_slots_and_intents_that_exist() -> None:
    rules = grammar()
    slots = rules["slots"]
    known = {item["intent"] for item in wordings()}
    templates = [text for rule in rules["intents"] for text in rule["say"]] + list(rules["prose"])
    values = [str(value) for names in slots.values() for value in names]
    assert {name for text in templates + values for name in re.findall(r"\{(\w+)\}", text)} <= set(slots)
    assert {rule["intent"] for rule in rules["intents"]} <= known


@pytest.mark.parametrize("place", ["assistant/demo", "eval"])
def test_the_training_text_repeats_nothing_it_is_measured_on(place: str) -> None:
    kept = {bare(text): source for source, text in measured_texts(place)}
    repeated = [(where, text, kept[bare(text)]) for where, text in every_text() if bare(text) in kept]
    assert [row for row in repeated if len(bare(row[1])) > SHORT] == []
