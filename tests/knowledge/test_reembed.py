"""Another embedding model takes over without a pause: the old index serves until the new vectors are all there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from knowledge.embedding import Embedding, EmbeddingAway, EmbeddingUnusable, Matrix, ShippedEmbedding
from knowledge.reembed import Reembedding, progress
from knowledge.vectors import VectorStore
from tests.knowledge.test_vectors import shop


class New(ShippedEmbedding):
    """A slow model that encodes a batch whenever it is let."""

    instant = False

    def __init__(self) -> None:
        super().__init__()
        self.name, self.fingerprint = "新模型", "new"
        self.may = threading.Semaphore(0)
        self.encoded = 0

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        if len(texts) > 1:
            self.may.acquire()
        self.encoded += len(texts)
        return super().encode_passages(texts)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    vectors = VectorStore(str(tmp_path / "vectors"))
    yield vectors
    vectors.close()


def test_the_old_index_serves_until_the_new_one_is_whole(store: VectorStore, tmp_path: Path) -> None:
    new, ready = New(), threading.Event()
    change = Reembedding(new, store, tmp_path)
    change.on_ready(lambda name: ready.set())
    first = change.open("s", shop(200), None)
    assert first.embedding.fingerprint == ShippedEmbedding().fingerprint
    assert first.search("退货谁来付钱")
    assert progress(tmp_path) == ("新模型", 0, 400)
    new.may.release(100)
    assert ready.wait(60)
    assert progress(tmp_path) is None
    assert new.encoded == 400
    second = change.open("s", shop(200), first)
    assert second.embedding is new
    assert new.encoded == 400, "nothing is encoded twice"
    change.close()


def test_what_was_done_before_a_restart_is_kept(store: VectorStore, tmp_path: Path) -> None:
    new = New()
    change = Reembedding(new, store, tmp_path)
    change.open("s", shop(300), None)
    new.may.release(2)
    while (far := progress(tmp_path)) is None or far[1] < 128:
        threading.Event().wait(0.01)
    change._stop.set()
    new.may.release(1)
    change.close()
    again, ready = New(), threading.Event()
    change = Reembedding(again, store, tmp_path)
    change.on_ready(lambda name: ready.set())
    again.may.release(100)
    change.open("s", shop(300), None)
    assert ready.wait(60)
    change.close()
    assert again.encoded == 600 - 192


def test_the_model_that_served_before_goes_on_or_the_shipped_one(store: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "embedding.json").write_text('{"name": "旧模型"}', encoding="utf-8")
    asked: list[str] = []

    def old(name: str) -> Embedding:
        asked.append(name)
        if name:
            raise EmbeddingUnusable(what="旧模型没有了")
        return ShippedEmbedding()

    new = New()
    change = Reembedding(new, store, tmp_path, old=old)
    assert change.open("s", shop(200), None).search("退货谁来付钱")
    assert asked == ["旧模型", ""]
    new.may.release(100)
    change.close()


def test_a_few_changed_rows_and_an_instant_model_take_no_detour(store: VectorStore, tmp_path: Path) -> None:
    new = New()
    new.may.release(100)
    change = Reembedding(new, store, tmp_path)
    assert change.open("s", shop(40), None).embedding is new
    assert Reembedding(ShippedEmbedding(), store, tmp_path).open("s", shop(200), None).embedding.instant
    assert progress(tmp_path) is None
    change.close()


def test_a_model_that_is_away_for_a_while_is_asked_again(
    store: VectorStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.reembed.PAUSE", 0.01)
    failures = iter([True, True])

    class Flaky(New):
        def encode_passages(self, texts: Sequence[str]) -> Matrix:
            if len(texts) > 1 and next(failures, False):
                raise EmbeddingAway(what="休息中")
            return super().encode_passages(texts)

    new, ready = Flaky(), threading.Event()
    new.may.release(100)
    change = Reembedding(new, store, tmp_path)
    change.on_ready(lambda name: ready.set())
    change.open("s", shop(200), None)
    assert ready.wait(60)
    assert new.encoded == 400
    change.close()
