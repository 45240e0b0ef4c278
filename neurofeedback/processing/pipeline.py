"""From samples to judged windows: bridging, filters, measures, spectra and the gate, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.blocks import Schedule, trailing
from neurofeedback.processing.filters import CausalFilter, find_mains, prefilter_sos
from neurofeedback.processing.gaps import Bridge, Bridged, joined
from neurofeedback.processing.gate import Gate, Verdicts, WindowFacts
from neurofeedback.processing.measures import Measurer, Measures
from neurofeedback.processing.shortfall import Shortfall
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.profile import Profile

_BATCH_BLOCKS = 64
_HIGHEST_LINE_HZ = 62.0


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Judged windows, one a frame.

    Parameters
    ----------
    first : int
        Number of the first frame.
    ends : ndarray, shape (n,)
        Sample index just after each frame.
    psd : ndarray, shape (n, n_channels, n_freqs)
        Expected spectrum of the window of each frame, given what arrived of it, uV^2/Hz.
    filled : ndarray of bool, shape (n,)
        The window lies wholly inside the recording.
    filtered : ndarray, shape (n_channels, n_samples)
        The filtered signal of these blocks, uV.
    """

    first: int
    ends: NDArray[np.int64]
    psd: NDArray[np.float64]
    filled: NDArray[np.bool_]
    filtered: NDArray[np.float64]
    measures: Measures
    verdicts: Verdicts

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each frame ends in ``filtered``."""
        return self.ends - self.ends[-1] + self.filtered.shape[1]


class Pipeline:
    """Samples in, judged windows out; the same windows however the samples are cut."""

    def __init__(self, sfreq: float, profile: Profile) -> None:
        settings = profile.settings
        n_channels = len(profile.montage.ch_names)
        self.sfreq = sfreq
        self.schedule = Schedule(sfreq, settings.spectrum.hop_s)
        self.gate = Gate(settings, profile.montage.full_scale_uv)
        self._n_window = round(settings.spectrum.window_s * sfreq)
        highest_hz = max(_HIGHEST_LINE_HZ, settings.gate.emg_high_hz)
        self._spectrum = Periodogram(self._n_window, sfreq, highest_hz)
        self.freqs = self._spectrum.freqs
        self._fit = AperiodicFit(self.freqs, settings.bands.default_iaf_hz, settings.features)
        self._ln_emg_freqs = np.log(
            self.freqs[in_band(self.freqs, settings.gate.emg_low_hz, settings.gate.emg_high_hz)]
        )
        self._bridge = Bridge(n_channels, sfreq, settings.gaps)
        prefilter = prefilter_sos(sfreq, settings.filters)
        self._prefilter = CausalFilter(prefilter, n_channels)
        self._shortfall = Shortfall(self._spectrum, sfreq, prefilter)
        self._measurer = Measurer(n_channels, sfreq, settings)
        self._waiting: list[Bridged] = []
        self._n_waiting = 0
        self._tail = np.zeros((n_channels, self._n_window))
        self._at = 0
        self._next = 0
        self._mains_search: list[NDArray[np.float64]] = []
        self._mains_frame = self.schedule.complete(round(settings.filters.mains_search_s * sfreq))
        self.mains_hz: float | None = None if settings.filters.mains_hz == "auto" else float(settings.filters.mains_hz)

    def push(self, data: NDArray[np.floating]) -> None:
        """Take ``(n_channels, n_samples)`` in uV, NaN for lost samples."""
        bridged = self._bridge.push(data)
        self._waiting.append(bridged)
        self._n_waiting += bridged.data.shape[1]

    @property
    def ready(self) -> int:
        """Number of the first frame that cannot be made yet."""
        return self.schedule.complete(self._at + self._n_waiting)

    def windows(self, stop: int) -> Windows | None:
        """Judge the next frames, at most up to frame ``stop``, which must be ready; None when there are none."""
        stop = min(stop, self._next + _BATCH_BLOCKS)
        if self.mains_hz is None:
            stop = min(stop, self._mains_frame)  # so that no batch straddles the moment the mains is known
        if stop <= self._next:
            return None
        first, ends = self._next, self.schedule.ends(self._next, stop - self._next)
        raw = self._take(int(ends[-1]) - self._at)
        filtered = self._prefilter.push(raw.data, raw.resets)
        measures = self._measurer.push(raw, filtered, ends)
        past = np.concatenate([self._tail, filtered], axis=1)
        psd = self._spectrum(trailing(past, ends - self._at + self._n_window, self._n_window))
        self._shortfall.add(psd, raw.fills, self._at, ends)
        filled = ends >= self._n_window
        verdicts = self.gate.push(measures, self._facts(psd, filled))
        self._tail = past[:, -self._n_window :].copy()
        self._at, self._next = int(ends[-1]), stop
        self._learn_mains(raw.data)
        return Windows(first, ends, psd, filled, filtered, measures, verdicts)

    def _take(self, n: int) -> Bridged:
        taken, rest = joined(self._waiting).split(n)
        self._waiting, self._n_waiting = [rest], rest.data.shape[1]
        return taken

    def _facts(self, psd: NDArray[np.float64], filled: NDArray[np.bool_]) -> WindowFacts:
        known = np.where(filled, 0.0, np.nan)[:, None]
        chi, offset = self._fit(np.log(np.maximum(psd, np.finfo(float).tiny)))
        step = self.freqs[1] - self.freqs[0]
        band = np.take(psd, self._fit.bins, axis=-1).sum(axis=-1) * step
        expected = np.log(np.exp(offset[..., None] - chi[..., None] * self._ln_emg_freqs).mean(axis=-1))
        if self.mains_hz is None:
            return WindowFacts(chi + known, band + known, expected + known, np.full(chi.shape, np.nan))
        line = psd[..., in_band(self.freqs, self.mains_hz - 1, self.mains_hz + 1)]
        left_over = line.sum(axis=-1) * step
        return WindowFacts(chi + known, band + known, expected + known, left_over + known)

    def _learn_mains(self, data: NDArray[np.float64]) -> None:
        if self.mains_hz is not None:
            return
        self._mains_search.append(data)
        if self._next >= self._mains_frame:
            self.mains_hz = find_mains(np.concatenate(self._mains_search, axis=1), self.sfreq)
            self._mains_search.clear()
