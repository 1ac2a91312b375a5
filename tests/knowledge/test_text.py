"""One spelling for matching: width, case and script folded, and nothing folded that means something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import fold, script_of, to_traditional

CHINESE = st.text(
    alphabet="退货換貨看著作名顯著软體鼠标ＡＢ１２（）【】，。?！ \n\u3000\u200b业業麵乾隆皇后品質Ⅳ㎡①İß", max_size=40
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("ＸＬ（加大）", "xl(加大)", id="full width becomes half width and small"),
        pytest.param("２４小時", "24小时", id="figures too"),
        pytest.param("退\u200b货\ufeff", "退货", id="invisible signs go"),
        pytest.param("  怎么\u3000 退\n货 ", "怎么 退 货", id="blanks become one blank"),
        pytest.param("退換貨運費險", "退换货运费险", id="Traditional becomes Simplified"),
        pytest.param("看著說明書", "看着说明书", id="著 is 着 behind a verb"),
        pytest.param("睡著了", "睡着了", id="著 is 着 in 睡著"),
        pytest.param("執著", "执着", id="執著 is 执着"),
        pytest.param("看著作業", "看着作业", id="看著作業 is not about a 著作"),
        pytest.param("討論著", "讨论着", id="讨论着 is not a 论著"),
        pytest.param("著作權", "著作权", id="著作 stays"),
        pytest.param("著名", "著名", id="著名 stays"),
        pytest.param("效果顯著", "效果显著", id="显著 stays"),
        pytest.param("效果显著", "效果显著", id="显著 stays in Simplified text"),
        pytest.param("名著", "名著", id="名著 stays"),
        pytest.param("乾隆皇后", "乾隆皇后", id="乾 of 乾隆 and 后 of 皇后 stay"),
        pytest.param("乾燥劑", "干燥剂", id="乾 of 乾燥 is 干"),
        pytest.param("品質", "品质", id="品質 is a word here too, not 质量"),
        pytest.param("滑鼠", "鼠标", id="Taiwan's mouse"),
        pytest.param("軟體", "软件", id="Taiwan's software"),
        pytest.param("軟體沙發", "软体沙发", id="a soft sofa is not software"),
        pytest.param("印表機", "打印机", id="Taiwan's printer"),
        pytest.param("隨身碟", "u盘", id="Taiwan's memory stick"),
        pytest.param("桌布和文件", "桌布和文件", id="a tablecloth is no wallpaper, a paper no computer file"),
    ],
)
def test_what_is_spelled_one_way(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text(max_size=60) | CHINESE)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "question",
    [
        "这件羽绒服能机洗吗",
        "退货运费谁来付",
        "发票开错了怎么重开",
        "视频里的充电宝有货吗",
        "鼠标坏了怎么办",
        "请帮我查询订单状态",
    ],
)
def test_the_same_question_in_three_scripts_folds_alike(question: str) -> None:
    assert fold(to_traditional(question, "tw")) == fold(question) == fold(to_traditional(question, "hk"))


@pytest.mark.parametrize("junk", ["\ud800退货", "退\x00货", "\udfff"])
def test_broken_input_never_raises(junk: str) -> None:
    assert fold(junk) in ("退货", "")
    assert script_of(junk) in ("none", "simplified")
    assert "\ud800" not in to_traditional(junk)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("怎么退货", "simplified"),
        ("怎麼退貨", "traditional"),
        ("你好", "none"),
        ("XL 码?", "simplified"),
        ("hello 123", "none"),
        ("后台", "none"),
        ("这个退貨", "mixed"),
        ("説好的退款呢", "traditional"),
    ],
)
def test_which_script_a_message_is_in(text: str, script: str) -> None:
    assert script_of(text) == script


def test_a_reply_can_be_put_into_the_readers_script() -> None:
    assert to_traditional("点“查看物流”，审核通过后原路退回") == "點“查看物流”，審核通過後原路退回"
    assert to_traditional("请把鼠标和软件寄回", "tw") == "請把滑鼠和軟體寄回"
    assert to_traditional("请把鼠标寄回", "hk") == "請把鼠標寄回"
