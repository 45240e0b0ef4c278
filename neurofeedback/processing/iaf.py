"""The individual alpha frequency (IAF) of a mean spectrum, with a guard against false peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.framing import TINY
from neurofeedback.processing.spectrum import in_band
from neurofeedback.settings.signal import IAF_SEARCH_HZ, BandSettings, FeatureSettings

_HALF_WIDTH_HZ = 2.0
_FLANK_HZ = (1.5, 2.5)
_DB_PER_LN = 10 / np.log(10)


def find_iaf(
    freqs: NDArray[np.float64], psd: NDArray[np.float64], bands: BandSettings, features: FeatureSettings
) -> float | None:
    """Return the individual alpha frequency (centre of gravity of the alpha peak) in Hz, or None without a peak.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        In Hz, 0.25 Hz apart or finer for 0.1 Hz of accuracy.
    psd : ndarray, shape (n_freqs,)
        Mean spectrum of the posterior channels, uV^2/Hz.

    Notes
    -----
    The 1/f fit is subtracted and the rest smoothed over 1 Hz. A peak must be a local maximum inside 7 to 13.5 Hz, lie
    above the fit, and exceed the higher of its flanks, 1.5 to 2.5 Hz away, by ``iaf_min_peak_db``: a band that is
    strong as a whole has no peak. After Corcoran 2018 (restingIAF), with a censored 1/f fit.
    """
    ln_psd = np.log(np.maximum(psd, TINY))
    exponent, offset = AperiodicFit(freqs, bands.default_iaf_hz, features)(ln_psd)
    with np.errstate(divide="ignore"):
        above_db = _DB_PER_LN * (ln_psd - (offset - exponent * np.log(freqs)))
    n_smooth = max(1, round(1.0 / (freqs[1] - freqs[0])))
    smooth = np.convolve(above_db, np.ones(n_smooth) / n_smooth, mode="same")
    span = in_band(freqs, *IAF_SEARCH_HZ)
    peak = span.start + int(np.argmax(smooth[span]))
    at_edge = peak in (span.start, span.stop - 1)
    peak_hz, highest_flank = float(freqs[peak]), _highest_flank(freqs, above_db, float(freqs[peak]))
    if at_edge or smooth[peak] <= 0 or smooth[peak] - highest_flank < bands.iaf_min_peak_db:
        return None
    around = in_band(freqs, peak_hz - _HALF_WIDTH_HZ, peak_hz + _HALF_WIDTH_HZ)
    excess = np.maximum(psd[around] - np.exp(offset - exponent * np.log(freqs[around])), 0)
    return float(np.sum(freqs[around] * excess) / np.sum(excess))


def _highest_flank(freqs: NDArray[np.float64], above_db: NDArray[np.float64], peak_hz: float) -> float:
    """Return the mean of the stronger flank of a peak, dB above the fit."""
    near, far = _FLANK_HZ
    below = above_db[in_band(freqs, peak_hz - far, peak_hz - near)].mean()
    return float(max(below, above_db[in_band(freqs, peak_hz + near, peak_hz + far)].mean()))
