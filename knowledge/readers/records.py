"""jsonl and json: objects become rows of one table, strings become paragraphs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from knowledge.errors import Unreadable
from knowledge.readers.encoding import decode
from knowledge.readers.shape import MAX_ROWS, Block, Reading, Row, Table

_LISTS = ("data", "rows", "items", "list", "records", "faq", "faqs", "qa", "questions")


def read_jsonl(reading: Reading, data: bytes) -> None:
    decoded = decode(data, reading.file)
    reading.charset = decoded.charset
    found: list[tuple[str, Any]] = []
    for number, line in enumerate(decoded.text.split("\n"), 1):
        place = f"{reading.file}#{number}"
        if not line.strip():
            continue
        if len(found) >= MAX_ROWS:
            reading.reject(place, f"超过 {MAX_ROWS} 行，后面的没有读；请拆成几个文件")
            break
        try:
            found.append((place, json.loads(line)))
        except (ValueError, RecursionError) as error:
            reading.reject(place, f"不是一行完整的 JSON（{_cause(error)}），这一行没有导入")
    _rows(reading, found)


def read_json(reading: Reading, data: bytes) -> None:
    decoded = decode(data, reading.file)
    reading.charset = decoded.charset
    try:
        whole = json.loads(decoded.text)
    except (ValueError, RecursionError) as error:
        if _is_lines(decoded.text):
            return read_jsonl(reading, data)
        raise Unreadable(file=reading.file, why=f"不是完整的 JSON（{_cause(error)}）；请检查括号和引号") from None
    if isinstance(whole, dict):
        whole = next((whole[key] for key in _LISTS if isinstance(whole.get(key), list)), whole)
    if isinstance(whole, dict):
        pairs = all(isinstance(value, str) for value in whole.values()) and not {"question", "问题"} & set(whole)
        whole = [{"question": key, "answer": value} for key, value in whole.items()] if pairs else [whole]
    if not isinstance(whole, list):
        whole = [whole]
    if len(whole) > MAX_ROWS:
        raise Unreadable(file=reading.file, why=f"超过 {MAX_ROWS} 条；请拆成几个文件")
    _rows(reading, [(f"{reading.file}#{number}", value) for number, value in enumerate(whole, 1)])


def _rows(reading: Reading, found: Iterable[tuple[str, Any]]) -> None:
    header: dict[str, int] = {}
    rows: list[tuple[str, dict[int, str]]] = []
    for place, value in found:
        match value:
            case dict():
                cells = {header.setdefault(str(key), len(header)): _text(each) for key, each in value.items()}
                rows.append((place, cells))
            case str() if value.strip():
                reading.parts.append(Block(place, value.strip()))
            case _:
                reading.reject(place, "既不是一条记录（{…}）也不是一段文字，没有导入")
    if rows:
        width = range(len(header))
        table = tuple(Row(place, tuple(cells.get(column, "") for column in width)) for place, cells in rows)
        reading.parts.append(Table("", table, header=tuple(header)))


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.replace("\r\n", "\n").replace("\r", "\n").strip()
        case bool():
            return "是" if value else "否"
        case float():
            return f"{value:.15g}"
        case list():
            return "\n".join(_text(each) for each in value)
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _is_lines(text: str) -> bool:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and all(line.startswith("{") and line.endswith("}") for line in lines[:3])


def _cause(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 个字符处"
    return "嵌套太深" if isinstance(error, RecursionError) else "数字太长"
