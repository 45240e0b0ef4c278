"""Fit of sample counts to a clock: effective rate, drift, jitter and jumps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 1.0
_MIN_WINDOW_BLOCKS = 10
_EDGE_BLOCKS = 3
_SLOPE_LAG_BLOCKS = 10
_MIN_BLOCKS = 5
_MAX_POINTS = 300
_MIN_JUMP_S = 0.04
_STOPPED_SLOPE = 0.99
_NORMAL_95 = 1.959963984540054  # quantile of the normal distribution at .975


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A jump of the clock by ``seconds`` against the samples, near ``sample``."""

    sample: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Drift:
    """Deviation of the sampling frequency from nominal by a clock, ppm, with its 95 % interval."""

    ppm: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClockFit:
    """Fit of a recording to a clock.

    Parameters
    ----------
    sample_s : float
        Time from the first to the last reading by sample count, s.
    clock_s : float
        The same time by the clock, s.
    drift : Drift, optional
        On the longest stretch without a jump; None if it is too short, or the clock hardly runs.
    jitter_ms, max_late_ms : float
        Spread of the readings about that line, 5th to 95th percentile, and the latest reading behind its earliest.
    jumps : tuple of ClockJump
        Lasting jumps between clock and samples; a burst that catches up is none.
    """

    sample_s: float
    clock_s: float
    drift: Drift | None
    jitter_ms: float
    max_late_ms: float
    jumps: tuple[ClockJump, ...]

    @property
    def ratio(self) -> float:
        """Samples expected by the clock for each sample present."""
        return self.clock_s / self.sample_s


@dataclass(frozen=True, slots=True, eq=False)
class _Envelope:
    """The earliest reading of each block: time by sample count and delay of the clock behind it, both in s."""

    sample_times: NDArray[np.float64]
    delay: NDArray[np.float64]

    def slice_blocks(self, start: int, stop: int) -> _Envelope:
        return _Envelope(self.sample_times[start:stop], self.delay[start:stop])


def fit_clock(stops: NDArray[np.int64], times: NDArray[np.float64], sfreq: float) -> ClockFit | None:
    """Fit sample counts to a clock.

    A reading can be late but never early, so the earliest one of each second is used, and at the start that of three.

    Parameters
    ----------
    stops : ndarray, shape (n_readings,)
        Number of samples at each reading, increasing.
    times : ndarray, shape (n_readings,)
        The clock at each reading, s; NaN where there is none.

    Returns
    -------
    ClockFit or None
        None with readings of less than two seconds.

    Examples
    --------
    >>> fit = fit_clock(np.arange(0, 7500, 10), np.arange(0, 7500, 10) / 249.9, 250.0)
    >>> round(fit.drift.ppm), fit.jumps
    (-400, ())
    """
    known = np.isfinite(times)
    at, read = stops[known] / sfreq, times[known]
    if at.size < 2:
        return None
    delay = (read - read[0]) - (at - at[0])
    envelope = _envelope(at, delay, BLOCK_S)
    sample_s = float(envelope.sample_times[-1] - envelope.sample_times[0])
    if sample_s < 2 * BLOCK_S:
        return None
    slope = _local_slope(envelope)
    edges = _find_jumps(envelope, slope)
    jumps = tuple(ClockJump(round(envelope.sample_times[edge] * sfreq), seconds) for edge, seconds in edges)
    steady = _longest_stretch(envelope, [edge for edge, _ in edges])
    drift, spread = _estimate_drift(steady, slope), _estimate_jitter(at, delay, steady, slope)
    level = envelope.delay - slope * envelope.sample_times
    clock_s = sample_s * (1 + slope) + float(
        level[-1] - level[:_EDGE_BLOCKS].min()
    )  # a busy start may be late as a whole
    return ClockFit(sample_s, clock_s, drift, spread[0], spread[1], jumps)


def _envelope(at: NDArray[np.float64], delay: NDArray[np.float64], block_s: float) -> _Envelope:
    """Return the smallest delay of each block, with its time."""
    blocks = np.floor((at - at[0]) / block_s)
    order = np.lexsort((delay, blocks))
    first = order[np.flatnonzero(np.diff(blocks[order], prepend=-1.0))]
    return _Envelope(at[first], delay[first])


def _local_slope(envelope: _Envelope) -> float:
    """Median slope over a few blocks, which jumps and bursts do not move."""
    lag = min(_SLOPE_LAG_BLOCKS, envelope.sample_times.size - 1)
    rise, run = (values[lag:] - values[:-lag] for values in (envelope.delay, envelope.sample_times))
    return float(np.median(rise / run))


def _find_jumps(envelope: _Envelope, slope: float) -> list[tuple[int, float]]:
    """Return jumps as ``(first block after it, s)``: upward in the minimum ahead, downward in the one behind."""
    level = envelope.delay - slope * envelope.sample_times
    ahead = np.diff(_running_min(level))
    behind = np.diff(_running_min(level[::-1])[::-1])
    limit = max(_MIN_JUMP_S, 8 * 1.4826 * float(np.median(np.abs(np.diff(level)))))
    inner = range(_EDGE_BLOCKS - 1, level.size - _EDGE_BLOCKS)
    ups = [(i + 1, float(ahead[i])) for i in inner if ahead[i] > limit]
    downs = [(i + 1, float(behind[i])) for i in inner if behind[i] < -limit]
    return sorted(ups + downs)


def _running_min(level: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.concatenate([level, np.full(_MIN_WINDOW_BLOCKS - 1, np.inf)])
    return np.lib.stride_tricks.sliding_window_view(padded, _MIN_WINDOW_BLOCKS).min(axis=1)


def _longest_stretch(envelope: _Envelope, edges: list[int]) -> _Envelope:
    bounds = [0, *edges, envelope.sample_times.size]
    stretches = [envelope.slice_blocks(start, stop) for start, stop in pairwise(bounds)]
    return max(stretches, key=lambda stretch: stretch.sample_times.size)


def _estimate_drift(steady: _Envelope, slope: float) -> Drift | None:
    """Theil-Sen slope with its interval; the clock runs ahead where samples come too slowly."""
    if steady.sample_times.size < _MIN_BLOCKS:
        return None
    step = -(-steady.sample_times.size // _MAX_POINTS)
    level = steady.delay - slope * steady.sample_times
    points = (
        _envelope(steady.sample_times, level, step * BLOCK_S) if step > 1 else _Envelope(steady.sample_times, level)
    )
    slopes = slope + _sen_slopes(points.sample_times, points.delay)
    if slopes.min() <= -_STOPPED_SLOPE:
        return None
    ppm, low, high = (1e6 * (1 / (1 + slopes) - 1)).tolist()
    return Drift(ppm, low, high)


def _sen_slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the slopes of all pairs of points and the upper and lower end of its 95 % interval.

    Equal to ``scipy.stats.theilslopes``, whose module takes longer to import than most recordings take to verify.

    Parameters
    ----------
    x, y : ndarray, shape (n_points,)
        Coordinates; those of ``x`` increase.

    References
    ----------
    P. K. Sen (1968): Estimates of the regression coefficient based on Kendall's tau. JASA 63, equation 2.6.
    """
    first, second = np.triu_indices(x.size, 1)
    slopes = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    ties = np.unique(y, return_counts=True)[1]
    variance = (x.size * (x.size - 1) * (2 * x.size + 5) - np.sum(ties * (ties - 1) * (2 * ties + 5))) / 18
    half_width = _NORMAL_95 * float(np.sqrt(variance))
    high = min(round((slopes.size + half_width) / 2), slopes.size - 1)
    low = max(round((slopes.size - half_width) / 2) - 1, 0)
    return np.array([np.median(slopes), slopes[high], slopes[low]])


def _estimate_jitter(
    at: NDArray[np.float64], delay: NDArray[np.float64], steady: _Envelope, slope: float
) -> tuple[float, float]:
    inside = (at >= steady.sample_times[0]) & (at <= steady.sample_times[-1])
    late_ms = 1000 * (delay[inside] - slope * at[inside])
    low, high, earliest, latest = np.percentile(late_ms, (5, 95, 0, 100)).tolist()
    return high - low, latest - earliest
