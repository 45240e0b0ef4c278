"""Measures of one session's clean signal without feedback: powers, 1/f, alpha frequency, complexity, muscle.

They are absolute values of the raw signal, not relative to a baseline, so that sessions under different conditions can
be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.analysis.clean_signal import CleanSignal
from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.entropies import ENTROPIES, window_entropies
from neurofeedback.processing.iaf import find_iaf
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage

Floats = NDArray[np.float64]
_MUSCLE_HZ = (55.0, 95.0)
_MIN_MUSCLE_BANDWIDTH_HZ = 15.0
_MAINS_HALF_HZ = 2.0
MAX_ENTROPY_WINDOWS = 16
_TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its name, the region whose channels it is averaged over, its unit, and how not to read it."""

    text: str
    region: str
    unit: str
    caveat: str = ""


_LN = "ln(uV^2/Hz)"
MEASURES: dict[str, Measure] = {
    "delta": Measure("delta power, 1.5 to 4 Hz", "all", _LN, "eye movements add to it"),
    "theta": Measure("theta power", "frontal", _LN, "raw: it follows the aperiodic component too"),
    "alpha": Measure("alpha power", "posterior", _LN, "raw: it follows the aperiodic component too"),
    "beta": Measure("beta power, 14 to 28 Hz", "all", _LN, "muscle adds to it"),
    "gamma": Measure("30 to 44 Hz, EEG and muscle", "all", _LN, "not interpretable alone: read it beside muscle"),
    "muscle": Measure("muscle, 55 to 95 Hz", "all", _LN, "no EEG: where it differs, beta and gamma may differ with it"),
    "o_theta": Measure("theta above the 1/f fit", "frontal", "ln"),
    "o_alpha": Measure("alpha above the 1/f fit", "posterior", "ln"),
    "o_beta": Measure("beta above the 1/f fit", "all", "ln", "muscle adds to it"),
    "exponent": Measure("aperiodic exponent", "all", "1", "muscle flattens it"),
    "offset": Measure("aperiodic offset", "all", _LN),
    "iaf": Measure("individual alpha frequency", "posterior", "Hz", "none without an alpha peak"),
    "lzc": Measure("Lempel-Ziv complexity, 125 Hz", "all", "1", "nearly a proxy of the exponent: read the ratio"),
    "lzc_ratio": Measure("complexity over that of phase surrogates", "all", "1"),
    "permutation": Measure("permutation entropy, 125 Hz", "all", "1", "follows the spectrum: read the ratio"),
    "permutation_ratio": Measure("permutation entropy over that of phase surrogates", "all", "1"),
    "multiscale": Measure("multiscale entropy, 8 to 40 ms", "all", "1", "follows the spectrum: read the ratio"),
    "multiscale_ratio": Measure("multiscale entropy over that of phase surrogates", "all", "1"),
}
SPECTRAL_MEASURES = tuple(name for name in MEASURES if name not in {*ENTROPIES, "iaf"})


def compute_measures(
    signal: CleanSignal, montage: Montage, settings: Settings, iaf_hz: float | None, mains_hz: float | None
) -> dict[str, float]:
    """Compute all of ``MEASURES``; NaN where channels, rate or an alpha peak are missing.

    Parameters
    ----------
    iaf_hz : float, optional
        Alpha frequency that sets the bands, the same for all sessions compared; None for the default.
    mains_hz : float, optional
        Its bins and those of its harmonics are left out of the muscle band.
    """
    psds = {row: median_psd(windows, signal.sfreq) for row, windows in signal.windows.items()}
    by_channel = {
        row: {name: float(found) for name, found in spectral_measures(psd, freqs, iaf_hz, settings, mains_hz).items()}
        | dict(zip(ENTROPIES, mean_entropies(signal.windows[row]).tolist(), strict=True))
        for row, (freqs, psd) in psds.items()
    }
    found = {
        name: _mean([by_channel[row][name] for row in montage.rows(measure.region) if row in by_channel])
        for name, measure in MEASURES.items()
        if name != "iaf"
    }
    return {name: found.get(name, np.nan) for name in MEASURES} | {"iaf": iaf_from_psds(psds, montage, settings)}


def mean_entropies(windows: Floats) -> Floats:
    """Return the mean of the ``ENTROPIES`` over windows of one channel; of more than 16, of 16 spread evenly."""
    chosen = np.unique(np.linspace(0, len(windows) - 1, MAX_ENTROPY_WINDOWS).round().astype(int))
    found = window_entropies(windows[chosen])
    known = np.isfinite(found)
    return np.where(
        known.any(axis=0), np.where(known, found, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
    )


def iaf_from_psds(psds: Mapping[int, tuple[Floats, Floats]], montage: Montage, settings: Settings) -> float:
    """Return the alpha frequency of the mean posterior spectrum, Hz; NaN without a peak."""
    chosen = [psds[row] for row in montage.rows("posterior") if row in psds]
    if not chosen:
        return np.nan
    freqs = chosen[0][0]
    found = find_iaf(freqs, np.mean([psd for _, psd in chosen], axis=0), settings.bands, settings.features)
    return np.nan if found is None else found


def median_psd(windows: Floats, sfreq: float) -> tuple[Floats, Floats]:
    """Return frequencies and spectrum by Welch's method: the clean windows as segments, mean removed, Hann, median.

    The median is corrected for its bias (Allen et al. 2012 Phys Rev D 85:122006).
    """
    n = windows.shape[1]
    from scipy import signal as scipy_signal  # takes half a second to load; a stored comparison needs none

    freqs, psd = scipy_signal.welch(
        windows.ravel(), sfreq, window="hann", nperseg=n, noverlap=0, detrend="constant", average="median"
    )
    return freqs[1:], np.maximum(psd[1:], _TINY)


def window_psds(windows: Floats, sfreq: float) -> tuple[Floats, Floats]:
    """Return frequencies and the periodogram of each window, ``(n_windows, n_freqs)``: mean removed, Hann."""
    from scipy import signal as scipy_signal  # as above

    freqs, psds = scipy_signal.periodogram(windows, sfreq, window="hann", detrend="constant")
    return freqs[1:], np.maximum(psds[:, 1:], _TINY)


def spectral_measures(
    psd: Floats,
    freqs: Floats,
    iaf_hz: float | None,
    settings: Settings,
    mains_hz: float | None,
    *,
    single_windows: bool = False,
) -> dict[str, Floats]:
    """Return the ``SPECTRAL_MEASURES`` of spectra, each ``(...)``.

    Parameters
    ----------
    psd : ndarray, shape (..., n_freqs)
        uV^2/Hz.
    iaf_hz, mains_hz : float, optional
        See ``compute_measures``.
    single_windows : bool
        The spectra are single periodograms, whose logarithms lie below that of the spectrum by Euler's constant.
    """
    bands = settings.bands
    iaf = bands.default_iaf_hz if iaf_hz is None else iaf_hz
    exponent, offset = AperiodicFit(freqs, iaf, settings.features)(np.log(psd))
    offset = offset + (np.euler_gamma if single_windows else 0.0)
    edges = {
        "delta": bands.delta_hz,
        "theta": bands.theta_hz(iaf),
        "alpha": bands.alpha_hz(iaf),
        "beta": bands.beta_hz,
        "gamma": (settings.gate.emg_low_hz, settings.gate.emg_high_hz),
    }
    inside = {name: (freqs >= low) & (freqs <= high) for name, (low, high) in edges.items()}
    found = {name: np.log(psd[..., bins].mean(axis=-1)) for name, bins in inside.items()}
    for name in ("theta", "alpha", "beta"):
        expected = np.exp(offset[..., None] - exponent[..., None] * np.log(freqs[inside[name]])).mean(axis=-1)
        found[f"o_{name}"] = found[name] - np.log(expected)
    return found | {"exponent": exponent, "offset": offset, "muscle": _muscle_power(psd, freqs, mains_hz)}


def _muscle_power(psd: Floats, freqs: Floats, mains_hz: float | None) -> Floats:
    low, high = _MUSCLE_HZ[0], min(_MUSCLE_HZ[1], 0.9 * freqs[-1])
    if high - low < _MIN_MUSCLE_BANDWIDTH_HZ:
        return np.full(psd.shape[:-1], np.nan)
    bins = (freqs >= low) & (freqs <= high)
    if mains_hz:
        away = np.abs(freqs - mains_hz * np.round(freqs / mains_hz))
        bins &= away > _MAINS_HALF_HZ
    return np.log(psd[..., bins].mean(axis=-1))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else np.nan
