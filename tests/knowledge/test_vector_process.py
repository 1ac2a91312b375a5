"""Chroma works in a process of its own: it may die, leave or be slow, and answers neither wait nor change."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from knowledge import vector_process
from knowledge.embedding import ShippedEmbedding
from knowledge.fit import fitted
from knowledge.index import ShopIndex
from knowledge.vector_home import VectorsAway, examine
from knowledge.vector_process import RowsBeside
from knowledge.vectors import VectorStore, open_index
from tests.knowledge.test_vectors import Slow, answers, shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vectors"


def beside(folder: Path, idle: float = 20.0) -> tuple[VectorStore, RowsBeside]:
    rows = RowsBeside(str(folder), idle=idle)
    return VectorStore(str(folder), rows), rows


def gone(pid: int) -> None:
    """Wait until this process is no more."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(60)


def test_what_the_child_kept_is_read_again_and_the_folder_is_sealed(folder: Path) -> None:
    store, rows = beside(folder)
    first = open_index("s", shop(30), Slow(), store)
    assert rows.pid not in (None, os.getpid())
    store.close()
    assert (folder / "sealed.json").exists()
    store, _ = beside(folder)
    model = Slow()
    again = open_index("s", shop(30), model, store)
    store.close()
    assert model.encoded == []
    assert answers(again) == answers(first)
    assert examine(folder / "chroma") == ""


def test_a_killed_child_costs_no_answer_and_another_takes_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_process, "REST", 0.0)
    store, rows = beside(folder)
    model = Slow()
    store.keep("s", model, dict(zip(["a"], model.encode_passages(["退货"]), strict=True)))
    first = rows.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    gone(first)
    index = open_index("s", shop(30), Slow(), store)
    assert answers(index) == answers(fitted(ShopIndex.build(shop(30), ShippedEmbedding())))
    store.ping()
    assert rows.pid not in (None, first)
    store.close()


def test_a_child_nobody_asks_seals_its_folder_and_leaves(folder: Path) -> None:
    store, rows = beside(folder, idle=0.2)
    store.ping()
    child = rows.pid
    assert child is not None
    gone(child)
    assert (folder / "sealed.json").exists()
    assert store.ping() == str(folder), "the next question starts another"
    store.close()


def test_a_folder_in_use_is_named_and_searched_without(folder: Path) -> None:
    owner, guest = beside(folder)[0], beside(folder)[0]
    owner.ping()
    with pytest.raises(VectorsAway, match="另一个进程"):
        guest.ping()
    assert open_index("s", shop(30), Slow(), guest).search("退货谁来付钱")
    guest.close()
    owner.close()


def test_the_process_that_answers_never_loads_chroma(folder: Path) -> None:
    code = (
        "import sys; from tests.knowledge.test_vector_process import *\n"
        "from knowledge.embedding import open_embedding\n"
        f"store, _ = beside(Path({str(folder)!r}))\n"
        "model = open_embedding(); rows = {'退货': model.encode_passages(['退货'])[0]}\n"
        "kept = store.keep_soon('s', model, lambda: rows)\n"
        "assert kept.result(60) and store.fetch('s', model, ['退货'])\n"
        "assert 'chromadb' not in sys.modules and 'torch' not in sys.modules; store.close()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)
