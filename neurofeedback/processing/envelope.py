"""The envelope of a narrow band with a fixed short delay, by a causal complex FIR filter.

After Smetanin, Belinskaya, Lebedev & Ossadtchi 2020: the least-squares approximation, by so many taps, of the
ideal filter that passes the band's positive frequencies alone and delays them by a time shorter than a causal
filter of that selectivity would need.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.framing import TINY, trailing_windows
from neurofeedback.settings.signal import EnvelopeSettings

_GRID_S = 16.0


def envelope_taps(
    sfreq: float, band_hz: tuple[float, float], *, length_s: float, delay_s: float
) -> NDArray[np.complex128]:
    """Taps b = F^H H / N, the newest sample's first, for H(f) = 2 exp(-2 pi i f delay) in the band and 0 elsewhere.

    Parameters
    ----------
    sfreq : float
        Sampling frequency, Hz.
    band_hz : tuple of float
        Edges of the band, Hz; low <= f <= high.
    length_s, delay_s : float
        Length of the filter and the delay it is to have, s.

    Returns
    -------
    ndarray of complex, shape (n_taps,)

    Examples
    --------
    >>> taps = envelope_taps(256.0, (8.0, 12.0), length_s=1.0, delay_s=0.15)
    >>> len(taps), round(float(np.argmax(np.abs(taps))) / 256, 2)
    (256, 0.15)
    """
    n = round(_GRID_S * sfreq)
    freqs = np.fft.fftfreq(n, 1 / sfreq)
    low_hz, high_hz = band_hz
    response = np.where((freqs >= low_hz) & (freqs <= high_hz), 2 * np.exp(-2j * np.pi * freqs * delay_s), 0)
    return np.fft.ifft(response)[: round(length_s * sfreq)]


class EnvelopeFilter:
    """Computes ln of the envelope at the end of a piece of signal, for one band; stateless.

    Parameters
    ----------
    centre_hz : float
        Middle of the band, Hz.
    """

    def __init__(self, sfreq: float, centre_hz: float, settings: EnvelopeSettings) -> None:
        band_hz = (centre_hz - settings.half_width_hz, centre_hz + settings.half_width_hz)
        taps = envelope_taps(sfreq, band_hz, length_s=settings.length_s, delay_s=settings.delay_s)[::-1]
        self.n_taps = len(taps)
        self._real, self._imag = np.ascontiguousarray(taps.real), np.ascontiguousarray(taps.imag)

    def __call__(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ln of the envelope in uV, ``(...)``, of ``(..., n_taps)`` in uV, in C order."""
        square = (samples @ self._real) ** 2 + (samples @ self._imag) ** 2
        return 0.5 * np.log(np.maximum(square, TINY))

    def at(self, data: NDArray[np.float64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ln of the envelope before each stop, ``(n_stops, n_channels)``; NaN before ``n_taps`` samples."""
        filled = stops >= self.n_taps
        if filled.all():
            return self(trailing_windows(data, stops, self.n_taps))
        out = np.full((len(stops), len(data)), np.nan)
        out[filled] = self(trailing_windows(data, stops[filled], self.n_taps))
        return out


class Envelope:
    """An envelope filter along a stream; independent of how samples are chunked.

    Attributes
    ----------
    filter : EnvelopeFilter
        May be replaced at any time by a filter of the same length.
    """

    def __init__(self, n_channels: int, filter_: EnvelopeFilter) -> None:
        self.filter = filter_
        self._tail = np.empty((n_channels, 0))

    def process(self, data: NDArray[np.float64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ln of the envelope (uV) of ``(n_channels, n_samples)`` at each offset, as ``at`` does."""
        joined = np.concatenate([self._tail, data], axis=1)
        out = self.filter.at(joined, stops + self._tail.shape[1])
        self._tail = joined[:, -self.filter.n_taps :].copy()
        return out
