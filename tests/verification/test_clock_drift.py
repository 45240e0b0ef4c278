"""Sample counts against clocks: drift within its interval, jumps found at their place, bursts forgiven."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import theilslopes

from neurofeedback.verification.clock_drift import fit_clock

SFREQ = 256.0


def readings(seconds: float, ppm: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Packets of 12 samples from a device that runs ``ppm`` fast, each 5 to 40 ms late."""
    stops = np.arange(12, round(seconds * SFREQ) + 1, 12)
    late = np.random.default_rng(seed).uniform(0.005, 0.040, stops.size)
    return stops, np.maximum.accumulate(1000.0 + stops / SFREQ / (1 + 1e-6 * ppm) + late)


@pytest.mark.parametrize("ppm", [-400.0, -30.0, 0.0, 95.0, 1300.0])
@pytest.mark.parametrize("seconds", [30.0, 600.0, 5400.0])
def test_drift_is_found_and_its_interval_shrinks_with_time(ppm: float, seconds: float) -> None:
    fit = fit_clock(*readings(seconds, ppm), SFREQ)
    assert fit
    assert fit.drift
    assert fit.drift.low <= fit.drift.ppm <= fit.drift.high
    assert fit.drift.ppm == pytest.approx(ppm, abs=4000 / seconds)
    assert fit.drift.high - fit.drift.low < 5000 / seconds
    assert 25 < fit.jitter_ms < 40
    assert fit.jumps == ()


def test_interval_has_its_coverage() -> None:
    fits = [fit_clock(*readings(60.0, 95.0, seed), SFREQ) for seed in range(60)]
    held = [fit.drift.low <= 95.0 <= fit.drift.high for fit in fits if fit and fit.drift]
    assert sum(held) >= 50


@pytest.mark.parametrize("seconds", [0.1, 0.5, 6.0, -0.5])
@pytest.mark.parametrize("at_s", [10.0, 60.0, 110.0])
def test_jump_is_found_at_its_sample(seconds: float, at_s: float) -> None:
    stops, times = readings(120.0, 50.0)
    times[stops > at_s * SFREQ] += seconds
    fit = fit_clock(stops, times, SFREQ)
    assert fit
    (jump,) = fit.jumps
    assert jump.sample / SFREQ == pytest.approx(at_s, abs=1.1)
    assert jump.seconds == pytest.approx(seconds, abs=0.05)
    assert fit.drift
    assert fit.drift.ppm == pytest.approx(50, abs=80)


@pytest.mark.parametrize("at_s", [0.0, 20.0, 56.0])
def test_burst_that_catches_up_is_not_a_jump(at_s: float) -> None:
    stops, times = readings(60.0)
    held = (times > times[0] + at_s) & (times < times[0] + at_s + 6.0)
    times[held] = times[held].max()
    fit = fit_clock(stops, times, SFREQ)
    assert fit
    assert [jump for jump in fit.jumps if abs(jump.seconds) > 0.1] == []
    assert fit.max_late_ms > 2000


def test_restarted_device_clock_does_not_change_drift() -> None:
    stops, times = readings(120.0, 95.0)
    times[stops > 80 * SFREQ] -= 1080.0
    fit = fit_clock(stops, times, SFREQ)
    assert fit
    assert fit.drift
    assert fit.drift.ppm == pytest.approx(95, abs=60)


def test_readings_without_time_are_left_out() -> None:
    stops, times = readings(60.0, 95.0)
    times[::3] = np.nan
    fit = fit_clock(stops, times, SFREQ)
    assert fit
    assert fit.drift
    assert fit.drift.ppm == pytest.approx(95, abs=80)
    assert fit_clock(stops, np.full(times.size, np.nan), SFREQ) is None


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.5])
def test_short_recording_has_no_fit(seconds: float) -> None:
    assert fit_clock(*readings(seconds), SFREQ) is None


def test_ratio_is_the_clock_s_time_over_the_samples_time() -> None:
    stops = np.arange(0, 60 * 256 + 1, 32)
    fit = fit_clock(stops, 7.0 + stops / SFREQ * 1.25, SFREQ)
    assert fit
    assert fit.ratio == pytest.approx(1.25)


@pytest.mark.parametrize("late_for_s", [0.9, 1.5, 2.0])
def test_a_start_that_is_late_for_a_second_or_two_does_not_change_the_ratio(late_for_s: float) -> None:
    """As on a busy machine: all readings of the first second are late, then the program catches up."""
    stops, times = readings(20.0)
    late = stops < late_for_s * SFREQ
    times[late] = np.minimum(times[late] + 0.35, times[~late][0])
    fit = fit_clock(stops, times, SFREQ)
    assert fit
    assert fit.ratio == pytest.approx(1, abs=0.003)


@pytest.mark.parametrize("at_s", [0.5, 1.5, 2.5])
def test_samples_that_are_missing_at_the_start_change_the_ratio(at_s: float) -> None:
    stops, times = readings(20.0)
    times[stops > at_s * SFREQ] += 1.0
    fit = fit_clock(stops, times, SFREQ)
    assert fit
    assert fit.ratio == pytest.approx(1 + 1 / 20, abs=0.005)


def test_few_seconds_have_a_fit_without_drift() -> None:
    fit = fit_clock(*readings(4.0), SFREQ)
    assert fit
    assert fit.drift is None


def test_stopped_clock_has_no_drift() -> None:
    stops, times = readings(60.0)
    fit = fit_clock(stops, np.full(times.size, 5.0), SFREQ)
    assert fit
    assert fit.drift is None
    assert fit.ratio == 0.0


@given(shift=st.floats(-1e9, 1e9), scale=st.sampled_from([0.25, 0.5, 2.0]))
def test_fit_does_not_depend_on_epoch_or_rate(shift: float, scale: float) -> None:
    stops, times = readings(30.0, 95.0)
    fit, other = fit_clock(stops, times, SFREQ), fit_clock(stops, shift + times / scale, SFREQ * scale)
    assert fit
    assert fit.drift
    assert other
    assert other.drift
    assert other.drift.ppm == pytest.approx(fit.drift.ppm, abs=60)


@pytest.mark.parametrize("digits", [1, 9])
def test_drift_and_its_interval_are_those_of_the_theil_sen_estimator(digits: int) -> None:
    stops = np.arange(1, 121) * 256  # one reading a second, so that each is the earliest of its block
    delay = np.round(np.random.default_rng(digits).normal(0, 0.2, stops.size), digits) * 0.01
    times = 5.0 + (stops - 256) / 256 + delay
    fit = fit_clock(stops, times, 256.0)
    assert fit is not None
    assert fit.drift is not None

    expected = theilslopes(delay, (stops - 256) / 256)
    ppm = [1e6 * (1 / (1 + one) - 1) for one in (expected.slope, expected.high_slope, expected.low_slope)]
    assert [fit.drift.ppm, fit.drift.low, fit.drift.high] == pytest.approx(ppm, abs=0.5)
