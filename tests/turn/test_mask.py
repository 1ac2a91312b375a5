"""Personal data is hidden before anything else sees a message; what is not personal stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.turn.mask import found_kinds, mask
from tests.turn import hidden


def test_almost_no_personal_data_can_still_be_read() -> None:
    counts = {kind: one for kind, one in hidden.counts().items() if kind != "keep"}
    assert sum(one.of for one in counts.values()) >= 300
    checked = [text for kind in ("phone", "identity", "card") for text in counts[kind].wrong]
    assert len(checked) <= 0.005 * sum(counts[kind].of for kind in ("phone", "identity", "card")), checked
    for kind, one in counts.items():
        assert len(one.wrong) <= 0.05 * one.of, (kind, one.wrong)


def test_what_is_not_personal_stays_as_it_is() -> None:
    kept = hidden.counts()["keep"]
    assert kept.of >= 150
    assert len(kept.wrong) <= 0.02 * kept.of, kept.wrong


@pytest.mark.parametrize(
    ("text", "shown", "found"),
    [
        ("电话13812341234，谢谢", "电话138****1234，谢谢", ("phone",)),
        ("＋８６ １３８－１２３４－１２３４", "138****1234", ("phone",)),
        ("幺三八一二三四一二三四", "138****1234", ("phone",)),
        ("13812341234一直没人接", "138****1234一直没人接", ("phone",)),
        ("收件人张三，广东省深圳市南山区明珠路8号", "收件人[姓名]，广东省深圳市[地址]", ("name", "address")),
        ("发到 a.b@example.cn 吧", "发到 [邮箱] 吧", ("email",)),
        ("订单2026111200012345678到哪了", "订单2026111200012345678到哪了", ()),
        ("", "", ()),
    ],
)
def test_what_is_shown_instead(text: str, shown: str, found: tuple[str, ...]) -> None:
    masked = mask(text)
    assert (masked.text, masked.found) == (shown, found)


@pytest.mark.parametrize(
    ("digits", "found"),
    [
        pytest.param("6222020000000000000", ("card",), id="a card with its check digit"),
        pytest.param("6222020000000000001", (), id="one digit off is no card"),
        pytest.param("110105199003078039", ("identity",), id="region, birth date and check digit"),
        pytest.param("990105199003078039", (), id="no such region"),
        pytest.param("110105199013078039", (), id="no such month"),
    ],
)
def test_check_digits_tell_what_a_number_is(digits: str, found: tuple[str, ...]) -> None:
    assert mask(f"号码 {digits}").found == found


@pytest.mark.parametrize("case", [c for c in hidden.cases() if c.secrets][::7], ids=lambda c: c.kind)
def test_masking_twice_is_masking_once(case: hidden.Case) -> None:
    once = mask(case.text).text
    assert mask(once).text == once


@given(st.text(max_size=80))
def test_any_text_is_masked_without_failing(text: str) -> None:
    assert found_kinds([mask(text).text]) <= found_kinds([text])


@given(st.text(alphabet="0123456789 -一二三〇零①１kgx元", max_size=40))
def test_masking_digits_twice_is_masking_once(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


@pytest.mark.parametrize("said", ["8~l[", "1-O!", "138 l。", "0·|"])
def test_a_letter_like_a_digit_after_a_sign_ends_a_number(said: str) -> None:
    """`l` was a digit to who looked for the next group and none to who read it: the reading never ended."""
    assert len(mask(said).text) >= 1
