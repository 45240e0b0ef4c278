"""Logistic regression under a normal prior, with Laplace's approximation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAX_STEPS = 100
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class LaplaceFit:
    """The mode, the covariance of Laplace's approximation around it, and its log marginal likelihood.

    ``mode`` is ``(n_columns,)``, ``covariance`` ``(n_columns, n_columns)``.
    """

    mode: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_evidence: float


def fit_map(
    design: NDArray[np.float64],
    wander: NDArray[np.bool_],
    weights: NDArray[np.float64],
    mean: NDArray[np.float64],
    precision: NDArray[np.float64],
) -> LaplaceFit:
    """Minimise sum c (ln(1 + e^eta) - y eta) + .5 (b - mean)' diag(precision) (b - mean), eta = design b.

    Newton's method with halved steps; the function is strictly convex, so there is one minimum.

    Parameters
    ----------
    design : ndarray, shape (n, n_columns)
    wander, weights : ndarray, shape (n,)
        y and c.
    mean, precision : ndarray, shape (n_columns,)
        Of the prior.

    Notes
    -----
    Laplace: ln p(y) = -minimum + .5 ln det(prior precision) - .5 ln det(curvature); the powers of 2 pi cancel
    (MacKay 1992, Neural Computation 4:720).
    """
    y = wander.astype(np.float64)
    b = mean.copy()

    def objective(at: NDArray[np.float64]) -> float:
        return float(weights @ log_loss(design @ at, y) + 0.5 * (at - mean) @ (precision * (at - mean)))

    value = objective(b)
    curvature = np.diag(precision)
    for _ in range(_MAX_STEPS):
        p = expit(design @ b)
        slope = design.T @ (weights * (p - y)) + precision * (b - mean)
        curvature = (design.T * (weights * p * (1 - p))) @ design + np.diag(precision)
        step = np.linalg.solve(curvature, slope)
        if slope @ step < _TOLERANCE:
            break
        size = 1.0
        while (better := objective(b - size * step)) > value:
            size /= 2
        b, value = b - size * step, better
    log_evidence = -value + 0.5 * float(np.sum(np.log(precision))) - 0.5 * float(np.linalg.slogdet(curvature)[1])
    return LaplaceFit(b, np.asarray(np.linalg.inv(curvature), dtype=np.float64), log_evidence)


def expit(eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-eta) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * eta))


def log_loss(eta: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """-ln p(y) of each answer, ``(n,)``, without overflow."""
    return np.logaddexp(0.0, eta) - y * eta
