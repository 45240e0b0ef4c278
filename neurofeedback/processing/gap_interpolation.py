"""The likeliest samples of a short gap, by an autoregressive model of the signal before it.

After Janssen, Veldhuis & Vries 1986, with the signal before the gap and the one sample after it as what is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

_ORDER = 32
_WHITE_NOISE_SHARE = 1e-6  # of the power; a signal without any noise has no model


@dataclass(frozen=True, slots=True, eq=False)
class GapInterpolation:
    """What stood in a gap as far as can be known, ``(n_samples,)``.

    ``values`` are the expected samples (uV). ``doubt`` is the autocovariance of what they may miss (uV^2): at each
    lag from 0 on, the sum over all pairs of samples so far apart.
    """

    values: NDArray[np.float64]
    error_autocovariance: NDArray[np.float64]


def interpolate_gap(past: NDArray[np.float64], n: int, after: float) -> GapInterpolation | None:
    """Fill a gap of ``n`` samples.

    Parameters
    ----------
    past : ndarray, shape (n_past,)
        Signal just before the gap, uV; two seconds or so.
    after : float
        The first sample after the gap, uV.

    Returns
    -------
    Filled or None
        None where the signal before does not move at all.

    Examples
    --------
    >>> wave = np.sin(2 * np.pi * 10 * np.arange(600) / 256)
    >>> bool(np.abs(interpolate_gap(wave[:500], 12, wave[512]).values - wave[500:512]).max() < 0.05)
    True
    """
    mean = past.mean()
    moving = past - mean
    covariance = _autocovariance(moving)
    if covariance[0] <= 0:
        return None
    covariance[0] *= 1 + _WHITE_NOISE_SHARE
    model = np.concatenate([[1.0], -solve_toeplitz(covariance[:-1], covariance[1:])])
    innovation = float(model @ covariance)
    known = np.concatenate([moving[-_ORDER:], np.zeros(n), [after - mean]])
    surprises = np.convolve(known, model, "valid")  # with zeros in the gap
    effects = np.zeros((n + 1, n))
    for at in range(n):
        effects[at:, at] = np.pad(model, (0, n))[: n + 1 - at]
    precision = np.linalg.inv(effects.T @ effects)
    error = innovation * precision
    doubt = np.array([np.trace(error, lag) for lag in range(n)])
    return GapInterpolation(mean - precision @ (effects.T @ surprises), doubt)


def _autocovariance(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lags 0 to the model's order, tapered so that what is strong and slow does not hide the rest."""
    taper = np.hanning(len(signal))
    tapered = signal * taper
    lags = [tapered[: len(signal) - lag] @ tapered[lag:] for lag in range(_ORDER + 1)]
    return np.array(lags) / np.sum(taper**2)
