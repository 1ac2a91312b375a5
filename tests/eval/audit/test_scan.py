"""What inspection finds in a conversation, where, for what reason; and that looking twice finds the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.audit.proof import generated, kindred, measure
from eval.audit.rules import Example, Rules, load_rules
from eval.audit.scan import Finding, scan
from eval.audit.talk import lay_out
from eval.audit.written import entries_of


def look(rules: Rules, *lines: str, **about: Any) -> list[Finding]:
    return scan(rules, lay_out("t1", "demo", entries_of(Example(lines, **about))))


def test_a_finding_names_rule_words_event_agent_and_what_to_say_instead(rules: Rules) -> None:
    (found,) = look(rules, "顾客：鞋子穿不进", "客服小夏：天天问，有病吧。")
    assert (found.rule, found.level, found.seq, found.agent, found.who) == ("insult", "red", 2, "客服小夏", "staff")
    assert found.quote == "有病吧"
    assert found.asked == "鞋子穿不进"
    assert found.alert
    assert "抱歉" in found.rewrite


def test_bots_and_people_are_held_to_the_same_words(rules: Rules) -> None:
    said = "先确认收货，我再给您退款。"
    by_bot = look(rules, "顾客：我要退款", f"机器人：{said}")
    by_person = look(rules, "顾客：我要退款", f"客服：{said}")
    assert [f.rule for f in by_bot] == [f.rule for f in by_person] == ["coerce"]
    assert (by_bot[0].agent, by_person[0].agent) == ("assistant", "客服")


def test_a_leaked_number_is_found_and_not_repeated(rules: Rules) -> None:
    (found,) = look(rules, "顾客：谁签的", "客服：对门的陈女士签的，她手机 13912345678。")
    assert found.rule == "leak"
    assert "13912345678" not in found.quote
    assert "139****5678" in found.quote


@pytest.mark.parametrize(
    "said",
    [
        "您说有人骂您“傻瓜”，我们一定核实。",
        "请不要加对方微信，谨防受骗。",
        "滚筒洗衣机可以洗。",
        "任何人向您要验证码都不要给。",
    ],
)
def test_what_only_looks_like_it_is_left_alone(rules: Rules, said: str) -> None:
    assert look(rules, "顾客：请问一下", f"客服：{said}") == []


def test_a_wait_is_the_agents_from_the_claim_on_and_the_queues_before(rules: Rules) -> None:
    found = look(
        rules,
        "顾客@0：转人工",
        "机器人@1：好的，马上为您转人工。",
        "转人工@2",
        "接入@500",
        "客服小夏@760：您好。",
        "顾客@800：在吗，怎么还没发货",
    )
    assert {(f.agent, f.seq) for f in found if f.rule == "late"} == {("queue", 1), ("客服小夏", 1)}


def test_thanks_need_no_answer_and_are_not_left_open(rules: Rules) -> None:
    assert look(rules, "顾客：有黑色吗", "客服：黑色有货。", "顾客：好的谢谢", "结束") == []
    (found,) = look(rules, "顾客：有黑色吗", "客服：黑色有货。", "顾客：那白色呢", "结束")
    assert (found.rule, found.seq, found.agent) == ("unsolved", 3, "客服")


def test_a_promise_beyond_the_verdict_is_told_with_the_verdicts_reason(rules: Rules) -> None:
    verdict = {"says": "deny", "wish": "return", "reasons": [{"policy": "p", "text": "已过七天", "cites": []}]}
    (found,) = look(rules, "顾客：还能退吗", "客服：可以，给您办理退货退款，运费自理。", verdict=verdict)
    assert found.rule == "beyond_verdict"
    assert "已过七天" in found.because
    assert look(rules, "顾客：还能退吗", "客服：超过期限，不能退货了。", verdict=verdict) == []


def test_one_stretch_of_words_is_one_finding_the_gravest(rules: Rules) -> None:
    found = look(rules, "顾客：便宜点", "客服：不走平台，您加我微信转账给我。")
    assert len(found) == len({f.quote for f in found})
    assert found[0].rule == "private_deal"


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_any_words_can_be_inspected_and_give_the_same_twice(texts: list[str]) -> None:
    rules = load_rules()
    lines = tuple(f"{'顾客' if n % 2 else '客服'}：{text.strip()}" for n, text in enumerate(texts))
    first = look(rules, *lines)
    assert first == look(rules, *lines)
    for finding in first:
        assert 1 <= finding.seq <= len(lines)


def test_planted_violations_are_found_and_clean_talk_is_left_alone(rules: Rules) -> None:
    got = measure(rules, generated(120, seed=7), kindred())
    assert got.recall >= 0.95, got.missed
    assert got.precision >= 0.90, got.wrong


def test_the_proof_can_fail(rules: Rules) -> None:
    """Without the rules of words the same proof is not passed."""
    from dataclasses import replace

    mute = replace(rules, each=tuple(rule for rule in rules.each if rule.says is None))
    assert measure(mute, generated(120, seed=7), kindred()).recall < 0.6
