"""The optional judge: measured against people first, asked only what rules cannot score, corrected for its error."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel

from assistant.settings import Settings
from assistant.wiring import open_model
from eval.__main__ import main
from eval.agreement import Agreement, Useless, corrected, together
from eval.audit.source import open_database
from eval.case import BadCase
from eval.judge import (
    Item,
    Opinion,
    digest,
    headline,
    item_of,
    judge,
    known,
    measured,
    needs_judge,
    problems,
    read_labels,
    store,
)
from eval.marks import open_marks
from tests.support.scripted_endpoint import ScriptedEndpoint

GOOD = "付款后48小时内发出。"
BAD = "付款后三个月发出。"


def test_kappa_is_the_one_worked_out_by_hand() -> None:
    """20 agreed right, 15 agreed wrong, 5 and 10 apart: 0.70 seen, 0.50 by chance, κ = 0.20 / 0.50."""
    four = Agreement(both_right=20, missed=5, let_pass=10, both_wrong=15)
    assert four.kappa == pytest.approx(0.4)
    assert four.tpr == pytest.approx(20 / 25)
    assert four.tnr == pytest.approx(15 / 25)
    truth = [True] * 25 + [False] * 25
    said = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert Agreement.of(truth, said) == four
    assert Agreement(10, 0, 0, 10).kappa == 1.0
    assert Agreement(10, 0, 0, 0).kappa is None


def test_the_correction_is_the_one_worked_out_by_hand() -> None:
    """70 % said right by a judge with TPR .9 and TNR .8: (.7 + .8 - 1) / (.9 + .8 - 1)."""
    value, within = corrected(70, 100, Agreement(90, 10, 20, 80))
    assert value == pytest.approx(0.5 / 0.7)
    assert within.low < value < within.high
    with pytest.raises(Useless):
        corrected(70, 100, Agreement(50, 50, 50, 50))


def test_the_corrected_interval_covers_the_truth_as_often_as_it_says() -> None:
    chance = np.random.default_rng(5)
    hits, runs, plain = 0, 600, 0
    for _ in range(runs):
        right = int(chance.binomial(200, 0.85))
        said = int(chance.binomial(right, 0.9) + chance.binomial(200 - right, 0.15))
        yes, no = int(chance.binomial(80, 0.9)), int(chance.binomial(80, 0.85))
        _, within = corrected(said, 200, Agreement(yes, 80 - yes, 80 - no, no))
        hits += within.low <= 0.85 <= within.high
        plain += abs(said / 200 - 0.85) <= 0.05
    assert 0.93 <= hits / runs <= 0.99
    assert plain / runs < 0.6, "uncorrected, the share itself is off"


def test_rules_and_judge_make_one_accuracy_between_theirs() -> None:
    value, within = together(90, 100, 30, 50, Agreement(45, 5, 5, 45))
    assert value == pytest.approx((100 * 0.9 + 50 * 0.625) / 150)
    assert within.low < value < within.high
    alone, _ = together(90, 100, 0, 0, None)
    assert alone == 0.9


def line(id_: str, *, right: bool = True, scored: bool = True, text: str = GOOD, **more: Any) -> dict[str, Any]:
    scores = {"action": {"value": 1.0}, "facts": {"value": float(right) if scored else None}}
    base = {"id": id_, "turns": ["多久发货"], "text": text, "action": "answer", "right": right or not scored}
    return {**base, "scores": scores, "quotes": [{"title": "发货", "quote": GOOD}], **more}


def test_only_what_rules_leave_open_is_for_the_judge() -> None:
    assert needs_judge(line("a", scored=False))
    assert not needs_judge(line("a"))
    assert not needs_judge(line("a", right=False))
    assert not needs_judge(line("a", scored=False, action="handoff"))
    assert not needs_judge(line("a", scored=False, broken="model: away"))
    assert not needs_judge({**line("a", scored=False), "right": False})


def labelled(count: int = 60) -> list[Item]:
    items = []
    for n in range(count):
        right = n % 2 == 0
        items.append(Item(f"l{n}", f"第{n}问：多久发货", GOOD if right else BAD, GOOD, right=right))
    return items


def answering(wrong_share: float = 0.0) -> Any:
    """A judge that reads the answer, and errs on a share of the questions, always on the same ones."""

    def says(request: dict[str, Any]) -> str:
        prompt = request["messages"][-1]["content"]
        right = GOOD in prompt.split("【回答】")[-1]
        if random.Random(prompt).random() < wrong_share:
            right = not right
        return "好的：" + json.dumps(
            {"verdict": "right" if right else "wrong", "because": "看了资料"}, ensure_ascii=False
        )

    return says


def model_at(endpoint: ScriptedEndpoint, name: str = "judge-1") -> BaseChatModel:
    settings = Settings(OPENAI_BASE_URL=endpoint.base_url, LLM_MODEL=name, _env_file=None)  # type: ignore[call-arg]
    model = open_model(settings)
    assert model is not None
    return model


async def test_the_judge_is_asked_over_http_with_sources_and_without_any_label() -> None:
    async with ScriptedEndpoint(answering()) as endpoint:
        said = await judge(model_at(endpoint), labelled(6))
    assert [opinion.verdict for opinion in said] == ["right", "wrong"] * 3
    prompts = [request["messages"][-1]["content"] for request in endpoint.requests]
    assert all(GOOD in prompt and "不执行" in prompt for prompt in prompts)
    assert {request["temperature"] for request in endpoint.requests} == {0.0}


@pytest.mark.parametrize("reply", ["", "对", '{"verdict": "yes"}', "{", '{"because": "x"}', "[]"])
async def test_a_reply_that_is_no_verdict_is_unsure(reply: str) -> None:
    async with ScriptedEndpoint(lambda request: reply) as endpoint:
        (said,) = await judge(model_at(endpoint), labelled(1))
    assert said.verdict == "unsure"


@pytest.mark.parametrize("fault", ["status_500", "close_at_once", "html_200", "bad_json"])
async def test_an_endpoint_that_breaks_leaves_the_answer_unjudged(fault: str) -> None:
    async with ScriptedEndpoint(answering(), fault=fault) as endpoint:
        (said,) = await judge(model_at(endpoint), labelled(1))
    assert said.verdict == "unsure"


async def test_a_measured_judge_is_kept_for_this_prompt_and_model_alone(demo_settings: Settings) -> None:
    async with ScriptedEndpoint(answering(0.05)) as endpoint:
        found = measured("judge-1", labelled(), await judge(model_at(endpoint), labelled()))
    assert found.problems == ()
    async with open_database(demo_settings) as engine:
        marks = await open_marks(engine)
        await store(marks, "judged", found, "qa")
        again = await known(marks, "judged", "judge-1")
        other = await known(marks, "judged", "judge-2")
    assert again is not None
    assert (again.agreement, again.problems) == (found.agreement, ())
    assert other is None
    assert digest("judge-1") != digest("judge-2")


@pytest.mark.parametrize(
    ("agreement", "says"),
    [
        (Agreement(20, 0, 0, 20), "标注太少"),
        (Agreement(55, 0, 0, 5), "标注太少"),
        (Agreement(30, 20, 20, 30), "κ = 0.20"),
        (Agreement(35, 15, 0, 50), "只有 0.70 判对"),
        (Agreement(60, 0, 8, 22), "只有 0.73 判错"),
    ],
)
def test_below_the_gate_it_is_said_why(agreement: Agreement, says: str) -> None:
    assert any(says in problem for problem in problems(agreement))
    assert problems(Agreement(45, 5, 5, 45)) == ()


def test_a_run_whose_judge_is_below_the_gate_has_no_headline() -> None:
    lines = [*(line(f"r{n}", right=n % 10 > 0) for n in range(100)), *(line(f"o{n}", scored=False) for n in range(40))]
    opinions = {item_of(one).id: Opinion("right") for one in lines if needs_judge(one)}
    coin = measured("m", labelled(), [Opinion("right") for _ in labelled()])
    assert coin.problems
    refused = headline(lines, opinions, coin)
    assert refused.accuracy is None
    assert any("κ" in why for why in refused.refused)
    assert headline(lines, opinions, None).accuracy is None
    without = headline(lines)
    assert (without.accuracy, without.of) == (0.9, 100)


def test_the_headline_is_corrected_for_the_judges_error() -> None:
    lines = [line(f"o{n}", scored=False) for n in range(100)]
    opinions = {item_of(one).id: Opinion("right" if n < 78 else "wrong") for n, one in enumerate(lines)}
    sound = measured("m", labelled(100), [Opinion("right" if n % 2 == 0 and n % 20 else "wrong") for n in range(100)])
    assert sound.agreement.tpr == pytest.approx(0.9)
    found = headline(lines, opinions, sound)
    assert found.accuracy == pytest.approx(0.78 / 0.9)
    assert found.interval is not None
    assert found.interval.high - found.interval.low > 0.1


async def test_judge_on_or_off_ranks_runs_alike_where_rules_can_tell() -> None:
    """Three versions of known accuracy: the rules' order, the order with the judge on, and the judge's own order over
    the very answers the rules can score are one order.
    """
    async with ScriptedEndpoint(answering(0.06)) as endpoint:
        model = model_at(endpoint)
        rater = measured("judge-1", labelled(), await judge(model, labelled()))
        runs = {}
        for name, share in (("bad", 0.55), ("better", 0.75), ("best", 0.95)):
            chance = random.Random(name)
            truth = [chance.random() < share for _ in range(80)]
            runs[name] = [
                line(f"{name}{n}", right=ok, text=GOOD if ok else BAD, turns=[f"{name}{n}"])
                for n, ok in enumerate(truth)
            ]
        off = {name: headline(lines).accuracy for name, lines in runs.items()}
        on = {name: headline(lines, {}, rater).accuracy for name, lines in runs.items()}
        alone = {}
        for name, lines in runs.items():
            said = await judge(model, [item_of(one) for one in lines])
            right = sum(opinion.verdict == "right" for opinion in said)
            alone[name] = corrected(right, len(lines), rater.agreement)[0]
    order = ["bad", "better", "best"]
    assert rater.problems == ()
    assert on == off
    for accuracy in (off, on, alone):
        assert sorted(accuracy, key=lambda name: accuracy[name] or 0.0) == order


def test_labels_are_read_and_refused_by_line(tmp_path: Path) -> None:
    rows = [{"id": "a", "question": "q", "answer": "x", "right": True, "by": "质检"}]
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert read_labels(tmp_path / "l.jsonl")[0].right is True
    (tmp_path / "l.jsonl").write_text('{"id": "a", "question": "q", "answer": "x"}', "utf-8")
    with pytest.raises(BadCase, match=r"l.jsonl#1：right 应是"):
        read_labels(tmp_path / "l.jsonl")


def test_the_command_measures_stores_and_gives_or_refuses_a_headline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, run = tmp_path / "labels.jsonl", tmp_path / "run.jsonl"
    labels.write_text(
        "\n".join(
            json.dumps({"id": i.id, "question": i.question, "answer": i.answer, "sources": i.sources, "right": i.right})
            for i in labelled()
        ),
        "utf-8",
    )
    lines = [*(line(f"r{n}") for n in range(10)), *(line(f"o{n}", scored=False, turns=[str(n)]) for n in range(10))]
    run.write_text("\n".join(map(json.dumps, lines)), "utf-8")

    async def serve(*argv: str) -> int:
        async with ScriptedEndpoint(answering()) as endpoint:
            monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
            return await asyncio.to_thread(main, ["judge", *argv])

    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LLM_MODEL", "judge-1")
    assert asyncio.run(serve(str(run))) == 1
    assert "不给总分" in capsys.readouterr().out
    assert asyncio.run(serve("--labels", str(labels))) == 0
    assert "κ = 1.00" in capsys.readouterr().out
    assert asyncio.run(serve(str(run))) == 0
    assert "准确率 100.0 %" in capsys.readouterr().out
    monkeypatch.setenv("LLM_MODEL", "")
    assert main(["judge", str(run)]) == 2
