"""Causal filters with state, warm-started at the first sample and after long gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.settings.signal import FilterSettings, GateSettings

MAINS_HZ = (50.0, 60.0)
_HIGHEST_NOTCH_SHARE = 0.45


def checked_filter_in_place(sos: NDArray[np.float64], data: NDArray[np.float64], state: NDArray[np.float64]) -> None:
    """Filter ``(n_rows, n_samples)`` with ``(n_rows, n_sections, 2)`` states, both replaced."""
    data[...], after = signal.sosfilt(sos, data, axis=-1, zi=state.transpose(1, 0, 2))
    state[...] = after.transpose(1, 0, 2)


try:  # the compiled part of sosfilt: its checks cost ten times as much as filtering the samples of a frame
    from scipy.signal._sosfilt import _sosfilt as filter_in_place  # pyright: ignore[reportPrivateUsage]
except ImportError:  # pragma: no cover - another SciPy may name it otherwise
    filter_in_place = checked_filter_in_place


class CausalFilter:
    """Second-order sections over rows; independent of how samples are chunked."""

    def __init__(self, sos: NDArray[np.float64], n_channels: int) -> None:
        self._sos = np.ascontiguousarray(sos, dtype=np.float64)
        self._steady_state = signal.sosfilt_zi(sos)
        self._state = np.zeros((n_channels, len(sos), 2))

    def process(self, data: NDArray[np.float64], resets: Sequence[tuple[int, int]] = ()) -> NDArray[np.float64]:
        """Filter ``(n_channels, n_samples)``; a row restarts in steady state at each (row, offset) of ``resets``."""
        if not resets:
            return self._filter(data)
        out = np.empty_like(data)
        at = 0
        for row, offset in resets:
            out[:, at:offset] = self._filter(data[:, at:offset])
            self._state[row] = self._steady_state * data[row, offset]
            at = offset
        out[:, at:] = self._filter(data[:, at:])
        return out

    def _filter(self, data: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.array(data, order="C")
        if data.shape[1]:
            filter_in_place(self._sos, out, self._state)
        return out


def prefilter_sos(sfreq: float, settings: FilterSettings) -> NDArray[np.float64]:
    """Return the high-pass and mains notches applied before everything else (second-order sections).

    With ``mains_hz = "auto"`` both 50 and 60 Hz are removed, so that no filter changes when the mains frequency is
    detected; neither affects frequencies below 48 Hz.
    """
    sections = [signal.butter(2, settings.highpass_hz, "highpass", fs=sfreq, output="sos")]
    mains = MAINS_HZ if settings.mains_hz == "auto" else (float(settings.mains_hz),)
    for f0 in (multiple * hz for hz in mains for multiple in (1, 2)):
        if f0 < _HIGHEST_NOTCH_SHARE * sfreq or (f0 in MAINS_HZ and f0 < 0.49 * sfreq):
            b, a = signal.iirnotch(f0, settings.notch_q, fs=sfreq)
            sections.append(signal.tf2sos(b, a))
    return np.vstack(sections)


def blink_sos(sfreq: float, settings: GateSettings) -> NDArray[np.float64]:
    """Return the low-pass of the blink rule: Butterworth, order 4."""
    return signal.butter(4, settings.blink_lowpass_hz, "lowpass", fs=sfreq, output="sos")


def emg_sos(sfreq: float, settings: GateSettings) -> NDArray[np.float64]:
    """Return the band-pass of the muscle rule: Butterworth, order 4."""
    return signal.butter(4, [settings.emg_low_hz, settings.emg_high_hz], "bandpass", fs=sfreq, output="sos")


def find_mains(data: NDArray[np.float64], sfreq: float) -> float:
    """Return the mains frequency of raw ``(n_channels, n_samples)``, Hz: 50 or 60, whichever is stronger.

    The ratio is P(f0 +- 1 Hz) over P of the neighbours 3 to 6 Hz away, mean over channels; one channel with hum is
    enough.
    """
    f, psd = signal.welch(data, fs=sfreq, nperseg=min(data.shape[1], int(2 * sfreq)), axis=-1)
    candidates = [f0 for f0 in MAINS_HZ if f0 <= f[-1] + 1]
    return max(candidates, key=lambda f0: float(np.mean(_line_ratio(f, psd, f0))))


def _line_ratio(f: NDArray[np.float64], psd: NDArray[np.float64], f0: float) -> NDArray[np.float64]:
    distance = np.abs(f - f0)
    line = psd[:, distance <= 1].mean(axis=1)
    around = psd[:, (distance >= 3) & (distance <= 6)].mean(axis=1)
    return line / np.maximum(around, np.finfo(float).tiny)
