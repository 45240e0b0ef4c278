"""Fit of the frozen reference to the data of a baseline.

Frames are gated, features computed and the index smoothed a second time, with the limits and bands of the finished
baseline; frames already logged do not change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline, BaselineData
from neurofeedback.estimation.index import (
    IndexScale,
    IndexSmoother,
    IndexWeights,
    fit_scale,
    shrunk_correlation,
    weighted_sum,
)
from neurofeedback.estimation.zscore import bounded_zscore, index_columns, spread_floors
from neurofeedback.processing.envelope import EnvelopeFilter
from neurofeedback.processing.features import FeatureExtractor, individual_bands, select_by_kind
from neurofeedback.processing.framing import trailing_windows
from neurofeedback.processing.gate_limits import apply_gate_limits, fit_gate_limits, median_and_spread
from neurofeedback.processing.iaf import find_iaf
from neurofeedback.processing.regions import RegionAverager
from neurofeedback.processing.smoothing import Smoother
from neurofeedback.processing.spectrum import Periodogram
from neurofeedback.settings.model import Settings
from neurofeedback.settings.resolved_profile import Profile

_MIN_FRAMES = 8
_ALPHA_WINDOW_S = 4.0


def fit_baseline(
    data: BaselineData | None, profile: Profile, sfreq: float, freqs: NDArray[np.float64]
) -> Baseline | None:
    """Fit the reference of one session; None if too few frames are usable.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        Bins of the spectra, Hz.
    """
    if data is None:
        return None
    settings = profile.settings
    limits = fit_gate_limits(data.slow_samples, data.ln_emg, data.fixed_bad, settings.gate)
    gated, clean, for_theta = apply_gate_limits(
        slow_ptp=data.slow_ptp,
        ln_emg=data.ln_emg,
        fixed_bad=data.fixed_bad,
        excluded=data.excluded,
        limits=limits,
        settings=settings,
    )
    valid = gated & data.complete[:, None]
    for_theta &= data.complete[:, None]
    iaf_hz = _find_alpha_frequency(data, valid, profile, sfreq)
    extractor = FeatureExtractor(freqs, individual_bands(iaf_hz, settings.bands, settings.gate), settings.features)
    emg_median, spectral = _features(data.psd, valid, extractor, profile)
    envelope = EnvelopeFilter(sfreq, extractor.bands.iaf_hz, settings.envelope)
    ln_envelope = envelope.at(data.filtered, data.ends)
    clean &= data.complete[:, None] & np.isfinite(ln_envelope)
    values = np.concatenate([spectral, ln_envelope[..., None]], axis=-1)
    channel_median = select_by_kind(*(_median_where(values, good) for good in (valid, clean, for_theta)))
    usable = select_by_kind(valid[..., None], clean[..., None], for_theta[..., None])
    deviations = RegionAverager(profile.montage).means(values - channel_median, usable)
    mu, spread = _middle_and_spread(deviations, spread_floors(settings.baseline))
    z = bounded_zscore(deviations - mu, spread, settings.baseline)
    index_z = z[:, index_columns(profile)]
    weights = IndexWeights(
        np.array(profile.evidence.mu),
        shrunk_correlation(index_z, settings.index.correlation_shrinkage),
        settings.index.min_information,
    )
    scale, n_valid = fit_index_scale(index_z, weights, settings)
    if scale is None:
        return None
    clean_s = n_valid * settings.spectrum.hop_s
    return Baseline(
        iaf_hz=iaf_hz,
        limits=limits,
        feature_extractor=extractor,
        envelope=envelope,
        channel_median=channel_median,
        emg_median=emg_median,
        mu=mu,
        spread=spread,
        z=z,
        weights=weights,
        scale=scale,
        clean_s=clean_s,
        quality=min(1.0, clean_s / settings.baseline.full_quality_clean_s),
    )


def _find_alpha_frequency(data: BaselineData, valid: NDArray[np.bool_], profile: Profile, sfreq: float) -> float | None:
    """Find the alpha frequency on the mean spectrum of 4-s windows, one a second, with valid frames only."""
    settings, hop_s = profile.settings, profile.settings.spectrum.hop_s
    rows = list(profile.montage.rows("posterior") or profile.montage.rows("all"))
    n = round(_ALPHA_WINDOW_S * sfreq)
    spectrum = Periodogram(n, sfreq, settings.gate.emg_high_hz)
    length, window = round(_ALPHA_WINDOW_S / hop_s), round(settings.spectrum.window_s / hop_s)
    at = np.arange(length, len(valid), max(1, round(1.0 / hop_s)))
    usable = np.logical_and.reduce([valid[at - back] for back in range(0, length, window)])[:, rows]
    if not usable.any():
        return None
    psd = spectrum(trailing_windows(data.filtered[rows], data.ends[at], n))
    return find_iaf(spectrum.freqs, psd[usable].mean(axis=0), settings.bands, settings.features)


def _features(
    psd: NDArray[np.float64], valid: NDArray[np.bool_], extractor: FeatureExtractor, profile: Profile
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each channel's median of the muscle band, and the features ``(n, n_channels, len(SPECTRAL))``."""
    features, hop_s = profile.settings.features, profile.settings.spectrum.hop_s
    emg = extractor.emg_power(psd)
    emg_median = _median_where(emg, valid)
    smooth_emg = Smoother(features.emg_smoothing_s, hop_s, decays=True).update(emg, valid)
    smooth_psd = Smoother(features.aperiodic_smoothing_s, hop_s).update(psd, valid)
    return emg_median, extractor(psd, smooth_psd, smooth_emg - emg_median)


def _middle_and_spread(
    deviations: NDArray[np.float64], floors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mu, spread = np.full(len(floors), np.nan), np.full(len(floors), np.nan)
    for k, column in enumerate(deviations.T):
        known = column[np.isfinite(column)]
        if len(known) >= _MIN_FRAMES:
            mu[k], measured = median_and_spread(known)
            spread[k] = max(measured, floors[k])
    return mu, spread


def fit_index_scale(z: NDArray[np.float64], weights: IndexWeights, settings: Settings) -> tuple[IndexScale | None, int]:
    """Return the scale of an index on the baseline's z-scores ``(n, n_index_features)``, and the count of valid frames.

    The scale is None if they are too few.
    """
    smoother = IndexSmoother(settings.index, settings.spectrum.hop_s)
    raw = np.array([weighted_sum(row, weights) for row in z])
    smooth = np.array([smoother.update(value) for value in raw.tolist()])[np.isfinite(raw)]
    if len(smooth) < _MIN_FRAMES:
        return None, len(smooth)
    return fit_scale(smooth, settings.threshold.target_rate, settings.index.expected_sd), len(smooth)


def _median_where(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the median over valid frames of ``(n, n_channels, ...)``; NaN for a channel without any."""
    out = np.full(values.shape[1:], np.nan)
    for row in np.flatnonzero(valid.any(axis=0)):
        out[row] = np.median(values[valid[:, row], row], axis=0)
    return out
