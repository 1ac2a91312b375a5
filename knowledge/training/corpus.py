"""What the model learns from: our own text, and rows of a data folder whose licence allows it.

knowledge/training/text/wordings/*.yaml   intents: a standard question and how shoppers say it
                        near_misses.yaml  wordings that look alike and must stay apart
                        answers.yaml      a question and the policy sentence that answers it
                        grammar.yaml      templates of intents and of prose, with slots
                        synonyms.yaml     words that may stand for one another
                        prose/*           plain service prose, one or more sentences a line
--data DIR                                rows under Apache-2.0, MIT or in the public domain (clean);
                                          with --variant research also rows for research use only
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from knowledge.training.grammar import Grammar
from knowledge.words import sentences

TEXT = Path(__file__).with_name("text")
Variant = Literal["clean", "research"]

STATEMENTS = "shopper_telling.txt"
"""The prose of which every line is a message that asks nothing."""
TELLING = frozenset(
    (
        *("thanks", "bye", "ok_ack", "praise_product", "praise_service", "wait_moment"),
        *("busy_later", "solved_done", "apology_me", "swear_angry", "joke_smalltalk"),
    )
)
"""Intents whose wordings ask nothing."""
NEITHER = frozenset(("greet", "disappointed", "unclear_fragment", "repeat_question"))
"""Intents whose wordings may ask or not."""

PROSE_EACH = 20
"""How often each prose template of the grammar is filled."""
CLEAN = ("faq_pairs.jsonl", "dialogues_crosswoz.jsonl", "policy_docs")
"""Apache-2.0 and MIT, Apache-2.0, public domain (PRC Copyright Law, article 5)."""
RESEARCH = ("unlabeled_text.jsonl", "pairs_train.jsonl")
"""Research use only, or no licence stated: never in the clean variant."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that ask the same, where known a third that only looks like it."""

    left: str
    right: str
    group: int
    """Texts of one group are never pushed apart."""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing shoppers want to know, and how they say it."""

    key: str
    question: str
    say: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.question, *self.say)


@dataclass
class Corpus:
    """Everything one training run reads."""

    intents: list[Intent]
    near: list[dict[str, Any]] = field(default_factory=list)
    """Near misses: groups of sides, each with what it means and how it is said."""
    answers: list[tuple[str, str]] = field(default_factory=list)
    """Questions and the sentences that answer them."""
    grammar: dict[str, Any] = field(default_factory=dict)
    synonyms: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    """Plain text by source."""
    pairs: list[Pair] = field(default_factory=list)
    telling: list[str] = field(default_factory=list)
    """Messages that ask nothing."""

    @property
    def sentences(self) -> list[str]:
        """All text cut into sentences of 4 to 100 characters; shorter say nothing, longer are lists and junk."""
        own = [text for intent in self.intents for text in intent.texts]
        near = [said for group in self.near for side in group["sides"] for said in side["say"]]
        answers = [text for pair in self.answers for text in pair]
        plain = [text for texts in self.texts.values() for text in texts]
        return [s for text in (*own, *near, *answers, *plain) for s in sentences(text) if 4 <= len(s) <= 100]

    @property
    def sources(self) -> dict[str, int]:
        """Texts per source, for the model card."""
        own = {"wordings": sum(len(intent.texts) for intent in self.intents), "answers": len(self.answers)}
        near = {"near misses": sum(len(side["say"]) for group in self.near for side in group["sides"])}
        return own | near | {name: len(texts) for name, texts in self.texts.items()} | {"pairs": len(self.pairs)}

    def without(self, every: int) -> Corpus:
        """The corpus as if every so manieth intent and answer, from the first on, had not been written."""
        gone = {intent.key for intent in self.intents[::every]}
        return replace(
            self,
            intents=[intent for intent in self.intents if intent.key not in gone],
            answers=[pair for at, pair in enumerate(self.answers) if at % every],
            telling=[said for at, said in enumerate(self.telling) if at % every],
            near=[g for g in self.near if not any(side.get("intent") in gone for side in g["sides"])],
            grammar=self.grammar | {"intents": [i for i in self.grammar["intents"] if i["intent"] not in gone]},
        )


def read_intents(folder: Path = TEXT) -> list[Intent]:
    """Our own intents, in file order."""
    out = []
    for path in sorted((folder / "wordings").glob("*.yaml")):
        for item in load_yaml(path) or []:
            out.append(Intent(str(item["intent"]), str(item["question"]), tuple(str(s) for s in item["say"])))
    return out


def read_answers(folder: Path = TEXT) -> list[tuple[str, str]]:
    """Our own questions and the sentences that answer them."""
    return [(str(item["question"]), str(item["answer"])) for item in load_yaml(folder / "answers.yaml")]


def read(data: Path | None, variant: Variant, *, text: Path = TEXT, seed: int = 0) -> Corpus:
    """Own text, then what the data folder may give to this variant."""
    grammar = load_yaml(text / "grammar.yaml")
    corpus = Corpus(
        intents=read_intents(text),
        near=load_yaml(text / "near_misses.yaml"),
        answers=read_answers(text),
        grammar=grammar,
        synonyms=load_yaml(text / "synonyms.yaml"),
    )
    corpus.telling = statements(corpus.intents, text)
    prose = [line for path in sorted((text / "prose").rglob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    corpus.texts["prose"] = [line for line in prose if line.strip()]
    corpus.texts["grammar"] = list(Grammar(grammar, np.random.default_rng(seed)).prose(PROSE_EACH))
    if data is not None:
        for name in CLEAN + (RESEARCH if variant == "research" else ()):
            if (data / name).exists():
                _add(corpus, data / name)
    return corpus


def statements(intents: Sequence[Intent], folder: Path = TEXT) -> list[str]:
    """Messages of our own that ask nothing."""
    own = (folder / "prose" / STATEMENTS).read_text("utf-8").splitlines()
    return own + [said for intent in intents if intent.key in TELLING for said in intent.say]


def load_yaml(path: Path) -> Any:
    """What a text file of ours holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _add(corpus: Corpus, path: Path) -> None:
    if path.is_dir():
        lines = [line for file in sorted(path.iterdir()) for line in file.read_text("utf-8").splitlines()]
        corpus.texts[path.name] = [line for line in lines if line.strip()]
        return
    rows = list(_json_lines(path))
    if path.name == "pairs_train.jsonl":
        corpus.texts[path.name] = list(dict.fromkeys(row[side] for row in rows for side in ("a", "b")))
        corpus.pairs += _labelled(rows)
    elif path.name == "dialogues_crosswoz.jsonl":
        corpus.texts[path.name] = [turn["text"] for row in rows for turn in row["turns"]]
    elif path.name == "faq_pairs.jsonl":
        corpus.texts[path.name] = [row[s] for row in rows for s in ("question", "answer") if row.get(s)]
    else:
        corpus.texts[path.name] = [row["text"] for row in rows]


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _labelled(rows: Sequence[dict[str, Any]]) -> list[Pair]:
    """Positive pairs, grouped by who is a paraphrase of whom, each with a labelled negative where there is one."""
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while parent.setdefault(text, text) != text:
            text = parent[text]
        return text

    unlike: dict[str, str] = {}
    for row in rows:
        if row["label"]:
            parent[root(row["a"])] = root(row["b"])
        else:
            unlike.setdefault(row["a"], row["b"])
            unlike.setdefault(row["b"], row["a"])
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    return [
        Pair(row["a"], row["b"], 1_000_000 + numbers[root(row["a"])], unlike.get(row["a"], ""))
        for row in rows
        if row["label"]
    ]
