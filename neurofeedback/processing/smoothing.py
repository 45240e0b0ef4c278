"""Exponential averages that learn only from valid frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Smoother:
    """Exponential average of a per-channel quantity over valid frames only, unbiased from its first value.

    The first values are averaged evenly until the time constant is reached.
    """

    def __init__(self, tau_s: float, hop_s: float) -> None:
        self._weight = 1 - float(np.exp(-hop_s / tau_s))
        self._mean: NDArray[np.float64] = np.zeros(())
        self._count: NDArray[np.int64] = np.zeros((), dtype=np.int64)

    def push(self, rows: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take ``(n, n_channels, ...)`` and its ``(n, n_channels)`` validity; return the averages, NaN before any."""
        counts = self._count + np.cumsum(valid, axis=0)
        weights = valid * np.maximum(self._weight, 1 / np.maximum(counts, 1))
        per_channel = (*valid.shape, *(1,) * (rows.ndim - 2))
        out = np.empty_like(rows)
        for average, row, weight in zip(out, rows, weights.reshape(per_channel), strict=True):
            self._mean = self._mean + weight * (row - self._mean)
            average[...] = self._mean
        self._count = counts[-1]
        out[counts == 0] = np.nan
        return out
