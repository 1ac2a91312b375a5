"""The same question worded otherwise, and shoppers who are not there: seeded, harmless, always the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.turn.shop import Shop
from eval.case import CASES, EvalCase, read_cases
from eval.perturb import VARIANTS, perturbed
from eval.plan import tasks
from eval.run import LONGEST_TALK, run_case
from eval.shopper import Persona, mannered
from knowledge.text import fold, script_of

ALL = read_cases([CASES])


def case(*turns: str) -> EvalCase:
    return EvalCase.model_validate({"id": "1", "turns": turns, "expect": {"action": "answer"}})


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_change_is_seeded_and_leaves_figures_alone(variant: str) -> None:
    changed = 0
    for number, each in enumerate(ALL[::5]):
        one, two = perturbed(each, variant, number), perturbed(each, variant, number)
        assert one == two
        if one is None:
            continue
        changed += 1
        assert one.turns != each.turns
        assert one.expect == each.expect
        assert (
            re.findall(r"[a-zA-Z0-9.]+", " ".join(one.turns)) == re.findall(r"[a-zA-Z0-9.]+", " ".join(each.turns))
            or variant == "order"
        )
    assert changed > len(ALL[::5]) * (0.2 if variant == "order" else 0.6)


def test_a_typo_is_one_slip() -> None:
    said = "请问退货的运费是谁来出呀"
    slips = set()
    for seed in range(60):
        changed = perturbed(case(said), "typo", seed)
        assert changed is not None
        (typed,) = changed.turns
        assert abs(len(typed) - len(said)) <= 1
        slips.add(len(typed) - len(said))
    assert slips == {-1, 0, 1}, "one too few, another of the same sound, one too many"


def test_the_other_script_says_the_same() -> None:
    changed = perturbed(case("请问这个运费谁来付"), "traditional", 1)
    assert changed is not None
    assert script_of(changed.turns[0]) == "traditional"
    assert fold(changed.turns[0]) == "请问这个运费谁来付"
    assert perturbed(case("請問這個運費誰來付"), "traditional", 1) is None


def test_the_clauses_change_places_and_nothing_is_lost() -> None:
    changed = perturbed(case("收到三天了，不喜欢，能退吗"), "order", 1)
    assert changed is not None
    assert sorted(changed.turns[0].split()) == sorted(["收到三天了", "不喜欢", "能退吗"])
    assert perturbed(case("能退吗"), "order", 1) is None


def test_a_plan_is_the_same_every_time_and_keys_are_its_own() -> None:
    one, two = (tasks(ALL[:50], trials=2, seed=3, variants=["typo", "paraphrase"]) for _ in range(2))
    assert one == two
    assert len({task.key for task in one}) == len(one)
    assert tasks(ALL[:50], trials=2, seed=4, variants=["typo"]) != tasks(ALL[:50], trials=2, seed=3, variants=["typo"])


@pytest.mark.parametrize("manner", ["plain", "hasty", "chatty", "angry", "elder"])
def test_a_manner_keeps_what_is_asked(manner: str) -> None:
    assert "163厘米54公斤" in mannered("163厘米54公斤", manner, 5)
    assert mannered("什么时候发货", manner, 5) == mannered("什么时候发货", manner, 5)


def shopper(**more: object) -> EvalCase:
    persona = {"goal": "雪岸羽绒服我穿什么码", "opens": "雪岸羽绒服穿什么码", **more}
    return EvalCase.model_validate({"id": "s", "shopper": persona, "expect": {"action": "answer", "facts": ["L码|L"]}})


async def test_a_shopper_who_is_asked_back_tells_what_they_know(demo_shop: Shop) -> None:
    who = shopper(knows={"身高|体重": "身高166体重59公斤"}, done=["建议您选"])
    result = await run_case(demo_shop, who, seed=1)
    assert result.script.asked[0] == "雪岸羽绒服穿什么码"
    assert "身高166体重59公斤" in result.script.asked
    assert "建议您选" in result.answer.text
    again = await run_case(demo_shop, who, seed=1)
    assert again.script.asked == result.script.asked


async def test_patience_ends(demo_shop: Shop) -> None:
    result = await run_case(demo_shop, shopper(done=["这句话不会出现"], patience=3), seed=1)
    assert len(result.script.asked) <= 3 < LONGEST_TALK


def test_a_persona_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text(shopper(manner="hasty").model_dump_json(), "utf-8")
    (read,) = read_cases([file])
    assert read.shopper == Persona(goal="雪岸羽绒服我穿什么码", opens="雪岸羽绒服穿什么码", manner="hasty")
