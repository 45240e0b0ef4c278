"""Covariance of a person's windows within sessions: the unit of labelled windows."""

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
"""Standard deviation of a 9-s mean of z-scores in simulated people, by kind of feature."""
_OTHER_SD = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class WindowCovariance:
    """Covariance of windows within sessions, and its number of independent windows.

    Parameters
    ----------
    names : tuple of str
        The features.
    covariance : ndarray, shape (n_features, n_features)
        Of the windows' mean z-scores, around each session's mean.
    n : float
        Independent windows; 0 for the default of all people.
    """

    names: tuple[str, ...]
    covariance: NDArray[np.float64]
    n: float = 0.0

    @property
    def sd(self) -> NDArray[np.float64]:
        """Standard deviation of each feature, ``(n_features,)``."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> NDArray[np.float64]:
        """Correlation of the features, ``(n_features, n_features)``."""
        return self.covariance / np.outer(self.sd, self.sd)

    def combine(self, newer: WindowCovariance, past_windows: float) -> WindowCovariance:
        """Return the covariance of ``newer`` shrunk to this one, which counts as ``past_windows`` windows."""
        total = newer.n + past_windows
        covariance = (newer.n * newer.covariance + past_windows * self.covariance) / total
        return WindowCovariance(self.names, covariance, self.n + newer.n)


def estimate_window_covariance(
    names: tuple[str, ...], windows: NDArray[np.float64] | None = None, window_s: float = 9.0
) -> WindowCovariance:
    """Return the covariance of one session's windows ``(n, n_features)``, one a second; the default without any.

    A feature that is missing in a window counts as at its mean there.
    """
    if windows is None or len(windows) < 2:
        kinds = (FEATURES[name].kind if name in FEATURES else "" for name in names)
        return WindowCovariance(names, np.diag([_WINDOW_SD.get(kind, _OTHER_SD) ** 2 for kind in kinds]))
    finite = np.isfinite(windows)
    mean = np.where(finite, windows, 0.0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    centred = np.where(finite, windows - mean, 0.0)
    return WindowCovariance(names, centred.T @ centred / len(windows), len(windows) / window_s)


def pool_covariances(
    sessions: Sequence[WindowCovariance], names: tuple[str, ...], past_windows: float
) -> WindowCovariance:
    """Return the mean covariance of sessions, weighted by their windows and shrunk to the default."""
    default = estimate_window_covariance(names)
    n = sum(session.n for session in sessions)
    if n <= 0:
        return default
    covariance = sum((s.n / n * s.covariance for s in sessions), np.zeros_like(default.covariance))
    return default.combine(WindowCovariance(names, covariance, n), past_windows)


def column_medians(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column of ``(n, n_features)`` without NaN; NaN for a column of NaN alone."""
    out = np.full(windows.shape[1], np.nan)
    for k, column in enumerate(windows.T):
        values = column[np.isfinite(column)]
        if len(values):
            out[k] = np.median(values)
    return out
