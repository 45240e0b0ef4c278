"""Mean of a measure over a segment of one recording, with an interval that holds for this recording alone.

Neighbouring windows are alike, so they count for less than their number. The interval says how well the segment's mean
is known, not what another day, or the same drug on another day, would give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

_MIN_WINDOWS = 10
_MIN_KNOWN_SHARE = 0.9
_N_BLOCKS, _MIN_BLOCKS = 10, 5
_MAX_CORRELATION = 0.95
_CONFIDENCE_LEVEL = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SegmentMean:
    """Mean of one measure over a segment, its 95 % interval of this recording, and its number of windows.

    ``low`` and ``high`` are None where there are too few windows for an interval.
    """

    mean: float
    low: float | None
    high: float | None
    n_windows: int


def segment_mean(values: Floats) -> SegmentMean | None:
    """Return the mean of a segment; None without a window.

    Parameters
    ----------
    values : ndarray, shape (n_windows,)
        One value for each window in order of time, NaN where a window is missing.

    Notes
    -----
    The interval is that of the deviations from a straight line over the segment: a steady change, as a drug makes it,
    belongs to the mean and does not make it uncertain. With at most a tenth of the windows missing: the effective
    number of an AR(1) process, N (1 - r) / (1 + r), with the correlation of neighbours corrected for its bias,
    r + (1 + 3 r) / N (Marriott & Pope 1954 Biometrika 41:390), and Student's t. With more missing: the means of ten
    blocks of equal length, weighted by their windows.
    """
    known = np.isfinite(values)
    n = int(known.sum())
    if not n:
        return None
    mean = float(values[known].mean())
    half = None
    if n >= _MIN_WINDOWS:
        rest = _without_line(values, known)
        half = _ar1_half_width(rest, known) if n >= _MIN_KNOWN_SHARE * len(values) else _block_half_width(rest, known)
    return SegmentMean(mean, None if half is None else mean - half, None if half is None else mean + half, n)


def _without_line(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return the deviations from a straight line, NaN where a window is missing."""
    places = np.arange(len(values)) - np.flatnonzero(known).mean()
    chosen, centred = places[known], values - values[known].mean()
    return centred - places * (chosen @ centred[known] / (chosen @ chosen))


def _ar1_half_width(rest: Floats, known: NDArray[np.bool_]) -> float:
    n = int(known.sum())
    squares = float(np.sum(rest[known] ** 2))
    if squares == 0:
        return 0.0
    both = known[:-1] & known[1:]
    r = float(np.mean(rest[:-1][both] * rest[1:][both])) * n / squares
    r = min(max(r + (1 + 3 * r) / n, 0.0), _MAX_CORRELATION)
    n_effective = max(n * (1 - r) / (1 + r), 3.0)
    return _t(n_effective - 2) * math.sqrt(squares / (n - 2) / n_effective)


def _block_half_width(rest: Floats, known: NDArray[np.bool_]) -> float | None:
    blocks = [
        (float(piece[inside].mean()), int(inside.sum()))
        for piece, inside in zip(np.array_split(rest, _N_BLOCKS), np.array_split(known, _N_BLOCKS), strict=True)
        if inside.any()
    ]
    k = len(blocks)
    if k < _MIN_BLOCKS:
        return None
    means, weights = np.array(blocks).T
    squares = float(np.sum((weights / weights.sum() * means) ** 2))
    return _t(k - 2) * math.sqrt(squares * k / (k - 2))


def _t(free: float) -> float:
    return float(stdtrit(free, 0.5 + _CONFIDENCE_LEVEL / 2))
