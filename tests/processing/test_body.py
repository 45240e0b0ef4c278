"""Heart, breath and stillness against simulated signals of known rates: right where called good, else no number."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.emulators.muse_sensors import (
    G_PER_COUNT,
    MOTION_BLOCK,
    MOTION_SFREQ,
    PULSE_BLOCK,
    PULSE_SFREQ,
    motion_counts,
    pulse_counts,
)
from neurofeedback.processing.body.breath import Acceleration, measure_breath
from neurofeedback.processing.body.heart import Beats, HeartMeasures, measure_heart, pulse_variability
from neurofeedback.processing.body.live import UPDATE_S, BodyMonitor, LiveBody
from neurofeedback.processing.body.motion import Motion, measure_motion
from neurofeedback.processing.body.rhythm import (
    PoorReason,
    RateWindow,
    fill_missing,
    find_rhythm,
    peak_offset,
)
from neurofeedback.simulation.body_signals import ACCEL_SFREQ, BodySignals, BodyState, simulate_body
from neurofeedback.types import AuxChunk

MINUTES_S = 240.0
NAN = float("nan")


def motion_of(signals: BodySignals) -> Motion:
    motion = measure_motion(signals.accel, None, ACCEL_SFREQ, 0.0)
    assert motion is not None
    return motion


def heart_of(signals: BodySignals) -> HeartMeasures:
    heart = measure_heart(signals.pulse, PULSE_SFREQ, 0.0, motion_of(signals))
    assert heart is not None
    return heart


def breath_of(signals: BodySignals, *, tilt: bool = True, pulse: bool = True) -> tuple[RateWindow, ...]:
    acceleration = Acceleration(signals.accel, ACCEL_SFREQ, 0.0) if tilt else None
    return measure_breath(acceleration, motion_of(signals), heart_of(signals) if pulse else None)


def check_windows(windows: tuple[RateWindow, ...], signals: BodySignals, times_s: np.ndarray) -> float:
    """Check each good window against the truth, and return the share of good ones."""
    good = [window for window in windows if window.good]
    missed = [abs(one.rate - signals.true_rate(times_s, one.start_s, one.stop_s)) for one in good]
    assert all(error <= 2 for error in missed)
    inside = [error <= one.half_width for error, one in zip(missed, good, strict=True)]
    assert not good or np.mean(inside) >= 0.9
    assert all(np.isnan(window.rate) and np.isnan(window.half_width) for window in windows if not window.good)
    return len(good) / len(windows)


@pytest.mark.parametrize(
    ("heart_rate", "breath_rate", "noise", "moving"),
    [(48, 6, 0.05, 0.0), (66, 13, 0.1, 0.1), (95, 18, 0.2, 0.2), (130, 10, 0.3, 0.0), (72, 15, 0.6, 0.1)],
)
def test_heart_rate_is_right_where_it_is_called_good(heart_rate, breath_rate, noise, moving):
    signals = simulate_body(MINUTES_S, BodyState(heart_rate, breath_rate, noise, moving), seed=heart_rate)
    check_windows(heart_of(signals).windows, signals, signals.beats_s)


@pytest.mark.parametrize(
    ("breath_rate", "noise", "moving"), [(5, 0.05, 0.0), (6, 0.1, 0.05), (12, 0.2, 0.05), (18, 0.1, 0.0)]
)
@pytest.mark.parametrize("sensors", [{"pulse": False}, {"tilt": False}, {}])
def test_breath_rate_is_right_where_it_is_called_good(breath_rate, noise, moving, sensors):
    signals = simulate_body(MINUTES_S, BodyState(70, breath_rate, noise, moving), seed=breath_rate)
    check_windows(breath_of(signals, **sensors), signals, signals.breaths_s)


def test_the_share_called_good_falls_with_noise():
    shares = []
    for noise in (0.05, 0.3, 0.6, 1.5):
        signals = simulate_body(MINUTES_S, BodyState(noise=noise), seed=3)
        shares.append(check_windows(heart_of(signals).windows, signals, signals.beats_s))
    assert shares[0] >= 0.9
    assert shares[-1] <= 0.1
    assert shares == sorted(shares, reverse=True)


def test_the_share_called_good_falls_with_movement():
    hearts, breaths, still = [], [], []
    for moving in (0.0, 0.2, 0.9):
        signals = simulate_body(MINUTES_S, BodyState(moving_share=moving), seed=5)
        hearts.append(check_windows(heart_of(signals).windows, signals, signals.beats_s))
        breaths.append(check_windows(breath_of(signals), signals, signals.breaths_s))
        still.append(motion_of(signals).still_share(0.0, MINUTES_S))
    assert hearts == sorted(hearts, reverse=True)
    assert breaths == sorted(breaths, reverse=True)
    assert hearts[0] >= 0.9
    assert breaths[0] >= 0.8
    assert hearts[-1] == breaths[-1] == 0
    assert still == pytest.approx([1.0, 0.8, 0.1], abs=0.12)


def test_walking_gives_no_number():
    signals = simulate_body(MINUTES_S, BodyState(walking=True), seed=7)
    assert {window.reason for window in heart_of(signals).windows} == {PoorReason.MOTION}
    assert {window.reason for window in breath_of(signals)} == {PoorReason.MOTION}
    assert motion_of(signals).still_share(0.0, MINUTES_S) == 0


def test_a_sensor_without_skin_gives_no_heart_rate():
    noise = 200_000 + 300 * np.random.default_rng(1).standard_normal((2, 15360))
    drifting = 200_000 + np.cumsum(noise[:1] - 200_000, axis=1)
    for data in (noise, drifting):
        heart = measure_heart(data, PULSE_SFREQ)
        assert heart is not None
        assert {window.reason for window in heart.windows} == {PoorReason.NO_RHYTHM}
        assert {window.reason for window in measure_breath(None, None, heart)} == {PoorReason.NO_RHYTHM}


@pytest.mark.parametrize("limit", [-0.3, 0.3])
def test_saturated_light_gives_no_heart_rate(limit):
    pulse = simulate_body(MINUTES_S, BodyState(), seed=9).pulse
    clip = np.minimum if limit > 0 else np.maximum
    level = pulse.mean() - limit * pulse.std()
    heart = measure_heart(clip(pulse, level), PULSE_SFREQ)
    assert heart is not None
    assert {window.reason for window in heart.windows} == {PoorReason.SATURATED}


def test_missing_samples_are_bridged_until_there_are_too_many():
    signals = simulate_body(120.0, BodyState(), seed=11)
    pulse = signals.pulse.copy()
    pulse[:, 64 * 3 : 64 * 3 + 6] = NAN  # a lost packet
    pulse[:, 64 * 40 : 64 * 45] = NAN
    heart = measure_heart(pulse, PULSE_SFREQ)
    assert heart is not None
    assert [window.reason for window in heart.windows] == [None, None, PoorReason.GAPS, None, None, None]
    accel = signals.accel.copy()
    accel[1, 52 * 20 : 52 * 40] = NAN
    first, *_, last = measure_breath(Acceleration(accel, ACCEL_SFREQ, 0.0), None, None)
    assert (first.reason, last.reason) == (PoorReason.GAPS, None)


def test_the_clearest_of_many_channels_is_used():
    signals = simulate_body(120.0, BodyState(), seed=13)
    rng = np.random.default_rng(2)
    poor = signals.pulse + 1500 * rng.standard_normal(signals.pulse.shape)
    dark = np.zeros_like(poor)
    heart = measure_heart(np.vstack([poor, dark, 2 - signals.pulse]), PULSE_SFREQ)
    assert heart is not None
    assert heart.channel == 2
    check_windows(heart.windows, signals, signals.beats_s)


def test_the_emulated_muse_has_the_rates_that_its_emulator_sends():
    pulse = np.concatenate([pulse_counts(n * PULSE_BLOCK) for n in range(1600)], axis=1).astype(float)
    pairs = [motion_counts(n * MOTION_BLOCK) for n in range(3000)]
    accel = np.asarray(np.concatenate([accel for accel, _ in pairs]).T * G_PER_COUNT, np.float64)
    motion = measure_motion(accel, None, MOTION_SFREQ, 0.0)
    heart = measure_heart(pulse, PULSE_SFREQ, 0.0, motion)
    assert heart is not None
    assert [round(window.rate, 1) for window in heart.windows] == [66.0] * 7
    breath = measure_breath(Acceleration(accel, MOTION_SFREQ, 0.0), motion, heart)
    assert [round(window.rate, 1) for window in breath] == [6.0] * 4


def test_short_stretches_have_no_windows():
    signals = simulate_body(30.0, BodyState(), seed=1)
    assert measure_heart(signals.pulse[:, :1000], PULSE_SFREQ) is None
    assert measure_motion(signals.accel[:, :60], None, ACCEL_SFREQ, 0.0) is None
    assert measure_breath(Acceleration(signals.accel, ACCEL_SFREQ, 0.0), None, None) == ()
    assert measure_breath(None, None, heart_of(signals)) == ()
    assert measure_breath(None, None, None) == ()


def test_a_dead_or_turning_sensor_is_not_called_still():
    n = round(10 * ACCEL_SFREQ)
    upright = np.array([[0.0], [0.0], [1.0]]) * np.ones(n)
    dead = measure_motion(0 * upright, None, ACCEL_SFREQ, 5.0)
    assert dead is not None
    assert dead.still_share(0.0, 20.0) is None
    half = upright.copy()
    half[:, : n // 2] = NAN
    known = measure_motion(half, None, ACCEL_SFREQ, 0.0)
    assert known is not None
    assert known.still_share(0.0, 4.0) is None
    assert known.still_share(0.0, 10.0) == 1.0
    turning = np.where(np.arange(n) < n // 4, 20.0, 0.0) * np.ones((3, 1)) + 3.0
    turned = measure_motion(upright, turning, ACCEL_SFREQ, 0.0)
    assert turned is not None
    assert turned.still_share(0.0, 10.0) == pytest.approx(0.7, abs=0.01)


def test_sensors_that_contradict_each_other_give_no_breath_rate():
    one = simulate_body(MINUTES_S, BodyState(breath_rate=8), seed=15)
    other = simulate_body(MINUTES_S, BodyState(breath_rate=14), seed=16)
    heart = heart_of(other)
    windows = measure_breath(Acceleration(one.accel, ACCEL_SFREQ, 0.0), motion_of(one), heart)
    by_pulse = measure_breath(None, None, heart)
    both = [window.reason for window, pulse in zip(windows, by_pulse, strict=True) if pulse.good]
    assert both
    assert set(both) == {PoorReason.NO_RHYTHM}


def test_the_pulse_helps_out_where_the_tilt_is_unclear_but_never_while_moving():
    signals = simulate_body(MINUTES_S, BodyState(), seed=17)
    blurred = signals.accel + 0.015 * np.random.default_rng(3).standard_normal(signals.accel.shape)
    acceleration, heart = Acceleration(blurred, ACCEL_SFREQ, 0.0), heart_of(signals)
    alone = measure_breath(acceleration, None, None)
    helped = measure_breath(acceleration, None, heart)
    assert sum(one.good for one in helped) > sum(one.good for one in alone)
    moving = Motion(0.0, np.full(240, 0.1), np.zeros(240, bool))
    assert {one.reason for one in measure_breath(acceleration, moving, heart)} == {PoorReason.MOTION}


def test_a_breath_that_is_held_in_between_gives_no_rate():
    times_s = np.arange(round(61 * ACCEL_SFREQ)) / ACCEL_SFREQ
    tilt = 0.02 * np.sin(2 * np.pi * times_s / 4.0)
    held = np.where((times_s >= 24) & (times_s < 36), 0.0, tilt)
    even, broken = (
        measure_breath(Acceleration(np.array([axis, axis, 1.0 - axis]), ACCEL_SFREQ, 0.0), None, None)
        for axis in (tilt, held)
    )
    assert even[0].rate == pytest.approx(15.0, abs=0.2)
    assert broken[0].reason is PoorReason.NO_RHYTHM


def test_variability_is_that_of_the_beats():
    rng = np.random.default_rng(4)
    rmssd, windows = 0.042, []
    for start in range(0, 400, 20):
        intervals = 0.9 + rmssd / np.sqrt(2) * rng.standard_normal(21)
        windows.append(Beats(start + np.cumsum(intervals), np.ones(21), np.ones(21)))
    found = pulse_variability(windows)
    assert found is not None
    assert found.low_ms < 42 < found.high_ms
    assert found.rmssd_ms == pytest.approx(42, rel=0.15)
    assert found.n_windows == 20
    assert pulse_variability(windows[:5]) is None
    uneven = Beats(np.cumsum(np.tile([0.5, 1.5], 10)), np.ones(20), np.ones(20))
    assert pulse_variability([uneven] * 8) is None


def test_variability_of_the_pulse_sensor_is_near_that_of_the_beats():
    signals = simulate_body(MINUTES_S, BodyState(noise=0.02), seed=19)
    heart = heart_of(signals)
    found = pulse_variability([beats for beats in heart.beats if beats is not None])
    inside = signals.beats_s[(signals.beats_s > 0) & (signals.beats_s < MINUTES_S)]
    truth = 1000 * np.sqrt(np.mean(np.diff(inside, 2) ** 2))
    assert found is not None
    assert found.rmssd_ms == pytest.approx(truth, rel=0.25)


def test_a_rhythm_needs_power_a_range_and_a_peak():
    assert find_rhythm(np.ones(100), 10.0, 1.0, 4.0) is None
    assert find_rhythm(np.arange(100.0), 10.0, 1.0, 1.1) is None
    assert find_rhythm(np.arange(1000.0), 10.0, 1.0, 4.0) is None
    assert peak_offset(np.array([1.0, 1.0, 1.0]), 1) == 0


def test_missing_samples_are_filled_by_straight_lines():
    assert fill_missing(np.array([1.0, NAN, 3.0])).tolist() == [1, 2, 3]
    assert fill_missing(np.full(2, NAN)).tolist() == [0, 0]


def test_irregular_pulses_are_not_good():
    n = 1280
    beats = np.cumsum(np.tile([35, 100], 10))
    pulse = np.exp(-0.5 * ((np.arange(n)[:, None] - beats) / 6) ** 2).sum(axis=1)
    heart = measure_heart(200_000 - 1000 * pulse[None], PULSE_SFREQ)
    assert heart is not None
    assert [window.reason for window in heart.windows] == [PoorReason.NO_RHYTHM]


def aux(label: str, sfreq: float, names: tuple[str, ...], data: np.ndarray, first: int = 0) -> AuxChunk:
    return AuxChunk(label, sfreq, names, ("n/a",) * len(names), 0.5, first, data.astype(np.float32))


def test_the_live_monitor_follows_the_last_minute():
    signals = simulate_body(150.0, BodyState(heart_rate=75, breath_rate=12), seed=21)
    monitor = BodyMonitor()
    monitor.update([])
    assert monitor.latest == LiveBody()
    seen = []
    for second in range(150):
        pulse = signals.pulse[:, 64 * second : 64 * (second + 1)]
        accel = signals.accel[:, 52 * second : 52 * (second + 1)]
        monitor.update(
            [
                aux("battery", 64.0, ("battery",), pulse),
                aux("ppg", 1.0, ("ppg",), pulse),
                aux("ppg", 64.0, ("ppg_1",), pulse, 64 * second),
                aux("motion", 52.0, ("accel_x", "accel_y", "accel_z"), accel, 52 * second),
            ]
        )
        seen.append(monitor.latest)
    assert seen[10].heart is seen[40].breath is None
    last = seen[-1]
    assert last.heart is not None
    assert last.breath is not None
    assert last.heart.rate == pytest.approx(signals.true_rate(signals.beats_s, 130, 150), abs=2)
    assert last.breath.rate == pytest.approx(signals.true_rate(signals.breaths_s, 90, 150), abs=2)
    assert last.heart.stop_s == pytest.approx(150.5, abs=UPDATE_S)
    assert last.still_share == 1.0
    assert len({id(one) for one in seen}) == pytest.approx(150 / UPDATE_S, abs=2)


def test_a_board_without_a_pulse_sensor_or_without_acceleration_has_no_such_rate():
    accel = simulate_body(65.0, BodyState(), seed=1).accel
    monitor = BodyMonitor()
    monitor.update([aux("motion", 52.0, ("accel_x", "accel_y", "accel_z"), accel)])
    assert monitor.latest.heart is None
    assert monitor.latest.breath is not None
    only_turning = BodyMonitor()
    only_turning.update([aux("motion", 52.0, ("gyro_x", "gyro_y", "gyro_z"), accel)])
    assert only_turning.latest == LiveBody()
    only_pulse = BodyMonitor()
    only_pulse.update([aux("ppg", 64.0, ("ppg_1",), simulate_body(25.0, BodyState(heart_rate=75), seed=1).pulse)])
    assert only_pulse.latest.heart is not None
    assert only_pulse.latest.still_share is None
