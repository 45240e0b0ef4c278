"""How much a person's windows usually vary: the unit that a labelled window is measured in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import FEATURES

_WINDOW_SD = {
    "theta": 0.49,
    "alpha": 0.69,
    "beta": 0.54,
    "chi": 0.46,
    "o_theta": 0.42,
    "o_alpha": 0.69,
    "cog": 0.41,
}
"""Spread of a 9-s mean of z-scores in simulated people, by kind of feature."""
_OTHER_SD = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class WindowCovariance:
    """Covariance of windows within sittings, and how many independent windows it rests on.

    Parameters
    ----------
    names : tuple of str
        The features.
    covariance : ndarray, shape (n_features, n_features)
        Of the windows' mean z-scores, around each sitting's own mean.
    n : float
        Independent windows; 0 for what is usual in people at large.
    """

    names: tuple[str, ...]
    covariance: NDArray[np.float64]
    n: float = 0.0

    @property
    def sd(self) -> NDArray[np.float64]:
        """Spread of each feature, ``(n_features,)``."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> NDArray[np.float64]:
        """Correlation of the features, ``(n_features, n_features)``."""
        return self.covariance / np.outer(self.sd, self.sd)

    def combine(self, newer: WindowCovariance, past_windows: float) -> WindowCovariance:
        """Return what ``newer`` windows say, shrunk to this: this counts as ``past_windows`` windows."""
        total = newer.n + past_windows
        covariance = (newer.n * newer.covariance + past_windows * self.covariance) / total
        return WindowCovariance(self.names, covariance, self.n + newer.n)


def estimate_window_covariance(
    names: tuple[str, ...], windows: NDArray[np.float64] | None = None, window_s: float = 9.0
) -> WindowCovariance:
    """Covariance of one sitting's windows ``(n, n_features)``, one a second; without any, of people at large.

    A feature that is missing in a window counts as at its mean there.
    """
    if windows is None or len(windows) < 2:
        kinds = (FEATURES[name].kind if name in FEATURES else "" for name in names)
        return WindowCovariance(names, np.diag([_WINDOW_SD.get(kind, _OTHER_SD) ** 2 for kind in kinds]))
    there = np.isfinite(windows)
    mean = np.where(there, windows, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    centred = np.where(there, windows - mean, 0.0)
    return WindowCovariance(names, centred.T @ centred / len(windows), len(windows) / window_s)


def pool_covariances(
    sessions: Sequence[WindowCovariance], names: tuple[str, ...], past_windows: float
) -> WindowCovariance:
    """Put sittings together, each by its windows, shrunk to people at large."""
    usual = estimate_window_covariance(names)
    n = sum(sitting.n for sitting in sessions)
    if n <= 0:
        return usual
    covariance = sum((s.n / n * s.covariance for s in sessions), np.zeros_like(usual.covariance))
    return usual.combine(WindowCovariance(names, covariance, n), past_windows)


def column_medians(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each column of ``(n, n_features)``, NaN left out; NaN for a column that is nothing else."""
    out = np.full(windows.shape[1], np.nan)
    for k, column in enumerate(windows.T):
        seen = column[np.isfinite(column)]
        if len(seen):
            out[k] = np.median(seen)
    return out
