"""Measures of one session's clean signal without feedback: powers, 1/f, alpha frequency, complexity, muscle.

They are absolute values of the raw signal, not relative to a baseline, so that sessions under different conditions can
be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from mne.time_frequency import psd_array_welch
from numpy.typing import NDArray

from neurofeedback.analysis.contact_log import ContactLog
from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.complexity import segment_complexity
from neurofeedback.processing.iaf import find_iaf
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.types import Phase

Floats = NDArray[np.float64]
WINDOW_S = 4.0
NO_FEEDBACK_PHASES = (Phase.BASELINE, Phase.TRANSFER)
_MUSCLE_HZ = (55.0, 95.0)
_MIN_MUSCLE_BANDWIDTH_HZ = 15.0
_MAINS_HALF_HZ = 2.0
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
}


@dataclass(frozen=True, slots=True, eq=False)
class CleanSignal:
    """Clean windows of 4 s of one session by channel row, in order of time, without overlap.

    ``windows[row]`` is ``(n_windows, n_samples)`` in microvolts, raw.
    """

    sfreq: float
    windows: Mapping[int, Floats]

    def count(self, rows: Sequence[int]) -> int:
        """Return the smallest number of windows of these channels."""
        return min((len(self.windows[row]) for row in rows), default=0)

    def subsample(self, n: int) -> CleanSignal:
        """Return ``n`` evenly spaced windows of each channel; channels with fewer are left out."""
        chosen = {
            row: windows[np.linspace(0, len(windows) - 1, n).round().astype(int)]
            for row, windows in self.windows.items()
            if len(windows) >= n
        }
        return CleanSignal(self.sfreq, chosen)

    def blocks(self, n: int) -> list[CleanSignal]:
        """Split into consecutive blocks of ``n`` windows; a remainder at the end is left out."""
        whole = self.count(list(self.windows)) // n
        return [
            CleanSignal(self.sfreq, {row: windows[k * n : (k + 1) * n] for row, windows in self.windows.items()})
            for k in range(whole)
        ]


def extract_clean_signal(
    recording: Recording, contacts: ContactLog, phases: Sequence[Phase] = NO_FEEDBACK_PHASES
) -> CleanSignal:
    """Return the clean windows of a session: without lost samples, and with good contact over their 4 s.

    Of a recording without these phases, such as an imported one, all of it is used.
    """
    n = round(WINDOW_S * recording.stream.sfreq)
    found: list[list[Floats]] = [[] for _ in recording.stream.ch_names]
    for frame in _window_ends(contacts, phases, n):
        stop = int(contacts.sample[frame])
        data = recording.read_chunk(stop - n, stop).data.astype(np.float64)
        for row in np.flatnonzero((contacts.grades[frame] == 0) & np.isfinite(data).all(axis=1)):
            found[row].append(data[row])
    windows = {row: np.array(one) for row, one in enumerate(found) if one}
    return CleanSignal(recording.stream.sfreq, windows)


def _window_ends(contacts: ContactLog, phases: Sequence[Phase], n: int) -> list[int]:
    """Return the frames at which windows of ``n`` samples end that lie in these phases and do not overlap."""
    wanted = np.isin(contacts.phase, [str(phase) for phase in phases])
    if not wanted.any():
        wanted = np.ones(len(contacts.phase), bool)
    ends, available_from = [], 0
    starts = np.concatenate([[0], contacts.sample[:-1]])
    for frame, sample in enumerate(contacts.sample.tolist()):
        if not wanted[frame]:
            available_from = sample
        elif sample - n >= max(available_from, 0) and wanted[np.searchsorted(starts, sample - n, side="right") - 1]:
            ends.append(frame)
            available_from = sample
    return ends


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
    iaf = settings.bands.default_iaf_hz if iaf_hz is None else iaf_hz
    psds = {row: _psd(windows, signal.sfreq) for row, windows in signal.windows.items()}
    by_channel = {row: _spectral_measures(psd, freqs, iaf, settings, mains_hz) for row, (freqs, psd) in psds.items()}
    for row, windows in signal.windows.items():
        complexity, ratio = np.mean(
            [segment_complexity(window[None], signal.sfreq)[0, 0] for window in windows], axis=0
        )
        by_channel[row] |= {"lzc": float(complexity), "lzc_ratio": float(ratio)}
    found = {
        name: _mean([by_channel[row][name] for row in montage.rows(measure.region) if row in by_channel])
        for name, measure in MEASURES.items()
        if name != "iaf"
    }
    return {name: found.get(name, np.nan) for name in MEASURES} | {"iaf": iaf_from_psds(psds, montage, settings)}


def iaf_from_psds(psds: Mapping[int, tuple[Floats, Floats]], montage: Montage, settings: Settings) -> float:
    """Return the alpha frequency of the mean posterior spectrum, Hz; NaN without a peak."""
    chosen = [psds[row] for row in montage.rows("posterior") if row in psds]
    if not chosen:
        return np.nan
    freqs = chosen[0][0]
    found = find_iaf(freqs, np.mean([psd for _, psd in chosen], axis=0), settings.bands, settings.features)
    return np.nan if found is None else found


def estimate_iaf(signal: CleanSignal, montage: Montage, settings: Settings) -> float:
    """Return the alpha frequency of a clean signal, Hz; NaN without a peak."""
    rows = [row for row in montage.rows("posterior") if row in signal.windows]
    return iaf_from_psds({row: _psd(signal.windows[row], signal.sfreq) for row in rows}, montage, settings)


def _psd(windows: Floats, sfreq: float) -> tuple[Floats, Floats]:
    """Return frequencies and spectrum by Welch's method: the clean windows as segments, mean removed, Hann, median."""
    n = windows.shape[1]
    psd, freqs = psd_array_welch(
        windows.ravel(), sfreq, n_fft=n, n_per_seg=n, n_overlap=0, average="median", window="hann", verbose="error"
    )
    return freqs[1:], np.maximum(psd[1:], _TINY)


def _spectral_measures(
    psd: Floats, freqs: Floats, iaf_hz: float, settings: Settings, mains_hz: float | None
) -> dict[str, float]:
    bands = settings.bands
    exponent, offset = AperiodicFit(freqs, iaf_hz, settings.features)(np.log(psd))
    edges = {
        "delta": bands.delta_hz,
        "theta": bands.theta_hz(iaf_hz),
        "alpha": bands.alpha_hz(iaf_hz),
        "beta": bands.beta_hz,
        "gamma": (settings.gate.emg_low_hz, settings.gate.emg_high_hz),
    }
    inside = {name: (freqs >= low) & (freqs <= high) for name, (low, high) in edges.items()}
    found = {name: float(np.log(psd[bins].mean())) for name, bins in inside.items()}
    for name in ("theta", "alpha", "beta"):
        expected = np.exp(offset - exponent * np.log(freqs[inside[name]])).mean()
        found[f"o_{name}"] = found[name] - float(np.log(expected))
    return found | {"exponent": float(exponent), "offset": float(offset), "muscle": _muscle_power(psd, freqs, mains_hz)}


def _muscle_power(psd: Floats, freqs: Floats, mains_hz: float | None) -> float:
    low, high = _MUSCLE_HZ[0], min(_MUSCLE_HZ[1], 0.9 * freqs[-1])
    if high - low < _MIN_MUSCLE_BANDWIDTH_HZ:
        return np.nan
    bins = (freqs >= low) & (freqs <= high)
    if mains_hz:
        away = np.abs(freqs - mains_hz * np.round(freqs / mains_hz))
        bins &= away > _MAINS_HALF_HZ
    return float(np.log(psd[bins].mean()))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else np.nan
