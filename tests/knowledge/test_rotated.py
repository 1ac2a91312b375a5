"""A shop of some thousand rows is searched without reading all of each row, and finds the very same entries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from knowledge.embedding import open_embedding
from knowledge.index import Exact, ShopIndex
from knowledge.rotated import FROM, HEAD, Rotated
from knowledge.types import Passage
from knowledge.vectors import open_index
from tests.bench import corpus


@pytest.fixture(scope="module")
def index() -> ShopIndex:
    rows = corpus.rows(FROM + 500)
    entries = [Passage(str(at), "faq", said, f"f.csv#{at}", asked) for at, (asked, said) in enumerate(rows)]
    return open_index("s", entries, open_embedding())


def test_it_finds_what_reading_every_row_finds(index: ShopIndex) -> None:
    assert isinstance(index.vectors, Rotated)
    whole = replace(index, vectors=Exact(index.vectors.matrix()))
    for question in corpus.asked(corpus.rows(FROM + 500), 120):
        mine, theirs = index.search(question, 6), whole.search(question, 6)
        assert [hit.passage.id for hit in mine] == [hit.passage.id for hit in theirs], question
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs], abs=1e-4)


def test_rows_without_any_order_are_found_too() -> None:
    pick = np.random.default_rng(3)
    rows = pick.normal(size=(FROM, 256)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    turned, words = Rotated.of(rows), np.zeros(FROM, dtype=np.float32)
    for vector in rows[:40] + pick.normal(size=(40, 256)).astype(np.float32) / 30:
        right = rows @ vector
        assert int(np.argmax(turned.cosines(vector, words))) == int(np.argmax(right))
    np.testing.assert_allclose(turned.matrix(), rows, atol=1e-5)


def test_a_row_the_words_point_at_is_read_to_the_end() -> None:
    pick = np.random.default_rng(5)
    rows = pick.normal(size=(FROM, 256)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    turned, words = Rotated.of(rows), np.zeros(FROM, dtype=np.float32)
    vector = rows[0]
    worst = int(np.argmin(rows[:, :] @ vector))
    words[worst] = 5
    assert turned.cosines(vector, words)[worst] == pytest.approx(float(rows[worst] @ vector), abs=1e-5)
    assert abs(float(turned.head[worst] @ (vector @ turned.turn)[:HEAD]) - float(rows[worst] @ vector)) > 1e-3
