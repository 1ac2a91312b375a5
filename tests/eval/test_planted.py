"""Known errors in right answers are seen, and right answers said a little differently are let pass.

A few hundred here; `python -m eval planted` does it over every shipped case.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from assistant.conversation.events import Cite, Message
from assistant.demo.load import demo_files
from assistant.turn.shop import Shop
from eval.case import CASES, EvalCase, read_cases
from eval.plan import moment
from eval.planted import PLANTS, WORDS, Findings, by_kind, try_scorers
from eval.run import Result, run_case
from eval.runs import CLOCK
from eval.scorers import FREE, scored
from eval.transcript import Transcript
from knowledge.ingest import prepare


@pytest.fixture(scope="module")
def results(demo_shop: Shop) -> list[Result]:
    cases = random.Random(7).sample(read_cases([CASES]), 340)

    async def answered() -> list[Result]:
        return [await run_case(demo_shop, case, clock=moment(CLOCK)) for case in cases]

    return asyncio.run(answered())


@pytest.fixture(scope="module")
def found(results: list[Result]) -> Findings:
    return try_scorers(results, each=40)


def test_planted_errors_are_seen(found: Findings) -> None:
    assert sum(found.planted.values()) >= 200
    assert set(found.planted) == set(PLANTS)
    assert all(count >= 15 for count in found.planted.values()), found.planted
    assert found.caught_share >= 0.98, [(one.kind, one.case.id, one.what) for one in found.missed]


def test_right_answers_pass(found: Findings) -> None:
    assert sum(found.right.values()) >= 600
    assert found.failed_share <= 0.02, by_kind(found)


def test_every_scorer_that_needs_no_case_fails_something(results: list[Result]) -> None:
    """Each is shown one answer that it, and it alone of these, must refuse."""
    sound = next(r for r in results if r.right and r.answer.action == "answer" and len(r.answer.cites) == 1)
    text = sound.answer.text
    wrong = {
        "figures": f"{text}一共是8731元。",
        "promises": f"{text}我已经帮您把款退好了。",
        "conduct": f"{text}加我微信说。",
        "support": f"{text}窗台上那盆茉莉花每逢雨季开得最盛。",
        "readable": f"{text}{{value}}",
        "script": "這個問題請您聯絡賣家處理，謝謝您的體諒。",
    }
    assert set(wrong) == set(FREE)
    for name, said in wrong.items():
        script = replace(
            sound.script, asked=("请问这个运费谁来付",), answer=sound.answer.model_copy(update={"text": said})
        )
        assert FREE[name](script).value == 0.0, (name, said)
        assert FREE[name](replace(sound.script)).value != 0.0, name


def test_what_a_case_says_nothing_about_is_unscored_not_wrong(results: list[Result]) -> None:
    silent = EvalCase.model_validate({"id": "x", "turns": ["在吗"], "expect": {"action": ["answer"]}})
    scores = scored(silent, results[0].script)
    for name in ("facts", "forbidden", "stated", "source", "verdict", "reason", "latency", "tokens"):
        assert scores[name].value is None, name


@pytest.mark.parametrize(
    ("expect", "name", "value"),
    [
        ({"figures": ["48小时"]}, "stated", 1.0),
        ({"figures": ["两天"]}, "stated", 1.0),
        ({"figures": ["72小时"]}, "stated", 0.0),
        ({"source": "faq.csv"}, "source", 1.0),
        ({"source": "别的.csv"}, "source", 0.0),
        ({"verdict": "allow"}, "verdict", 0.0),
        ({"within_ms": 10}, "latency", 1.0),
        ({"within_ms": 1}, "latency", 0.0),
        ({"within_tokens": 100}, "tokens", 1.0),
        ({"within_tokens": 10}, "tokens", 0.0),
        ({"never": ["小时"]}, "forbidden", 0.0),
        ({"reason": "safety"}, "reason", 0.0),
    ],
)
def test_what_a_case_expects(expect: dict[str, object], name: str, value: float) -> None:
    quote = "付款后48小时内发出。"
    answer = Message(
        by="assistant", text=quote, action="answer", cites=(Cite(id="p", source="faq.csv#2", quote=quote),)
    )
    case = EvalCase.model_validate({"id": "x", "turns": ["多久发货"], "expect": {"action": "answer", **expect}})
    assert scored(case, Transcript(case.turns, answer, ms=5.0, tokens=50))[name].value == value


def test_nothing_is_planted_that_stands_in_the_shops_files() -> None:
    """A planted promise that the shop has really published would be no error."""
    said = "\n".join(p.text for f in demo_files() for p in prepare(f.name, Path(f).read_bytes()).upload.passages)
    for promise in yaml.safe_load(WORDS.read_text("utf-8"))["promises"]:
        assert promise.rstrip("。") not in said
