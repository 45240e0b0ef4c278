"""The aperiodic component: ln P = offset - exponent ln f, by least squares on bins without alpha.

Censored regression, as in Kalamala et al.: alpha bins are excluded rather than modelled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.framing import mean_of_last_axis, sum_of_last_axis
from neurofeedback.settings.signal import FeatureSettings


class AperiodicFit:
    """Fit over [low, iaf - below] and [iaf + above, high]; the pseudo-inverse is computed once."""

    def __init__(self, freqs: NDArray[np.float64], iaf_hz: float, settings: FeatureSettings) -> None:
        inside = (freqs >= settings.aperiodic_low_hz) & (freqs <= settings.aperiodic_high_hz)
        alpha = (freqs > iaf_hz - settings.aperiodic_below_iaf_hz) & (freqs < iaf_hz + settings.aperiodic_above_iaf_hz)
        self.bins = np.flatnonzero(inside & ~alpha)
        ln_f = np.log(freqs[self.bins])
        self._mean_ln_f = float(ln_f.mean())
        centred = ln_f - self._mean_ln_f
        self._slope = centred / np.sum(centred**2)

    def __call__(self, ln_psd: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return exponent and offset, each ``(...)``, of ln P ``(..., n_freqs)``."""
        chosen = ln_psd.take(self.bins, axis=-1)  # C order: the sums below keep their order
        exponent = -sum_of_last_axis(chosen * self._slope)
        offset = mean_of_last_axis(chosen) + exponent * self._mean_ln_f
        return exponent, offset
