"""A packed shop answers as it did; a pack of another version, model or shop, or a damaged one, is not read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.embedding import ShippedEmbedding
from knowledge.fit import fitted
from knowledge.index import ShopIndex
from knowledge.packed import Packs
from knowledge.types import Passage
from tests.knowledge.test_vectors import Slow, shop

MODEL = ShippedEmbedding()
SOON = Passage(
    "soon",
    "faq",
    "满二百减三十。",
    "f.xlsx#1",
    "双十二有什么活动",
    similar=("双12优惠",),
    counter=("双十一还有活动吗",),
    tags=("活动",),
    products=("A1",),
    valid_from=datetime(2026, 12, 1, tzinfo=UTC),
    valid_until=datetime(2026, 12, 13, tzinfo=UTC),
)
TOLD = Passage("told", "text", "签收七天内可退。运费由买家承担。", "退货.docx#p2", "售后 > 退货")


@pytest.fixture
def index() -> ShopIndex:
    return fitted(ShopIndex.build([*shop(40), SOON, TOLD], MODEL))


def test_it_answers_as_before_and_encodes_nothing(tmp_path: Path, index: ShopIndex) -> None:
    assert Packs(tmp_path).put("甲店", "3", index)
    model = Slow()
    again = Packs(tmp_path).get("甲店", "3", model)
    assert again is not None
    assert model.encoded == []
    assert again.passages == index.passages
    assert (again.faq_share, again.curves) == (index.faq_share, index.curves)
    day = datetime(2026, 12, 5, tzinfo=UTC)
    for question in ("双12有啥优惠", "退货运费谁出", "发票要多久第5种情况"):
        mine, theirs = again.search(question, 5, valid_on=day), index.search(question, 5, valid_on=day)
        assert [hit.passage for hit in mine] == [hit.passage for hit in theirs]
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs], abs=5e-3)
    assert SOON not in [
        hit.passage for hit in again.search("双12有啥优惠", 5, valid_on=datetime(2026, 12, 14, tzinfo=UTC))
    ]


def test_only_the_very_thing_is_read(tmp_path: Path, index: ShopIndex) -> None:
    packs, other = Packs(tmp_path), Slow()
    packs.put("甲店", "3", index)
    other.fingerprint = "another"
    assert packs.get("甲店", "4", MODEL) is None
    assert packs.get("乙店", "3", MODEL) is None
    assert packs.get("甲店", "3", other) is None
    assert packs.get("甲店", "3", MODEL) is not None


@pytest.mark.parametrize("at", [0, 40, -40, -1])
def test_a_damaged_file_is_no_file(tmp_path: Path, index: ShopIndex, at: int) -> None:
    packs = Packs(tmp_path)
    packs.put("甲店", "3", index)
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)
    assert packs.get("甲店", "3", MODEL) is None
    file.write_bytes(b"")
    assert packs.get("甲店", "3", MODEL) is None


def test_a_folder_that_takes_nothing_is_no_error(index: ShopIndex) -> None:
    assert not Packs(Path("/proc/none")).put("甲店", "3", index)
