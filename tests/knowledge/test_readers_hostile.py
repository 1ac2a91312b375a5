"""Archives and documents made to hurt: bombs, paths out of the folder, entities. Refused or named, never opened."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from knowledge.errors import Unreadable
from knowledge.ingest import prepare
from knowledge.readers import read
from knowledge.readers.archive import unpack
from tests.knowledge.files import excel, pdf, repacked, word, zipped

CSV = "问题,答案\n怎么退货,七天内可退\n".encode()
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>'
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


def test_each_file_of_an_archive_is_read_and_named_with_the_archive() -> None:
    data = zipped({"a/faq.csv": CSV, "说明.md": "# 售后\n七天内可以退货。".encode(), "__MACOSX/._faq.csv": b"\0\5"})
    prepared = prepare("all.zip", data)
    assert [each.source for each in prepared.upload.passages] == ["all.zip/a/faq.csv#2", "all.zip/说明.md#2"]
    assert prepared.rejected == []


def test_a_name_in_gbk_is_read_as_gbk() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("##########.csv", CSV)
    data = out.getvalue().replace(b"##########", "售后问答.".encode("gbk") + b"x")
    assert prepare("f.zip", data).upload.passages[0].source == "f.zip/售后问答.x.csv#2"


def test_what_an_archive_holds_that_cannot_be_read_is_named_and_costs_nothing_else() -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("faq.csv", CSV)
        archive.writestr("FAQ.csv", CSV)
        archive.writestr("../../outside.csv", CSV)
        archive.writestr("/etc/cron.csv", CSV)
        archive.writestr("C:\\win.csv", CSV)
        archive.writestr("inner.zip", zipped({"x.csv": CSV}))
        archive.writestr("virus.exe", b"MZ")
        archive.writestr("empty.csv", b"")
        archive.writestr("scan.pdf", pdf([[]]))
        archive.writestr(link, "faq.csv")
    prepared = prepare("f.zip", out.getvalue())
    assert [each.source for each in prepared.upload.passages] == ["f.zip/faq.csv#2"]
    assert {each.place.removeprefix("f.zip/") for each in prepared.rejected} == {
        "FAQ.csv",
        "../../outside.csv",
        "/etc/cron.csv",
        "C:\\win.csv",
        "inner.zip",
        "virus.exe",
        "empty.csv",
        "scan.pdf",
        "link.csv",
    }


def test_a_damaged_entry_costs_itself_only() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("bad.csv", "问题,答案\n坏掉的,甲\n")
        archive.writestr("good.csv", CSV)
    data = out.getvalue().replace("坏掉的".encode(), "坏掉吗".encode(), 1)
    prepared = prepare("f.zip", data)
    assert [each.source for each in prepared.upload.passages] == ["f.zip/good.csv#2"]
    assert [each.place for each in prepared.rejected] == ["f.zip/bad.csv"]


def bomb(megabytes: int) -> bytes:
    return zipped({"faq.csv": b"0" * (megabytes << 20)})


def lying_bomb() -> bytes:
    """Says it unpacks to 100 bytes and unpacks to 80 MB."""
    data = bytearray(bomb(80))
    real = (80 << 20).to_bytes(4, "little")
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = (100).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bomb(80), id="a bomb"),
        pytest.param(lying_bomb(), id="a bomb that lies about its size"),
        pytest.param(zipped({f"{n}.csv": CSV for n in range(1_001)}), id="too many files"),
        pytest.param(zipped({"inner.zip": zipped({"x.csv": CSV})}), id="only an archive in it"),
        pytest.param(zipped({}), id="nothing in it"),
        pytest.param(b"PK\x05\x06" + b"\xff" * 30, id="no archive at all"),
        pytest.param(zipped({"faq.csv": CSV})[:60], id="half an archive"),
    ],
)
def test_archives_that_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^f\.zip：[^\n]+$"):
        read("f.zip", data)


def test_what_unpacks_to_more_than_it_said_is_cut_off_at_the_limit() -> None:
    archive = zipfile.ZipFile(io.BytesIO(zipped({"faq.csv": b"0" * 5_000_000})))
    (packed,) = archive.infolist()
    assert unpack(archive, packed, 5_000_000) == b"0" * 5_000_000
    said = unpack(archive, packed, 4_999_999)
    assert isinstance(said, str)
    assert "超过" in said


@pytest.mark.parametrize("xml", [LAUGHS, OUTSIDE, OUTSIDE.decode().replace("?><!", "?><!").encode("utf-16")])
@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("f.xlsx", excel(["问题", "答案"], ["甲", "乙"]), "xl/sharedStrings.xml"),
        ("f.xlsx", excel(["问题", "答案"], ["甲", "乙"]), "xl/worksheets/sheet1.xml"),
        ("f.docx", word("七天内可以退货"), "word/document.xml"),
        ("f.docx", word("七天内可以退货"), "customXml/item1.xml"),
    ],
)
def test_xml_entities_are_never_opened(name: str, data: bytes, part: str, xml: bytes) -> None:
    with pytest.raises(Unreadable, match="外部实体"):
        read(name, repacked(data, {part: xml}))


def test_an_office_file_that_is_a_bomb_is_refused() -> None:
    data = repacked(excel(["问题", "答案"]), {"xl/media/x.xml": b"0" * (50 << 20)})
    with pytest.raises(Unreadable, match="压缩"):
        read("f.xlsx", data)


def test_html_entities_and_depth_do_no_harm() -> None:
    deep = "<div>" * 5_000 + "七天内可以退货" + "</div>" * 5_000
    page = f'<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]><p>&e;正文</p>{deep}'
    text = "".join(each.text for each in prepare("f.html", page.encode()).upload.passages)
    assert "正文" in text
    assert "root:" not in text
