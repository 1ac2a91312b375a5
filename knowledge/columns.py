"""Which column of a merchant's table is what: the names in use, and the merchant's own `--map 列名=field`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.errors import BadMapping
from knowledge.readers.shape import Row, Table
from knowledge.text import fold

_NAMES = """
question: 问题 标准问 标准问法 标准问题 question q 提问 问法 客户问题 客户问法 顾客问题 买家问题 用户问题 标准提问
answer: 答案 回答 机器人回答 answer a 回复 答复 标准答案 标准回答 客服回复 客服回答 回复内容 答案内容 解答 分段内容
similar: 相似问 相似问法 相似问题 扩展问答 扩展问 扩展问法 相似提问 similar 同义问 indexes
counter: 反例问题 反例 反例问 反例问法 counter
category: 分类 类型 category 类目 知识分类 问题分类 问题类型 分组
tags: 标签 tags tag 关键词
products: 关联商品 product products 商品 适用商品 关联产品
valid_from: 有效开始日期 valid_from 生效日期 生效时间 开始日期 开始时间 有效开始时间
valid_until: 有效结束日期 valid_until 失效日期 失效时间 结束日期 结束时间 有效结束时间 有效期至
disabled: 是否停用 停用 是否禁用 disabled
enabled: 是否启用 启用 enabled
status: 状态 status
every: 是否全部回复
text: 正文 内容 段落 text content
heading: 标题 分段标题 title heading
form: 形式 form
source: 来源 source
"""
_FIELD_OF = {
    fold(name): field
    for field, _, names in (line.partition(":") for line in _NAMES.split("\n"))
    for name in names.split()
}
FIELDS = ("question", "answer", "similar", "counter", "category", "tags", "product", "valid_from", "valid_until",
          "disabled", "enabled", "status", "text", "heading", "ignore")  # fmt: skip
"""What `--map` may name."""
_HEADER_DEPTH = 30
"""Filled rows among which the header is looked for."""
_REMARK = re.compile(r"[(\[{【〔<].*?[)\]}】〕>]|[*＊:：]+$|^[*＊]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields of a table stand."""

    at: Mapping[str, tuple[int, ...]]
    """Field → columns from 0, the most telling first."""
    names: tuple[str, ...]
    """The header as the merchant wrote it."""
    rows: tuple[Row, ...]
    """The rows below the header."""

    def has(self, *fields: str) -> bool:
        return all(field in self.at for field in fields)

    def cells(self, row: Row, field: str) -> list[str]:
        """The filled cells of `row` for `field`, in order."""
        found = (row.cells[column] for column in self.at.get(field, ()) if column < len(row.cells))
        return [cell for cell in found if cell]

    def cell(self, row: Row, field: str) -> str:
        return next(iter(self.cells(row, field)), "")


def parse_mapping(given: Sequence[str]) -> dict[str, str]:
    """`列名=field` pairs as folded name → field. Raises `BadMapping`."""
    mapping: dict[str, str] = {}
    for pair in given:
        name, equals, field = pair.rpartition("=")
        if not equals or not name.strip():
            raise BadMapping(given=pair, why="请写成 列名=field，例如 客服回复=answer")
        wanted = _FIELD_OF.get(fold(field), "ignore" if fold(field) == "ignore" else "")
        if not wanted:
            raise BadMapping(given=pair, why=f"没有 {field!r} 这个字段；可用 {' '.join(FIELDS)}")
        mapping[column_name(name) or fold(name)] = wanted
    return mapping


def column_name(written: str) -> str:
    """A header cell as it is compared: no （必填）, stars, blanks, case, or running number (相似问1)."""
    name = re.sub(r"\s+", "", _REMARK.sub("", fold(written)))
    return re.sub(r"(?<=\D)\d{1,2}$", "", name)


def find_columns(table: Table, mapping: Mapping[str, str]) -> Columns | None:
    """The header with a question and an answer (or a text) column and the rows below it; None when there is none."""
    if table.header is not None:
        return _columns(table.header, table.rows, mapping)
    for number, row in enumerate(table.rows[:_HEADER_DEPTH]):
        if columns := _columns(row.cells, table.rows[number + 1 :], mapping):
            return columns
    return None


def is_header(cells: Sequence[str], columns: Columns) -> bool:
    """Whether a row repeats the header, as sheets glued together do."""
    names = [name for name in columns.names if name]
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or len(filled) != len(names) or len(filled[0]) > 2 * len(names[0]) + 20:
        return False
    return all(column_name(cell) == column_name(name) for cell, name in zip(filled, names, strict=True))


def _columns(header: Sequence[str], rows: tuple[Row, ...], mapping: Mapping[str, str]) -> Columns | None:
    at: dict[str, list[int]] = {}
    mapped: set[str] = set()
    names = [column_name(cell) for cell in header]
    for column, name in enumerate(names):
        if name in mapping:
            mapped.add(mapping[name])
            at.setdefault(mapping[name], []).append(column)
    for column, name in enumerate(names):
        field = _FIELD_OF.get(name)
        if field and name not in mapping and field not in mapped:
            at.setdefault(field, []).append(column)
    if "question" not in at and "heading" in at and "answer" in at:
        at["question"] = at.pop("heading")
    if not ({"question", "answer"} <= at.keys() or ("text" in at and "answer" not in at)):
        return None
    if "question" in at and "answer" not in at and "text" in at:
        # A question column beside a 内容 column is a FAQ whose answers are called 内容.
        at["answer"] = at.pop("text")
    return Columns({field: tuple(columns) for field, columns in at.items()}, tuple(header), rows)
