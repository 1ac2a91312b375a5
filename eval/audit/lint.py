"""Tries every rule on its own examples: what misses its own target, or hits what it must leave, is not in force."""

from __future__ import annotations

from collections.abc import Iterator

from eval.audit.rules import Example, Rule, Rules, only
from eval.audit.scan import scan
from eval.audit.talk import lay_out
from eval.audit.written import NotALine, entries_of


def problems(rules: Rules) -> list[str]:
    """What is wrong with the rules, one line each naming file, rule and example; empty where all is well."""
    return [problem for rule in rules.each for problem in _problems(rules, rule)]


def _problems(rules: Rules, rule: Rule) -> Iterator[str]:
    if not rule.must or not rule.passes:
        yield f"{rule.place}：至少要有一个 must 例子和一个 passes 例子"
    alone = only(rules, rule.id)
    for wanted, examples in ((True, rule.must), (False, rule.passes)):
        for example in examples:
            shown = " ／ ".join(example.talk)
            try:
                got = bool(scan(alone, lay_out("t", "lint", entries_of(example))))
            except NotALine as bad:
                yield f"{rule.place}：例子里这一行看不懂：{bad}"
                continue
            if got != wanted:
                yield f"{rule.place}：{'没有查出' if wanted else '误报了'}“{shown}”"


def examples_of(rules: Rules) -> Iterator[tuple[str, Example]]:
    """Every example with its rule's id."""
    for rule in rules.each:
        for example in (*rule.must, *rule.passes):
            yield rule.id, example
