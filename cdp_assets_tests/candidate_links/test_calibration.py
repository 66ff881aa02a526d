from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links.calibration import PRIOR_SHIFT_BITS, Calibration, calibrate


def learned(weights: list[float], same: list[bool]) -> Calibration:
    return calibrate(np.array(weights), np.array(same, dtype=bool), np.ones(len(weights)))


def probability(weight: float) -> float:
    return float(1 / (1 + 2.0**-weight))


def test_without_judgements_the_model_stands() -> None:
    calibration = learned([], [])
    assert calibration.changes_nothing
    assert calibration.spread == PRIOR_SHIFT_BITS


def test_one_judgement_moves_the_weights_little_and_many_move_them_as_far_as_they_say() -> None:
    one = learned([0.0], [True])
    assert 0 < one.shift < 1.0
    rng = np.random.default_rng(4)
    weights = rng.uniform(-6, 6, 4000)
    truth = rng.random(4000) < 1 / (1 + np.exp2(-(3.0 + 0.8 * weights)))
    many = calibrate(weights, truth, np.ones(4000))
    for weight in (-6.0, -4.0, -2.0, 0.0):
        told = probability(float(many.apply(np.array([weight]))[0]))
        assert told == pytest.approx(probability(3.0 + 0.8 * weight), abs=0.06)
    assert many.spread < one.spread < PRIOR_SHIFT_BITS


def test_judgements_that_fit_the_model_leave_it() -> None:
    rng = np.random.default_rng(4)
    weights = rng.uniform(-6, 8, 2000)
    calibration = calibrate(weights, rng.random(2000) < 1 / (1 + np.exp2(-weights)), np.ones(2000))
    assert abs(calibration.shift) < 0.5
    assert calibration.stretch == pytest.approx(1.0, abs=0.2)


def test_which_weights_are_judged_does_not_matter() -> None:
    """A queue of doubtful pairs and a sample of all pairs teach the same."""
    rng = np.random.default_rng(8)
    weights = rng.uniform(-8, 8, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp2(-(weights + 2.0)))
    doubtful = np.abs(weights) < 2
    queue = calibrate(weights[doubtful], truth[doubtful], np.ones(int(doubtful.sum())))
    assert queue.shift == pytest.approx(calibrate(weights, truth, np.ones(20_000)).shift, abs=0.3)


def test_one_slip_of_a_steward_does_not_overturn_the_model() -> None:
    slip = learned([20.0], [False])
    assert probability(float(slip.apply(np.array([6.0]))[0])) > 0.95


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans()), min_size=1, max_size=30))
def test_no_judgements_turn_the_order_of_two_pairs_around(rows: list[tuple[float, bool]]) -> None:
    calibration = learned([weight for weight, _ in rows], [same for _, same in rows])
    moved = calibration.apply(np.array([-30.0, -1.0, 0.0, 4.0, 60.0]))
    assert (np.diff(moved) > 0).all()
    assert np.isfinite(moved).all()
    assert calibration.before(float(moved[3])) == pytest.approx(4.0, abs=1e-6)


def test_half_a_judgement_counts_half() -> None:
    whole = calibrate(np.array([1.0, 1.0]), np.array([True, True]), np.array([0.5, 0.5]))
    assert whole == calibrate(np.array([1.0]), np.array([True]), np.array([1.0]))
