"""The path from samples to gated windows: gap bridging, filters, measures, spectra and gate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.block_measures import BlockMeasurer, BlockMeasures
from neurofeedback.processing.filters import CausalFilter, find_mains, prefilter_sos
from neurofeedback.processing.framing import TINY, FrameSchedule, mean_of_last_axis, sum_of_last_axis, trailing_windows
from neurofeedback.processing.gap_bridge import BridgedSamples, GapBridge, join_bridged
from neurofeedback.processing.gap_power_correction import GapPowerCorrection
from neurofeedback.processing.gate import ArtifactGate, GateResult, WindowMeasures
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.resolved_profile import Profile

_BATCH_BLOCKS = 64
_HIGHEST_LINE_HZ = 62.0


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Gated windows, one a frame.

    Parameters
    ----------
    first : int
        Number of the first frame.
    ends : ndarray, shape (n,)
        Sample index just after each frame.
    psd : ndarray, shape (n, n_channels, n_freqs)
        Expected spectrum of each frame's window, given the samples received, uV^2/Hz.
    complete : ndarray of bool, shape (n,)
        Whether the window lies wholly inside the recording.
    filtered : ndarray, shape (n_channels, n_samples)
        Filtered signal of these blocks, uV.
    """

    first: int
    ends: NDArray[np.int64]
    psd: NDArray[np.float64]
    complete: NDArray[np.bool_]
    filtered: NDArray[np.float64]
    measures: BlockMeasures
    gate_result: GateResult

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Offset of each frame's end in ``filtered``."""
        return self.ends - self.ends[-1] + self.filtered.shape[1]


class Pipeline:
    """Turns samples into gated windows; independent of how samples are chunked."""

    def __init__(self, sfreq: float, profile: Profile) -> None:
        settings = profile.settings
        n_channels = len(profile.montage.ch_names)
        self.sfreq = sfreq
        self.schedule = FrameSchedule(sfreq, settings.spectrum.hop_s)
        self.gate = ArtifactGate(settings, profile.montage.full_scale_uv)
        self._n_window = round(settings.spectrum.window_s * sfreq)
        highest_hz = max(_HIGHEST_LINE_HZ, settings.gate.emg_high_hz)
        self._spectrum = Periodogram(self._n_window, sfreq, highest_hz)
        self.freqs = self._spectrum.freqs
        self._fit = AperiodicFit(self.freqs, settings.bands.default_iaf_hz, settings.features)
        self._ln_emg_freqs = np.log(
            self.freqs[in_band(self.freqs, settings.gate.emg_low_hz, settings.gate.emg_high_hz)]
        )
        self._bridge = GapBridge(n_channels, sfreq, settings.gaps)
        prefilter = prefilter_sos(sfreq, settings.filters)
        self._prefilter = CausalFilter(prefilter, n_channels)
        self._gap_power_correction = GapPowerCorrection(self._spectrum, sfreq, prefilter)
        self._block_measurer = BlockMeasurer(n_channels, sfreq, settings)
        self._received: list[NDArray[np.float64]] = []  # not bridged yet: that costs as much for one sample as for many
        self._n_received = 0
        self._pending: list[BridgedSamples] = []
        self._n_pending = 0
        self._tail = np.zeros((n_channels, self._n_window))
        self._at = 0
        self._next = 0
        self._mains_search: list[NDArray[np.float64]] = []
        self._mains_frame = self.schedule.count_complete(round(settings.filters.mains_search_s * sfreq))
        self._mains_bins: slice | None = None
        self.mains_hz: float | None = None if settings.filters.mains_hz == "auto" else float(settings.filters.mains_hz)

    def append(self, data: NDArray[np.floating]) -> None:
        """Add ``(n_channels, n_samples)`` in uV, NaN for lost samples."""
        self._received.append(np.array(data, dtype=np.float64))  # the caller may use its array again
        self._n_received += data.shape[1]

    @property
    def ready(self) -> int:
        """Number of the first frame that cannot be made yet."""
        if self._received and self.schedule.count_complete(self._n_received) > self._next:
            self._bridge_received()
        return self.schedule.count_complete(self._at + self._n_pending)

    def windows(self, stop: int) -> Windows | None:
        """Return the next windows, at most up to frame ``stop``, which must be ready; None if there are none."""
        stop = min(stop, self._next + _BATCH_BLOCKS)
        if self.mains_hz is None:
            stop = min(stop, self._mains_frame)  # no batch straddles the moment the mains is detected
        if stop <= self._next:
            return None
        first, ends = self._next, self.schedule.ends(self._next, stop - self._next)
        raw = self._pop_pending(int(ends[-1]) - self._at)
        filtered = self._prefilter.process(raw.data, raw.resets)
        measures = self._block_measurer.process(raw, filtered, ends)
        past = np.concatenate([self._tail, filtered], axis=1)
        signal_windows = trailing_windows(past, ends - self._at + self._n_window, self._n_window)
        psd = self._spectrum(signal_windows)
        self._gap_power_correction.correct(psd, raw.fills, self._at, ends)
        complete = ends >= self._n_window
        gate_result = self.gate.process(measures, self._window_measures(psd, complete))
        self._tail = signal_windows[-1]
        self._at, self._next = int(ends[-1]), stop
        self._update_mains(raw.data)
        return Windows(first, ends, psd, complete, filtered, measures, gate_result)

    def _bridge_received(self) -> None:
        bridged = self._bridge.process(np.concatenate(self._received, axis=1))
        self._received.clear()
        self._pending.append(bridged)
        self._n_pending += bridged.data.shape[1]

    def _pop_pending(self, n: int) -> BridgedSamples:
        if n > self._n_pending:
            self._bridge_received()
        popped, rest = join_bridged(self._pending).split(n)
        self._pending, self._n_pending = [rest], rest.data.shape[1]
        return popped

    def _window_measures(self, psd: NDArray[np.float64], complete: NDArray[np.bool_]) -> WindowMeasures:
        known = 0.0 if complete.all() else np.where(complete, 0.0, np.nan)[:, None]
        chi, offset = self._fit(np.log(np.maximum(psd, TINY)))
        step = self.freqs[1] - self.freqs[0]
        band = sum_of_last_axis(psd.take(self._fit.bins, axis=-1)) * step
        expected = np.log(mean_of_last_axis(np.exp(offset[..., None] - chi[..., None] * self._ln_emg_freqs)))
        if self.mains_hz is None:
            return WindowMeasures(chi + known, band + known, expected + known, np.full(chi.shape, np.nan))
        if self._mains_bins is None:
            self._mains_bins = in_band(self.freqs, self.mains_hz - 1, self.mains_hz + 1)
        left_over = sum_of_last_axis(psd[..., self._mains_bins]) * step
        return WindowMeasures(chi + known, band + known, expected + known, left_over + known)

    def _update_mains(self, data: NDArray[np.float64]) -> None:
        if self.mains_hz is not None:
            return
        self._mains_search.append(data)
        if self._next >= self._mains_frame:
            self.mains_hz = find_mains(np.concatenate(self._mains_search, axis=1), self.sfreq)
            self._mains_search.clear()
