"""Calibration of predicted probabilities by the answers that followed (Platt scaling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.logistic_regression import expit, fit_map
from neurofeedback.settings.estimation import DecoderSettings

_PRIOR_PRECISION = 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """Maps log odds to ``slope * logit + shift`` (Platt 1999)."""

    slope: float = 1.0
    shift: float = 0.0

    def probability(self, logit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probability of wandering, ``(n,)``."""
        return expit(self.slope * logit + self.shift)


IDENTITY_CALIBRATION = Calibration()


def fit_calibration(logit: NDArray[np.float64], wander: NDArray[np.bool_], settings: DecoderSettings) -> Calibration:
    """Fit a calibration, shrunk towards the identity; the identity itself with too few answers.

    Parameters
    ----------
    logit : ndarray, shape (n,)
        Log odds predicted before each answer.
    wander : ndarray of bool, shape (n,)
        The answers.
    """
    n = len(logit)
    if n < settings.min_answers_to_calibrate:
        return IDENTITY_CALIBRATION
    identity = np.array([1.0, 0.0])
    design = np.column_stack([logit, np.ones(n)])
    mode = fit_map(design, wander, np.ones(n), identity, np.full(2, _PRIOR_PRECISION)).mode
    share = n / (n + settings.calibration_prior_answers)
    slope, shift = share * mode + (1 - share) * identity
    return Calibration(max(float(slope), 0.0), float(shift))
