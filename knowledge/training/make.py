"""One model from one corpus: start, fine-tuning, the layer of intents, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from knowledge.training.asking import asking_weights
from knowledge.training.corpus import Corpus
from knowledge.training.intents import intent_layer
from knowledge.training.pairs import OwnPairs
from knowledge.training.start import begin
from knowledge.training.store import store
from knowledge.training.tune import Bag, Recipe, tune

RESEARCH_TWICE = 2
"""How often each labelled pair of the research variant counts beside our own."""


def make(corpus: Corpus, folder: Path, recipe: Recipe, *, size: int, dim: int, seed: int) -> None:
    """Train on `corpus` and write the model to `folder`."""
    start = begin(corpus.sentences, size=size, dim=dim, seed=seed)
    pairs = OwnPairs(corpus, seed=seed).all() + RESEARCH_TWICE * corpus.pairs
    rows = tune(start, pairs, recipe, seed=seed)
    keys, values = intent_layer(Bag(start.vocabulary, rows), corpus.intents)
    store(folder, start.vocabulary, rows, keys, values)
    np.save(folder / "asks.npy", asking_weights(start.vocabulary, corpus.intents, corpus.telling))
