"""csv, xlsx, jsonl and json: any encoding, any header, and every oddity named with its place."""

from __future__ import annotations

import datetime
import io
import json
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from knowledge.errors import Unreadable
from knowledge.ingest import prepare
from knowledge.readers import Table, read
from tests.knowledge.files import excel, repacked, saved

ROWS = "问题,答案\n怎么退货,签收后七天内可以申请退货\n运费谁出,质量问题由我们承担运费\n"
TRADITIONAL = "問題,答案\n怎麼退貨,簽收後七天內可以申請退貨\n運費誰出,品質問題由我們承擔運費\n"


def pairs(name: str, data: bytes) -> list[tuple[str, str, str]]:
    return [(each.source, each.question, each.text) for each in prepare(name, data).upload.passages]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_simplified_csv_is_read_in_every_encoding(charset: str) -> None:
    found = pairs("f.csv", ROWS.encode(charset))
    assert found == [
        ("f.csv#2", "怎么退货", "签收后七天内可以申请退货"),
        ("f.csv#3", "运费谁出", "质量问题由我们承担运费"),
    ]


@pytest.mark.parametrize("charset", ["utf-8", "big5", "cp950", "gb18030", "utf-16"])
def test_traditional_csv_is_read_in_every_encoding(charset: str) -> None:
    assert pairs("f.csv", TRADITIONAL.encode(charset))[0][1:] == ("怎麼退貨", "簽收後七天內可以申請退貨")


def test_a_mostly_english_gbk_file_is_gbk() -> None:
    text = (
        "question,answer\n"
        + "".join(f"Where is parcel {n},See tracking page {n}\n" for n in range(40))
        + "尺码,按平时的选\n"
    )
    assert pairs("f.csv", text.encode("gbk"))[-1][1:] == ("尺码", "按平时的选")


def test_a_few_broken_bytes_are_told_and_cost_nothing_else() -> None:
    data = ROWS.encode() + b"\xff\xfe broken,answer\n" + "发货,当天发货\n".encode()
    prepared = prepare("f.csv", data)
    assert [each.question for each in prepared.upload.passages][-1] == "发货"
    assert any("�" in warning.problem for warning in prepared.warnings)


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_any_delimiter(delimiter: str) -> None:
    assert pairs("f.csv", ROWS.replace(",", delimiter).encode())[0][1] == "怎么退货"


def test_quoted_cells_keep_commas_quotes_and_line_ends_and_rows_count_as_in_a_spreadsheet() -> None:
    text = '问题,答案\n多行,"第一行\n第二行，含""引号"",还有逗号"\n下一条,答案\n'
    assert pairs("f.csv", text.encode()) == [
        ("f.csv#2", "多行", '第一行\n第二行，含"引号",还有逗号'),
        ("f.csv#3", "下一条", "答案"),
    ]


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        pytest.param('"没关上,答案一', "f.csv#3", id="a quote that never closes"),
        pytest.param('没关上,"答案一', "f.csv#3", id="in the answer"),
        pytest.param("怎么寄,今天寄,明天到", "f.csv#3", id="an unquoted comma would cut the answer"),
    ],
)
def test_one_broken_row_costs_itself_only(broken: str, place: str) -> None:
    text = f'问题,答案\n甲问题,甲答案\n{broken}\n乙问题,乙答案\n"丙问题","丙答案"\n'
    prepared = prepare("f.csv", text.encode())
    assert [each.question for each in prepared.upload.passages] == ["甲问题", "乙问题", "丙问题"]
    assert [each.place for each in prepared.rejected] == [place]


def test_the_header_may_stand_below_a_title_and_carry_remarks() -> None:
    data = excel(
        ["店铺常见问题（2026 年）"],
        ["填写说明：带星号必填"],
        ["序号", "标准问题（必填）", "机器人回答（必填）*", "相似问题(##分隔)"],
        [1, "怎么退货", "七天内可退", "如何退货##想退货"],
    )
    (passage,) = prepare("f.xlsx", data).upload.passages
    assert (passage.source, passage.question, passage.similar) == (
        "f.xlsx#Sheet1!4",
        "怎么退货",
        ("如何退货", "想退货"),
    )


def workbook(*rows: list[object]) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(row)
    return book, sheet


def test_merged_cells_show_their_value_in_every_row() -> None:
    book, sheet = workbook(
        ["分类", "问题", "答案"], ["售后", "甲", "甲答案"], [None, "乙", "乙答案"], ["物流", "丙", "丙答案"]
    )
    sheet.merge_cells("A2:A3")
    passages = prepare("f.xlsx", saved(book)).upload.passages
    assert [(each.question, each.category) for each in passages] == [("甲", "售后"), ("乙", "售后"), ("丙", "物流")]


def test_a_merge_of_seventeen_billion_cells_is_no_work() -> None:
    data = excel(["问题", "答案"], ["甲", "甲答案"])
    sheet = b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").replace(b"</worksheet>", sheet)
    assert pairs("f.xlsx", repacked(data, {"xl/worksheets/sheet1.xml": xml})) == [("f.xlsx#Sheet1!2", "甲", "甲答案")]


def test_several_sheets_are_read_and_hidden_ones_named() -> None:
    book, _ = workbook(["问题", "答案"], ["甲", "甲答案"])
    second = book.create_sheet("物流")
    second.append(["问题", "答案"])
    second.append(["乙", "乙答案"])
    hidden = book.create_sheet("内部成本")
    hidden.append(["问题", "答案"])
    hidden.append(["进价多少", "12 元"])
    hidden.sheet_state = "hidden"
    prepared = prepare("f.xlsx", saved(book))
    assert [each.source for each in prepared.upload.passages] == ["f.xlsx#Sheet!2", "f.xlsx#物流!2"]
    assert [each.place for each in prepared.warnings] == ["f.xlsx#内部成本"]


def test_hidden_rows_and_columns_are_not_published_and_named() -> None:
    book, sheet = workbook(
        ["问题", "答案", "相似问"], ["甲", "甲答案", "甲二"], ["乙", "乙答案", "乙二"], ["丙", "丙答案", "丙二"]
    )
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    prepared = prepare("f.xlsx", saved(book))
    assert [(each.question, each.similar) for each in prepared.upload.passages] == [("甲", ()), ("丙", ())]
    assert {each.place for each in prepared.warnings} == {"f.xlsx#Sheet!3", "f.xlsx#Sheet!C"}


def test_a_formula_without_a_result_costs_its_row_and_with_one_is_told() -> None:
    data = excel(["问题", "答案"], ["甲", "=A1&B1"], ["乙", "乙答案"])
    prepared = prepare("f.xlsx", data)
    assert [each.question for each in prepared.upload.passages] == ["乙"]
    assert "=A1&B1" in prepared.rejected[0].problem
    assert prepared.rejected[0].place == "f.xlsx#Sheet1!2"
    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    solved = (
        xml.replace(b"<v></v>", b"")
        .replace(b"<v />", b"")
        .replace(b"</f>", b"</f><v>computed</v>")
        .replace(b'r="B2"', b'r="B2" t="str"')
    )
    prepared = prepare("f.xlsx", repacked(data, {"xl/worksheets/sheet1.xml": solved}))
    assert [each.text for each in prepared.upload.passages] == ["computed", "乙答案"]
    assert "=A1&B1" in prepared.warnings[0].problem


def test_a_formula_in_a_column_nobody_needs_is_no_matter() -> None:
    prepared = prepare("f.xlsx", excel(["序号", "问题", "答案"], ["=ROW()", "甲", "甲答案"]))
    assert (len(prepared.upload.passages), prepared.rejected) == (1, [])


def test_numbers_dates_and_percentages_read_as_they_look() -> None:
    book, sheet = workbook(
        ["问题", "答案", "有效开始日期", "有效结束日期"],
        ["几天发货", 2, datetime.date(2026, 11, 1), datetime.datetime(2026, 11, 11, 20, 0)],
        ["会员几折", 0.85, None, None],
    )
    sheet["B3"].number_format = "0%"
    first, second = prepare("f.xlsx", saved(book)).upload.passages
    assert (first.text, str(first.valid_from), str(first.valid_until)) == (
        "2",
        "2026-11-01 00:00:00+08:00",
        "2026-11-11 20:00:00+08:00",
    )
    assert second.text == "85%"


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        pytest.param(
            ["怎么退货,七天内可退", "几天发货？,48小时内", "有发票吗,有电子发票"],
            "没有表头",
            id="two columns that read like a FAQ",
        ),
        pytest.param(["型号,颜色,价格", "A1,黑色,99元", "A2,白色,129元"], "没有找到问题列", id="a product table"),
    ],
)
def test_a_table_without_the_right_header_is_used_with_a_word_of_warning(rows: list[str], header: str) -> None:
    prepared = prepare("f.csv", "\n".join(rows).encode())
    assert prepared.upload.passages
    assert header in prepared.warnings[0].problem


def test_product_rows_keep_their_column_names() -> None:
    first, _ = prepare("f.csv", "型号,颜色,价格\nA1,黑色,99元\nA2,白色,129元\n".encode()).upload.passages
    assert (first.kind, first.text) == ("text", "型号：A1；颜色：黑色；价格：99元")


def test_jsonl_rows_carry_their_line_and_a_broken_line_costs_itself() -> None:
    lines = [
        json.dumps({"question": "甲", "answer": "甲答案", "similar": ["甲二", "甲三"], "tags": ["售后"]}),
        "{坏的",
        "",
        json.dumps({"问题": "乙", "答案": "乙答案", "valid_until": "2026-11-11"}),
        "[1, 2]",
    ]
    prepared = prepare("f.jsonl", "\n".join(lines).encode())
    first, second = prepared.upload.passages
    assert (first.source, first.similar, first.tags) == ("f.jsonl#1", ("甲二", "甲三"), ("售后",))
    assert (second.source, second.question) == ("f.jsonl#4", "乙")
    assert [each.place for each in prepared.rejected] == ["f.jsonl#2", "f.jsonl#5"]


@pytest.mark.parametrize(
    "whole",
    [
        [{"question": "甲", "answer": "甲答案"}],
        {"data": [{"q": "甲", "a": "甲答案"}]},
        {"甲": "甲答案"},
        {"question": "甲", "answer": "甲答案"},
    ],
)
def test_json_in_its_usual_shapes(whole: object) -> None:
    assert [each[1:] for each in pairs("f.json", json.dumps(whole).encode())] == [("甲", "甲答案")]


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 50_000])
def test_deep_json_is_refused_by_name(deep: str) -> None:
    with pytest.raises(Unreadable, match=r"^f\.json："):
        read("f.json", deep.encode())


def test_every_row_has_its_place() -> None:
    (reading,) = read("f.csv", ROWS.encode())
    (table,) = reading.parts
    assert isinstance(table, Table)
    assert [row.place for row in table.rows] == ["f.csv#1", "f.csv#2", "f.csv#3"]
