"""Heart rate and pulse variability from a pulse sensor (PPG) or an optical sensor of a headset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from scipy.special import stdtrit

from neurofeedback.processing.body.motion import Motion
from neurofeedback.processing.body.rhythm import (
    MAX_MISSING,
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

WINDOW_S = 20.0
"""Length of a window, s; windows follow each other."""

RATE_RANGE = (40.0, 180.0)
"""Lowest and highest heart rate that is recognized, a minute."""

MIN_STILL_SHARE = 0.8
"""Share of a window's seconds in which the head must be still, where motion is known."""

MIN_VARIABILITY_WINDOWS = 6
"""Fewest windows with a pulse variability: two minutes."""

_BAND_HZ = (0.6, 4.0)
_MIN_STRENGTH = 0.4
_MIN_TEMPLATE_R = 0.86
_INTERVAL_RANGE = (0.7, 1.5)  # of the median: narrower than a missed or an added beat makes it
_MIN_COVERED = 0.8
_MAX_DIFFERENCE = 2.0
_MAX_HALF_WIDTH = 2.5
_SATURATED_SHARE = 0.05
_MIN_DISTANCE, _MIN_PROMINENCE = 0.6, 0.5
_MAX_CHANGE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beats of one good window.

    Parameters
    ----------
    times_s : ndarray, shape (n_beats,)
        Time since the recording's first sample, s.
    heights : ndarray, shape (n_beats,)
        Height of each pulse, in the sensor's unit.
    levels : ndarray, shape (n_beats,)
        The sensor's slow level at each beat, in its unit.
    """

    times_s: Floats
    heights: Floats
    levels: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HeartMeasures:
    """Windows of one channel in order of time, and the beats of each; poor windows have none.

    ``channel`` is the row of the sensor's channel.
    """

    channel: int
    windows: tuple[RateWindow, ...]
    beats: tuple[Beats | None, ...]


@dataclass(frozen=True, slots=True)
class PulseVariability:
    """RMSSD of the intervals between pulse beats with its 95 % interval, ms, and its number of windows."""

    rmssd_ms: float
    low_ms: float
    high_ms: float
    n_windows: int


def measure_heart(
    data: Floats, sfreq: float, start_s: float = 0.0, motion: Motion | None = None
) -> HeartMeasures | None:
    """Return the heart rate in windows, by the channel with the clearest rhythm; None without a whole window.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_samples)
        Light received by each sensor, any unit; NaN for missing samples.
    sfreq : float
        Hz.
    start_s : float
        Time of the first sample since the recording's first sample, s.
    motion : Motion, optional
        Motion of the head; windows in which it moved are poor.

    Notes
    -----
    A window is good only if its pulses are alike and regular, by the rules of Orphanidou et al. 2015 (IEEE J Biomed
    Health Inform 19:832): 40 to 180 beats a minute, a mean correlation with the window's mean pulse of at least 0.86,
    and regular intervals (here 0.7 to 1.5 times their median, so that no missed beat passes, which changes the rate by
    3 a minute); if the rate by the peaks agrees with that by the autocorrelation within 2 a minute; and if half its
    interval, that of the mean of the intervals between beats, is at most 2.5 a minute.
    """
    length = round(WINDOW_S * sfreq)
    starts = window_starts(data.shape[1], length, length)
    if not starts:
        return None
    filled = np.array([fill_missing(row) for row in data])
    pulses = band_pass(filled, sfreq, *_BAND_HZ)
    channel = _clearest_channel(data, pulses, starts, length, sfreq)
    raw, pulse, level = data[channel], pulses[channel], filled[channel]
    if _skewness(pulse) < 0:  # more blood, less light: the sharp edge of a pulse may point down
        pulse = -pulse
    windows: list[RateWindow] = []
    beats: list[Beats | None] = []
    for first in starts:
        cut = slice(first, first + length)
        at_s = start_s + first / sfreq
        still = None if motion is None else motion.still_share(at_s, at_s + WINDOW_S)
        reason = _poor_signal(raw[cut], still)
        found = None if reason is not None else _find_beats(pulse[cut], sfreq)
        if found is None:
            windows.append(RateWindow(at_s, at_s + WINDOW_S, reason=reason or PoorReason.NO_RHYTHM))
            beats.append(None)
            continue
        rate, half_width = mean_rate(np.diff(found) / sfreq)
        places = np.round(found).astype(int)
        windows.append(RateWindow(at_s, at_s + WINDOW_S, rate, half_width))
        beats.append(Beats(at_s + found / sfreq, pulse[cut][places], _slow_level(level[cut], sfreq)[places]))
    return HeartMeasures(channel, tuple(windows), tuple(beats))


def pulse_variability(beats: Sequence[Beats]) -> PulseVariability | None:
    """Return the RMSSD over windows of rest with normal breathing; None with fewer than two minutes of them.

    Parameters
    ----------
    beats : sequence of Beats
        Of good windows. The caller leaves out paced and slow breathing: the heart follows a slow breath so far that
        RMSSD measures the breath (bands by Task Force 1996 Circulation 93:1043).

    Notes
    -----
    Differences next to an interval that differs from the window's median by more than a fifth are left out. The
    interval is Student's t of the windows' mean squares. From pulses, not from an ECG: the pulse's travel varies too.
    """
    squares = [square for one in beats if math.isfinite(square := _mean_square_difference(one.times_s))]
    n = len(squares)
    if n < MIN_VARIABILITY_WINDOWS:
        return None
    mean, sd = float(np.mean(squares)), float(np.std(squares, ddof=1))
    half = float(stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)
    low, middle, high = (1000 * math.sqrt(max(value, 0.0)) for value in (mean - half, mean, mean + half))
    return PulseVariability(middle, low, high, n)


def _mean_square_difference(times_s: Floats) -> float:
    intervals = np.diff(times_s)
    usual = np.abs(intervals / np.median(intervals) - 1) <= _MAX_CHANGE
    both = usual[:-1] & usual[1:]
    return float(np.mean(np.diff(intervals)[both] ** 2)) if both.any() else math.nan


def _clearest_channel(data: Floats, pulses: Floats, starts: range, length: int, sfreq: float) -> int:
    """Return the channel with the highest median autocorrelation of its windows."""
    strengths = [
        [
            _strength(pulse[first : first + length], sfreq)
            if _poor_signal(raw[first : first + length], None) is None
            else 0.0
            for first in starts
        ]
        for raw, pulse in zip(data, pulses, strict=True)
    ]
    return int(np.argmax(np.median(strengths, axis=1)))


def _strength(pulse: Floats, sfreq: float) -> float:
    rhythm = find_rhythm(pulse, sfreq, 60 / RATE_RANGE[1], 60 / RATE_RANGE[0])
    return 0.0 if rhythm is None else rhythm.strength


def _poor_signal(raw: Floats, still_share: float | None) -> PoorReason | None:
    """Return what makes a window unfit before its rhythm is looked for."""
    known = raw[np.isfinite(raw)]
    if known.size < (1 - MAX_MISSING) * raw.size:
        return PoorReason.GAPS
    ends = (float(known.max()), float(known.min()))
    if max(int(np.count_nonzero(known == end)) for end in ends) > _SATURATED_SHARE * known.size:
        return PoorReason.SATURATED
    if still_share is not None and still_share < MIN_STILL_SHARE:
        return PoorReason.MOTION
    return None


def _find_beats(pulse: Floats, sfreq: float) -> Floats | None:
    """Return the places of the beats in a window, in samples; None unless all rules hold."""
    rhythm = find_rhythm(pulse, sfreq, 60 / RATE_RANGE[1], 60 / RATE_RANGE[0])
    if rhythm is None or rhythm.strength < _MIN_STRENGTH:
        return None
    period = rhythm.period_s * sfreq
    peaks = signal.find_peaks(pulse, distance=_MIN_DISTANCE * period, prominence=_MIN_PROMINENCE * pulse.std())[0]
    if (peaks.size - 1) * period < _MIN_COVERED * pulse.size:
        return None
    places = np.array([peak + peak_offset(pulse, peak) for peak in peaks.tolist()])
    intervals = np.diff(places)
    shortest, longest = (share * float(np.median(intervals)) for share in _INTERVAL_RANGE)
    rate, half_width = mean_rate(intervals / sfreq)
    if (
        not RATE_RANGE[0] <= rate <= RATE_RANGE[1]
        or not shortest <= intervals.min() <= intervals.max() <= longest
        or half_width > _MAX_HALF_WIDTH
        or abs(rate - 60 / rhythm.period_s) > _MAX_DIFFERENCE
        or _template_correlation(pulse, peaks, round(period / 2)) < _MIN_TEMPLATE_R
    ):
        return None
    return places


def _template_correlation(pulse: Floats, peaks: NDArray[np.intp], half: int) -> float:
    """Return the mean correlation of the pulses with their mean."""
    whole = peaks[(peaks >= half) & (peaks < pulse.size - half)]
    cuts: Floats = np.array([pulse[peak - half : peak + half + 1] for peak in whole.tolist()])
    cuts -= cuts.mean(axis=1, keepdims=True)
    mean: Floats = cuts.mean(axis=0)
    sizes: Floats = np.sqrt((cuts * cuts).sum(axis=1) * (mean @ mean))
    return float(((cuts @ mean) / sizes).mean())


def _slow_level(level: Floats, sfreq: float) -> Floats:
    n = max(1, round(sfreq))
    return np.convolve(np.pad(level, (n // 2, n - 1 - n // 2), "edge"), np.ones(n) / n, "valid")


def _skewness(values: Floats) -> float:
    centred: Floats = values - float(values.mean())
    return float((centred * centred * centred).mean())
