"""The demo shop's orders under the promises it uses: each order shows the case its note speaks of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from assistant.demo.load import HOME, SHANGHAI, load_orders, order_facts
from assistant.policy.decide import decide
from assistant.policy.facts import Case
from assistant.policy.load import load_policies

WEDNESDAY = datetime(2026, 9, 16, 12, 0, tzinfo=SHANGHAI)
"""No holiday, weekend or campaign near it, so that every window ends on its own day."""
FINE = {"intact": True, "tag_on": True}
BROKEN = {"fault": "quality"}
ORDERS = {order["number"]: order for order in load_orders(WEDNESDAY)}


@pytest.mark.parametrize(
    ("number", "line", "wish", "said", "expected"),
    [
        pytest.param("660210480033", "1", "return", FINE, {"says": "allow", "amount_fen": 59900}, id="第七天还能退"),
        pytest.param("660210480041", "1", "return", FINE, {"says": "deny"}, id="第八天不能无理由退"),
        pytest.param(
            "660210480041", "1", "exchange", FINE, {"says": "allow", "freight": "merchant"}, id="第八天还能换码"
        ),
        pytest.param("660210480058", "2", "return", FINE, {"amount_fen": 19900}, id="满减退一件按剩下的重算"),
        pytest.param("660210480066", "1", "return", FINE, {"says": "deny"}, id="确认过的微瑕不能无理由退"),
        pytest.param(
            "660220480104", "1", "return", {"opened": True, "seal_intact": False}, {"says": "deny"}, id="内裤"
        ),
        pytest.param("660220480070", "1", "return", {"activated": True}, {"says": "deny"}, id="确认过的激活商品"),
        pytest.param("660250480029", "1", "return", {"activated": True}, {"says": "human"}, id="没确认过的由人判断"),
        pytest.param("660250480045", "1", "return", {}, {"says": "deny"}, id="定作不能无理由退"),
        pytest.param("660240480023", "1", "return", FINE, {"says": "human"}, id="没同意放驿站由人判断"),
        pytest.param("660230480043", "1", "return", FINE, {"says": "allow"}, id="先签收的包裹还在期内"),
        pytest.param(
            "660250480037", "1", "exchange", FINE, {"says": "allow", "freight": "merchant"}, id="二十天还能换码"
        ),
        pytest.param("660230480019", "1", "exchange", {"opened": False, "quantity": 2}, {"says": "allow"}, id="九十天"),
        pytest.param("660230480027", "1", "exchange", {"opened": False}, {"says": "deny"}, id="第九十一天"),
        pytest.param("660210480074", "1", "price_protect", {}, {"amount_fen": 3000}, id="价保第三十天"),
        pytest.param("660260480042", "1", "price_protect", {}, {"says": "deny"}, id="价保第三十一天"),
        pytest.param("660250480078", "1", "price_protect", {}, {"amount_fen": 1000}, id="补过一次只补再降的"),
        pytest.param("660260480034", "1", "price_protect", {}, {"says": "deny"}, id="秒杀不价保"),
        pytest.param("660220480039", "1", "exchange", BROKEN, {"remedies": ("replace",)}, id="第一百八十天换新"),
        pytest.param("660220480047", "1", "exchange", BROKEN, {"says": "deny"}, id="第一百八十一天不换新"),
        pytest.param("660220480047", "1", "repair", BROKEN, {"says": "allow", "freight": "merchant"}, id="但还能修"),
        pytest.param("660240480056", "1", "return", BROKEN, {"says": "allow"}, id="修过两次可以退"),
        pytest.param("660220480013", "1", "ship", {}, {"says": "allow"}, id="还在四十八小时内"),
        pytest.param("660230480035", "1", "ship", {}, {"says": "human"}, id="超过四十八小时"),
        pytest.param("660220480013", "1", "cancel", {}, {"says": "allow", "amount_fen": 21900}, id="没发货可以取消"),
        pytest.param("660210480025", "1", "cancel", {}, {"says": "deny"}, id="不付尾款定金不退"),
        pytest.param("660250480052", "1", "refund", {}, {"amount_fen": 22900}, id="退货回仓后退款"),
        pytest.param("660240480031", "1", "return", {"safety": True}, {"says": "human"}, id="冒烟先找人"),
    ],
)
def test_an_order_shows_its_case(
    number: str, line: str, wish: str, said: dict[str, Any], expected: dict[str, Any]
) -> None:
    facts = {"id": number, "now": WEDNESDAY.isoformat(), "wish": wish, "line": line, "said": said}
    verdict = decide(load_policies(HOME / "policies"), Case.from_json({**facts, "order": order_facts(ORDERS[number])}))
    assert {key: getattr(verdict, key) for key in expected} == expected
