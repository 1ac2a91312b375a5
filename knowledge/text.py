"""One spelling for matching, in index and query alike, and the way back into the shopper's script.

`fold` is for comparing, never for showing. It makes width, case and script one, and a short list of Taiwan wordings
that mainland shops do not use. OpenCC's own Taiwan tables are not used: they come from computing and turn 桌布
(tablecloth) into 壁纸 and 文件 into 文档, in Traditional text only, so the same question in two scripts would part.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from knowledge.han import converter, is_simplified, is_traditional, simplified
from knowledge.repair import repair, undo

__all__ = ["Script", "fold", "repair", "script_of", "to_traditional", "undo"]

Script = Literal["simplified", "traditional", "mixed", "none"]

_WORDS = """
滑鼠=鼠标 硬体=硬件 网路=网络 网际网路=互联网 简讯=短信 视讯=视频 影片=视频 资讯=信息 讯息=消息 讯号=信号
随身碟=u盘 印表机=打印机 列印=打印 影印=复印 行动电源=充电宝 行动电话=手机 智慧型手机=智能手机
智慧型手表=智能手表 笔记型电脑=笔记本电脑 桌上型电脑=台式机 萤幕=屏幕 荧幕=屏幕 萤光=荧光 触控=触摸
解析度=分辨率 记忆体=内存 记忆卡=存储卡 硬碟=硬盘 光碟=光盘 登入=登录 登出=退出 帐号=账号 帐户=账户 塑胶=塑料
连结=链接 点选=点击 相容=兼容 韧体=固件 程式=程序 使用者=用户 联络=联系 宅配=快递 出货=发货 折价券=优惠券
免运费=包邮 免运=包邮 超商=便利店 门市=门店 保固=保修 脚踏车=自行车 泡面=方便面 速食面=方便面 乳酪=奶酪
优格=酸奶 洋芋片=薯片 凤梨=菠萝 奇异果=猕猴桃 原子笔=圆珠笔 冷气机=空调 面纸=纸巾 洗面乳=洗面奶 预购=预售
客诉=投诉 高画质=高清 数位相机=数码相机 奈米=纳米 雷射=激光 晶片=芯片 传输线=数据线 伺服器=服务器
计程车=出租车
"""
"""Taiwan wording = mainland wording, in Simplified characters; none is an everyday mainland word of another sense."""
_TAIWAN = dict(pair.split("=") for pair in _WORDS.split())

_WORDING = re.compile("|".join(sorted(map(re.escape, _TAIWAN), key=len, reverse=True)) + "|软体(?![家沙床动])")
# 著 is read zhù in these and stays; elsewhere Traditional writers mean 着 (看著, 穿著), which OpenCC's t2s leaves.
_ZHE = re.compile(r"([讨谈议]论)著|(?<![显昭卓名专论编原巨土遗译拙撰])著(?!名|称|述|录|译|作(?!业)|者|书立)")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ud800-\udfff]"
)
_BLANKS = re.compile(r"\s+")
_SHORT = 600
"""Characters up to which a folded text is remembered."""


def fold(text: str) -> str:
    """The one spelling of `text` for matching: NFKC width, lower case, Simplified, single blanks, nothing invisible.

    Folding twice is folding once, and a text and its Traditional form fold alike.
    """
    return _folded_lately(text) if len(text) <= _SHORT else _folded(text)


@lru_cache(maxsize=1024)  # one message is folded by a dozen readers of it
def _folded_lately(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    if text.isascii():
        return _BLANKS.sub(" ", _UNSEEN.sub("", text)).strip().lower()
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower()
    # Lower-casing can part a letter from its mark (İ), and normalising can uncover a blank or an invisible sign.
    plain = simplified(unicodedata.normalize("NFKC", _UNSEEN.sub("", plain)))
    plain = _WORDING.sub(lambda word: _TAIWAN.get(word[0], "软件"), _ZHE.sub(r"\g<1>着", plain))
    return _BLANKS.sub(" ", plain).strip()


def script_of(text: str) -> Script:
    """Which script `text` is written in, by the characters only one script uses; `none` when there are none of those.

    One side must outnumber the other three to one, or the text is `mixed`.
    """
    ours, theirs = sum(map(is_simplified, text)), sum(map(is_traditional, text))
    if not ours and not theirs:
        return "none"
    if ours >= 3 * theirs:
        return "simplified"
    return "traditional" if theirs >= 3 * ours else "mixed"


def to_traditional(text: str, variant: Literal["plain", "tw", "hk"] = "plain") -> str:
    """`text` for a reader of Traditional: the same words in Traditional characters (`plain`), with Taiwan's words
    (`tw`), or in Hong Kong's characters (`hk`).

    `plain` is for answers: the buttons a shopper is told to press must keep their names (查看物流 is not 檢視物流).
    """
    clean = re.sub("[\ud800-\udfff]", "", text)
    return str(converter({"plain": "s2tw", "tw": "s2twp", "hk": "s2hk"}[variant]).convert(clean))
