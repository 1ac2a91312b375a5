"""The seven-day return, from a facts document to the promised JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.policy import Case, FactRefused, decide, load_policies
from assistant.policy.cli import decide_file

COAT = {
    "id": "coat",
    "now": "2026-11-12T23:59:30",
    "wish": "return",
    "order": {
        "ordered_at": "2026-11-03T20:00:00",
        "signed_at": "2026-11-05T10:20:00",
        "lines": [
            {
                "line": "1",
                "sku": "c1",
                "title": "羽绒服",
                "category": "服装",
                "tags": [],
                "quantity": 1,
                "paid_fen": 69900,
            }
        ],
    },
    "said": {"tag_on": True},
}


def test_a_coat_on_the_last_evening_goes_back() -> None:
    verdict = decide(load_policies(), Case.from_json(COAT)).as_json()
    assert list(verdict) == [
        "id",
        "says",
        "policy",
        "version",
        "remedies",
        "deadline",
        "amount_fen",
        "freight",
        "missing",
        "reasons",
        "alternatives",
        "working",
    ]
    assert (verdict["says"], verdict["policy"], verdict["remedies"]) == (
        "allow",
        "seven_day_no_reason",
        ["return_refund"],
    )
    assert verdict["deadline"] == "2026-11-12T23:59:59+08:00"
    assert (verdict["amount_fen"], verdict["freight"]) == (69900, "buyer")
    assert "消费者权益保护法 第二十五条" in verdict["reasons"][0]["cites"]


def test_a_fact_nobody_knows_is_refused_by_its_name() -> None:
    with pytest.raises(FactRefused, match=r"said\.colour"):
        Case.from_json({**COAT, "said": {"colour": True}})
    line = {**COAT["order"]["lines"][0], "tags": ["好看"]}  # type: ignore[index]
    with pytest.raises(FactRefused, match="好看"):
        Case.from_json({**COAT, "order": {**COAT["order"], "lines": [line]}})  # type: ignore[dict-item]


def test_one_bad_line_loses_none_of_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = tmp_path / "facts.jsonl"
    facts.write_text(
        "\n".join([json.dumps(COAT), "{broken", json.dumps({**COAT, "moon": 1}), json.dumps(COAT)]), encoding="utf-8"
    )
    assert decide_file(None, facts) == 2
    out, err = capsys.readouterr()
    assert [json.loads(line)["says"] for line in out.splitlines()] == ["allow", "allow"]
    assert "facts.jsonl:2:" in err
    assert "facts.jsonl:3:" in err
    assert "moon" in err
