"""Whatever bytes come in under whatever name: they are read, or refused in one line that names the file."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.errors import Unreadable
from knowledge.ingest import prepare
from knowledge.readers import ACCEPTED
from tests.knowledge.files import excel, pdf, word, zipped

CSV = "问题,答案,相似问,有效结束日期\n怎么退货,七天,如何退货##退,2026-11-11\n甲,乙,,\n".encode()
GOOD = {
    ".csv": CSV,
    ".xlsx": excel(["问题", "答案"], ["怎么退货", "七天"]),
    ".jsonl": b'{"question": "a?", "answer": "b"}\n{"question": "c?", "answer": "d"}\n',
    ".json": b'[{"question": "a?", "answer": "b"}]',
    ".md": "# 售后\n| 问题 | 答案 |\n|---|---|\n| 甲 | 乙 |\n\n**七天**可退。\n".encode(),
    ".txt": "一、退货\n问：怎么退？\n答：七天可退。\n".encode(),
    ".html": "<h1>售后</h1><table><tr><th>问题</th><th>答案</th></tr><tr><td>甲</td><td>乙</td></tr></table>".encode(),
    ".docx": word(("Heading 1", "售后"), "七天内可以退货。"),
    ".pdf": pdf([["签收后七天内可以退货。"]]),
    ".zip": zipped({"faq.csv": CSV, "说明.md": "# 售后\n七天可退。".encode()}),
}


def test_every_accepted_kind_is_tried() -> None:
    assert set(GOOD) == set(ACCEPTED)


def read_or_refused(name: str, data: bytes) -> None:
    try:
        passages = prepare(name, data).upload.passages
        said = f"{name}："
    except Unreadable as refused:
        passages, said = (), str(refused)
    assert said.startswith(f"{name}：")
    assert "\n" not in said
    for passage in passages:
        assert passage.text.strip() == passage.text != ""
        assert passage.source.startswith(name)
        assert passage.id
        passage.text.encode("utf-8")


@pytest.mark.parametrize("kind", ACCEPTED)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400))
def test_random_bytes(kind: str, data: bytes) -> None:
    read_or_refused(f"f{kind}", data)


@pytest.mark.parametrize("kind", ACCEPTED)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=4))
def test_damaged_files(kind: str, cuts: list[tuple[float, int, bytes]]) -> None:
    data = GOOD[kind]
    for where, length, instead in cuts:
        at = int(where * len(data))
        data = data[:at] + instead + data[at + length :]
    read_or_refused(f"f{kind}", data)


@pytest.mark.parametrize("kind", [".csv", ".txt", ".md", ".html", ".json", ".jsonl"])
@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_in_any_encoding(kind: str, text: str) -> None:
    for charset in ("utf-8", "gb18030", "utf-16"):
        read_or_refused(f"f{kind}", text.encode(charset, "surrogatepass" if charset != "gb18030" else "replace"))
