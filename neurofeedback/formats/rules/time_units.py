"""Convert time stamps of any unit to seconds. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORT_ROWS = 32
_UNITS_S = (1.0, 1e-3, 1e-6, 1e-9)
_UNIX_DECADES = ((9, 10, 1.0), (12, 13, 1e-3), (15, 16, 1e-6), (18, 19, 1e-9))  # of times after 2001
_MIN_SFREQ = 10.0
_MAX_STAMP = 1e20


def to_seconds(times: NDArray[np.float64], heading: str = "", expected_hz: float | None = None) -> NDArray[np.float64]:
    """Convert time stamps of any unit to seconds: by size if they are Unix times, else by heading or rate.

    Examples
    --------
    >>> float(to_seconds(np.array([1.6e12, 1.6e12 + 4]))[0])
    1600000000.0
    >>> np.round(np.diff(to_seconds(np.arange(500.0) * 4)), 6)[0], np.round(np.diff(to_seconds(np.arange(9) / 4)), 6)[0]
    (np.float64(0.004), np.float64(0.00025))
    """
    if not np.all(np.abs(times) < _MAX_STAMP):
        times = np.where(np.abs(times) < _MAX_STAMP, times, np.nan)
    finite = times[np.isfinite(times)]
    if finite.size < 2:
        return times
    early, late = np.quantile(finite[:: max(1, finite.size // 10_000)], [0.02, 0.98])
    for low, high, unit in _UNIX_DECADES:
        if 10.0**low <= early and late < 10.0**high:
            return times if unit == 1 else times * unit
    named = _unit_of_heading(heading)
    if named is not None:
        return times * named
    interval = mean_interval(finite)
    if interval <= 0:
        return times
    rates = [1 / (interval * unit) for unit in _UNITS_S]
    if expected_hz:
        best = min(range(len(rates)), key=lambda i: abs(np.log(rates[i] / expected_hz)))
    else:
        best = next((i for i, rate in enumerate(rates) if rate >= _MIN_SFREQ), len(rates) - 1)
    return times * _UNITS_S[best]


def _unit_of_heading(heading: str) -> float | None:
    words = heading.lower().replace("(", " ").replace(")", " ").replace("[", " ").replace("]", " ").replace("_", " ")
    names = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "milliseconds": 1e-3, "millis": 1e-3}
    names |= {"us": 1e-6, "µs": 1e-6, "microseconds": 1e-6, "micros": 1e-6, "ns": 1e-9, "nanoseconds": 1e-9}
    return next((names[word] for word in words.split() if word in names), None)


def mean_interval(times: NDArray[np.float64]) -> float:
    """Return the median over short windows of the mean time from row to row."""
    width = min(SHORT_ROWS, times.size - 1)
    spans = times[width:] - times[:-width]
    forward = spans[spans > 0]
    if forward.size:
        return float(np.median(forward)) / width
    span = float(np.max(times) - np.min(times))
    return span / (times.size - 1)
