"""What other programs rely on: exit statuses, the shapes of `ask` and `import`, one clear line on bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.api.frames import UnknownType, error, orders, picked, read_frame
from assistant.conversation.events import Claimed, HandedOver, Resolved
from assistant.settings import Settings

ROOT = Path(__file__).parent.parent


def run(module: str, *args: str, settings: Settings, **env: str) -> subprocess.CompletedProcess[str]:
    """One command as a user runs it."""
    environment = {**os.environ, "DATA_DIR": str(settings.DATA_DIR.resolve()), **env}
    return subprocess.run(
        [sys.executable, "-m", module, *args], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )


def test_ask_a_file_gives_one_line_a_conversation(demo_settings: Settings, tmp_path: Path) -> None:
    asked, told = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    facts = {
        "ordered_at": "2026-11-01T10:00:00",
        "signed_at": "2026-11-05T10:20:00",
        "sign_consent": True,
        "lines": [
            {
                "line": "1",
                "sku": "X",
                "title": "羽绒服",
                "category": "服装",
                "tags": [],
                "quantity": 1,
                "paid_fen": 59900,
            }
        ],
    }
    lines = [
        {"id": "1", "turns": ["发什么快递"], "order": None, "now": None},
        {"id": "2", "turns": ["羽绒服可以机洗吗", "那雪地靴呢"]},
        {"id": "3", "turns": ["不喜欢能退吗，吊牌在，没穿过"], "order": facts, "now": "2026-11-12T23:59:30"},
        {"id": "4", "turns": ["转人工"]},
    ]
    asked.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    done = run("assistant", "ask", "--shop", "demo", "--file", str(asked), "--out", str(told), settings=demo_settings)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
    assert [a["id"] for a in answers] == ["1", "2", "3", "4"]
    assert [len(a["turns"]) for a in answers] == [1, 2, 1, 1]
    keys = {"text", "action", "reason", "cites", "verdict", "confidence", "engine", "ms"}
    assert all(set(turn) == keys for a in answers for turn in a["turns"])
    assert set(answers[0]["turns"][0]["cites"][0]) == {"id", "source"}
    verdict = answers[2]["turns"][0]["verdict"]
    assert (verdict["says"], verdict["deadline"]) == ("allow", "2026-11-12T23:59:59+08:00")
    assert (answers[3]["turns"][0]["action"], answers[3]["turns"][0]["reason"]) == ("handoff", "asked_for_person")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ask", "--shop", "demo"], "问题和 --file"),
        (["ask", "--shop", "nobody", "在吗"], "没有店铺 nobody"),
        (["ask", "--shop", "demo", "在吗", "--now", "明天"], "看不懂时间"),
        (["ask", "--shop", "demo", "--file", "/no/such/file"], "没有这个文件"),
        (["trace", "nothing"], "没有会话"),
    ],
)
def test_wrong_use_is_one_clear_line(args: list[str], says: str, demo_settings: Settings) -> None:
    done = run("assistant", *args, settings=demo_settings)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_misspelt_setting_is_refused_with_the_right_one(demo_settings: Settings) -> None:
    done = run("assistant", "ask", "--shop", "demo", "在吗", settings=demo_settings, OPENAI_BASEURL="http://x")
    assert done.returncode == 2
    assert "OPENAI_BASE_URL" in done.stderr


def test_doctor_lists_every_setting_and_hides_secrets(demo_settings: Settings) -> None:
    done = run("assistant", "doctor", "--json", settings=demo_settings, SECRET_KEY="do-not-tell")
    report = json.loads(done.stdout)
    assert set(report["settings"]) == set(Settings.model_fields)
    assert "do-not-tell" not in done.stdout
    assert report["parts"]["database"]["ok"]


def test_import_reports_in_the_promised_shape_and_twice_changes_nothing(
    demo_settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "faq.csv"
    file.write_bytes("问题（必填）,答案\n能定制吗,可以定制，7天做好。\n没有答案,\n".encode("gbk"))
    settings = Settings(DATA_DIR=tmp_path / "data", _env_file=None)  # type: ignore[call-arg]
    first = json.loads(run("knowledge", "import", "--shop", "s", str(file), "--json", settings=settings).stdout)
    assert set(first) == {
        "file", "rows", "added", "changed", "unchanged", "removed", "rejected", "warnings", "passages",
    }  # fmt: skip
    assert (first["added"], [r["place"] for r in first["rejected"]]) == (1, ["faq.csv#3"])
    again = json.loads(run("knowledge", "import", "--shop", "s", str(file), "--json", settings=settings).stdout)
    assert (again["added"], again["changed"], again["removed"], again["unchanged"]) == (0, 0, 0, 1)


def test_eval_retrieval_prints_the_promised_keys(demo_settings: Settings, tmp_path: Path) -> None:
    kb, queries = tmp_path / "kb.jsonl", tmp_path / "q.jsonl"
    kb.write_text('{"id":"a","question":"发什么快递"}\n{"id":"b","question":"能开发票吗"}\n', "utf-8")
    queries.write_text('{"query":"用啥快递","gold_ids":["a"]}\n{"query":"今天几号","gold_ids":[]}\n', "utf-8")
    done = run("eval", "retrieval", "--kb", str(kb), "--queries", str(queries), "--json", settings=demo_settings)
    found = json.loads(done.stdout)
    assert {
        "queries", "answerable", "hit@1", "hit@3", "hit@5", "mrr@10", "ci95",
        "no_answer_auroc", "index_seconds", "query_ms", "retriever", "embedding",
    } <= set(found)  # fmt: skip
    assert found["hit@1"] == 1.0


def test_clock_gives_every_measure_as_json_and_refuses_a_date_that_is_none(demo_settings: Settings) -> None:
    told = run("assistant", "clock", "--shop", "demo", "--json", settings=demo_settings)
    assert told.returncode == 0, told.stderr
    given = json.loads(told.stdout)
    keys = {"id", "version", "name", "platform", "unit", "value_kind", "value", "kept", "counted", "left_out"}
    assert all(set(one) == keys | {"target", "met", "by", "broken"} for one in given["measures"])
    assert {one["platform"] for one in given["measures"]} == {"拼多多", "淘宝", "京东", "通用"}
    wrong = run("assistant", "clock", "--shop", "demo", "--since", "昨天", settings=demo_settings)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "昨天" in wrong.stderr


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "hello", "token": None, "after": 0, "identity": "signed"},
        {"type": "orders"},
        {"type": "pick_order", "number": "660210480033"},
        {"type": "say", "client_id": "c-1", "text": "在吗"},
        {"type": "call_person"},
        {"type": "rate", "stars": 5, "note": "谢谢"},
        {"type": "typing"},
        {"type": "feedback", "seq": 3, "helpful": False},
    ],
    ids=lambda frame: str(frame["type"]),
)
def test_every_frame_to_the_server_is_understood(frame: dict[str, object]) -> None:
    read = read_frame(json.dumps(frame)).model_dump(exclude_none=True)
    assert {name: read[name] for name in frame if frame[name] is not None} == {
        name: value for name, value in frame.items() if value is not None
    }


def test_what_frames_and_events_carry_beyond_the_contract() -> None:
    assert json.loads(picked("66021"))["number"] == "66021"
    assert json.loads(orders([]))["type"] == "orders"
    assert json.loads(error(UnknownType(), client_id="c-1"))["client_id"] == "c-1"
    assert Claimed(by="zhou", name="客服小周").model_dump()["name"] == "客服小周"
    assert HandedOver(reason="asked_for_person", back=True).model_dump()["back"] is True
    assert Resolved(by="zhou").model_dump()["ask"] is True
