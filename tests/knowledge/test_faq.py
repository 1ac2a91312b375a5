"""FAQ rows: every column name in use, every check, and one bad row never costs another."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.columns import column_name, parse_mapping
from knowledge.errors import BadMapping
from knowledge.ingest import Prepared, prepare
from knowledge.moments import SHANGHAI, parse_moment, show_moment
from knowledge.types import Passage

NOW = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)


def table(*rows: str, mapping: tuple[str, ...] = ()) -> Prepared:
    return prepare("f.csv", "\n".join(rows).encode(), mapping=parse_mapping(mapping), now=NOW)


def only(prepared: Prepared) -> Passage:
    (passage,) = prepared.upload.passages
    return passage


@pytest.mark.parametrize(
    "question",
    [
        "问题",
        "标准问",
        "标准问法",
        "标准问题",
        "question",
        "q",
        "Q",
        "问题（必填）",
        " 问 题 ",
        "問題",
        "*问题*",
        "问题：",
    ],
)
@pytest.mark.parametrize(
    "answer", ["答案", "回答", "机器人回答", "answer", "a", "答案(必填)", "答案【必填】", "ANSWER"]
)
def test_every_promised_name_of_question_and_answer(question: str, answer: str) -> None:
    passage = only(table(f"{question},{answer}", "怎么退货,七天内可退"))
    assert (passage.kind, passage.question, passage.text) == ("faq", "怎么退货", "七天内可退")


@pytest.mark.parametrize(
    ("header", "cell", "field", "value"),
    [
        ("相似问", "如何退货##想退货", "similar", ("如何退货", "想退货")),
        ("相似问法", "如何退货|想退货", "similar", ("如何退货", "想退货")),
        ("相似问题（##分隔）", "如何退货##怎么退货##如何退货", "similar", ("如何退货",)),
        ("扩展问答", "如何退货 ## ", "similar", ("如何退货",)),
        ("反例问题", "怎么换货", "counter", ("怎么换货",)),
        ("分类", "售后", "category", "售后"),
        ("类型", "售后", "category", "售后"),
        ("category", "售后", "category", "售后"),
        ("标签", "退货、运费;售后", "tags", ("退货", "运费", "售后")),
        ("tags", "退货", "tags", ("退货",)),
        ("关联商品", "羽绒服、A-1", "products", ("羽绒服", "A-1")),
        ("product", "羽绒服", "products", ("羽绒服",)),
        ("有效开始日期", "2026-11-01", "valid_from", datetime(2026, 11, 1, tzinfo=SHANGHAI)),
        ("valid_from", "2026年11月1日", "valid_from", datetime(2026, 11, 1, tzinfo=SHANGHAI)),
        ("有效结束日期", "2026-12-01", "valid_until", datetime(2026, 12, 2, tzinfo=SHANGHAI)),
        ("valid_until", "2026/12/1 20:00", "valid_until", datetime(2026, 12, 1, 20, tzinfo=SHANGHAI)),
        ("有效结束日期", "长期有效", "valid_until", None),
        ("状态", "启用", "category", ""),
        ("是否停用", "否", "category", ""),
        ("点击次数", "12", "category", ""),
    ],
)
def test_every_promised_column(header: str, cell: str, field: str, value: object) -> None:
    assert getattr(only(table(f"问题,答案,{header}", f"怎么退货,七天内可退,{cell}")), field) == value


def test_similar_questions_may_stand_on_lines_of_one_cell_or_in_columns_of_their_own() -> None:
    assert only(table("问题,答案,相似问", '怎么退货,七天,"如何退货\n想退货"')).similar == ("如何退货", "想退货")
    assert only(table("问题,答案,相似问1,相似问2", "怎么退货,七天,如何退货,想退货")).similar == ("如何退货", "想退货")


def test_a_question_cell_of_several_lines_is_a_question_and_its_similar_ones() -> None:
    passage = only(table("分段标题,分段内容,问题", '退货,七天内可退,"怎么退货\n如何退货"'))
    assert (passage.question, passage.similar, passage.text) == ("怎么退货", ("如何退货",), "七天内可退")


def test_other_columns_are_mapped_by_hand() -> None:
    rows = ("客户说,客服说,答案", "怎么退货,七天内可退,旧的")
    passage = only(table(*rows, mapping=("客户说=question", "客服说=answer")))
    assert (passage.question, passage.text) == ("怎么退货", "七天内可退")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("客户说", "列名=field"),
        ("=answer", "列名=field"),
        ("客户说=wrong", "没有 'wrong' 这个字段"),
        ("没有这列=answer", "现有：客户说、客服说"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(mapping: str, says: str) -> None:
    with pytest.raises(BadMapping, match=says):
        table("客户说,客服说", "怎么退货,七天内可退", mapping=(mapping,))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        pytest.param("怎么换货,,,,", "答案是空的", id="no answer"),
        pytest.param("怎么换货,……,,,", "答案是空的", id="an answer of dots"),
        pytest.param(",七天内可换,,,", "问题是空的", id="no question"),
        pytest.param("怎么退货,七天内可退,,,", "与第 2 行重复", id="a duplicate"),
        pytest.param(" 怎麼退貨 ,七天内可退 ,,,", "与第 2 行重复", id="a duplicate in another script"),
        pytest.param("双十一,满减,,明天,", "看不懂", id="a date in words"),
        pytest.param("双十一,满减,,2026-13-01,", "看不懂", id="a month thirteen"),
        pytest.param("双十一,满减,2026-11-11,2026-11-01,", "早于", id="an empty window"),
        pytest.param(f"{'很长' * 300},七天,,,", "超过 500 字", id="an answer in the question column"),
        pytest.param(f"怎么换货,{'很长' * 10_001},,,", "超过 20000 字", id="a book as an answer"),
    ],
)
def test_a_bad_row_is_rejected_with_its_place_and_costs_no_other(row: str, says: str) -> None:
    prepared = table("问题,答案,有效开始日期,有效结束日期,状态", "怎么退货,七天内可退,,,", row, "几天发货,当天,,,")
    assert [each.question for each in prepared.upload.passages] == ["怎么退货", "几天发货"]
    (rejected,) = prepared.rejected
    assert rejected.place == "f.csv#3"
    assert says in rejected.problem
    assert prepared.rows == 3


def test_an_expired_row_is_kept_for_replays_and_named() -> None:
    prepared = table("问题,答案,有效结束日期", "双十一,满减,2026-11-11")
    assert not only(prepared).valid_on(NOW)
    assert only(prepared).valid_on(datetime(2026, 11, 11, 23, 59, tzinfo=SHANGHAI))
    assert "已过期" in prepared.warnings[0].problem


@pytest.mark.parametrize(
    ("header", "cell", "taken"),
    [
        ("是否停用", "是", False),
        ("是否停用", "TRUE", False),
        ("是否停用", "1", False),
        ("是否停用", "否", True),
        ("是否停用", "", True),
        ("状态", "停用", False),
        ("状态", "已下线", False),
        ("状态", "正常", True),
        ("是否启用", "否", False),
        ("是否启用", "是", True),
    ],
)
def test_rows_switched_off_are_left_out_and_named(header: str, cell: str, taken: bool) -> None:
    prepared = table(f"问题,答案,{header}", f"怎么退货,七天,{cell}", "几天发货,当天,")
    assert ("怎么退货" in [each.question for each in prepared.upload.passages]) is taken
    assert ([each.place for each in prepared.warnings] == ["f.csv#2"]) is not taken


def test_several_robot_answers_in_one_cell() -> None:
    header = "问题,机器人回答(##分隔),是否全部回复"
    assert only(table(header, "怎么退货,先申请##再寄回,是")).text == "先申请\n再寄回"
    assert only(table(header, "怎么退货,先申请##或者找客服,否")).text == "先申请"


def test_a_header_repeated_among_the_rows_is_no_row() -> None:
    prepared = table("问题,答案", "怎么退货,七天", "问题,答案", "几天发货,当天")
    assert (prepared.rows, len(prepared.upload.passages), prepared.rejected) == (2, 2, [])


@pytest.mark.parametrize(
    ("written", "name"),
    [("问题（必填）", "问题"), ("相似问2", "相似问"), ("＊答案", "答案"), ("Q", "q"), ("（备注）", "")],
)
def test_how_a_column_name_is_compared(written: str, name: str) -> None:
    assert column_name(written) == name


DAY = datetime(2026, 11, 11, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2026-11-11", DAY, DAY.replace(day=12)),
        ("2026/11/11", DAY, DAY.replace(day=12)),
        ("2026.11.11", DAY, DAY.replace(day=12)),
        ("2026年11月11日", DAY, DAY.replace(day=12)),
        ("２０２６－１１－１１", DAY, DAY.replace(day=12)),
        ("20261111", DAY, DAY.replace(day=12)),
        ("46337", DAY, DAY.replace(day=12)),
        ("2026-11-11 20:00", DAY.replace(hour=20), DAY.replace(hour=20)),
        ("2026-11-11T20:00:00+08:00", DAY.replace(hour=20), DAY.replace(hour=20)),
        ("2026-11-11T12:00:00Z", DAY.replace(hour=20), DAY.replace(hour=20)),
        ("2026年11月11日 20时", DAY.replace(hour=20), DAY.replace(hour=20)),
        ("2026-11-11 23:59:59", DAY.replace(hour=23, minute=59, second=59), DAY.replace(day=12)),
        ("2026-11-11 24:00", DAY.replace(day=12), DAY.replace(day=12)),
        ("长期", None, None),
        ("-", None, None),
        ("", None, None),
    ],
)
def test_dates_as_shops_write_them(written: str, start: datetime | None, end: datetime | None) -> None:
    assert (parse_moment(written, end=False), parse_moment(written, end=True)) == (start, end)


@pytest.mark.parametrize("written", ["明天", "11/12/2026", "2026-02-30", "2026-13-01", "双十一", "99999999"])
def test_dates_that_could_mean_anything_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(written, end=True)


MOMENTS = st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=SHANGHAI))


@given(MOMENTS | MOMENTS.map(lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0)), st.booleans())
def test_a_moment_written_is_read_back(moment: datetime, end: bool) -> None:
    assert parse_moment(show_moment(moment, end=end), end=end) == moment
