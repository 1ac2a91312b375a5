"""The statistics keep their word: against known values, and on simulated runs whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from eval.simulate import alike, simulate
from eval.statistics import (
    Counts,
    adjusted,
    clustered,
    mcnemar,
    paired,
    pass_hat,
    power,
    smallest_change,
    wilson,
)


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        pytest.param(85, 100, 0.7672, 0.9069, id="the anchor: 85 of 100"),
        pytest.param(425, 500, 0.8161, 0.8786, id="85 % of 500"),
        pytest.param(10, 10, 0.7225, 1.0, id="all right is not certainty"),
        pytest.param(0, 10, 0.0, 0.2775, id="all wrong"),
        pytest.param(0, 0, 0.0, 1.0, id="nothing asked, nothing known"),
    ],
)
def test_wilson(right: int, of: int, low: float, high: float) -> None:
    found = wilson(right, of)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)


def test_exact_mcnemar() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)  # P(≤1 of 9), doubled


def test_wordings_of_one_question_widen_the_interval() -> None:
    rows = [(str(n // 5), float(n // 5 % 10 != 0), 1.0) for n in range(500)]
    alone = wilson(450, 500)
    together = clustered(Counts.by_group(rows))
    assert together is not None
    assert together.high - together.low > 1.8 * (alone.high - alone.low)


def test_few_groups_give_no_interval() -> None:
    assert clustered(Counts.by_group([("a", 1.0, 1.0), ("b", 0.0, 1.0)])) is None


def test_all_right_in_every_group_is_not_certainty() -> None:
    found = clustered(Counts.by_group([(str(n), 1.0, 1.0) for n in range(30)]))
    assert found is not None
    assert found.low < 0.9


def test_many_tags_are_corrected_for() -> None:
    ps = {f"t{n}": 0.04 for n in range(5)} | {f"u{n}": 0.9 for n in range(45)}
    assert min(adjusted(ps).values()) > 0.05
    assert adjusted({"one": 0.01, "two": 0.9})["one"] == pytest.approx(0.02)
    assert adjusted({}) == {}


def test_the_same_run_twice_is_a_tie() -> None:
    values = [1.0, 0.0] * 50
    found = paired(values, values, list(map(str, range(100))))
    assert (found.verdict, found.change, found.p) == ("tie", 0.0, 1.0)


def test_a_clear_change_is_seen_in_either_direction() -> None:
    before = [float(n % 5 != 0) for n in range(200)]
    after = [1.0] * 200
    groups = list(map(str, range(200)))
    assert paired(before, after, groups).verdict == "better"
    assert paired(after, before, groups).verdict == "worse"


def test_one_group_that_turned_is_no_proof() -> None:
    """Twenty wordings of one question got better together: that is one thing that changed, not twenty."""
    before = [0.0] * 20 + [1.0] * 180
    groups = ["same"] * 20 + [str(n) for n in range(180)]
    found = paired(before, [1.0] * 200, groups)
    assert found.p < 0.001
    assert found.verdict == "tie"


def test_the_smallest_change_matches_the_known_anchor() -> None:
    """To show 4 points at 80 % power, a tenth of the cases discordant, takes about 490 cases."""
    assert smallest_change(490) == pytest.approx(0.042, abs=0.003)
    assert power(490, 0.04) == pytest.approx(0.78, abs=0.04)
    assert smallest_change(3) is None
    sizes = [smallest_change(n) or 1.0 for n in (100, 400, 800, 1772)]
    assert sizes == sorted(sizes, reverse=True)
    assert (smallest_change(900, 300) or 0) > (smallest_change(900) or 1)


def test_pass_hat_counts_runs_of_luck() -> None:
    assert pass_hat([4, 2], [4, 4]) == pytest.approx([0.75, (1 + 1 / 6) / 2, 0.5, 0.5])
    assert pass_hat([], []) == []


def test_simulated_luck_is_as_alike_as_it_is_said_to_be() -> None:
    (wrong,) = alike(np.random.default_rng(3), 4000, 2, [0.1])
    assert wrong.mean() == pytest.approx(0.1, abs=0.01)
    assert np.corrcoef(wrong[:, 0], wrong[:, 1])[0, 1] == pytest.approx(0.2, abs=0.06)


def test_on_simulated_runs_intervals_cover_alarms_are_rare_and_power_is_kept() -> None:
    """Eighty of what `python -m eval simulate` does a thousand times; bounds allow for so few."""
    for share in simulate(80, seed=4):
        spare = 2.6 * (0.05 * 0.95 / share.runs) ** 0.5
        assert share.least - spare <= share.got <= share.most + spare, share
