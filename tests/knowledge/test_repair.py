"""Broken text is put right with a log that can be undone; clean text is not touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.repair import is_annotated, repair, undo


@pytest.mark.parametrize(
    ("broken", "right", "what"),
    [
        pytest.param("本店業(yè)務(wù)說明", "本店業務說明", "拼音残留", id="pinyin behind Traditional characters"),
        pytest.param("营业（yè）时间以公告为准（zhǔn）", "营业时间以公告为准", "拼音残留", id="full-width brackets"),
        pytest.param("網(wa\u030cng)店", "網店", "拼音残留", id="tone mark as its own character"),
        pytest.param("???? 欢迎光临", "欢迎光临", "行首问号", id="question marks where blanks stood"),
        pytest.param("我们承诺，**七天可退。**请放心", "我们承诺，七天可退。请放心", "多余的星号", id="stray stars"),
        pytest.param("支持**“破损包退”**服务", "支持“破损包退”服务", "多余的星号", id="stars around a quote"),
        pytest.param("退\u200b货\ufeff", "退货", "不可见字符", id="zero width"),
        pytest.param("退\x00货", "退货", "控制字符", id="a NUL byte"),
        pytest.param("第一行\x0b第二行", "第一行\n第二行", "控制字符", id="a soft line break is a line break"),
        pytest.param(
            "好的\ud83d\ude00\ud800", "好的😀", "半个字符", id="halves of a pair are joined, a lone half goes"
        ),
        pytest.param("⻓度⼤小⻔店", "长度大小门店", "部首当字", id="radicals used as characters"),
        pytest.param("订单号:&nbsp;123", "订单号: 123", "网页空格", id="a blank left from a web page"),
        pytest.param("运费说明".encode().decode("latin-1"), "运费说明", "西文乱码", id="UTF-8 read as Latin-1"),
        pytest.param("退货说明".encode("gbk").decode("latin-1"), "退货说明", "西文乱码", id="GBK read as Latin-1"),
        pytest.param(
            "请在七天内退货".encode().decode("gb18030", "ignore"), None, "", id="a lossy reading is left alone"
        ),
        pytest.param("可以退货的".encode().decode("gb18030", "replace"), None, "", id="and so is one with a lost byte"),
        pytest.param(
            "你好我们".encode().decode("gb18030"), "你好我们", "编码乱码", id="UTF-8 read as GBK without loss"
        ),
    ],
)
def test_what_is_put_right(broken: str, right: str | None, what: str) -> None:
    fixed, log = repair(broken)
    assert fixed == (broken if right is None else right)
    assert {done.what for done in log} == ({what} if what else set())
    assert undo(fixed, log) == broken


@pytest.mark.parametrize(
    ("text", "marks", "errors", "found"),
    [
        pytest.param(
            "可以在七天之內申請歡", "?", "strict", "可以在七天之內申請歡", id="the run closes on an ASCII byte"
        ),
        pytest.param(
            "可以在七天之內申請歡", "??", "strict", "□可以在七天之內申請歡", id="what was lost before is marked"
        ),
        pytest.param(
            "我们的客户会尽快服务大家", "?", "ignore", "我们的客户会尽快□务大家", id="a second byte is lost further on"
        ),
        pytest.param(
            "我们的客户会尽快服务大家", "\ufffd", "replace", "我们的客户会尽快□务大家", id="and leaves its mark"
        ),
    ],
)
def test_a_lost_byte_is_put_back(text: str, marks: str, errors: str, found: str) -> None:
    broken = "本店" + marks + text.encode("gbk")[1:].decode("gbk", errors) + "。"
    fixed, log = repair(broken)
    assert fixed == f"本店{found}。"
    assert [done.what for done in log] == ["错位乱码"]
    assert undo(fixed, log) == broken


@pytest.mark.parametrize(
    "clean",
    [
        "XL(加大)",
        "尺码 (L) 有货",
        "材质：PP(聚丙烯)",
        "重庆(chóngqìng)仓发货",
        "这个字读 (háng)",
        "银行(háng)转账",
        "颜色(red)",
        "客户王**先生和李**女士",
        "手机 138****0000",
        "2**3 的意思是乘方",
        "我被**了，不会再买。**上更便宜",
        "什么颜色??有图吗",
        "很好????！！！！！！！！",
        "这个是什么？黄丽吗？",
        "全家👨‍👩‍👧都能穿❤️",
        "第一行\r\n第二行\t列",
        "Café crème，ça va",
        "“七天”——无理由……￥99×2≈¥198",
        "説明書・カタカナ",
        "",
    ],
)
def test_clean_text_is_not_touched(clean: str) -> None:
    assert repair(clean) == (clean, ())


def test_one_reading_given_on_purpose_stays_unless_the_document_is_full_of_them() -> None:
    assert repair("银行(háng)转账")[0] == "银行(háng)转账"
    assert is_annotated(["经(jīng)营", "环(huán)节"])
    assert not is_annotated(["银行(háng)转账", "XL(加大)"])
    assert repair("银行(háng)转账", annotated=True)[0] == "银行转账"


LETTERS = "退货运费签收七天内可申请的了是在我们您请以和（）()【】，。？！、：；“”《》…—\n\t XLabc0123456789%元￥+-=/*·"
CLEAN = st.text(alphabet=LETTERS, max_size=80)


@given(CLEAN.filter(lambda text: "**" not in text and "??" not in text))
def test_ordinary_shop_text_comes_back_byte_for_byte(text: str) -> None:
    assert repair(text) == (text, ())


PIECES = (
    "業(yè)",
    "務(wù)",
    "????",
    "**",
    "\u200b",
    "\ud800",
    "\x00",
    "⼤",
    "&nbsp;",
    "退货",
    "(L)",
    "梢姷氖茄笠缰鴼g",
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join))
def test_every_repair_can_be_undone_and_repairing_twice_is_repairing_once(text: str) -> None:
    fixed, log = repair(text)
    assert undo(fixed, log) == text
    assert repair(fixed)[0] == fixed or repair(repair(fixed)[0]) == (repair(fixed)[0], ())
