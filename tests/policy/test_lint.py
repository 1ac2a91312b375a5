"""A policy below the law, unsourced, untested, undated, overlapping or void is refused, with line and fix."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assistant.policy import PolicyFolderMissing, PolicyRefused, load_policies
from assistant.policy.cli import lint
from assistant.policy.load import SHIPPED, lint_folder
from assistant.policy.read import Problem

GOOD = """\
id: thirty_day_return
title: 三十天退货
authority: merchant
version: 1
effective: {from: 2026-01-01, to: null, clock: ordered_at}
citations: [店铺承诺：三十天退货]
grade: C
checked_on: 2026-11-01
scope:
  exclude:
    - {tag: near_expiry, needs_buyer_confirmation: true, basis: 七日无理由退货暂行办法 第七条}
window:
  trigger: signed_at
  length: 30
  unit: natural_day
  first_day: next_day
  end: end_of_day
  timezone: Asia/Shanghai
conditions:
  - {id: intact, test: intact, says: 商品已不完好}
grants:
  - {remedies: [return_refund]}
amount: paid
freight: {payer: buyer}
refund: {deadline_days: 7}
gifts: 一并退回
coupons: 原样退回
steps: [在订单页申请, 寄回, 收到后退款]
tests:
  - name: 第三十天可以
    given: {intact: true, signed_at: 2026-10-01 10:00:00, now: 2026-10-31 23:59:59}
    expect: {says: allow, deadline: 2026-10-31 23:59:59}
  - name: 第三十一天不行
    given: {intact: true, signed_at: 2026-10-01 10:00:00, now: 2026-11-01 00:00:00}
    expect: deny
"""


def problems(folder: Path, text: str, name: str = "shop.yaml", today: date | None = None) -> list[Problem]:
    (folder / name).write_text(text, encoding="utf-8")
    return lint_folder(folder, today)[1]


def test_a_sound_policy_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []
    assert "thirty_day_return" in {p.id for p in load_policies(tmp_path)}


REFUSED = [
    # what is wrong, the words replaced, by what, the check, the line it must name
    ("比七天短", "length: 30", "length: 6", "below_floor", 14),
    ("七天但遇节假日不顺延", "length: 30", "length: 7", "below_floor", 14),
    ("从下单起算十天", "signed_at\n  length: 30", "ordered_at\n  length: 10", "below_floor", 14),
    ("没写第一天怎么算", "  first_day: next_day\n", "", "schema", 12),
    ("没写哪一刻结束", "  end: end_of_day\n", "", "schema", 12),
    ("没写时区", "  timezone: Asia/Shanghai\n", "", "schema", 12),
    ("没写生效日期", "effective: {from: 2026-01-01, to: null, clock: ordered_at}\n", "", "schema", 1),
    ("没写依据", "citations: [店铺承诺：三十天退货]", "citations: ['']", "unsourced", 6),
    ("依据一条也没有", "citations: [店铺承诺：三十天退货]", "citations: []", "schema", 6),
    ("第七条的商品没有逐次确认", "needs_buyer_confirmation: true, ", "", "exclusion_unconfirmed", 11),
    ("法律没有允许排除的商品", "tag: near_expiry", "tag: flash_sale", "exclusion_basis", 11),
    ("排除没写依据", "basis: 七日无理由退货暂行办法 第七条", "basis: ''", "exclusion_basis", 11),
    ("质量问题让买家出运费", "amount: paid", "when: {fault: quality}\namount: paid", "freight_on_fault", 25),
    ("收到退货十天才退款", "deadline_days: 7", "deadline_days: 10", "refund_late", 25),
    ("最终解释权", "gifts: 一并退回", "gifts: 一并退回，最终解释权归本店", "void_clause", 26),
    ("签收即认可质量", "steps: [在订单页申请", "steps: [签收即视为认可质量", "void_clause", 28),
    ("特价不退", "coupons: 原样退回", "coupons: 特价商品概不退换", "void_clause", 27),
    ("拆封不退", "says: 商品已不完好", "says: 拆封后不予退货", "void_clause", 20),
    ("不得差评", "gifts: 一并退回", "gifts: 不得差评", "void_clause", 26),
    ("退款只退余额", "coupons: 原样退回", "coupons: 退款只退到余额", "void_clause", 27),
    ("售出概不退换", "coupons: 原样退回", "coupons: 一经售出概不退换", "void_clause", 27),
    ("绝对化用语", "title: 三十天退货", "title: 全网最低价三十天退货", "absolute_word", 2),
    ("绝对的许诺", "steps: [在订单页申请", "steps: [一定赔", "absolute_word", 28),
    ("没有测试", "tests:", "tests: []\nx_tests:", "schema", 30),
    ("测试不通过", "expect: deny", "expect: allow", "test_fails", 33),
    ("测试用了没有的事实", "10:00:00, now: 2026-11", "10:00:00, moon: 1, now: 2026-11", "test_fails", 33),
    ("不认识的字段", "grade: C", "grade: C\ncolour: red", "schema", 8),
    ("不认识的条件", "test: intact", "test: pretty", "schema", 20),
    ("不认识的标签", "tag: near_expiry", "tag: 好看", "schema", 11),
    ("活动没有结束日期", "authority: merchant", "authority: campaign", "undated", 5),
    ("冒充法定底线", "authority: merchant", "authority: statute", "not_yours", 3),
    ("占用底线的名字", "id: thirty_day_return", "id: seven_day_no_reason", "not_yours", 1),
    ("越过法定权利的关口", "grade: C", "grade: C\ngate: true", "not_yours", 8),
    ("还有空没填就发布", "grade: C", "grade: C\nblanks: {window.length: 30}", "blank", 8),
    ("期限没填就发布", "length: 30", "length: null", "blank", 12),
    ("话术里用了没有的空", "grade: C", "grade: C\nspeak: {allow: '{price}'}", "slot", 8),
    ("不是合法的 YAML", "grade: C", "grade: [C", "yaml", 8),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [pytest.param(*case[1:], id=case[0]) for case in REFUSED],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, rule: str, line: int) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    errors = [p for p in found if p.level == "error" and p.rule == rule]
    assert errors, [str(p) for p in found]
    assert abs(errors[0].line - line) <= 1
    assert errors[0].file == "shop.yaml"
    assert errors[0].fix
    with pytest.raises(PolicyRefused, match=r"shop\.yaml:\d+"):
        load_policies(tmp_path)


def test_a_campaign_needs_an_end_and_may_only_widen(tmp_path: Path) -> None:
    over = """\
overrides:
  - id: sale
    title: 大促
    effective: {from: 2026-10-09, to: 2026-11-14, clock: ordered_at}
    window: {end_date: 2026-12-05}
"""
    assert problems(tmp_path, GOOD + over) == []
    endless = over.replace("to: 2026-11-14, ", "")
    assert [p.rule for p in problems(tmp_path, GOOD + endless)] == ["undated"]
    clockless = over.replace(", clock: ordered_at", "")
    assert [p.rule for p in problems(tmp_path, GOOD + clockless)] == ["undated"]
    narrow = over.replace("end_date: 2026-12-05", "length: 20")
    assert "narrows" in [p.rule for p in problems(tmp_path, GOOD + narrow)]


def test_two_versions_may_not_hold_on_the_same_day(tmp_path: Path) -> None:
    later = GOOD.replace("version: 1", "version: 2").replace("from: 2026-01-01", "from: 2026-06-01")
    problems(tmp_path, GOOD, "a.yaml")
    found = problems(tmp_path, later, "b.yaml")
    assert [(p.file, p.rule, p.line) for p in found] == [("b.yaml", "overlap", 5)]
    spring = {"to: null": "to: 2026-05-31", "2026-10-": "2026-03-", "2026-11-01 00": "2026-04-01 00"}
    earlier = GOOD
    for old, new in spring.items():
        earlier = earlier.replace(old, new)
    problems(tmp_path, earlier, "a.yaml")
    assert problems(tmp_path, later, "b.yaml") == []


def test_a_missing_holiday_year_is_named(tmp_path: Path) -> None:
    rolling = GOOD.replace("length: 30", "length: 30\n  holiday_rollover: statutory")
    assert [p.rule for p in problems(tmp_path, rolling, today=date(2027, 1, 2))][:1] == ["holiday_year"]
    (tmp_path / "holidays.yaml").write_text("2027:\n  rest: [01-01..01-03]\n  work: []\n", encoding="utf-8")
    assert "holiday_year" not in [p.rule for p in problems(tmp_path, rolling, today=date(2027, 1, 2))]
    (tmp_path / "holidays.yaml").write_text("2027: 放假\n", encoding="utf-8")
    assert [p.rule for p in problems(tmp_path, rolling)] == ["holidays"]


def test_a_stale_source_makes_a_task_and_blocks_nothing(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD, today=date(2027, 11, 1))
    assert [(p.rule, p.level) for p in found if p.rule == "stale"] == [("stale", "warning")]


def test_a_shop_takes_over_shipped_promises_by_name(tmp_path: Path) -> None:
    (tmp_path / "use.yaml").write_text("use: [price_protection_30d]\n", encoding="utf-8")
    ids = {p.id for p in load_policies(tmp_path)}
    assert {"price_protection_30d", "seven_day_no_reason", "safety_first", "shoes_warranty"} <= ids
    assert "size_swap_wear" not in ids
    (tmp_path / "use.yaml").write_text("use: all\n", encoding="utf-8")
    assert "size_swap_wear" in {p.id for p in load_policies(tmp_path)}
    (tmp_path / "use.yaml").write_text("use: [price_protektion]\n", encoding="utf-8")
    assert [p.rule for p in lint_folder(tmp_path)[1]] == ["use"]
    (tmp_path / "use.yaml").write_text("use: [fresh_guarantee]\n", encoding="utf-8")
    with pytest.raises(PolicyRefused, match="草稿"):
        load_policies(tmp_path)


def test_an_empty_folder_still_has_the_floor(tmp_path: Path) -> None:
    assert {p.authority for p in load_policies(tmp_path)} <= {"statute", "platform"}
    with pytest.raises(PolicyFolderMissing, match="不存在"):
        load_policies(tmp_path / "nowhere")


def test_what_ships_is_sound() -> None:
    checked, found = lint_folder(SHIPPED)
    assert checked >= 40
    assert found == []


def test_every_draft_waits_for_the_merchant() -> None:
    drafts = {p.id: p for p in load_policies() if not p.published}
    assert {"fresh_guarantee", "pay_first", "dislike_return", "diaper_rash", "tea_worry_free"} <= set(drafts)
    assert all(p.blanks for p in drafts.values())


def test_the_command_says_how_it_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(SHIPPED) in (0, 1)  # 1 once the calendar runs into a year without a holiday table
    (tmp_path / "shop.yaml").write_text(GOOD.replace("deadline_days: 7", "deadline_days: 10"), encoding="utf-8")
    capsys.readouterr()
    assert lint(tmp_path) == 1
    assert capsys.readouterr().out.startswith("shop.yaml:25: 错误 [refund_late]")
    assert lint(tmp_path / "nowhere") == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
