"""The individual alpha frequency (IAF) of a mean spectrum, with a guard against false peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.spectrum import in_band
from neurofeedback.settings.model import IAF_SEARCH_HZ, BandSettings, FeatureSettings

_HALF_WIDTH_HZ = 2.0
_DB_PER_LN = 10 / np.log(10)


def find_iaf(
    freqs: NDArray[np.float64], psd: NDArray[np.float64], bands: BandSettings, features: FeatureSettings
) -> float | None:
    """Centre of gravity of the alpha peak in Hz, or None without one.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        In Hz, 0.25 Hz apart or finer for 0.1 Hz of accuracy.
    psd : ndarray, shape (n_freqs,)
        Mean spectrum of the posterior channels, uV^2/Hz.

    Notes
    -----
    The 1/f fit is taken out, the rest smoothed over 1 Hz; a peak must be a local maximum inside 7 to 13.5 Hz
    and stand out by ``iaf_min_peak_db``. After Corcoran 2018 (restingIAF), with a censored 1/f fit.
    """
    ln_psd = np.log(np.maximum(psd, np.finfo(float).tiny))
    exponent, offset = AperiodicFit(freqs, bands.default_iaf_hz, features)(ln_psd)
    with np.errstate(divide="ignore"):
        above_db = _DB_PER_LN * (ln_psd - (offset - exponent * np.log(freqs)))
    n_smooth = max(1, round(1.0 / (freqs[1] - freqs[0])))
    smooth = np.convolve(above_db, np.ones(n_smooth) / n_smooth, mode="same")
    span = in_band(freqs, *IAF_SEARCH_HZ)
    peak = span.start + int(np.argmax(smooth[span]))
    at_edge = peak in (span.start, span.stop - 1)
    if at_edge or smooth[peak] < bands.iaf_min_peak_db:
        return None
    around = in_band(freqs, float(freqs[peak]) - _HALF_WIDTH_HZ, float(freqs[peak]) + _HALF_WIDTH_HZ)
    excess = np.maximum(psd[around] - np.exp(offset - exponent * np.log(freqs[around])), 0)
    return float(np.sum(freqs[around] * excess) / np.sum(excess))
