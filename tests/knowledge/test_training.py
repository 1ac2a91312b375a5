"""Training: the same seed gives the same model, what may not be learnt from is not, and the files are whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("torch")

from knowledge.embedding import MODEL, ShippedEmbedding
from knowledge.training import corpus as text
from knowledge.training.__main__ import main
from knowledge.training.grammar import Grammar, Synonyms
from knowledge.training.make import make
from knowledge.training.pairs import OwnPairs
from knowledge.training.start import begin
from knowledge.training.store import store
from knowledge.training.tune import Recipe

SMALL = {"size": 1500, "dim": 32, "seed": 3}


@pytest.fixture(scope="module")
def corpus() -> text.Corpus:
    """Every tenth intent of our own: enough to train on in a second."""
    whole = text.read(None, "clean")
    some = whole.intents[::10]
    keys = {intent.key for intent in some}
    whole.grammar["intents"] = [item for item in whole.grammar["intents"] if item["intent"] in keys]
    return text.Corpus(some, whole.near[:20], whole.answers[:40], whole.grammar, whole.synonyms)


def test_the_same_seed_gives_the_same_model(corpus: text.Corpus, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make(corpus, tmp_path / name, Recipe(steps=3, batch=128), **SMALL)
    make(corpus, tmp_path / "other", Recipe(steps=3, batch=128), **(SMALL | {"seed": 4}))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    assert (tmp_path / "one" / "rows.npy").read_bytes() != (tmp_path / "other" / "rows.npy").read_bytes()


def test_tuning_brings_wordings_of_an_intent_together(corpus: text.Corpus, tmp_path: Path) -> None:
    nearer = []
    for name, steps in (("start", 0), ("tuned", 80)):
        make(corpus, tmp_path / name, Recipe(steps=steps, batch=128), **SMALL)
        model = ShippedEmbedding(tmp_path / name)
        same, apart = [], []
        for one, other in zip(corpus.intents, corpus.intents[1:], strict=False):
            a, b, c = model.encode_queries([one.say[0], one.say[1], other.say[0]])
            same.append(a @ b)
            apart.append(a @ c)
        nearer.append(float(np.mean(same) - np.mean(apart)))
    assert nearer[1] > nearer[0] + 0.05


def test_eight_bits_keep_the_direction(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((50, 256)).astype(np.float32) * rng.uniform(0.01, 3, (50, 1)).astype(np.float32)
    store(tmp_path, [chr(0x4E00 + n) for n in range(50)], rows, rows[:5], rows[:5])
    read = np.load(tmp_path / "rows.npy") * np.load(tmp_path / "rows_scales.npy")[:, None]
    cosines = (read * rows).sum(axis=1) / np.linalg.norm(read, axis=1) / np.linalg.norm(rows, axis=1)
    assert cosines.min() > 0.9999
    assert np.load(tmp_path / "rows.npy").dtype == np.int8


def test_the_vocabulary_is_the_most_frequent_features_of_at_least_two_sentences() -> None:
    start = begin(["能退货吗", "怎么退货", "退货", "发票", "发票抬头"] * 2 + ["仅此一次"], size=5, dim=4)
    assert start.vocabulary == ("货", "退", "退_货", "发", "发_票")
    assert start.rows.shape == (5, 4)
    assert float(start.rows.std()) == pytest.approx(0.1, rel=1e-3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a row of every kind, each with a word of its own."""
    rows = {
        "faq_pairs.jsonl": {"question": "甲甲甲甲问", "answer": "甲甲甲甲答"},
        "dialogues_crosswoz.jsonl": {"turns": [{"text": "乙乙乙乙说"}]},
        "unlabeled_text.jsonl": {"text": "丙丙丙丙说"},
        "pairs_train.jsonl": {"a": "丁丁丁丁问", "b": "丁丁丁丁说", "label": 1},
        "pairs_dev.jsonl": {"a": "戊戊戊戊问", "b": "戊戊戊戊说", "label": 1},
    }
    for name, row in rows.items():
        (tmp_path / name).write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    (tmp_path / "policy_docs").mkdir()
    (tmp_path / "policy_docs" / "law.txt").write_text("己己己己条。", encoding="utf-8")
    (tmp_path / "dev" / "taobao_intents").mkdir(parents=True)
    (tmp_path / "dev" / "taobao_intents" / "queries.jsonl").write_text('{"query": "庚庚庚庚"}\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("variant", "learnt"),
    [pytest.param("clean", "甲乙己", id="clean"), pytest.param("research", "甲乙丙丁己", id="research")],
)
def test_each_variant_reads_what_it_may_and_never_what_measures(data: Path, variant: text.Variant, learnt: str) -> None:
    corpus = text.read(data, variant)
    seen = "".join(corpus.sentences)
    assert {word for word in "甲乙丙丁戊己庚" if word * 4 in seen} == set(learnt)
    assert len(corpus.pairs) == (1 if variant == "research" else 0)


def test_pairs_hold_what_belongs_together() -> None:
    corpus = text.read(None, "clean")
    drawn = OwnPairs(corpus, seed=1)
    near = [drawn.near_miss() for _ in range(50)]
    assert all(pair.other and pair.left != pair.other for pair in near)
    for pair in (drawn.same_intent() for _ in range(50)):
        texts = corpus.intents[pair.group].texts
        # A word may have been rewritten, a character lost: most of what was said must still be there.
        assert max(len(set(said) & set(pair.left)) / len(set(said)) for said in texts) >= 0.5
    assert {drawn.answer().group for _ in range(20)}.isdisjoint(range(len(corpus.intents)))


def test_a_corpus_without_some_intents_has_nothing_of_them() -> None:
    whole = text.read(None, "clean")
    held = {intent.key for intent in whole.intents[::4]}
    rest = whole.without(4)
    assert held.isdisjoint(intent.key for intent in rest.intents)
    assert held.isdisjoint(side.get("intent") for group in rest.near for side in group["sides"])
    assert held.isdisjoint(item["intent"] for item in rest.grammar["intents"])
    assert len(rest.intents) + len(held) == len(whole.intents)


def test_the_grammar_fills_every_slot_and_synonyms_keep_the_rest() -> None:
    rng = np.random.default_rng(0)
    grammar = Grammar(text.load_yaml(text.TEXT / "grammar.yaml"), rng)
    prose = list(grammar.prose(5))
    assert len(prose) == len(set(prose)) > 50
    assert not [line for line in prose if "{" in line]
    synonyms = Synonyms(["怎么 如何", "退货 退掉"], rng)
    assert synonyms.rewritten("怎么退货呢", share=1.0) == "如何退掉呢"
    assert synonyms.rewritten("怎么退货呢", share=0.0) == "怎么退货呢"


def test_synonym_groups_are_groups() -> None:
    groups = yaml.safe_load((text.TEXT / "synonyms.yaml").read_text(encoding="utf-8"))
    assert all(len(set(group.split())) > 1 for group in groups)


def test_a_wrong_folder_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", "/no/such/folder"]) == 2
    said = capsys.readouterr()
    assert "/no/such/folder" in said.err
    assert said.err.count("\n") == 1


def test_the_model_that_ships_was_made_from_the_text_that_ships() -> None:
    """Every intent has its key in the second layer: retrain after adding intents (`python -m knowledge.training`)."""
    assert len(np.load(MODEL / "keys.npy")) == len(text.read_intents())
