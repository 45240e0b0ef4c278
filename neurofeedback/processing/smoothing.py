"""Exponential averages over valid frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Smoother:
    """Exponential average of a per-channel quantity over valid frames, unbiased from its first value.

    The first values are averaged evenly until the time constant is reached. With ``decays`` it also forgets during
    invalid frames: after a break new values weigh more.
    """

    def __init__(self, tau_s: float, hop_s: float, *, decays: bool = False) -> None:
        retention = float(np.exp(-hop_s / tau_s))
        self._max_count = 1 / (1 - retention)
        self._decay = retention if decays else 1.0
        self._mean: NDArray[np.float64] = np.zeros(())
        self._count: NDArray[np.float64] = np.zeros(())
        self._all_started = False

    def update(self, rows: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the averages after each row; ``(n, n_channels, ...)``, NaN before the first valid row."""
        per_channel = (valid.shape[1], *(1,) * (rows.ndim - 2))
        out = np.empty_like(rows)
        for average, row, learn in zip(out, rows, valid, strict=True):
            forgotten = self._count if self._decay == 1 else np.where(learn, self._count, self._count * self._decay)
            self._count = np.minimum(forgotten + learn, self._max_count)
            weight = learn / np.maximum(self._count, 1)
            self._mean = self._mean + weight.reshape(per_channel) * (row - self._mean)
            average[...] = self._mean
            if not self._all_started:
                average[self._count == 0] = np.nan
                self._all_started = bool((self._count > 0).all())
        return out
