"""Probabilities that mean what they say, thresholds that follow from costs, and a fit on the shop's own questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from knowledge.confidence import ENOUGH, Confidence, Curves, Evidence, LeftOut, Thresholds, fit, thresholds
from knowledge.embedding import open_embedding
from knowledge.fit import SHARES, fitted, home_share
from knowledge.index import FAQ_SHARE, TEXT_SHARE, ShopIndex
from knowledge.types import Passage


def questions(curve: Confidence, count: int, seed: int = 0) -> list[LeftOut]:
    """Questions that are right exactly as often as `curve` says."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        seen = Evidence(rng.uniform(0.2, 1), rng.uniform(0, 0.4), int(rng.integers(5)), int(rng.integers(3, 20)))
        out.append(LeftOut(seen, bool(rng.random() < curve.of(seen))))
    return out


def test_a_fit_finds_the_curve_behind_the_questions() -> None:
    true = Confidence(a=9, b=6, c=-6, d=0.4, e=0.1)
    found = fit(questions(true, 4000), Confidence(), trust=0)
    for asked in questions(true, 200, seed=1):
        assert found.of(asked.evidence) == pytest.approx(true.of(asked.evidence), abs=0.08)


def test_few_questions_change_nothing_and_many_outweigh_the_default() -> None:
    true, default = Confidence(a=9, b=6, c=-6), Confidence(a=3, b=3, c=0)
    assert fit(questions(true, ENOUGH - 1), default) == default
    seen = Evidence(0.4, 0.0, 1, 8)
    few, many = fit(questions(true, 60), default).of(seen), fit(questions(true, 3000), default).of(seen)
    assert true.of(seen) < many < few < default.of(seen)


@pytest.mark.parametrize("right", [True, False])
def test_questions_that_are_all_alike_do_not_run_away(right: bool) -> None:
    found = fit([LeftOut(Evidence(0.9, 0.3, 0, 8), right)] * 500, Confidence())
    assert np.isfinite([found.a, found.b, found.c, found.d, found.e]).all()
    assert (found.of(Evidence(0.9, 0.3, 0, 8)) > 0.9) is right


def test_more_evidence_is_never_less_sure() -> None:
    curve = Confidence()
    base = Evidence(0.6, 0.1, 1, 8)
    assert curve.of(replace(base, match=0.7)) > curve.of(base)
    assert curve.of(replace(base, gap=0.2)) > curve.of(base)
    assert curve.of(replace(base, missing=3)) < curve.of(base)
    assert 0 <= curve.of(Evidence(-9, -9, 99, 20)) <= curve.of(Evidence(9, 9, 0, 0)) <= 1


@pytest.mark.parametrize(
    ("costs", "answer", "clarify"),
    [
        pytest.param({}, 0.733, 0.31, id="the stated defaults"),
        pytest.param({"wrong": 0.0}, 0.0, 0.0, id="a wrong answer costs nothing: always answer"),
        pytest.param({"wrong": 100.0}, 0.991, 0.31, id="a wrong answer is a disaster"),
        pytest.param({"question": 100.0}, 0.586, 0.586, id="a question is a disaster: never ask"),
    ],
)
def test_thresholds_follow_from_costs(costs: dict[str, float], answer: float, clarify: float) -> None:
    found = thresholds(**costs)
    assert found.answer == pytest.approx(answer, abs=0.006)
    assert found.clarify == pytest.approx(clarify, abs=0.006)


def test_what_is_said_at_which_confidence() -> None:
    limits = Thresholds(answer=0.7, clarify=0.3)
    assert [limits.says(p) for p in (0.7, 0.69, 0.3, 0.29)] == ["answer", "clarify", "clarify", "none"]


KINDS = ("退货", "换货", "发货", "发票", "保修", "赔偿", "安装", "清洗", "充电", "尺码")
WAYS = ("{}怎么弄", "请问{}的流程", "{}要找谁", "想{}咋办", "{}是怎么规定的", "关于{}的事")


def shop(*, bare: bool = False) -> list[Passage]:
    return [
        Passage(
            id=kind,
            kind="faq",
            text=f"{kind}请看页面说明。",
            source="faq.csv#1",
            question=WAYS[0].format(kind),
            similar=() if bare else tuple(way.format(kind) for way in WAYS[1:]),
        )
        for kind in KINDS
    ]


def test_a_shop_with_similar_questions_gets_its_own_curve_and_a_bare_one_the_models() -> None:
    model = open_embedding(None)
    own, bare = fitted(ShopIndex.build(shop(), model)), fitted(ShopIndex.build(shop(bare=True), model))
    assert own.curves.faq.questions > ENOUGH
    assert model.curves is not None
    assert bare.curves == model.curves != Curves()
    known, foreign = own.search("退货怎么办理")[0], own.search("你们老板属什么的")[0]
    assert foreign.confidence < 0.35 < 0.75 < known.confidence


def test_the_same_shop_is_fitted_the_same_way_twice() -> None:
    index = ShopIndex.build(shop(), open_embedding(None))
    assert fitted(index).curves == fitted(index).curves


def test_words_weigh_more_where_the_model_is_not_at_home() -> None:
    assert home_share(0.0) == FAQ_SHARE
    assert home_share(1.0) == TEXT_SHARE
    assert FAQ_SHARE > home_share(0.3) > TEXT_SHARE
    foreign = [
        Passage(str(n), "faq", "见附录。", "s", question=text)
        for n, text in enumerate(["拓扑绝缘体的边缘态", "蛋白质折叠的自由能", "玻色爱因斯坦凝聚", "黎曼猜想的零点"])
    ]
    assert fitted(ShopIndex.build(foreign, open_embedding(None))).faq_share < min(0.7, *SHARES[-2:])
