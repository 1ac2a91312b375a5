"""Chroma keeps vectors and may be lost at any moment: answers stay the same, only the work differs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from knowledge import vector_store, vectors
from knowledge.embedding import Matrix, ShippedEmbedding
from knowledge.fit import fitted
from knowledge.index import ShopIndex
from knowledge.types import Passage
from knowledge.vector_home import VectorsAway, examine
from knowledge.vectors import VectorStore, open_index


def shop(size: int, name: str = "") -> list[Passage]:
    """`size` entries with different questions."""
    kinds = ("退货", "发货", "发票", "尺码", "优惠", "保修", "换货", "快递")
    wishes = ("怎么办理", "要多久", "谁来付钱", "可以改吗", "为什么不行")
    return [
        Passage(
            id=f"{name}{at}",
            kind="faq",
            text=f"第{at}条：请按页面提示办理。",
            source=f"faq.csv#{at}",
            question=f"{kinds[at % 8]}{wishes[at // 8 % 5]}第{at}种情况{name}",
        )
        for at in range(size)
    ]


class Slow(ShippedEmbedding):
    """A model whose vectors are worth keeping; counts what it encodes."""

    instant = False

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        self.encoded += texts
        return super().encode_passages(texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vectors"


def opened(folder: Path | str, size: int = 30, name: str = "s") -> tuple[ShopIndex, Slow]:
    """A shop opened on a store that is closed again, all writing done."""
    model, vectors = Slow(), VectorStore(str(folder))
    index = open_index(name, shop(size), model, vectors)
    vectors.close()
    return index, model


def answers(index: ShopIndex) -> list[tuple[str, float]]:
    return [(h.passage.id, round(h.score, 4)) for q in ("退货谁来付钱", "发票要多久") for h in index.search(q, 5)]


def test_what_was_kept_is_not_encoded_again(folder: Path) -> None:
    first, model = opened(folder)
    assert len(model.encoded) == 60
    again, model = opened(folder)
    assert model.encoded == []
    assert answers(again) == answers(first)
    _, model = opened(folder, 31)
    assert len(model.encoded) == 2
    shrunk, model = opened(folder, 10)
    assert model.encoded == []
    assert len(shrunk.passages) == 10
    _, model = opened(folder, 31)
    assert len(model.encoded) == 42, "what left the shop is no longer kept"


def test_two_shops_in_one_collection_do_not_disturb_each_other(folder: Path) -> None:
    for name in ("一店", "二店"):
        opened(folder, name=name)
    opened(folder, 5, name="二店")
    _, model = opened(folder, name="一店")
    assert model.encoded == []


def test_a_model_nobody_has_fitted_is_asked_about_our_intents_first(folder: Path) -> None:
    model, vectors = Slow(), VectorStore(str(folder))
    model.curves, model.fingerprint = None, "foreign"
    index = open_index("s", shop(30), model, vectors)
    vectors.close()
    assert index.curves.faq.questions > 100
    assert index.curves.text.questions > 100
    again, other = Slow(), VectorStore(str(folder))
    again.curves, again.fingerprint = None, "foreign"
    assert open_index("s", shop(30), again, other).curves == index.curves
    assert again.encoded == []
    other.close()


def test_another_model_never_reads_the_vectors_of_the_first(folder: Path) -> None:
    opened(folder)
    other, vectors = Slow(), VectorStore(str(folder))
    other.fingerprint = "another"
    open_index("s", shop(30), other, vectors)
    vectors.close()
    assert len(other.encoded) == 60


def damage_truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def damage_flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(64, len(content), 97):
        content[at] ^= 0xFF
    path.write_bytes(content)


def files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "chroma").rglob("*") if p.is_file() and p.stat().st_size)


DAMAGES = [damage_truncate, damage_flip, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_changed_after_closing_is_rebuilt(folder: Path, damage: Callable[[Path], None]) -> None:
    whole, _ = opened(folder, 300)
    for name in dict.fromkeys(p.name for p in files(folder)):
        damage(next(p for p in files(folder) if p.name == name))
        index, model = opened(folder, 300)
        assert answers(index) == answers(whole), name
        assert len(model.encoded) == 600, name
        assert opened(folder, 300)[1].encoded == [], f"half of {name} was left behind"


@pytest.mark.parametrize(
    ("name", "damage"),
    [("chroma.sqlite3", damage_truncate), ("data_level0.bin", damage_flip), ("data_level0.bin", Path.unlink)],
)
def test_a_folder_left_open_and_damaged_never_gives_wrong_answers(
    folder: Path, name: str, damage: Callable[[Path], None]
) -> None:
    whole, _ = opened(folder, 1200)
    (folder / "sealed.json").unlink()
    damage(next(p for p in files(folder) if p.name == name))
    index, _ = opened(folder, 1200)
    assert answers(index) == answers(whole)
    assert opened(folder, 1200)[1].encoded == [], "something half right was left behind"


def test_a_folder_closed_in_order_is_trusted_and_one_left_open_is_examined(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(folder)
    examined: list[Path] = []
    monkeypatch.setattr("knowledge.vector_home._examined", lambda path: examined.append(path) or "")
    opened(folder)
    assert examined == []
    (folder / "sealed.json").unlink()
    opened(folder)
    assert examined == [folder / "chroma"]


def test_a_process_killed_while_writing_leaves_a_usable_folder(folder: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = (
        "import sys; from pathlib import Path; from tests.knowledge.test_vectors import *\n"
        f"v = VectorStore({str(folder)!r}); m = Slow()\n"
        "v.keep('s', m, dict(zip(['a', 'b'], m.encode_passages(['退货', '发货']))))\n"
        f"Path({str(ready)!r}).write_text('x')\n"
        "open_index('s', shop(20000), m, v); v.close()\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    while not ready.exists():
        assert child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    index, _ = opened(folder)
    assert answers(index) == answers(fitted(ShopIndex.build(shop(30), ShippedEmbedding())))
    assert opened(folder)[1].encoded == []


def test_one_process_owns_a_folder_and_another_works_without_it(folder: Path) -> None:
    owner, guest = VectorStore(str(folder)), VectorStore(str(folder))
    assert owner.ping() == str(folder)
    with pytest.raises(VectorsAway, match="另一个进程"):
        guest.ping()
    index = open_index("s", shop(30), Slow(), guest)
    assert index.search("退货谁来付钱")
    guest.close()
    owner.close()
    assert VectorStore(str(folder)).ping()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "/proc/no-such-folder"])
def test_a_store_that_is_away_costs_no_answer(url: str) -> None:
    vectors = VectorStore(url)
    index = open_index("s", shop(30), Slow(), vectors)
    assert answers(index) == answers(fitted(ShopIndex.build(shop(30), ShippedEmbedding())))
    vectors.close()
    assert url in vectors.away


def test_no_model_is_ever_downloaded(folder: Path) -> None:
    opened(folder)
    import chromadb

    client = chromadb.PersistentClient(str(folder / "chroma"))
    for collection in client.list_collections():
        with pytest.raises(Exception, match="explicitly"):
            collection.query(query_texts=["退货"])
        with pytest.raises(Exception, match="explicitly"):
            collection.add(ids=["x"], documents=["退货"])
    client.close()


class TestLargeShops:
    """Beyond the limit Chroma finds, and memory stands in."""

    @pytest.fixture(autouse=True)
    def small_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vectors, "LARGE", 500)
        monkeypatch.setattr(vector_store, "PATIENCE", 10.0)

    def test_chroma_finds_what_exact_search_finds(self, folder: Path) -> None:
        model, vectors = ShippedEmbedding(), VectorStore(str(folder))
        exact = fitted(ShopIndex.build(shop(3000), model))
        large = open_index("s", shop(3000), model, vectors)

        def differs() -> float:
            return max(
                abs(found.score - wanted.score)
                for asked in ("退货谁来付钱第80种", "尺码可以改吗", "发票要多久第50种情况")
                for found, wanted in zip(large.search(asked, 10), exact.search(asked, 10), strict=True)
            )

        assert differs() < 6e-3, "before Chroma has the rows"
        finder = large.vectors.ask  # type: ignore[union-attr]
        assert finder._ready.result(timeout=60)
        assert finder(model.encode_queries(["退货"])[0]) is not None
        assert differs() < 2e-3, "with Chroma"
        vectors.close()
        assert differs() < 2e-3, "after Chroma has gone"

    def test_one_changed_row_is_searchable_and_the_collection_follows(self, folder: Path) -> None:
        model, vectors = ShippedEmbedding(), VectorStore(str(folder))
        old = open_index("s", shop(2000), model, vectors)
        new = Passage("new", "faq", "可以。", "faq.csv#9", question="能不能刻字留念")
        large = open_index("s", [*shop(2000)[1:], new], model, vectors, old)
        assert large.search("可以刻字吗")[0].passage.id == "new"
        assert large.vectors.ask._ready.result(timeout=60)  # type: ignore[union-attr]
        assert large.search("可以刻字吗")[0].passage.id == "new"
        vectors.close()

    def test_a_collection_that_lost_rows_is_built_again(self, folder: Path) -> None:
        model, vectors = ShippedEmbedding(), VectorStore(str(folder))
        open_index("s", shop(2000), model, vectors)
        vectors.close()
        import chromadb

        client = chromadb.PersistentClient(str(folder / "chroma"))
        collection = next(c for c in client.list_collections() if c.name.startswith("shop-"))
        collection.delete(ids=collection.get(limit=1500)["ids"])
        client.close()
        vectors = VectorStore(str(folder))
        large = open_index("s", shop(2000), model, vectors)
        assert large.vectors.ask._ready.result(timeout=60)  # type: ignore[union-attr]
        assert large.vectors.ask(model.encode_queries(["退货"])[0]) is not None  # type: ignore[union-attr]
        vectors.close()
        assert examine(folder / "chroma") == ""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real Chroma server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    process = subprocess.Popen(
        [str(chroma), "run", "--path", str(tmp_path / "server"), "--port", str(port), "--host", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "chroma server did not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_a_server_keeps_vectors_for_several_at_once_and_may_vanish(server: str) -> None:
    first, model = opened(server)
    assert len(model.encoded) == 60
    one, two = VectorStore(server), VectorStore(server)
    for shared in (one, two):
        model = Slow()
        assert answers(open_index("s", shop(30), model, shared)) == answers(first)
        assert model.encoded == []
    one.close()
    two.close()
