"""Lempel-Ziv complexity (LZc), raw and relative to phase-randomised surrogates, which removes the spectrum's part.

LZc nearly follows the aperiodic exponent and depends on rate and length. So it is computed at one rate and one length,
together with the ratio to surrogates of the same spectrum.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import MetricDescription
from neurofeedback.processing.framing import SlidingWindows, trailing_windows
from neurofeedback.processing.pipeline import Windows
from neurofeedback.settings.montages import REGIONS
from neurofeedback.settings.resolved_profile import Profile

SFREQ = 125.0
WINDOW_S = 4.0
BAND_HZ = (1.0, 40.0)
N_SURROGATES = 10
_N_SAMPLES = round(SFREQ * WINDOW_S)

COLUMNS = (*(f"lzc_{region}" for region in REGIONS), *(f"lzc_ratio_{region}" for region in REGIONS))
"""Columns of the frame log, in the order of ``ComplexityEstimator.process``."""

COMPLEXITY_METRICS = (
    MetricDescription(
        "lzc",
        "Lempel-Ziv complexity",
        "1",
        "resampled to 125 Hz, 1 to 40 Hz, 4 s cut at their median into 0 and 1; number of phrases of LZ76 times "
        "log2(n) / n; once a second; a research option",
        "Nearly a function of the aperiodic exponent, the rate and the window. Read the ratio beside it, and never "
        "compare values of other programs.",
        ("Lempel & Ziv 1976 IEEE Trans Inf Theory 22:75", "Farnes 2020 PLoS ONE 15:e0242056"),
        ("lzc_*",),
    ),
    MetricDescription(
        "lzc_ratio",
        "Lempel-Ziv complexity over its surrogates'",
        "1",
        "the same divided by its mean over ten signals with the same spectrum and random phases",
        "No depth of consciousness: it only says how much of the complexity the spectrum does not explain.",
        ("Li & Mashour 2019 NeuroImage 196:32",),
        ("lzc_ratio_*",),
    ),
)
"""Definitions of the columns."""


def count_words(symbols: bytes) -> int:
    """Count the words of the exhaustive history: each is the shortest not seen before (Lempel & Ziv 1976).

    Examples
    --------
    >>> count_words(bytes([0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1]))  # 0 001 10 100 1000 101
    6
    """
    n, at, words = len(symbols), 0, 0
    values = np.frombuffer(symbols, dtype=np.uint8)
    places = {  # of each symbol: bit k is set where symbol k is this one
        value: int.from_bytes(np.packbits(values == value, bitorder="little").tobytes(), "little")
        for value in set(symbols)
    }
    while at < n:
        starts, length = (1 << at) - 1, 0  # where the word begins earlier, as bits
        while at + length < n:
            starts &= places[symbols[at + length]] >> length
            length += 1
            if not starts:
                break
        at += length
        words += 1
    return words


def lempel_ziv(signal: NDArray[np.float64]) -> float:
    """Return the complexity of ``(n_samples,)`` cut at its median: words * log2(n) / n, about 1 for white noise."""
    symbols = (signal > np.median(signal)).astype(np.uint8).tobytes()
    return count_words(symbols) * float(np.log2(len(symbols))) / len(symbols)


def window_complexity(window: NDArray[np.floating]) -> tuple[float, float]:
    """Return the complexity of a 4-s window, and its ratio to the mean of ten phase-randomised surrogates.

    Parameters
    ----------
    window : ndarray, shape (n_samples,)
        Any unit, any rate above 80 Hz; the rate follows from the length.

    Notes
    -----
    The linear trend is removed, then the signal is filtered to 1 to 40 Hz and resampled to 125 Hz in the Fourier
    domain. The surrogates' phases are the same for every window, so the same samples always give the same numbers.
    """
    spectrum = _band_spectrum(np.asarray(window, dtype=np.float64))
    own = lempel_ziv(np.fft.irfft(spectrum, _N_SAMPLES))
    surrogates = np.fft.irfft(np.abs(spectrum) * _surrogate_phases(), _N_SAMPLES)
    return own, own / float(np.mean([lempel_ziv(surrogate) for surrogate in surrogates]))


def segment_complexity(data: NDArray[np.floating], sfreq: float) -> NDArray[np.float64]:
    """Return complexity and ratio of every whole 4-s window.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_samples)
        Clean signal.
    sfreq : float
        Sampling frequency, Hz.

    Returns
    -------
    ndarray, shape (n_windows, n_channels, 2)
    """
    n = round(WINDOW_S * sfreq)
    starts = range(0, data.shape[1] - n + 1, n)
    found = [[window_complexity(row[start : start + n]) for row in data] for start in starts]
    return np.array(found, dtype=np.float64).reshape(len(starts), len(data), 2)


class ComplexityEstimator:
    """LZc of every region, once a second; independent of how windows are batched.

    A channel is used if it was valid in every frame of the 4 s.
    """

    def __init__(self, profile: Profile, sfreq: float) -> None:
        montage, spectrum = profile.montage, profile.settings.spectrum
        earlier = max(0, round((WINDOW_S - spectrum.window_s) / spectrum.hop_s))
        self._n = round(WINDOW_S * sfreq)
        self._hops_per_second = max(1, round(1.0 / spectrum.hop_s))
        self._rows = [list(montage.rows(region)) for region in REGIONS]
        self._min_valid = montage.min_valid
        self._valid: SlidingWindows[np.bool_] = SlidingWindows(1 + earlier, fill_value=False)
        self._tail = np.zeros((len(montage.ch_names), self._n))

    def process(self, windows: Windows) -> NDArray[np.float64]:
        """Return ``(n, len(COLUMNS))``, NaN between the seconds and where too few channels are valid."""
        past = self._valid.append(windows.gate_result.valid & windows.complete[:, None])
        valid = np.asarray(past.all(axis=-1), dtype=np.bool_)
        joined = np.concatenate([self._tail, windows.filtered], axis=1)
        self._tail = joined[:, -self._n :].copy()
        out = np.full((len(valid), len(COLUMNS)), np.nan)
        due = [row for row in range(len(valid)) if (windows.first + row + 1) % self._hops_per_second == 0]
        cut = trailing_windows(joined, windows.offsets[due] + self._n, self._n)
        for row, window in zip(due, cut, strict=True):
            out[row] = self._region_means(window, valid[row])
        return out

    def _region_means(self, window: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        found = np.full((len(window), 2), np.nan)
        for row in np.flatnonzero(valid):
            found[row] = window_complexity(window[row])
        chosen = [[row for row in rows if valid[row]] for rows in self._rows]
        means = [found[rows].mean(axis=0) if len(rows) >= self._min_valid else (np.nan, np.nan) for rows in chosen]
        return np.array(means).T.ravel()


def _band_spectrum(window: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return the spectrum of one window at 125 Hz, ``(_N_SAMPLES // 2 + 1,)``, 0 outside 1 to 40 Hz."""
    n = len(window)
    line = np.linspace(-1.0, 1.0, n)
    centred = window - window.mean()
    rest = centred - line * (np.sum(line * centred) / np.sum(line * line))
    bins = np.arange(round(BAND_HZ[0] * WINDOW_S), round(BAND_HZ[1] * WINDOW_S) + 1)
    out = np.zeros(_N_SAMPLES // 2 + 1, dtype=np.complex128)
    out[bins] = np.fft.rfft(rest)[bins] * (_N_SAMPLES / n)
    return out


@lru_cache
def _surrogate_phases() -> NDArray[np.complex128]:
    turns = np.random.default_rng(1976).uniform(0.0, 2 * np.pi, (N_SURROGATES, _N_SAMPLES // 2 + 1))
    return np.exp(1j * turns)
