"""Tuning is measured on questions that did not choose it, applied only where it pays, and taken back at a word."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from knowledge.__main__ import main
from knowledge.catalogue import Catalogue
from knowledge.confidence import Confidence, Curves
from knowledge.database import open_engine
from knowledge.embedding import ShippedEmbedding
from knowledge.index import ShopIndex
from knowledge.openshop import retriever_of
from knowledge.own import Tuning
from knowledge.tune import interval, tuned
from knowledge.types import Passage

MODEL = ShippedEmbedding()
KINDS = (
    "退货",
    "发货",
    "发票",
    "尺码",
    "优惠券",
    "保修",
    "换货",
    "快递",
    "运费",
    "预售",
    "赠品",
    "积分",
    "会员",
    "地址",
)
WISHES = {"怎么弄": ("如何办理", "咋整"), "要多久": ("几天能好", "多长时间"), "谁出钱": ("要我付钱吗", "费用算谁的")}


def entries() -> list[Passage]:
    return [
        Passage(f"{k}{w}", "faq", f"{k}{w}：请看说明。", f"f.csv#{k}{w}", f"{k}{w}", tuple(f"{k}{o}" for o in others))
        for k in KINDS
        for w, others in WISHES.items()
    ]


def test_it_says_what_is_gained_with_an_interval_and_is_the_same_every_time() -> None:
    index = ShopIndex.build(entries(), MODEL)
    found = tuned(index)
    assert found == tuned(index)
    assert found.questions == len(KINDS) * 9
    for gain in (found.rank, found.first, found.surprise):
        assert gain is not None
        assert gain.low <= gain.high
    assert found.pays == any(gain.pays for gain in (found.rank, found.surprise) if gain)


def test_a_curve_that_is_far_off_is_worth_replacing_and_a_good_one_is_not() -> None:
    index = ShopIndex.build(entries(), MODEL)
    off = ShippedEmbedding()
    off.curves = Curves(Confidence(a=0.1, b=0.1, c=3.0))
    bad = tuned(replace(index, embedding=off))
    assert bad.surprise is not None
    assert bad.surprise.pays
    assert bad.best.curves.faq.questions > 0
    good = ShippedEmbedding()
    good.curves = bad.best.curves
    again = tuned(replace(index, embedding=good, faq_share=bad.best.faq_share))
    assert again.surprise is not None
    assert not again.surprise.pays
    assert again.best.curves == good.curves


def test_too_few_questions_choose_nothing() -> None:
    found = tuned(ShopIndex.build(entries()[:10], MODEL))
    assert (found.pays, found.rank) == (False, None)


def test_the_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    values = np.random.default_rng(1).normal(0.2, 1, 4000)
    wide, narrow = (interval(values[:n], lambda rows: rows.mean(axis=1)) for n in (100, 4000))
    assert wide[0] < values[:100].mean() < wide[1]
    assert narrow[0] < values.mean() < narrow[1]
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 4


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    rows = [
        {"question": p.question, "similar": list(p.similar), "answer": f"{p.text}{n}"} for n, p in enumerate(entries())
    ]
    file = tmp_path / "faq.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    return file


async def _opened(folder: Path) -> tuple[Tuning | None, float]:
    engine = open_engine(f"sqlite:///{folder / 'dianban.db'}")
    try:
        catalogue = Catalogue(engine)
        await catalogue.open()
        retriever = await retriever_of(catalogue, "s", MODEL)
        return await catalogue.own.tuning("s", MODEL.fingerprint), retriever.index.faq_share
    finally:
        await engine.dispose()


def test_the_command_applies_only_when_told_and_can_take_it_back(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "--shop", "s", "--no-tune", str(data)]) == 0
    assert asyncio.run(_opened(data.parent))[0] is None
    capsys.readouterr()
    assert main(["tune", "--shop", "s", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["questions"] == len(KINDS) * 9
    assert shown["applied"] is False
    assert asyncio.run(_opened(data.parent))[0] is None
    assert main(["tune", "--shop", "s", "--json", "--apply"]) == 0
    applied = json.loads(capsys.readouterr().out)
    kept, share = asyncio.run(_opened(data.parent))
    assert (kept is not None) == applied["applied"] == shown["pays"]
    assert share == (shown["faq_share"]["best"] if kept else share)
    assert main(["tune", "--shop", "s", "--reset"]) == 0
    assert asyncio.run(_opened(data.parent))[0] is None


def test_an_import_tunes_where_it_pays(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--shop", "s", str(data)]) == 0
    assert "留出" in capsys.readouterr().err
    kept, _ = asyncio.run(_opened(data.parent))
    capsys.readouterr()
    assert main(["tune", "--shop", "s", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pays"] == (kept is not None)


def test_terms_by_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--shop", "s", "--no-tune", str(data)]) == 0
    words = tmp_path / "词.csv"
    words.write_text("标准词,叫法\n发票,kp\n单,一\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["search", "--shop", "s", "--json", "kp要多久"]) == 0
    without = json.loads(capsys.readouterr().out)["hits"][0]["question"]
    assert main(["terms", "import", str(words), "--shop", "s", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["groups"] == [["发票", "kp"]]
    assert len(shown["rejected"]) == 1
    assert main(["search", "--shop", "s", "--json", "kp要多久"]) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["question"] == "发票要多久" != without
    assert main(["terms", "clear", "--shop", "s"]) == 0
    assert "没有店铺用语" in capsys.readouterr().out
    assert main(["terms", "import", "--shop", "s"]) == 2
    assert main(["feedback", "list", "--shop", "s"]) == 0
    assert main(["feedback", "reset", "--shop", "s"]) == 0
