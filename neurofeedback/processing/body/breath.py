"""Breath rate from the accelerometer of a headset, and from its pulse sensor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.processing.body.heart import Beats, HeartMeasures
from neurofeedback.processing.body.motion import Motion
from neurofeedback.processing.body.rhythm import (
    MAX_MISSING,
    MIN_HALF_WIDTH,
    Floats,
    PoorReason,
    RateWindow,
    band_pass,
    fill_missing,
    find_rhythm,
    mean_rate,
    peak_offset,
    window_starts,
)

WINDOW_S = 60.0
"""Length of a window, s: at least four breaths of the slowest rate."""

HOP_S = 30.0
"""Time from one window to the next, s."""

RATE_RANGE = (4.0, 30.0)
"""Lowest and highest breath rate that is recognized, a minute."""

MIN_STILL_SHARE = 0.9
"""Share of a window's seconds in which the head must be still."""

_BAND_HZ = (0.05, 0.7)
_SFREQ = 8.0
_MIN_STRENGTH = 0.5
_MAX_DIFFERENCE = 2.0
_MAX_CYCLE_RATIO = 3.0
_MIN_COVERED = 0.7
_MIN_DISTANCE, _MIN_PROMINENCE = 0.6, 0.5
_MIN_PULSE_STRENGTH = 0.4
_MAX_PULSE_SD = 2.0
_MAX_CONTRADICTION = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Acceleration:
    """Acceleration (g), shape (3, n_samples), its rate (Hz), and the time (s) of its first sample."""

    data: Floats
    sfreq: float
    start_s: float


def measure_breath(
    acceleration: Acceleration | None, motion: Motion | None, heart: HeartMeasures | None
) -> tuple[RateWindow, ...]:
    """Return the breath rate in overlapping windows, from the sensors that are there.

    Notes
    -----
    The accelerometer shows how a head tilts with each breath: the first principal component of its axes from 0.05 to
    0.7 Hz. A window is good if it is still, its autocorrelation has a peak of at least 0.5, and the rate by counted
    breaths agrees with it. The pulse shows the breath in its level, its height and its intervals (Karlen et al. 2013
    IEEE Trans Biomed Eng 60:1946): good if at least two of the three have a rhythm and they agree. Where both sensors
    are good, the accelerometer's rate counts, and sensors that contradict each other by 3 a minute give none.
    """
    by_tilt = () if acceleration is None else _tilt_windows(acceleration, motion)
    by_pulse = () if heart is None else _pulse_windows(heart)
    if not by_tilt or not by_pulse:
        return by_tilt or by_pulse
    nearest = {round(window.start_s / HOP_S): window for window in by_pulse}
    return tuple(_combine(window, nearest.get(round(window.start_s / HOP_S))) for window in by_tilt)


def _combine(tilt: RateWindow, pulse: RateWindow | None) -> RateWindow:
    if pulse is None or not pulse.good:
        return tilt
    if not tilt.good:
        return tilt if tilt.reason is PoorReason.MOTION else pulse
    if abs(tilt.rate - pulse.rate) > _MAX_CONTRADICTION:
        return RateWindow(tilt.start_s, tilt.stop_s, reason=PoorReason.NO_RHYTHM)
    return tilt


def _tilt_windows(acceleration: Acceleration, motion: Motion | None) -> tuple[RateWindow, ...]:
    data, sfreq = acceleration.data, acceleration.sfreq
    length, hop = round(WINDOW_S * sfreq), round(HOP_S * sfreq)
    starts = window_starts(data.shape[1], length, hop)
    if not starts:
        return ()
    slow = band_pass(np.array([fill_missing(axis) for axis in data]), sfreq, *_BAND_HZ)
    missing: NDArray[np.bool_] = np.isnan(data).sum(axis=0) > 0
    step = max(1, round(sfreq / _SFREQ))
    windows: list[RateWindow] = []
    for first in starts:
        cut = slice(first, first + length)
        at_s = acceleration.start_s + first / sfreq
        poor = RateWindow(at_s, at_s + WINDOW_S, reason=PoorReason.NO_RHYTHM)
        still = None if motion is None else motion.still_share(at_s, at_s + WINDOW_S)
        if missing[cut].mean() > MAX_MISSING:
            windows.append(replace(poor, reason=PoorReason.GAPS))
        elif still is not None and still < MIN_STILL_SHARE:
            windows.append(replace(poor, reason=PoorReason.MOTION))
        else:
            found = _count_breaths(_first_component(slow[:, cut][:, ::step]), sfreq / step)
            windows.append(poor if found is None else RateWindow(at_s, at_s + WINDOW_S, *found))
    return tuple(windows)


def _first_component(axes: Floats) -> Floats:
    centred = axes - axes.mean(axis=1, keepdims=True)
    return np.linalg.eigh(centred @ centred.T)[1][:, -1] @ centred


def _count_breaths(values: Floats, sfreq: float) -> tuple[float, float] | None:
    """Return rate and half width of a window, a minute; None unless autocorrelation and counted breaths agree."""
    rhythm = find_rhythm(values, sfreq, 60 / RATE_RANGE[1], 60 / RATE_RANGE[0])
    if rhythm is None or rhythm.strength < _MIN_STRENGTH:
        return None
    period = rhythm.period_s * sfreq
    peaks = signal.find_peaks(values, distance=_MIN_DISTANCE * period, prominence=_MIN_PROMINENCE * values.std())[0]
    if peaks.size < 3 or (peaks.size - 1) * period < _MIN_COVERED * (values.size - period):
        return None
    cycles = np.diff([peak + peak_offset(values, peak) for peak in peaks.tolist()]) / sfreq
    rate, half_width = mean_rate(cycles)
    if cycles.max() > _MAX_CYCLE_RATIO * cycles.min() or abs(rate - 60 / rhythm.period_s) > _MAX_DIFFERENCE:
        return None
    return rate, half_width


def _pulse_windows(heart: HeartMeasures) -> tuple[RateWindow, ...]:
    start_s, stop_s = heart.windows[0].start_s, heart.windows[-1].stop_s
    n = int((stop_s - start_s - WINDOW_S) // HOP_S) + 1
    return tuple(_pulse_window(heart, start_s + place * HOP_S) for place in range(n))


def _pulse_window(heart: HeartMeasures, start_s: float) -> RateWindow:
    """Return the rate of the window by the pulse; every heart window that it touches must be good."""
    stop_s = start_s + WINDOW_S
    inside = [
        (window, beats)
        for window, beats in zip(heart.windows, heart.beats, strict=True)
        if window.stop_s > start_s and window.start_s < stop_s
    ]
    beats = [one for _, one in inside if one is not None]
    if len(beats) < len(inside):
        reason = next(window.reason for window, one in inside if one is None)
        return RateWindow(start_s, stop_s, reason=reason)
    rates = _modulation_rates(beats, start_s, stop_s)
    if len(rates) < 2 or np.std(rates, ddof=1) > _MAX_PULSE_SD:
        return RateWindow(start_s, stop_s, reason=PoorReason.NO_RHYTHM)
    half_width = max(MIN_HALF_WIDTH, 1.96 * float(np.std(rates, ddof=1)))
    return RateWindow(start_s, stop_s, float(np.mean(rates)), half_width)


def _modulation_rates(beats: list[Beats], start_s: float, stop_s: float) -> list[float]:
    """Return the rates (a minute) of those modulations of the pulse that have a rhythm."""
    times = np.concatenate([one.times_s for one in beats])
    gaps = np.diff(times)
    longest = 1.5 * float(np.median(gaps))  # at the edge of a heart window a beat may be missing
    interval_times, intervals = times[1:][gaps < longest], gaps[gaps < longest]
    series = (
        (times, np.concatenate([one.levels for one in beats])),
        (times, np.concatenate([one.heights for one in beats])),
        (interval_times, intervals),
    )
    grid = np.arange(start_s, stop_s, 1 / _SFREQ)
    shortest_s = max(60 / RATE_RANGE[1], 2 * float(np.median(gaps)))  # two beats a breath at least
    rates: list[float] = []
    for at_s, values in series:
        slow = band_pass(np.interp(grid, at_s, values), _SFREQ, *_BAND_HZ)
        rhythm = find_rhythm(slow, _SFREQ, shortest_s, 60 / RATE_RANGE[0])
        if rhythm is not None and rhythm.strength >= _MIN_PULSE_STRENGTH:
            rates.append(60 / rhythm.period_s)
    return rates
