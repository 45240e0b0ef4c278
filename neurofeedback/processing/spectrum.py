"""Spectrum of one window: mean removed, periodic Hann, one-sided density (uV^2/Hz)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.framing import mean_of_last_axis


class Periodogram:
    """Spectral density of windows of ``n`` samples, on the bins up to ``max_hz``.

    Equal to ``mne.time_frequency.psd_array_welch`` with one segment.
    """

    def __init__(self, n: int, sfreq: float, max_hz: float) -> None:
        self.n = n
        from scipy.signal import get_window  # takes half a second to load; `in_band` alone does without

        window = get_window("hann", n, fftbins=True)
        freqs: NDArray[np.float64] = np.asarray(np.fft.rfftfreq(n, 1 / sfreq), dtype=np.float64)
        self._window = window
        self._n_freqs = int(np.searchsorted(freqs, max_hz, side="right"))
        self.freqs: NDArray[np.float64] = freqs[: self._n_freqs]
        doubled = np.where((self.freqs > 0) & (self.freqs < sfreq / 2), 2.0, 1.0)
        self._scale = doubled / (sfreq * np.sum(window**2))

    def __call__(self, windows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density ``(..., n_freqs)`` in uV^2/Hz of ``(..., n)`` in uV."""
        centred = windows - mean_of_last_axis(windows)[..., None]
        spectrum = np.fft.rfft(centred * self._window, axis=-1)[..., : self._n_freqs]
        return (spectrum.real**2 + spectrum.imag**2) * self._scale

    def density_per_sample(self, position: int) -> NDArray[np.float64]:
        """Return the density (uV^2/Hz) per squared uV at one position of the window, ``(n_freqs,)``."""
        return self._scale * self._window[position] ** 2


def in_band(freqs: NDArray[np.float64], low_hz: float, high_hz: float) -> slice:
    """Return the bins with low <= f <= high as a slice.

    Examples
    --------
    >>> freqs = np.arange(0, 10.5, 0.5)
    >>> freqs[in_band(freqs, 3.5, 5)].tolist()
    [3.5, 4.0, 4.5, 5.0]
    """
    tolerance = 1e-9
    return slice(
        int(np.searchsorted(freqs, low_hz - tolerance, side="left")),
        int(np.searchsorted(freqs, high_hz + tolerance, side="right")),
    )
