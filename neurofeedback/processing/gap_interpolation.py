"""Interpolation of a short gap by an autoregressive model of the signal before it.

After Janssen, Veldhuis & Vries 1986, from the signal before the gap and the one sample after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

_ORDER = 32
_WHITE_NOISE_SHARE = 1e-6  # of the power; a signal without noise has no model


@dataclass(frozen=True, slots=True, eq=False)
class GapInterpolation:
    """Expected samples of a gap, and their error, ``(n_samples,)``.

    ``values`` are the expected samples (uV). ``error_autocovariance`` is that of their error (uV^2): at each lag from 0
    on, the sum over all pairs of samples with that lag.
    """

    values: NDArray[np.float64]
    error_autocovariance: NDArray[np.float64]


def interpolate_gap(past: NDArray[np.float64], n: int, after: float) -> GapInterpolation | None:
    """Interpolate a gap of ``n`` samples.

    Parameters
    ----------
    past : ndarray, shape (n_past,)
        Signal just before the gap, uV; about two seconds.
    after : float
        The first sample after the gap, uV.

    Returns
    -------
    GapInterpolation or None
        None if the signal before the gap is constant.

    Examples
    --------
    >>> wave = np.sin(2 * np.pi * 10 * np.arange(600) / 256)
    >>> bool(np.abs(interpolate_gap(wave[:500], 12, wave[512]).values - wave[500:512]).max() < 0.05)
    True
    """
    expected = _expect_gap(past, n, after)
    if expected is None:
        return None
    values, error = expected
    error_autocovariance = np.array([np.trace(error, lag) for lag in range(n)])
    return GapInterpolation(values, error_autocovariance)


def draw_gap(past: NDArray[np.float64], n: int, after: float, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """Draw the samples of a gap from what the model expects there: the expected samples and a random error.

    They have the power of the lost signal at every frequency, which the expected samples alone do not.

    Parameters
    ----------
    past : ndarray, shape (n_past,)
        Signal just before the gap, uV; about two seconds.
    after : float
        The first sample after the gap, uV.

    Returns
    -------
    ndarray, shape (n,), or None
        None if the signal before the gap is constant.
    """
    expected = _expect_gap(past, n, after)
    if expected is None:
        return None
    values, error = expected
    return values + np.linalg.cholesky(error) @ rng.standard_normal(n)


def _expect_gap(
    past: NDArray[np.float64], n: int, after: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the expected samples of a gap, ``(n,)``, and the covariance of their error, ``(n, n)``."""
    mean = past.mean()
    moving = past - mean
    covariance = _autocovariance(moving)
    if covariance[0] <= 0:
        return None
    covariance[0] *= 1 + _WHITE_NOISE_SHARE
    model = np.concatenate([[1.0], -solve_toeplitz(covariance[:-1], covariance[1:])])
    innovation = float(model @ covariance)
    known = np.concatenate([moving[-_ORDER:], np.zeros(n), [after - mean]])
    residuals = np.convolve(known, model, "valid")  # with zeros in the gap
    effects = np.pad(model, (0, n))[_effect_places(n)]
    precision = np.linalg.inv(effects.T @ effects)
    return mean - precision @ (effects.T @ residuals), innovation * precision


@lru_cache(maxsize=256)
def _effect_places(n: int) -> NDArray[np.int64]:
    """Return which coefficient of the model each sample of a gap has in each residual, ``(n + 1, n)``."""
    lags = np.arange(n + 1)[:, None] - np.arange(n)
    return np.where(lags < 0, _ORDER + n, np.minimum(lags, _ORDER + n))  # the last places are zeros


def _autocovariance(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lags 0 to the model's order, tapered so that strong slow activity does not dominate."""
    taper = np.hanning(len(signal))
    tapered = signal * taper
    lags = [tapered[: len(signal) - lag] @ tapered[lag:] for lag in range(_ORDER + 1)]
    return np.array(lags) / np.sum(taper**2)
