"""Effect of a memory between sessions on the variance of a contrast over them.

Neighbouring sessions of a person may be alike. The tests over sessions assume a correlation of .5 between one session
and the next, .25 over two, and so on: AR(.5). Only the order of the sessions enters here, never a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ASSUMED_CORRELATION = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MemoryEffect:
    """What AR(.5) between sessions changes, relative to independent sessions.

    Parameters
    ----------
    variance_factor : float
        Variance of the contrast.
    residual_factor : float
        Expected variance of the residuals, which is below 1: slow changes pass for the model's own.
    degrees_of_freedom : float
        Of the residual variance, by Satterthwaite.
    """

    variance_factor: float
    residual_factor: float
    degrees_of_freedom: float

    @property
    def inflation(self) -> float:
        """Factor by which the residual variance understates the variance of the contrast."""
        return self.variance_factor / self.residual_factor


def memory_effect(
    places: Sequence[int], design: Floats, contrast: Floats, correlation: float = ASSUMED_CORRELATION
) -> MemoryEffect:
    """Return the effect of AR(1) between sessions on a contrast in a linear model.

    Parameters
    ----------
    places : sequence of int
        Numbers of the sessions in their order, ascending; a gap is a session that does not take part.
    design : ndarray, shape (n_sessions, n_parameters)
        The model, of full rank.
    contrast : ndarray, shape (n_sessions,)
        Weights of the sessions.
    correlation : float
        Of neighbouring sessions.

    Notes
    -----
    With the correlation matrix R, the residual maker M, n sessions and p parameters: c'Rc/c'c, tr(MR)/(n - p) and
    tr(MR)^2/tr(MRMR). R is never built, so thousands of sessions take milliseconds.

    Examples
    --------
    >>> effect = memory_effect(range(8), np.ones((8, 1)), np.ones(8))
    >>> round(effect.variance_factor, 2), round(effect.residual_factor, 2), round(effect.degrees_of_freedom, 1)
    (2.5, 0.79, 5.1)
    """
    at = np.asarray(places, int) - places[0]
    n, n_parameters = design.shape
    basis, _ = np.linalg.qr(design)
    correlated = _apply_correlation(at, basis, correlation)
    within = basis.T @ correlated
    squares = float(_apply_correlation(at, np.ones((n, 1)), correlation**2).sum())
    residual_trace = n - float(np.trace(within))
    residual_squares = squares - 2 * float(np.sum(correlated**2)) + float(np.sum(within**2))
    variance = float(contrast @ _apply_correlation(at, contrast[:, None], correlation)[:, 0])
    return MemoryEffect(
        variance / float(contrast @ contrast),
        residual_trace / (n - n_parameters),
        residual_trace**2 / residual_squares,
    )


def _apply_correlation(at: NDArray[np.int_], values: Floats, correlation: float) -> Floats:
    """Multiply columns of values by the matrix ``correlation ** |i - j|``."""
    from scipy.linalg import matmul_toeplitz  # takes long to load; not for opening the window

    spread = np.zeros((int(at[-1]) + 1, values.shape[1]))
    spread[at] = values
    return np.asarray(matmul_toeplitz(correlation ** np.arange(len(spread), dtype=float), spread), float)[at]
