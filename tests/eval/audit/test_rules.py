"""Rule files: what a merchant may write, what is refused with its place, and that every rule does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.__main__ import main
from eval.audit.lint import problems
from eval.audit.rules import BadRule, Rules, load_rules

RULE = """
rules:
  - id: {id}
    name: 口头禅
    level: amber
    points: 1
    says: ['哎呀']
    rewrite: 换一种说法。
    must: [在吗｜哎呀在的。]
    passes: [在吗｜在的。]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "own.yaml").write_text(text, "utf-8")
    return folder


def test_every_shipped_rule_passes_its_own_examples(rules: Rules) -> None:
    assert problems(rules) == []
    assert len(rules.each) >= 25
    assert {rule.level for rule in rules.each} == {"red", "amber"}


def test_a_merchants_rule_is_added_replaces_and_switches_off(tmp_path: Path, rules: Rules) -> None:
    added = load_rules(write(tmp_path, RULE.format(id="own")))
    assert len(added.each) == len(rules.each) + 1
    assert added.digest != rules.digest

    replaced = load_rules(write(tmp_path, RULE.format(id="insult")))
    assert len(replaced.each) == len(rules.each)
    assert replaced["insult"].name == "口头禅"

    off = load_rules(write(tmp_path, "rules: [{id: insult, disable: true}]"))
    assert "insult" not in {rule.id for rule in off.each}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [{id: x, name: x, level: red, points: 5, says: ['(']}]", "own.yaml#x：缺少 rewrite"),
        ("rules: [{id: x, name: x, level: red, points: 5, says: ['('], rewrite: x}]", "不是合法的正则"),
        ("rules: [{id: x, name: x, level: rot, points: 5, says: [a], rewrite: x}]", "level 应是 red 或 amber"),
        ("rules: [{id: x, name: x, level: red, points: 0.5, says: [a], rewrite: x}]", "points 应是 1 到 100 的整数"),
        ("rules: [{id: x, name: x, level: red, points: 5, check: nope, rewrite: x}]", "没有叫 nope 的检查"),
        ("rules: [{id: x, name: x, level: red, points: 5, scorer: nope, rewrite: x}]", "没有叫 nope 的评分"),
        ("rules: [{id: x, name: x, level: red, points: 5, guard: [nope], rewrite: x}]", "guard 里没有 nope"),
        ("rules: [{id: x, name: x, level: red, points: 5, rewrite: x}]", "至少写一个"),
        ("rules: [{id: x, nmae: x}]", "不认识的字段 nmae"),
        ("rules: [{id: nope, disable: true}]", "要关掉的规则不存在"),
        ("rules: {a: 1}", "最外层应是 rules"),
        ("rules:\n - {id: x\n", "own.yaml 第 3 行：不是合法的 YAML"),
    ],
)
def test_what_cannot_be_used_is_refused_by_file_rule_and_reason(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadRule) as refused:
        load_rules(write(tmp_path, text))
    assert says in str(refused.value)


def test_lint_tells_which_example_a_rule_misses_or_hits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = (
        RULE.format(id="own")
        .replace("哎呀在的。", "在的。")
        .replace("passes: [在吗｜在的。]", "passes: [在吗｜哎呀。]")
    )
    assert main(["audit", "--lint", "--rules", str(write(tmp_path, bad))]) == 1
    told = capsys.readouterr().out
    assert "own.yaml#own：没有查出“顾客：在吗 ／ 客服：在的。”" in told
    assert "own.yaml#own：误报了“顾客：在吗 ／ 客服：哎呀。”" in told

    assert main(["audit", "--lint"]) == 0
    assert "全部符合" in capsys.readouterr().out


def test_a_rule_without_examples_is_not_in_force(tmp_path: Path) -> None:
    text = RULE.format(id="own").replace("    must: [在吗｜哎呀在的。]\n", "")
    assert problems(load_rules(write(tmp_path, text))) == ["own.yaml#own：至少要有一个 must 例子和一个 passes 例子"]


def test_an_empty_folder_of_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRule, match="规则文件"):
        load_rules(tmp_path)
