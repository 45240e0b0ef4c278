"""Exponential averages that learn only from valid frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Smoother:
    """Exponential average of a per-channel quantity over valid frames only, unbiased from its first value.

    The first values are averaged evenly until the time constant is reached. One that ``fades`` forgets in frames that
    are not valid, too: after a break the new counts for more, after a long one it is all there is.
    """

    def __init__(self, tau_s: float, hop_s: float, *, decays: bool = False) -> None:
        kept = float(np.exp(-hop_s / tau_s))
        self._max_count = 1 / (1 - kept)
        self._decay = kept if decays else 1.0
        self._mean: NDArray[np.float64] = np.zeros(())
        self._count: NDArray[np.float64] = np.zeros(())

    def update(self, rows: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Take ``(n, n_channels, ...)`` and its ``(n, n_channels)`` validity; return the averages, NaN before any."""
        per_channel = (valid.shape[1], *(1,) * (rows.ndim - 2))
        out = np.empty_like(rows)
        for average, row, learn in zip(out, rows, valid, strict=True):
            self._count = np.minimum(np.where(learn, self._count + 1, self._count * self._decay), self._max_count)
            weight = learn / np.maximum(self._count, 1)
            self._mean = self._mean + weight.reshape(per_channel) * (row - self._mean)
            average[...] = self._mean
            average[self._count == 0] = np.nan
        return out
