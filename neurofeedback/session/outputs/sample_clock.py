"""Times of samples by another clock, for stamps that other programs rely on."""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np
from numpy.typing import NDArray

_OFFSET_MEMORY_S = 30.0
_MAX_RATE_CHANGE = 0.05


class SampleClock:
    """Times of samples by another clock: counted by the sampling frequency, and corrected by their arrival.

    The correction is the median of the last 30 s, so that samples that arrive late or in bursts do not move it, and
    changes no interval between stamps by more than 5 %, so that they never go back. Stamps are late by the median delay
    of the arrivals.

    Parameters
    ----------
    sfreq : float
        Sampling frequency, Hz.
    """

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._offset_s: float | None = None
        self._arrivals: deque[tuple[int, float]] = deque()

    def stamps(self, first: int, stop: int, arrival_s: float) -> NDArray[np.float64]:
        """Return the times (s) of samples ``first`` to before ``stop``, the last of which arrived at ``arrival_s``."""
        counted_s = np.arange(first, stop) / self._sfreq
        self._arrivals.append((stop, arrival_s - float(counted_s[-1])))
        while (stop - self._arrivals[0][0]) / self._sfreq > _OFFSET_MEMORY_S:
            self._arrivals.popleft()
        median_s = median(offset_s for _, offset_s in self._arrivals)
        before_s = median_s if self._offset_s is None else self._offset_s
        limit_s = _MAX_RATE_CHANGE * len(counted_s) / self._sfreq
        self._offset_s = before_s + float(np.clip(median_s - before_s, -limit_s, limit_s))
        return counted_s + np.linspace(before_s, self._offset_s, len(counted_s) + 1)[1:]

    def time_of(self, sample: int) -> float | None:
        """Return the time of a sample (s) as known now; None before the first stamps."""
        return None if self._offset_s is None else sample / self._sfreq + self._offset_s
