"""Case files that people edit: every kind reads back to the same cases, and a bad row is named with its problem."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from assistant.conversation.events import Cite, Event, HandedOver, Message, Visited
from assistant.settings import read_settings
from assistant.wiring import open_log
from eval.__main__ import main
from eval.case import CASES, BadCase, EvalCase, read_cases
from eval.commands.cases import write_cases
from eval.record import recorded

KINDS = ("jsonl", "csv", "xlsx")
HARD = {
    "id": "x-1",
    "turns": ["=1+1 能退吗", "那\u2028，“换货”,呢"],
    "expect": {
        "action": ["answer", "handoff"],
        "facts": [r"48小时|2天", r"\d+元"],
        "figures": ["8.5折"],
        "within_ms": 500,
    },
    "order": {"number": "7", "ordered_at": "2026-11-20T10:00:00", "lines": []},
    "tags": ["无理由退", "繁体"],
    "weight": 2.5,
    "now": "2026-11-22T15:00:00",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_cases_survive_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    cases = [*read_cases([CASES])[::7], EvalCase.model_validate_json(orjson.dumps(HARD))]
    file = tmp_path / f"cases.{kind}"
    write_cases(cases, file)
    assert read_cases([file]) == cases


WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=12)
LINE = WORD.map(str.strip).filter(lambda text: text and not text.startswith(("'", "{")))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, derandomize=True, deadline=None)
@given(turns=st.lists(LINE, min_size=1, max_size=3), tags=st.lists(LINE, max_size=2), source=LINE)
def test_any_words_survive(
    kind: str, tmp_path_factory: pytest.TempPathFactory, turns: list[str], tags: list[str], source: str
) -> None:
    case = EvalCase.model_validate(
        {"id": "1", "turns": turns, "tags": tags, "expect": {"action": "decline", "source": source}}
    )
    file = tmp_path_factory.mktemp("cases") / f"c.{kind}"
    write_cases([case], file)
    assert read_cases([file]) == [case]


def written(folder: Path, rows: list[list[Any]], kind: str = "csv", encoding: str = "utf-8-sig") -> Path:
    file = folder / f"题目.{kind}"
    if kind == "xlsx":
        book = Workbook()
        for row in rows:
            book.active.append(row)  # type: ignore[union-attr]
        book.save(file)
    else:
        file.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding)
    return file


def test_a_table_as_people_write_it(tmp_path: Path) -> None:
    rows = [
        ["编号（必填）", "顾客的话", "应有动作", "必须说到", "订单", "标签", "权重"],
        ["a", "能退吗\n多久", "直接回答\n转人工", "7天", "", "无理由退", ""],
        ["", "", "", "", "", "", ""],
        ["b", "到哪了", "handoff", "", "660220480070", "", "2"],
    ]
    for kind, encoding in (("csv", "utf-8-sig"), ("csv", "gb18030"), ("xlsx", "")):
        first, second = read_cases([written(tmp_path, rows, kind, encoding or "utf-8")])
        assert first.turns == ("能退吗", "多久")
        assert first.expect.action == ("answer", "handoff")
        assert second.order == "660220480070"
        assert second.weight == 2.0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["甲", "乙"], ["1", "2"]], "题目.csv：第一行没有列名"),
        ([["编号", "顾客的话", "应有动作", "心情"], ["1", "在吗", "answer", "好"]], "不认识的列“心情”"),
        (
            [["编号", "顾客的话", "应有动作"], ["1", "在吗", "answer"], ["2", "在吗", "拥抱"]],
            "题目.csv#3：expect.action.0 只能写",
        ),
        ([["编号", "顾客的话", "应有动作"], ["1", "", "answer"]], "题目.csv#2：既没有 turns"),
        ([["编号", "顾客的话", "应有动作"], ["1", "在吗", ""]], "题目.csv#2：expect.action（应有动作） 没有写"),
        ([["编号", "顾客的话", "应有动作", "必须说到"], ["1", "在吗", "answer", "7天("]], "“7天(”不是写对的模式"),
        ([["编号", "顾客的话", "应有动作", "时刻"], ["1", "在吗", "answer", "明天"]], "看不懂时间“明天”"),
        ([["编号", "顾客的话", "应有动作", "权重"], ["1", "在吗", "answer", "重"]], "weight（权重） 要写成数字"),
        (
            [["编号", "顾客的话", "应有动作"], ["1", "在吗", "answer"], ["1", "在", "answer"]],
            "题目.csv#3：编号 1 在 题目.csv#2 已经用过",
        ),
    ],
)
def test_a_bad_row_is_named_with_its_problem(rows: list[list[str]], told: str, tmp_path: Path) -> None:
    with pytest.raises(BadCase) as bad:
        read_cases([written(tmp_path, rows)])
    assert told in str(bad.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{oops", "c.jsonl#1：不是 JSON"),
        ('{"id": "1", "turns": ["在吗"], "expect": {"action": "answer"}}\n{"id": "2", "turns": 3}', "c.jsonl#2"),
        ('{"id": "1", "turns": ["在吗"], "expect": {"action": "answer"}, "mood": 1}', "mood 不认识这一项"),
        ("[1]", "c.jsonl#1"),
    ],
)
def test_a_bad_line_is_named_with_its_problem(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text(content, "utf-8")
    with pytest.raises(BadCase) as bad:
        read_cases([file])
    assert told in str(bad.value)


def test_a_file_of_another_kind_ends_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "坏.xlsx"
    broken.write_bytes(b"PK no workbook")
    done = subprocess.run(
        [sys.executable, "-m", "eval", "run", str(broken)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"坏\.xlsx：打不开这个 Excel 文件.*\n", done.stderr)


def test_a_sheet_for_people_shows_what_a_shopper_typed_as_text(tmp_path: Path) -> None:
    file = tmp_path / "c.xlsx"
    write_cases([EvalCase.model_validate_json(orjson.dumps(HARD))], file)
    cells = [cell for row in load_workbook(file).active.iter_rows(min_row=2) for cell in row if cell.value]  # type: ignore[union-attr]
    assert all(cell.data_type == "s" for cell in cells)


async def test_record_reads_a_conversation_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    answer = Message(by="assistant", text="48小时内发出。", action="answer", cites=(Cite(id="p", source="f.csv#2"),))
    async with open_log(read_settings()) as store:
        talk, _ = await store.open_talk("demo")
        await store.append(talk, [Message(by="shopper", text="多久发货，我电话13812345678")])
        await store.append(talk, [answer])
    assert await asyncio.to_thread(main, ["record", talk]) == 0
    out, err = capsysbinary.readouterr()
    case = EvalCase.model_validate_json(out)
    assert case.turns[0].startswith("多久发货")
    assert "13812345678" not in out.decode()
    assert case.expect.figures == ("48小时",)
    assert "草稿" in err.decode()
    file = tmp_path / "kept.jsonl"
    assert await asyncio.to_thread(main, ["record", talk, "--answer", "1", "--out", str(file)]) == 0
    assert read_cases([file]) == [case]
    assert await asyncio.to_thread(main, ["record", "nobody"]) == 2


def test_a_conversation_becomes_a_masked_case() -> None:
    said = "我叫王小明，电话13812345678，羽绒服能退吗"
    answer = Message(
        by="assistant",
        text="签收次日起7天内可以退，运费12元由您承担。",
        action="answer",
        cites=(Cite(id="p", source="售后问答.xlsx#退货!3", quote="…"),),
    )
    happened: list[tuple[str, Event]] = [
        ("2026-11-20T10:00:00+08:00", Visited(order="660220480070", product="NY-DJ01")),
        ("2026-11-20T10:00:01+08:00", Message(by="shopper", text=said)),
        ("2026-11-20T10:00:02+08:00", answer),
        ("2026-11-20T10:01:00+08:00", Message(by="shopper", text="那转人工")),
        (
            "2026-11-20T10:01:01+08:00",
            Message(by="assistant", text="好的", action="handoff", reason="asked_for_person"),
        ),
        ("2026-11-20T10:01:02+08:00", HandedOver(reason="asked_for_person", level="L3")),
    ]
    order = {"number": "660220480070", "buyer": "王小明", "ordered_at": "2026-11-10T09:00:00", "lines": []}
    last = EvalCase.model_validate_json(orjson.dumps(recorded("abcdef123456", happened, order=order)))
    assert len(last.turns) == 2
    assert last.expect.action == ("handoff",)
    assert last.expect.reason == "asked_for_person"
    first = EvalCase.model_validate_json(orjson.dumps(recorded("abcdef123456", happened, answer=1, order=order)))
    assert first.expect.source == "售后问答.xlsx"
    assert {"7天", "12元"} <= set(first.expect.figures)
    assert first.product == "NY-DJ01"
    for case in (first, last):
        kept = case.model_dump_json()
        assert not any(private in kept for private in ("13812345678", "王小明", "660220480070"))
    with pytest.raises(BadCase, match="2 条助手的回答"):
        recorded("abcdef123456", happened, answer=5)
