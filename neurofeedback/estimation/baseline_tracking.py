"""Slow tracking of the baseline, for feedback only: it follows drift within a session, at most one spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.zscore import bounded_zscore
from neurofeedback.settings.estimation import BaselineSettings


class BaselineTracker:
    """Moves each feature's median slowly towards the valid frames.

    Parameters
    ----------
    mu, spread : ndarray, shape (n_features,)
        Frozen baseline of the tracked features.
    """

    def __init__(
        self, mu: NDArray[np.float64], spread: NDArray[np.float64], settings: BaselineSettings, hop_s: float
    ) -> None:
        self._mu, self._spread, self._settings = mu, spread, settings
        self._shift = np.zeros(len(mu))
        self._rate = 1.0 - 0.5 ** (hop_s / settings.tracking_half_life_s)

    def update(self, deviations: NDArray[np.float64], *, learn: bool) -> NDArray[np.float64]:
        """Return the z-scores of one frame ``(n_features,)`` by the tracked median, then update the median."""
        distance = deviations - (self._mu + self._shift)
        z = bounded_zscore(distance, self._spread, self._settings)
        if learn:
            near = np.abs(z) < self._settings.tracking_max_z  # false for NaN
            reach = self._settings.tracking_max_excursion * self._spread
            moved = np.clip(self._shift + self._rate * np.where(near, distance, 0.0), -reach, reach)
            self._shift = np.where(near, moved, self._shift)
        return z
