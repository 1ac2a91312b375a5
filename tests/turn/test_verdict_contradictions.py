"""A model that tells a verdict wrongly, over real HTTP on real turns: not one wrong word reaches the shopper."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from assistant.service.rehearsal import Rehearsal, Reply
from assistant.settings import Settings
from assistant.turn.shop import Shop
from assistant.wiring import open_model
from tests.support.scripted_endpoint import ScriptedEndpoint
from tests.turn.contradictions import right, wrong

LEAST = 100
TURNS = (
    ("660210480033", "羽绒服能退吗 吊牌在没穿过", "退货"),
    ("660210480033", "羽绒服小了想换大一码 吊牌在没穿过", "换货"),
    ("660210480058", "只退毛衣 吊牌在没穿过", "退货"),
    ("660230480043", "加湿器漏水 退货", "退货"),
    ("660240480031", "电热毯没拆封 不喜欢想退", "退货"),
    ("660210480108", "炸锅不热了 换新的", "换货"),
    ("660210480108", "炸锅不热了能修吗", "维修"),
    ("660210480074", "毛衣降价了 差价补不补", "价保"),
    ("660210480066", "微瑕裙子不喜欢 能退吗", "退货"),
    ("660220480047", "吹风机坏了 180天换新还能办吗", "换货"),
    ("660210480074", "毛衣不想要了 能退吗", "退货"),
    ("660220480070", "秤绑过手机了 能退吗", "退货"),
)


class Model(ScriptedEndpoint):
    """Says the next line of a script."""


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model(lambda _request: "") as endpoint:
        yield endpoint


def with_model(shop: Shop, model: Model) -> Shop:
    settings = Settings(LLM_MODEL="scripted", OPENAI_BASE_URL=model.base_url, _env_file=None)  # type: ignore[call-arg]
    return replace(shop, model=open_model(settings))


async def told(shop: Shop, order: str, text: str) -> Reply:
    talk = Rehearsal(shop)
    talk.visit(order=order)
    return await talk.say(text)


async def verdicts(shop: Shop) -> list[tuple[str, str, dict[str, Any], str]]:
    """Each turn with its verdict and the rules' own words."""
    found = []
    for order, text, wished in TURNS:
        reply = await told(shop, order, text)
        assert reply.message is not None
        assert reply.message.verdict is not None
        found.append((order, text, {**reply.message.verdict, "wished": wished}, reply.message.text))
    return found


def lies(found: list[tuple[str, str, dict[str, Any], str]]) -> Iterator[tuple[str, str, str, str, str]]:
    for order, text, verdict, own in found:
        good = right(verdict)
        for what, wording in wrong(verdict):
            if wording != good:
                yield order, text, what, wording, own


async def test_not_one_contradiction_reaches_the_shopper(demo_shop: Shop, model: Model) -> None:
    shop = with_model(demo_shop, model)
    tried: Counter[str] = Counter()
    shown = []
    for order, text, what, wording, own in list(lies(await verdicts(demo_shop))):
        model.says = lambda _request, wording=wording: wording  # type: ignore[misc]
        asked = len(model.requests)
        reply = await told(shop, order, text)
        assert reply.message is not None
        assert len(model.requests) > asked, "the model was not even asked"
        tried[what] += 1
        if reply.message.text != own or reply.message.engine != "offline":
            shown.append((what, text, wording, reply.message.text))
    assert shown == []
    assert sum(tried.values()) >= LEAST, tried


async def test_a_faithful_wording_is_shown_with_the_verdict_as_its_source(demo_shop: Shop, model: Model) -> None:
    shop = with_model(demo_shop, model)
    for order, text, verdict, _ in await verdicts(demo_shop):
        model.says = lambda _request, verdict=verdict: right(verdict)  # type: ignore[misc]
        reply = await told(shop, order, text)
        assert reply.message is not None
        assert reply.trace is not None
        assert (reply.message.engine, reply.message.text) == ("llm", right(verdict)), reply.trace.stopped
        assert reply.message.cites[0].source.startswith(verdict["policy"])
        assert {k: reply.message.verdict[k] for k in verdict if k != "wished"} == {  # type: ignore[index]
            k: v for k, v in verdict.items() if k != "wished"
        }


async def test_what_is_asked_or_left_to_a_person_is_never_worded_by_a_model(demo_shop: Shop, model: Model) -> None:
    model.says = lambda _request: "可以退货退款，放心。"
    shop = with_model(demo_shop, model)
    for order, text in (
        ("660210480033", "羽绒服能退吗"),
        ("660210480041", "裙子能退吗"),
        ("660210480033", "只退款行吗"),
    ):
        reply = await told(shop, order, text)
        assert reply.message is not None
        assert reply.message.verdict is not None
        assert reply.message.verdict["says"] in ("need_info", "human")
        assert "放心" not in reply.message.text


async def test_a_model_that_hangs_leaves_the_rules_own_words(demo_shop: Shop, model: Model) -> None:
    order, text, verdict, own = (await verdicts(demo_shop))[0]
    model.says = lambda _request: right(verdict)
    model.fault = "hang_after_8"
    async with asyncio.timeout(20):
        reply = await told(with_model(demo_shop, model), order, text)
    assert reply.message is not None
    assert reply.message.text == own
