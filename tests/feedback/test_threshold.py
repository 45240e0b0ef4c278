"""Reward control: the rate aimed at, judging before learning, the bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.feedback.threshold import RewardThreshold
from neurofeedback.settings.estimation import ThresholdSettings


def smoothed(n: int, seed: int, drift: float = 0.0) -> np.ndarray:
    """Unit-variance index with a memory of 4 s, at 4 frames a second."""
    rng = np.random.default_rng(seed)
    keep = np.exp(-0.25 / 4)
    u = np.empty(n)
    u[0] = 0.0
    for k in range(1, n):
        u[k] = keep * u[k - 1] + np.sqrt(1 - keep**2) * rng.normal()
    return u + np.linspace(0, drift, n)


@pytest.mark.long
def test_t15_the_reward_rate_of_twenty_minutes_is_near_the_rate_aimed_at_in_nine_of_ten_sessions() -> None:
    rates = []
    for seed in range(20):
        threshold = RewardThreshold(0.4, ThresholdSettings(), 0.25)
        rates.append(np.mean([threshold.update(u, adapt=True) for u in smoothed(4800, seed, drift=1.0).tolist()]))
    assert np.mean([0.58 <= rate <= 0.72 for rate in rates]) >= 0.90
    assert np.mean(rates) == pytest.approx(0.65, abs=0.03)


def test_threshold_judges_before_it_adapts() -> None:
    threshold = RewardThreshold(0.0, ThresholdSettings(), 0.25)
    assert threshold.update(-1e-9, adapt=True) is True
    assert threshold.value < -1e-9  # after which the same index would have missed


def test_threshold_step_matches_the_documentation() -> None:
    threshold = RewardThreshold(0.0, ThresholdSettings(), 0.25)
    threshold.update(5.0, adapt=True)
    assert threshold.value == pytest.approx(0.25 / 90 * 3 * 0.65)
    threshold.update(-5.0, adapt=True)
    assert threshold.value == pytest.approx(0.25 / 90 * 3 * (0.65 - 0.35))


def test_threshold_is_constant_without_adaptation() -> None:
    threshold = RewardThreshold(0.3, ThresholdSettings(), 0.25)
    assert [threshold.update(u, adapt=False) for u in (0.2, 0.3, 0.4)] == [True, False, False]
    assert threshold.value == 0.3


def test_threshold_follows_a_new_target_rate() -> None:
    threshold = RewardThreshold(0.0, ThresholdSettings(), 0.25)
    threshold.target_rate = 0.3
    rewards = [threshold.update(u, adapt=True) for u in smoothed(9600, 0).tolist()]
    assert np.mean(rewards[2400:]) == pytest.approx(0.3, abs=0.05)


@given(st.lists(st.floats(-10, 10), max_size=300), st.floats(-2, 2))
def test_bounded_threshold_stays_within_one_spread(indices: list[float], start: float) -> None:
    threshold = RewardThreshold(start, ThresholdSettings(bounded=True, gain=10.0, time_constant_s=10.0), 0.25)
    for u in indices:
        threshold.update(u, adapt=True)
        assert abs(threshold.value - start) <= 1 + 1e-12


def test_free_threshold_has_no_bounds() -> None:
    threshold = RewardThreshold(0.0, ThresholdSettings(), 0.25)
    for _ in range(2000):
        threshold.update(9.0, adapt=True)
    assert threshold.value > 2
