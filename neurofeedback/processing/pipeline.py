"""From samples to judged windows: bridging, filters, measures, spectra and the gate, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.blocks import Schedule
from neurofeedback.processing.filters import CausalFilter, find_mains, prefilter_sos
from neurofeedback.processing.gaps import Bridge, Bridged
from neurofeedback.processing.gate import Gate, Verdicts
from neurofeedback.processing.measures import Measurer, Measures
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.profile import Profile

_BATCH_BLOCKS = 64
_LONG_WINDOW_S = 4.0


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
        Spectrum of the window of each frame, uV^2/Hz.
    filled : ndarray of bool, shape (n,)
        The window lies wholly inside the recording.
    long_psd : ndarray, shape (m, n_channels, n_long_freqs)
        Spectra of 4-s windows, one a second, for the alpha frequency.
    long_at : ndarray of int, shape (m,)
        Frame (offset into this batch) each of them ends with.
    filtered : ndarray, shape (n_channels, n_samples)
        The filtered signal of these blocks, for screens.
    """

    first: int
    ends: NDArray[np.int64]
    psd: NDArray[np.float64]
    filled: NDArray[np.bool_]
    long_psd: NDArray[np.float64]
    long_at: NDArray[np.int64]
    verdicts: Verdicts
    measures: Measures
    filtered: NDArray[np.float64]


class Pipeline:
    """Samples in, judged windows out; the same windows however the samples are cut."""

    def __init__(self, sfreq: float, profile: Profile) -> None:
        settings = profile.settings
        n_channels = len(profile.montage.ch_names)
        self.sfreq = sfreq
        self.schedule = Schedule(sfreq, settings.spectrum.hop_s)
        self.gate = Gate(settings, profile.montage.full_scale_uv)
        self._n_window = round(settings.spectrum.window_s * sfreq)
        self._n_long = round(_LONG_WINDOW_S * sfreq)
        self._per_second = max(1, round(1.0 / settings.spectrum.hop_s))
        line_top = min(62.0, 0.49 * sfreq)
        self._spectrum = Periodogram(self._n_window, sfreq, max(line_top, settings.gate.emg_high_hz))
        self._long_spectrum = Periodogram(self._n_long, sfreq, settings.gate.emg_high_hz)
        self.freqs = self._spectrum.freqs
        self.long_freqs = self._long_spectrum.freqs
        self._fit = AperiodicFit(self.freqs, settings.bands.default_iaf_hz, settings.features)
        self._emg_bins = in_band(self.freqs, settings.gate.emg_low_hz, settings.gate.emg_high_hz)
        self._bridge = Bridge(n_channels, sfreq, settings.gaps)
        self._prefilter = CausalFilter(prefilter_sos(sfreq, settings.filters), n_channels)
        self._measurer = Measurer(n_channels, sfreq, settings)
        self._pending: list[Bridged] = []
        self._n_pending = 0
        self._tail = np.zeros((n_channels, max(self._n_window, self._n_long)))
        self._at = 0
        self._next = 0
        self._mains_search: list[NDArray[np.float64]] = []
        self._mains_frame = self.schedule.complete(round(settings.filters.mains_search_s * sfreq))
        self.mains_hz: float | None = None if settings.filters.mains_hz == "auto" else float(settings.filters.mains_hz)

    def push(self, data: NDArray[np.floating]) -> None:
        """Take ``(n_channels, n_samples)`` in uV, NaN for lost samples."""
        bridged = self._bridge.push(data)
        if bridged.data.shape[1]:
            self._pending.append(bridged)
            self._n_pending += bridged.data.shape[1]

    @property
    def ready(self) -> int:
        """Number of the first frame that cannot be made yet."""
        return self.schedule.complete(self._at + self._n_pending)

    def windows(self, stop: int) -> Windows | None:
        """Judge the next frames, at most up to frame ``stop``, which must be ready; None when there are none."""
        stop = min(stop, self._next + _BATCH_BLOCKS)
        if self.mains_hz is None and self._next < self._mains_frame:
            stop = min(stop, self._mains_frame)  # so that no batch straddles the moment the mains is known
        if stop <= self._next:
            return None
        first, ends = self._next, self.schedule.ends(self._next, stop - self._next)
        block = self._take(int(ends[-1]) - self._at)
        filtered = self._prefilter.push(block.data, block.resets)
        measures = self._measurer.push(block.data, block.lost, filtered, block.resets, ends)
        joined = np.concatenate([self._tail, filtered], axis=1)
        stops = ends - self._at + self._tail.shape[1]
        psd = self._spectrum(_trailing(joined, stops, self._n_window))
        long_at = np.flatnonzero((np.arange(first, stop) + 1) % self._per_second == 0)
        long_psd = self._long_spectrum(_trailing(joined, stops[long_at], self._n_long))
        verdicts = self.gate.push(measures, *self._window_facts(psd))
        self._tail = joined[:, joined.shape[1] - self._tail.shape[1] :].copy()
        self._at, self._next = int(ends[-1]), stop
        self._learn_mains(block.data)
        return Windows(first, ends, psd, ends >= self._n_window, long_psd, long_at, verdicts, measures, filtered)

    def _window_facts(self, psd: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Exponent, ln density expected in the muscle band, and mains left over, from each window alone."""
        exponent, offset = self._fit(np.log(np.maximum(psd, np.finfo(float).tiny)))
        ln_f = np.log(self.freqs[self._emg_bins])
        expected = np.log(np.exp(offset[..., None] - exponent[..., None] * ln_f).mean(axis=-1))
        if self.mains_hz is None:
            return exponent, expected, np.zeros(exponent.shape)
        line = in_band(self.freqs, self.mains_hz - 1, self.mains_hz + 1)
        left_over = psd[..., line].sum(axis=-1) * (self.freqs[1] - self.freqs[0])
        return exponent, expected, left_over

    def _take(self, n: int) -> Bridged:
        data = np.concatenate([piece.data for piece in self._pending], axis=1)
        lost = np.concatenate([piece.lost for piece in self._pending], axis=1)
        resets: list[tuple[int, int]] = []
        offset = 0
        for piece in self._pending:
            resets += [(row, at + offset) for row, at in piece.resets]
            offset += piece.data.shape[1]
        inside = tuple((row, at) for row, at in resets if at < n)
        rest = Bridged(data[:, n:], lost[:, n:], tuple((row, at - n) for row, at in resets if at >= n))
        self._pending = [rest] if rest.data.shape[1] else []
        self._n_pending = rest.data.shape[1]
        return Bridged(np.ascontiguousarray(data[:, :n]), np.ascontiguousarray(lost[:, :n]), inside)

    def _learn_mains(self, data: NDArray[np.float64]) -> None:
        if self.mains_hz is not None:
            return
        self._mains_search.append(data)
        if self._next >= self._mains_frame:
            self.mains_hz = find_mains(np.concatenate(self._mains_search, axis=1), self.sfreq)
            self._mains_search.clear()


def _trailing(joined: NDArray[np.float64], stops: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Return the ``n`` samples before each stop, ``(len(stops), n_channels, n)``, in C order."""
    out = np.empty((len(stops), len(joined), n))
    for k, stop in enumerate(stops):
        out[k] = joined[:, stop - n : stop]
    return out
