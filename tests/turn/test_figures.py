"""What counts as a figure, and which figures say the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.figures import Known, figures
from assistant.turn.figures.numerals import value_of


@cache
def table() -> dict[str, Any]:
    # Every cell is text: to YAML 1:1 is sixty-one and 2026-11-12 a date.
    return yaml.load((Path(__file__).parent / "cases/figures.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)


def follows(said: str, source: str) -> bool:
    known = Known([source])
    found = figures(said)
    assert found, f"no figure read in {said!r}"
    return all(known.supports(figure) for figure in found)


@pytest.mark.parametrize(("said", "source"), table()["same"])
def test_figures_that_say_the_same(said: str, source: str) -> None:
    assert follows(said, source)


@pytest.mark.parametrize(("said", "source"), table()["differ"])
def test_figures_that_do_not_follow(said: str, source: str) -> None:
    assert not follows(said, source)


@pytest.mark.parametrize("text", table()["none"])
def test_words_that_only_look_like_figures(text: str) -> None:
    assert [f.text for f in figures(text)] == []


def test_a_year_may_be_added_when_it_is_this_year() -> None:
    known = Known(["活动到11月12日"])
    (said,) = figures("活动到2026年11月12日")
    assert known.supports(said, year=2026)
    assert not known.supports(said, year=2027)


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("廿三", 23),
        ("一百零五", 105),
        ("一百五", 150),
        ("两百五十六", 256),
        ("三千零五十", 3050),
        ("一万零五百", 10500),
        ("两万三", 23000),
        ("一亿两千万", 120_000_000),
        ("一万亿", 10**12),
        ("二〇二六", 2026),
        ("壹仟贰佰", 1200),
        ("3百万", 3_000_000),
        ("1,200", 1200),
    ],
)
def test_numerals(numeral: str, value: int) -> None:
    assert value_of(numeral) == value


DIGITS = "零一二三四五六七八九"


def in_han(number: int) -> str:
    """The textbook way to write a number below 10,000; independent of the reader under test."""
    text, zero = "", False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + unit
            zero = False
        else:
            zero = True
    return text or "零"


@given(st.integers(min_value=1, max_value=9999))
def test_every_number_reads_the_same_in_han_and_arabic(number: int) -> None:
    assert value_of(in_han(number)) == number
    assert follows(f"{in_han(number)}元", f"{number}元")
    assert not follows(f"{in_han(number)}元", f"{number + 1}元")


@given(st.text(max_size=60))
def test_any_text_is_read_without_failing_and_in_place(text: str) -> None:
    for figure in figures(text):
        assert 0 <= figure.start < figure.end <= len(text)


@given(st.text(alphabet="0123456789年月日天元折件.,-:/%第半个百千万两三十起内至到周点晚米块gL ", max_size=30))
def test_a_text_supports_its_own_figures(text: str) -> None:
    known = Known([text])
    assert all(known.supports(figure) for figure in figures(text))
