"""Stamps of samples: they follow the count of samples, whatever the arrivals do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.session.outputs.sample_clock import SampleClock

SFREQ = 256.0


@given(
    sizes=st.lists(st.integers(1, 400), min_size=2, max_size=80),
    delays_s=st.lists(st.floats(0, 3.0), min_size=80, max_size=80),
)
def test_sample_stamps_never_go_back_and_keep_nearly_the_rate(sizes: list[int], delays_s: list[float]) -> None:
    clock, stop, stamps = SampleClock(SFREQ), 0, []
    assert clock.time_of(0) is None
    for size, delay_s in zip(sizes, delays_s, strict=False):
        stop += size
        stamps.append(clock.stamps(stop - size, stop, 1000.0 + stop / SFREQ + delay_s))
    steps = SFREQ * np.diff(np.concatenate(stamps).astype(np.float64))
    assert np.all((steps > 0.9) & (steps < 1.1))
    assert clock.time_of(stop) == pytest.approx(stamps[-1][-1] + 1 / SFREQ)


@pytest.mark.parametrize("drift", [-1e-4, 0.0, 1e-4])
def test_sample_stamps_stay_within_5_ms_of_their_line_when_bluetooth_delivers_in_bursts(drift: float) -> None:
    clock, rng, arrival_s = SampleClock(SFREQ), np.random.default_rng(3), 0.0
    stamps = []
    for stop in range(12, 120 * 256, 12):
        true_s = stop / SFREQ * (1 + drift)
        arrival_s = max(arrival_s, true_s + rng.exponential(0.015) + (0.4 if rng.random() < 0.01 else 0.0))
        stamps.append(clock.stamps(stop - 12, stop, arrival_s))
    found = np.concatenate(stamps)[30 * 256 :]
    line = np.polynomial.Polynomial.fit(np.arange(found.size), found, 1)(np.arange(found.size))
    assert np.abs(found - line).max() < 5e-3
