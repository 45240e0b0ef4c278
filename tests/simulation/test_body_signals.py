"""Simulated pulse sensor and accelerometer: their truth, and what disturbs them."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.simulation.body_signals import ACCEL_SFREQ, PULSE_SFREQ, BodyState, simulate_body


def test_beats_and_breaths_have_the_rates_asked_for():
    signals = simulate_body(600.0, BodyState(heart_rate=58, breath_rate=11), seed=1)
    assert signals.true_rate(signals.beats_s, 0, 600) == pytest.approx(58, rel=0.02)
    assert signals.true_rate(signals.breaths_s, 0, 600) == pytest.approx(11, rel=0.05)
    assert signals.pulse.shape == (1, 600 * PULSE_SFREQ)
    assert signals.accel.shape == (3, 600 * ACCEL_SFREQ)


def test_movement_and_steps_reach_both_sensors():
    calm, moving, walking = (
        simulate_body(60.0, BodyState(moving_share=share, walking=walks), seed=2)
        for share, walks in ((0.0, False), (1.0, False), (0.0, True))
    )
    for other in (moving, walking):
        assert np.std(other.pulse) > 2 * np.std(calm.pulse)
        assert np.std(other.accel[2]) > 10 * np.std(calm.accel[2])
