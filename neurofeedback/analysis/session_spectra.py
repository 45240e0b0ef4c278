"""Spectra of the clean signal of baseline and practice, with the aperiodic component."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from mne.time_frequency import psd_array_welch
from numpy.typing import NDArray

from neurofeedback.analysis.contact_log import ContactLog
from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.spectrum import in_band
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import REGIONS, Montage
from neurofeedback.types import Phase

Floats = NDArray[np.float64]
WINDOW_S = 4.0
MIN_WINDOWS = 4
SPECTRA_PHASES = (Phase.BASELINE, Phase.PRACTICE)
_STEP_S = 2.0
_MAX_WINDOWS = 300
_MAX_CHANNELS = 8
_LOWEST_HZ, _HIGHEST_HZ = 1.5, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Spectrum and its aperiodic fit ``ln P = offset - exponent ln f``.

    ``psd`` is ``(n_freqs,)`` in uV^2/Hz, the median over ``n_windows`` clean windows of 4 s.
    """

    freqs: Floats
    psd: Floats
    exponent: float
    offset: float
    n_windows: int

    @property
    def aperiodic(self) -> Floats:
        """The fit at every frequency, uV^2/Hz."""
        return np.exp(self.offset - self.exponent * np.log(self.freqs))


@dataclass(frozen=True, slots=True, eq=False)
class SpectraPanel:
    """Spectra of one channel or region by phase, without phases with too little clean signal."""

    label: str
    spectra: dict[Phase, Spectrum]


def compute_spectra(
    recording: Recording, contacts: ContactLog, montage: Montage, settings: Settings
) -> list[SpectraPanel]:
    """Compute spectra for each channel, or for each region of a headset with more than 8 channels.

    A window is used for a channel if it has no lost samples and good contact over its 4 s. Of a long phase, 300 evenly
    spaced windows are used.
    """
    by_phase = {phase: _by_channel(recording, contacts, phase, settings) for phase in SPECTRA_PHASES}
    return [
        SpectraPanel(
            label, {phase: mean for phase, found in by_phase.items() if (mean := _mean(found, rows, settings))}
        )
        for label, rows in _groups(montage)
    ]


def _groups(montage: Montage) -> list[tuple[str, tuple[int, ...]]]:
    if len(montage.ch_names) <= _MAX_CHANNELS:
        return [(name, (row,)) for row, name in enumerate(montage.ch_names)]
    return [(f"{region} (mean)", rows) for region in REGIONS if (rows := montage.rows(region))]


def _by_channel(recording: Recording, contacts: ContactLog, phase: Phase, settings: Settings) -> dict[int, Spectrum]:
    """Return the spectrum of each channel that has enough clean windows, by row."""
    sfreq = recording.stream.sfreq
    n = round(WINDOW_S * sfreq)
    clean: list[list[NDArray[np.float32]]] = [[] for _ in recording.stream.ch_names]
    for frame in _window_ends(contacts, phase, n, settings.spectrum.hop_s):
        stop = int(contacts.sample[frame])
        data = recording.read_chunk(stop - n, stop).data
        for row in np.flatnonzero((contacts.grades[frame] == 0) & np.isfinite(data).all(axis=1)):
            clean[row].append(data[row])
    enough = {row: windows for row, windows in enumerate(clean) if len(windows) >= MIN_WINDOWS}
    return {row: _welch(windows, sfreq, settings) for row, windows in enough.items()}


def _window_ends(contacts: ContactLog, phase: Phase, n: int, hop_s: float) -> list[int]:
    """Return the frames at which windows of ``n`` samples in the phase end, overlapping by half at most."""
    inside = np.flatnonzero(contacts.phase == phase)
    if not inside.size:
        return []
    begin = contacts.sample[inside[0] - 1] if inside[0] else 0
    whole = inside[contacts.sample[inside] - n >= begin]
    step = max(1, round(_STEP_S / hop_s), -(-whole.size // _MAX_WINDOWS))
    return whole[::step].tolist()


def _welch(windows: Sequence[NDArray[np.float32]], sfreq: float, settings: Settings) -> Spectrum:
    """Return the spectrum by Welch's method: the clean windows as segments, mean removed, Hann, median."""
    n = windows[0].size
    psd, freqs = psd_array_welch(
        np.concatenate(windows).astype(np.float64),
        sfreq,
        n_fft=n,
        n_per_seg=n,
        n_overlap=0,
        average="median",
        window="hann",
        verbose="error",
    )
    shown = in_band(freqs, _LOWEST_HZ, min(_HIGHEST_HZ, 0.45 * sfreq))
    return _fit_spectrum(freqs[shown], psd[shown], len(windows), settings)


def _fit_spectrum(freqs: Floats, psd: Floats, n_windows: int, settings: Settings) -> Spectrum:
    fit = AperiodicFit(freqs, settings.bands.default_iaf_hz, settings.features)
    exponent, offset = fit(np.log(np.maximum(psd, np.finfo(float).tiny)))
    return Spectrum(freqs, psd, float(exponent), float(offset), n_windows)


def _mean(found: dict[int, Spectrum], rows: Iterable[int], settings: Settings) -> Spectrum | None:
    chosen = [found[row] for row in rows if row in found]
    if len(chosen) <= 1:
        return chosen[0] if chosen else None
    psd = np.mean([spectrum.psd for spectrum in chosen], axis=0)
    return _fit_spectrum(chosen[0].freqs, psd, min(spectrum.n_windows for spectrum in chosen), settings)
