"""The index: a smoothed weighted sum of z-scores."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.settings.estimation import IndexSettings


class IndexWeights:
    """Weights w = R^-1 mu of the available features, scaled so that the sum of z has unit variance.

    Parameters
    ----------
    mu : ndarray, shape (n_features,)
        Expected standardised differences, mind-wandering minus focus.
    correlation : ndarray, shape (n_features, n_features)
        Correlation of the z-scores in the baseline, shrunk to the identity.
    """

    def __init__(self, mu: NDArray[np.float64], correlation: NDArray[np.float64], min_information: float) -> None:
        self._mu = mu
        self._correlation = correlation
        self._needed = min_information * self._information(np.ones(len(mu), dtype=np.bool_))
        self._cache: dict[bytes, NDArray[np.float64] | None] = {}

    def for_available(self, available: NDArray[np.bool_]) -> NDArray[np.float64] | None:
        """Return the weights ``(n_features,)``, 0 for missing features; None if too little information is left."""
        key = available.tobytes()
        if key not in self._cache:
            self._cache[key] = self._solve(available)
        return self._cache[key]

    def _solve(self, available: NDArray[np.bool_]) -> NDArray[np.float64] | None:
        information = self._information(available)
        if not available.any() or information < self._needed or information <= 0:
            return None
        weights = np.zeros(len(self._mu))
        inside = np.ix_(available, available)
        weights[available] = np.linalg.solve(self._correlation[inside], self._mu[available])
        return weights / np.sqrt(weights @ self._correlation @ weights)

    def _information(self, available: NDArray[np.bool_]) -> float:
        mu = self._mu[available]
        return float(mu @ np.linalg.solve(self._correlation[np.ix_(available, available)], mu)) if len(mu) else 0.0


def shrunk_correlation(z: NDArray[np.float64], shrink: float) -> NDArray[np.float64]:
    """Return the correlation of the columns of ``(n, n_features)``, shrunk to the identity, without rows with NaN."""
    n_features = z.shape[1]
    complete = z[np.isfinite(z).all(axis=1)]
    if len(complete) < 4 * n_features:
        return np.eye(n_features)
    spread = complete.std(axis=0)
    centred = (complete - complete.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return (1 - shrink) * (centred.T @ centred / len(complete)) + shrink * np.eye(n_features)


def weighted_sum(z: NDArray[np.float64], weights: IndexWeights) -> float:
    """Return the weighted sum of the available z-scores ``(n_features,)``, or NaN if they are too few."""
    available = np.isfinite(z)
    chosen = weights.for_available(available)
    return math.nan if chosen is None else float(np.add.reduce(np.where(available, z, 0.0) * chosen))


class IndexSmoother:
    """Smooths the index over valid frames; at an artifact it returns to the value before the artifact's onset.

    An artifact has already changed the index when it is detected; lost samples have not.
    """

    def __init__(self, settings: IndexSettings, hop_s: float, start: float = math.nan) -> None:
        self._step = 1.0 - math.exp(-hop_s / settings.smoothing_s) if settings.smoothing_s > 0 else 1.0
        self._past: deque[float] = deque(maxlen=max(1, round(settings.artifact_rollback_s / hop_s)))
        self._was_valid = False
        self._value = start

    def update(self, raw: float, *, gap: bool = False) -> float:
        """Return the smoothed index after one frame's index, NaN if invalid; ``gap`` is whether samples are missing."""
        valid = not math.isnan(raw)
        if valid:
            self._value = raw if math.isnan(self._value) else self._value + self._step * (raw - self._value)
        elif self._was_valid and self._past and not gap:
            self._value = self._past[0]
        self._was_valid = valid
        self._past.append(self._value)
        return self._value


@dataclass(frozen=True, slots=True)
class IndexScale:
    """Distribution of the smoothed index in a baseline: median, spread and reward quantile."""

    middle: float
    spread: float
    quantile: float

    def u(self, value: float) -> float:
        """Return a smoothed index in baseline spreads."""
        return (value - self.middle) / self.spread


def fit_scale(values: NDArray[np.float64], target_rate: float, expected_sd: float) -> IndexScale:
    """Return the scale of a baseline from its smoothed index ``(n,)``; the spread is averaged with the expected one."""
    spread = float(np.sqrt(0.5 * expected_sd**2 + 0.5 * np.var(values)))
    return IndexScale(float(np.median(values)), spread, float(np.quantile(values, target_rate)))
