"""The index: weights, smoothing and its step back, tracking, states, drowsiness, confidence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.estimation.baseline_tracking import BaselineTracker
from neurofeedback.estimation.confidence import confidence, model_trust
from neurofeedback.estimation.drowsiness import DrowsinessFlag
from neurofeedback.estimation.index import IndexSmoother, IndexWeights, fit_scale, shrunk_correlation, weighted_sum
from neurofeedback.estimation.states import StateMachine
from neurofeedback.estimation.zscore import bounded_zscore, spread_floors
from neurofeedback.processing.features import FEATURES
from neurofeedback.settings import Settings
from neurofeedback.settings.estimation import IndexSettings
from neurofeedback.settings.load import available, load_evidence
from neurofeedback.types import State

SETTINGS = Settings()
HOP_S = 0.25
NAN = math.nan
CORRELATION = np.array([[1.0, 0.4, -0.2], [0.4, 1.0, 0.1], [-0.2, 0.1, 1.0]])
MU = np.array([0.35, 0.1, -0.35])


def test_weights_are_the_inverse_correlation_times_mu_with_unit_variance() -> None:
    w = IndexWeights(MU, CORRELATION, 0.5).for_available(np.ones(3, dtype=bool))
    assert w is not None
    assert w @ CORRELATION @ w == pytest.approx(1.0)
    np.testing.assert_allclose(w / np.linalg.norm(w), (v := np.linalg.solve(CORRELATION, MU)) / np.linalg.norm(v))


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_frame_needs_half_of_the_profile_s_information(available: list[bool]) -> None:
    at = np.array(available)
    r = CORRELATION[np.ix_(at, at)]
    share = (MU[at] @ np.linalg.solve(r, MU[at])) / (MU @ np.linalg.solve(CORRELATION, MU)) if at.any() else 0.0
    w = IndexWeights(MU, CORRELATION, 0.5).for_available(at)
    assert (w is not None) == (share >= 0.5)
    if w is not None:
        assert (w[~at] == 0).all()
        assert math.isfinite(weighted_sum(np.where(at, 1.0, NAN), IndexWeights(MU, CORRELATION, 0.5)))
    else:
        assert math.isnan(weighted_sum(np.where(at, 1.0, NAN), IndexWeights(MU, CORRELATION, 0.5)))


def test_profile_without_expectations_has_no_index() -> None:
    assert IndexWeights(np.zeros(2), np.eye(2), 0.5).for_available(np.ones(2, dtype=bool)) is None


@pytest.mark.parametrize("name", available("evidence"))
def test_every_shipped_profile_needs_no_feature_of_zero_weight(name: str) -> None:
    mu = np.array(load_evidence(name).mu)
    weights = IndexWeights(mu, np.eye(len(mu)), 0.5)
    assert weights.for_available(mu != 0) is not None


def test_the_correlation_is_shrunk_by_half_and_needs_enough_frames() -> None:
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal(np.zeros(3), CORRELATION, size=4000)
    z[:100, 0] = NAN
    np.testing.assert_allclose(shrunk_correlation(z, 0.5), 0.5 * CORRELATION + 0.5 * np.eye(3), atol=0.03)
    assert (shrunk_correlation(z[95:106], 0.5) == np.eye(3)).all()


def test_constant_feature_has_zero_correlation() -> None:
    z = np.random.default_rng(0).normal(size=(50, 2))
    z[:, 1] = 3.0
    np.testing.assert_allclose(shrunk_correlation(z, 0.5)[0, 1], 0.0, atol=1e-12)


def smooth(raws: list[float], **changed: float) -> list[float]:
    smoother = IndexSmoother(IndexSettings(**changed), HOP_S, start=0.0)
    return [smoother.update(raw) for raw in raws]


def test_the_index_reaches_63_percent_after_its_time_constant() -> None:
    assert smooth([1.0] * 16)[-1] == pytest.approx(1 - math.exp(-1))


def test_without_smoothing_the_index_is_the_raw_one() -> None:
    assert smooth([1.0, -2.0, 3.0], smoothing_s=0.0) == [1.0, -2.0, 3.0]


def test_without_a_start_the_first_valid_frame_is_the_start() -> None:
    smoother = IndexSmoother(IndexSettings(), HOP_S)
    assert math.isnan(smoother.update(NAN))
    assert smoother.update(2.0) == 2.0


def test_at_the_onset_of_bad_signal_it_steps_back_three_quarters_of_a_second_and_holds() -> None:
    values = smooth([1.0] * 8 + [NAN] * 6 + [1.0])
    assert values[8:14] == [values[5]] * 6
    assert values[14] > values[13]


def test_lost_samples_have_not_leaked_so_it_holds_where_it_is() -> None:
    smoother = IndexSmoother(IndexSettings(), HOP_S, start=0.0)
    valid = [smoother.update(1.0) for _ in range(8)]
    assert [smoother.update(NAN, gap=True) for _ in range(3)] == [valid[-1]] * 3
    assert smoother.update(NAN) == valid[-1]  # the onset is over


def test_rollback_before_any_valid_frame_gives_no_index() -> None:
    assert smooth([NAN, NAN, 1.0, NAN]) == [0.0, 0.0, pytest.approx(1 - math.exp(-1 / 16)), 0.0]


def test_the_scale_averages_the_measured_spread_with_the_expected_one() -> None:
    values = np.random.default_rng(0).normal(2.0, 0.6, size=20_000)
    scale = fit_scale(values, 0.65, 0.38)
    assert scale.middle == pytest.approx(2.0, abs=0.02)
    assert scale.spread == pytest.approx(math.sqrt(0.5 * 0.38**2 + 0.5 * 0.6**2), abs=0.01)
    assert scale.u(scale.quantile) == pytest.approx(0.385 * 0.6 / scale.spread, abs=0.03)
    assert scale.u(scale.middle) == 0.0


@given(st.floats(-100, 100))
def test_z_scores_are_bent_towards_four_and_change_sign_with_the_feature(distance: float) -> None:
    z = bounded_zscore(np.array([distance]), np.array([1.0]), SETTINGS.baseline)[0]
    assert abs(z) <= 4.0
    assert z == -bounded_zscore(np.array([-distance]), np.array([1.0]), SETTINGS.baseline)[0]
    if abs(distance) < 0.5:
        assert z == pytest.approx(distance, rel=0.01, abs=1e-12)


def test_every_feature_has_a_lowest_spread() -> None:
    floors = dict(zip(FEATURES, spread_floors(SETTINGS.baseline), strict=True))
    assert (floors["theta_frontal"], floors["alpha_posterior"], floors["beta_all"]) == (0.30, 0.40, 0.15)
    assert floors["chi_all"] == 0.12


def tracker() -> BaselineTracker:
    return BaselineTracker(np.zeros(2), np.array([0.5, 0.5]), SETTINGS.baseline, HOP_S)


def test_tracking_moves_half_of_the_way_in_its_half_life() -> None:
    tracked = tracker()
    for _ in range(2400):
        tracked.update(np.array([0.4, 0.0]), learn=True)
    z = tracked.update(np.array([0.4, 0.0]), learn=False)
    assert z[0] == pytest.approx(4 * math.tanh(0.5 * 0.4 / 0.5 / 4), rel=0.01)
    assert z[1] == 0.0


@pytest.mark.long
def test_tracking_never_moves_further_than_one_spread() -> None:
    tracked = tracker()
    for _ in range(100_000 // 4):
        tracked.update(np.array([0.9, -0.9]), learn=True)
    z = tracked.update(np.zeros(2), learn=False)
    np.testing.assert_allclose(z, 4 * np.tanh(np.array([-1.0, 1.0]) / 4), rtol=1e-6)


@pytest.mark.parametrize("deviation", [NAN, 5.0])
def test_baseline_tracking_ignores_outliers_and_missing_features(deviation: float) -> None:
    tracked = tracker()
    for _ in range(1000):
        tracked.update(np.array([deviation, 0.0]), learn=True)
    assert tracked.update(np.zeros(2), learn=False)[0] == 0.0


def test_tracking_judges_before_it_learns_and_learns_only_when_asked() -> None:
    tracked = tracker()
    first = tracked.update(np.array([0.4, 0.0]), learn=True)[0]
    assert first == pytest.approx(4 * math.tanh(0.8 / 4))
    for _ in range(1000):
        tracked.update(np.array([0.4, 0.4]), learn=False)
    assert tracked.update(np.array([0.4, 0.0]), learn=False)[0] == pytest.approx(first, rel=1e-3)


def states(frames: list[tuple[float, bool, bool, bool]]) -> list[State]:
    """Push (u, valid, usable, lost) with the threshold at 0."""
    machine = StateMachine(SETTINGS.threshold, SETTINGS.confidence, HOP_S)
    return [machine.update(u, 0.0, valid=valid, usable=usable, lost=lost) for u, valid, usable, lost in frames]


def good(u: float, n: int) -> list[tuple[float, bool, bool, bool]]:
    return [(u, True, True, False)] * n


def bad(n: int, *, usable: bool = True, lost: bool = False) -> list[tuple[float, bool, bool, bool]]:
    return [(NAN, False, usable, lost)] * n


def test_it_is_unknown_until_the_first_valid_frame() -> None:
    assert states(bad(3) + good(0.0, 1)) == [State.UNKNOWN] * 3 + [State.FOCUS]


def test_wandering_begins_after_two_seconds_above_and_ends_after_two_seconds_below() -> None:
    out = states(good(0.3, 10) + good(-0.3, 10))
    assert out == [State.FOCUS] * 7 + [State.WANDER] * 10 + [State.FOCUS] * 3


def test_state_does_not_change_within_the_hysteresis() -> None:
    assert set(states(good(0.24, 40))) == {State.FOCUS}
    assert set(states(good(0.3, 8) + good(-0.24, 40))[7:]) == {State.WANDER}


def test_a_dwell_that_is_broken_begins_again() -> None:
    assert set(states((good(0.3, 7) + good(0.0, 1)) * 5)) == {State.FOCUS}


def test_two_seconds_without_a_valid_frame_are_unknown() -> None:
    assert states(good(0.0, 4) + bad(9) + good(0.0, 1)) == ([State.FOCUS] * 11 + [State.UNKNOWN] * 2 + [State.FOCUS])


def test_without_usable_signal_it_is_unknown_at_once_and_lost_comes_first() -> None:
    assert states(good(0.0, 4) + bad(1, usable=False) + bad(1, usable=False, lost=True))[4:] == [
        State.UNKNOWN,
        State.LOST,
    ]


def test_invalid_frames_neither_prolong_nor_break_a_dwell() -> None:
    assert states(good(0.3, 4) + bad(3) + good(0.3, 4))[-1] is State.WANDER
    assert states(good(0.3, 4) + bad(40, lost=True) + good(0.3, 3))[-1] is State.FOCUS


def drowsy(frames: list[tuple[float, float, float]]) -> list[bool]:
    flag = DrowsinessFlag(SETTINGS.drowsiness, HOP_S)
    return [flag.update(*frame) for frame in frames]


def test_drowsiness_needs_twenty_seconds_of_little_alpha_and_much_slow_power() -> None:
    out = drowsy([(-1.2, 1.2, 1.4)] * 90)
    assert out == [False] * 79 + [True] * 11


@pytest.mark.parametrize("frame", [(-1.2, 0.9, 0.9), (-0.9, 1.5, 1.5)])
def test_either_sign_alone_is_not_drowsiness(frame: tuple[float, float, float]) -> None:
    assert not any(drowsy([frame] * 120))


def test_drowsiness_averages_rather_than_demanding_every_frame_and_skips_what_is_missing() -> None:
    flicker = [(-3.0, 3.0, 3.0), (0.5, -0.5, -0.5), (NAN, 9.0, 9.0)] * 60
    assert drowsy(flicker)[-1]


def test_confidence_is_signal_times_baseline_times_trust_in_the_model() -> None:
    assert confidence(1.0, 1.0, model_trust(None, 0.3, SETTINGS.confidence)) == pytest.approx(0.3)
    assert confidence(0.5, 0.5, 0.3) == pytest.approx(0.075)
    assert confidence(0.0, 1.0, 0.3) == 0.0
