"""The demo shop's knowledge: it covers what shoppers ask, says one thing about one matter, and stays inside the law."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from assistant.demo.load import demo_files, load_products
from tests.demo.shelf import Entry, documents, entries, sentences

INTENTS = (
    *(
        "尺码",
        "材质功效",
        "库存补货",
        "发货时间",
        "快递选择",
        "优惠活动",
        "讲价",
        "赠品",
        "价差疑问",
        "发票",
        "真伪资质",
    ),
    *("预售定金", "对比推荐", "安装适用", "售前问售后", "以旧换新国补", "下单支付", "改地址", "改规格备注", "催发货"),
    *(
        "取消订单",
        "拆单漏件",
        "物流停滞",
        "签收异议",
        "拦截拒收",
        "预约送装",
        "延长收货",
        "无理由退",
        "换货换码",
        "质量",
    ),
    *("错发破损", "维修三包", "价保", "退货运费", "退款进度", "优惠分摊赠品", "仅退款", "安全伤害", "投诉赔付"),
    *("撤销修改", "评价返现", "账号安全", "隐私", "要人工", "辱骂愤怒", "极端", "长者未成年", "寒暄感谢", "越界攻击"),
    *("多意图", "方言口语", "残缺"),
)


def test_the_shop_has_a_real_shops_worth_of_answers() -> None:
    assert len(entries()) >= 220
    assert len({e.place.split("!")[0].split("#")[0] for e in entries()}) == 3


def test_the_files_are_of_the_kinds_merchants_keep() -> None:
    assert {path.suffix for path in demo_files()} == {".xlsx", ".csv", ".docx", ".md", ".pdf"}


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_has_an_answer_today(intent: str) -> None:
    assert [e for e in entries() if e.intent == intent and e.valid_on(date(2026, 11, 22))]


def test_every_category_is_a_known_intent() -> None:
    assert {e.intent for e in entries()} == set(INTENTS)


def test_no_wording_belongs_to_two_entries() -> None:
    wordings = Counter(w for e in entries() for w in (e.question, *e.similar))
    assert [w for w, times in wordings.items() if times > 1] == []


def _pairs(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(len(text) - 1)}


def test_no_two_standard_questions_compete() -> None:
    bags = [(e.question, _pairs(e.question)) for e in entries()]
    close = [
        (one, other) for n, (one, a) in enumerate(bags) for other, b in bags[n + 1 :] if len(a & b) / len(a | b) > 0.72
    ]
    assert close == []


@pytest.mark.parametrize("entry", entries(), ids=lambda e: e.question)
def test_an_entry_is_fit_to_be_read_out(entry: Entry) -> None:
    assert 3 <= len(entry.similar) <= 24
    assert len([s for s in re.split("[。！？]", entry.answer) if s]) <= 4
    assert 10 <= len(entry.answer) <= 135
    assert entry.answer.endswith("。")
    assert not set(entry.counter) & {entry.question, *entry.similar}


def test_a_counter_example_is_somebody_elses_question() -> None:
    """A wording that looks close and means something else has its own answer elsewhere, or needs none."""
    own = {w: e.question for e in entries() for w in (e.question, *e.similar)}
    wrong = [(e.question, c) for e in entries() for c in e.counter if own.get(c) == e.question]
    assert wrong == []
    assert sum(len(e.counter) for e in entries()) >= 15


@pytest.mark.parametrize(
    ("about", "figure", "says"),
    [
        pytest.param("价保", r"价保\D{0,3}(\d+)天|(\d+)天\D?价保", {"30"}, id="价保三十天"),
        pytest.param("只换不修", r"(\d{3})天", {"180"}, id="只换不修一百八十天"),
        pytest.param("换码", r"(\d+)天内", {"90"}, id="服装鞋帽九十天内换码"),
        pytest.param("尺码随心换", r"(\d+)天", {"90"}, id="纸尿裤九十天"),
        pytest.param("无理由", r"起(\d+)天内", {"7"}, id="无理由七天"),
        pytest.param("三包", r"(\d{2,})天", {"120"}, id="鞋子三包一百二十天"),
        pytest.param("保修", r"(\d+)年保修|保修(\d+)年", {"1"}, id="整机保修一年"),
        pytest.param("现货", r"(\d+)小时", {"48"}, id="四十八小时发货"),
        pytest.param("定作|绣", r"付款后(\d+)天", {"7"}, id="定作七天内发"),
        pytest.param("尾款", r"尾款\D{0,4}后(\d+)天", {"7"}, id="尾款付清七天内发"),
        pytest.param("包邮", r"满(\d+)元包邮", {"59", "99"}, id="包邮门槛"),
        pytest.param("顺丰", r"顺丰\D{0,9}加(\d+)元", {"12"}, id="顺丰加价"),
        pytest.param("收纳袋", r"收纳袋\D{0,3}(\d+)元", {"15"}, id="收纳袋标价"),
        pytest.param("湿巾", r"湿巾\D{0,6}(\d+)元", {"8"}, id="湿巾标价"),
        pytest.param("退款", r"最迟不超过收货后(\d+)天", {"7"}, id="退款最迟七天"),
        pytest.param("验收", r"(\d+)小时", {"48"}, id="验收后退款"),
        pytest.param("专票|专用发票|红冲", r"(\d+)个工作日", {"3"}, id="专票三个工作日"),
        pytest.param("店铺券", r"满(\d+)元减20", {"199"}, id="店铺券门槛"),
        pytest.param("新人券", r"满(\d+)元减10", {"99"}, id="新人券门槛"),
        pytest.param("人工", r"(\d+)点到22点", {"9"}, id="人工几点上班"),
        pytest.param("待付款|付款时间", r"(\d+)小时", {"24"}, id="待付款保留多久"),
        pytest.param("自动确认", r"(\d+)天自动", {"10"}, id="自动确认收货"),
        pytest.param("物流", r"超过(\d+)小时没更新", {"48"}, id="物流停滞"),
        pytest.param("积分", r"(\d+)积分(?:抵)?1元", {"100"}, id="积分抵钱"),
    ],
)
def test_a_figure_is_the_same_in_every_file(about: str, figure: str, says: set[str]) -> None:
    told = {
        next(filter(None, found.groups())): (place, sentence)
        for place, sentence in sentences()
        if re.search(about, sentence)
        for found in re.finditer(figure, sentence)
    }
    assert told.keys() == says, told


@pytest.mark.parametrize(
    "wrong",
    [
        *("最终解释权", "概不退换", "拆封不退", "视为认可", "不得投诉", "不得差评", "先确认收货", "退款只退"),
        *("假一赔", "百分百", "100%正品", "国家级", "全网最低", "最低价", "最好", "最佳", "永久", "终身", "绝对"),
        *("包治", "治疗", "保证到", "(?<!不)一定能", "肯定能", "先给好评", "加我微信"),
    ],
)
def test_nothing_void_or_boastful_is_said(wrong: str) -> None:
    said = [(place, s) for place, s in sentences() if re.search(wrong, s) and "不会让您先确认收货" not in s]
    assert said == []


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        pytest.param(date(2026, 6, 18), {"618有什么活动"}, id="六月只有618"),
        pytest.param(date(2026, 10, 1), {"国庆有什么活动"}, id="十月初只有国庆"),
        pytest.param(date(2026, 11, 11), {"双11有什么活动"}, id="双11当天没有平日满减"),
        pytest.param(date(2026, 11, 14), {"双11有什么活动"}, id="双11最后一天还有效"),
        pytest.param(
            date(2026, 11, 15),
            {"店铺平时有什么满减", "双11活动结束了吗", "双12活动什么时候公布"},
            id="双11过后回到平时",
        ),
        pytest.param(
            date(2026, 12, 1), {"店铺平时有什么满减", "双11活动结束了吗", "双12有什么活动"}, id="双12从一号开始"
        ),
        pytest.param(date(2026, 12, 13), {"店铺平时有什么满减"}, id="双12过后只有平时"),
    ],
)
def test_which_promotions_hold_on_a_day(day: date, valid: set[str]) -> None:
    dated = {e.question for e in entries() if e.intent == "优惠活动" and e.first and e.valid_on(day)}
    assert {q for q in dated if "发货" not in q and "价保" not in q} == valid


def test_an_end_never_comes_before_its_beginning() -> None:
    assert [e.place for e in entries() if e.first and e.last and e.last < e.first] == []
    assert len([e for e in entries() if e.first or e.last]) >= 10


def test_an_entry_names_only_products_the_shop_sells() -> None:
    sold = {p.sku for p in load_products()}
    assert {sku for e in entries() for sku in e.products} <= sold


@pytest.mark.parametrize("unit", ["瓦", "毫升", "升", "毫安时", "克", "厘米", "公斤", "平方米", "片", "档"])
def test_an_answer_about_products_gives_the_catalogues_figures(unit: str) -> None:
    """A figure in the answer stands in the catalogue, or is no attribute of the product at all."""
    sold = {p.sku: p for p in load_products()}
    beside = {"售前-尺码", "安全-安全伤害"}  # body measures and first aid, not attributes
    asides = {"160厘米", "2厘米", "15厘米", "1.2公斤"}  # the shopper's height, how near to hold it, a chicken
    wrong = []
    for entry in entries():
        if not entry.products or entry.category in beside:
            continue
        known = " ".join(v for sku in entry.products for v in (*sold[sku].attributes.values(), sold[sku].title))
        for figure in re.findall(rf"(\d+(?:\.\d+)?){unit}", entry.answer):
            if f"{figure}{unit}" not in known.replace(" ", "") and f"{figure}{unit}" not in asides:
                wrong.append((entry.question, f"{figure}{unit}"))
    assert wrong == []


def test_a_price_in_an_answer_is_the_catalogues() -> None:
    prices = {f"{p.price_fen // 100}元" for p in load_products()}
    picks = [e for e in entries() if e.intent == "对比推荐"]
    said = {price for e in picks for price in re.findall(r"\d+元", e.answer)}
    assert said
    assert said <= prices


def test_the_csv_is_gbk_and_not_utf8() -> None:
    raw = next(p for p in demo_files() if p.suffix == ".csv").read_bytes()
    assert "标准问题" in raw.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_the_pdfs_text_is_ordinary_chinese() -> None:
    """A browser's PDF may map glyphs to radicals (⼩ for 小): such text looks right and is found by nobody."""
    text = documents()["小家电使用与保修手册.pdf"]
    assert "电饭煲显示E3：没放内胆或内胆没放平。" in text
    assert not re.search(r"[\u2e80-\u2fdf]", text)
