"""Rhythms of the body: windows with a rate and its quality, and the rhythm of a stretch by its autocorrelation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]

MIN_SFREQ = 10.0
"""Lowest sampling rate of a signal that is measured, Hz."""

MAX_MISSING = 0.1
"""Largest share of missing samples in a window with a rate."""

MIN_HALF_WIDTH = 0.5
"""Smallest half width of an interval, a minute: windows are too short to know a rate better."""

_FIRST_PEAK_SHARE = 0.85  # a multiple of the period has nearly the same autocorrelation as the period itself
_Z = 1.96


class PoorReason(StrEnum):
    """Why a window has no rate."""

    GAPS = "gaps"
    MOTION = "motion"
    SATURATED = "saturated"
    NO_RHYTHM = "no_rhythm"


@dataclass(frozen=True, slots=True)
class RateWindow:
    """One window: a rate, or the reason why there is none.

    Parameters
    ----------
    start_s, stop_s : float
        Time since the recording's first sample, s.
    rate : float
        A minute; NaN in a poor window.
    half_width : float
        Half the 95 % interval of the mean rate, a minute; NaN in a poor window.
    reason : PoorReason, optional
        Why the window is poor; None in a good one.
    """

    start_s: float
    stop_s: float
    rate: float = math.nan
    half_width: float = math.nan
    reason: PoorReason | None = None

    @property
    def good(self) -> bool:
        """Whether the window has a rate."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Period (s) of a stretch, and its autocorrelation at that lag, at most 1."""

    period_s: float
    strength: float


def find_rhythm(values: Floats, sfreq: float, shortest_s: float, longest_s: float) -> Rhythm | None:
    """Return the rhythm of a stretch: the first high peak of its unbiased autocorrelation; None without a peak.

    Parameters
    ----------
    values : ndarray, shape (n_samples,)
        A band-passed signal.
    sfreq : float
        Hz.
    shortest_s, longest_s : float
        Range of periods, s.

    Examples
    --------
    >>> rhythm = find_rhythm(np.sin(2 * np.pi * 1.1 * np.arange(1280) / 64), 64.0, 1 / 3, 1.5)
    >>> round(60 / rhythm.period_s), round(rhythm.strength, 1)
    (66, 1.0)
    """
    centred = values - values.mean()
    n, power = centred.size, float(centred @ centred)
    first, last = max(1, math.floor(shortest_s * sfreq)), min(math.ceil(longest_s * sfreq), n // 2)
    if power <= 0 or last - first < 2:
        return None
    n_fft = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, n_fft)
    raw = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, n_fft)[: last + 2]
    correlation = raw * (n / power) / (n - np.arange(last + 2))
    peaks = signal.find_peaks(correlation[first - 1 :])[0] + first - 1
    if not peaks.size:
        return None
    chosen = int(peaks[np.argmax(correlation[peaks] >= _FIRST_PEAK_SHARE * correlation[peaks].max())])
    return Rhythm((chosen + peak_offset(correlation, chosen)) / sfreq, min(float(correlation[chosen]), 1.0))


def peak_offset(values: Floats, peak: int) -> float:
    """Return how far (samples, -0.5 to 0.5) the top of a parabola through a peak and its neighbours is from it."""
    left, top, right = values[peak - 1 : peak + 2]
    curve = float(left - 2 * top + right)
    return 0.5 * float(left - right) / curve if curve < 0 else 0.0


def mean_rate(intervals_s: Floats) -> tuple[float, float]:
    """Return the mean rate of successive intervals and half its 95 % interval, both a minute."""
    mean = float(intervals_s.mean())
    rate = 60 / mean
    spread = float(intervals_s.std(ddof=1)) / mean / math.sqrt(intervals_s.size)
    return rate, max(_Z * spread * rate, MIN_HALF_WIDTH)


def fill_missing(values: Floats) -> Floats:
    """Return samples with straight lines over the missing ones (NaN); zeros if all are missing."""
    known = np.isfinite(values)
    if known.all():
        return values
    if not known.any():
        return np.zeros_like(values)
    places = np.arange(values.size)
    return np.interp(places, places[known], values[known])


def band_pass(values: Floats, sfreq: float, low_hz: float, high_hz: float) -> Floats:
    """Filter along the last axis in both directions, so that nothing is delayed (Butterworth, second order)."""
    sos = signal.butter(2, (low_hz, min(high_hz, 0.45 * sfreq)), "bandpass", fs=sfreq, output="sos")
    return np.asarray(signal.sosfiltfilt(sos, values, axis=-1), np.float64)


def window_starts(n_samples: int, length: int, hop: int) -> range:
    """Return the first samples of all whole windows."""
    return range(0, n_samples - length + 1, hop)
