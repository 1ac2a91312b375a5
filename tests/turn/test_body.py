"""Body measures as shoppers type them."""

from __future__ import annotations

import pytest

from assistant.turn.body import measures


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("163 108斤穿啥码", {"height_cm": 163, "weight_kg": 54}),
        ("我175 150斤肚子大拿几个x", {"height_cm": 175, "weight_kg": 75}),
        ("一米六三 一百零八斤", {"height_cm": 163, "weight_kg": 54}),
        ("1.63米 54kg", {"height_cm": 163, "weight_kg": 54}),
        ("1米63 108", {"height_cm": 163, "weight_kg": 54}),
        ("一米七 62公斤", {"height_cm": 170, "weight_kg": 62}),
        ("身高168体重120", {"height_cm": 168, "weight_kg": 60}),
        ("175 80穿什么码", {"height_cm": 175, "weight_kg": 80}),
        ("165 100", {"height_cm": 165, "weight_kg": 50}),
        ("百二斤穿什么", {"weight_kg": 60}),
        ("腰围二尺一", {"waist_cm": 70.0}),
        ("腰围2尺3", {"waist_cm": 76.7}),
        ("胸围90 腰围72 臀围95", {"bust_cm": 90, "waist_cm": 72, "hip_cm": 95}),
        ("下胸围75", {"underbust_cm": 75}),
        ("脚长24.5脚背高", {"foot_mm": 245}),
        ("脚245mm穿几码", {"foot_mm": 245}),
        ("宝宝16斤穿多大", {"weight_kg": 8}),
        ("宝宝8.5kg", {"weight_kg": 8.5}),
        ("一七零 130斤 女羽绒服啥号", {"height_cm": 170, "weight_kg": 65}),
        ("140斤 2尺4的腰", {"waist_cm": 80.0, "weight_kg": 70}),
        ("体重一百一十八斤", {"weight_kg": 59}),
        ("175高 146斤", {"height_cm": 175, "weight_kg": 73}),
        ("168身高66公斤", {"height_cm": 168, "weight_kg": 66}),
        ("宝宝14.5公斤", {"weight_kg": 14.5}),
        ("十一点五公斤尿不湿多大", {"weight_kg": 11.5}),
        ("108", {}),
        ("订单号20261105123 能退吗", {}),
        ("满300减50怎么算", {}),
        ("3天了还没发", {}),
        ("150块的那个", {}),
    ],
)
def test_measures(text: str, found: dict[str, float]) -> None:
    assert measures(text) == found


def test_a_childs_height_counts_where_a_childs_chart_is_meant() -> None:
    assert measures("105cm 17公斤", child=True) == {"height_cm": 105, "weight_kg": 17}
    assert measures("1米2 22公斤的娃", child=True) == {"height_cm": 120, "weight_kg": 22}
    assert measures("身高120 44斤", child=True) == {"height_cm": 120, "weight_kg": 22}
