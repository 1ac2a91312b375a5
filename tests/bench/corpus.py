"""A shop of any size to measure with: question and answer rows that differ as a large merchant's do."""

from __future__ import annotations

import csv
import random
from pathlib import Path

THINGS = [
    "羽绒服",
    "毛衣",
    "衬衫",
    "卫衣",
    "风衣",
    "牛仔裤",
    "半身裙",
    "运动鞋",
    "雪地靴",
    "书包",
    "台灯",
    "电饭煲",
    "吹风机",
    "加湿器",
    "热水壶",
    "枕头",
    "被子",
    "床单",
    "水杯",
    "雨伞",
]
MAKES = [
    "云雀",
    "山岚",
    "小满",
    "拾光",
    "青禾",
    "白鹿",
    "南风",
    "木棉",
    "星野",
    "渡口",
    "竹里",
    "远帆",
    "半夏",
    "松果",
    "海盐",
    "初晴",
]
ASKS = {
    "多少钱": "{thing}的标价是{n}元，下单时以结算页为准。",
    "有几种颜色": "{thing}有{k}种颜色，商品页可以逐个点开看。",
    "怎么清洗": "{thing}建议用{t}℃以下的水轻柔清洗，阴凉处晾干。",
    "多久发货": "{thing}付款后{h}小时内发出，节假日照常。",
    "可以退吗": "{thing}签收次日起{d}天内，不影响二次销售可以申请退货。",
    "重量是多少": "{thing}净重{g}克，实际重量可能有少许误差。",
    "保修多久": "{thing}保修{m}个月，凭订单记录就可以申请。",
    "适合什么季节": "{thing}适合{k}月以后穿用，怕冷可以搭配内搭。",
}


def rows(count: int, seed: int = 7) -> list[tuple[str, str]]:
    """`count` different questions with their answers, the same for the same seed."""
    pick = random.Random(seed)
    made: dict[str, str] = {}
    number = 0
    while len(made) < count:
        number += 1
        thing = f"{pick.choice(MAKES)}{pick.choice(THINGS)}{number % 997}号"
        ask, answer = pick.choice(list(ASKS.items()))
        made[f"{thing}{ask}"] = answer.format(
            thing=thing,
            n=pick.randint(19, 1999),
            k=pick.randint(2, 9),
            t=pick.choice([30, 40]),
            h=pick.choice([24, 48]),
            d=pick.choice([7, 15]),
            g=pick.randint(90, 4000),
            m=pick.choice([6, 12, 24]),
        )
    return list(made.items())


def write(rows_: list[tuple[str, str]], target: Path) -> Path:
    """The rows as a merchant's csv file."""
    with target.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["问题", "答案"])
        table.writerows(rows_)
    return target


def asked(rows_: list[tuple[str, str]], count: int, seed: int = 11) -> list[str]:
    """Questions for those rows as shoppers type them: a word dropped, a particle added."""
    pick = random.Random(seed)
    return [
        pick.choice(["", "请问", "亲 "])
        + question.replace("是多少", "多少").replace("可以", "能")
        + pick.choice(["", "呢", "啊", "？"])
        for question, _ in pick.choices(rows_, k=count)
    ]
