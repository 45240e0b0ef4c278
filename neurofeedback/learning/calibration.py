"""Mends probabilities that are too bold or too shy, by how earlier ones turned out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.logistic_regression import expit, fit_map
from neurofeedback.settings.estimation import DecoderSettings

_PRIOR_PRECISION = 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log odds become ``slope * logit + shift`` (Platt 1999)."""

    slope: float = 1.0
    shift: float = 0.0

    def probability(self, logit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mended probability of wandering, ``(n,)``."""
        return expit(self.slope * logit + self.shift)


IDENTITY_CALIBRATION = Calibration()


def fit_calibration(logit: NDArray[np.float64], wander: NDArray[np.bool_], settings: DecoderSettings) -> Calibration:
    """Fit on log odds that were given before the answers, ``(n,)``, shrunk to leaving them as they are.

    With too few answers they are left as they are.
    """
    n = len(logit)
    if n < settings.min_answers_to_calibrate:
        return IDENTITY_CALIBRATION
    as_it_is = np.array([1.0, 0.0])
    design = np.column_stack([logit, np.ones(n)])
    fitted = fit_map(design, wander, np.ones(n), as_it_is, np.full(2, _PRIOR_PRECISION)).mode
    share = n / (n + settings.calibration_prior_answers)
    slope, shift = share * fitted + (1 - share) * as_it_is
    return Calibration(max(float(slope), 0.0), float(shift))
