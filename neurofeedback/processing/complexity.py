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
_BATCH = 440  # signals that fit into a processor's cache together

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


def count_words(symbols: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the words of the exhaustive history: each is the shortest not seen before (Lempel & Ziv 1976).

    Parameters
    ----------
    symbols : ndarray, shape (n_signals, n_samples)
        Sequences of 0 and 1.

    Notes
    -----
    Going backwards, the sequence that starts at a place and at an earlier one is one symbol longer than that of the two
    next places, or empty. All earlier places and all signals are processed together.

    Examples
    --------
    >>> count_words(np.array([[0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1]], np.uint8))  # 0 001 10 100 1000 101
    array([6])
    """
    n_signals, n = symbols.shape
    longest = np.zeros(symbols.shape, np.int16)
    for start in range(0, n_signals, _BATCH):
        longest[start : start + _BATCH] = _longest_earlier(symbols[start : start + _BATCH])
    at, words = np.zeros(n_signals, np.int64), np.zeros(n_signals, np.int64)
    while (unfinished := np.flatnonzero(at < n)).size:
        at[unfinished] += longest[unfinished, at[unfinished]] + 1
        words[unfinished] += 1
    return words


def _longest_earlier(symbols: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the length of the longest sequence from each place that also starts at an earlier one."""
    columns = np.ascontiguousarray(symbols.T.astype(np.int16) - 1)  # all bits set, or none
    inverted = ~columns
    shared = np.zeros((len(columns) + 1, len(symbols)), np.int16)
    equal = np.empty_like(columns)
    longest = np.zeros_like(columns)
    for place in range(len(columns) - 1, 0, -1):
        here = shared[:place]
        np.bitwise_xor(columns[:place], inverted[place], out=equal[:place])
        np.add(shared[1 : place + 1], 1, out=here)
        np.bitwise_and(here, equal[:place], out=here)
        np.maximum.reduce(here, axis=0, out=longest[place])
    return longest.T


def lempel_ziv(signals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the complexity of signals cut at their medians: words * log2(n) / n, about 1 for white noise.

    Parameters
    ----------
    signals : ndarray, shape (n_signals, n_samples)
    """
    n = signals.shape[1]
    words = count_words((signals > np.median(signals, axis=1, keepdims=True)).astype(np.uint8))
    return words * float(np.log2(n)) / n


def window_complexity(window: NDArray[np.floating]) -> tuple[float, float]:
    """Return the complexity of a 4-s window, and its ratio to the mean of ten phase-randomised surrogates.

    Parameters
    ----------
    window : ndarray, shape (n_samples,)
        Any unit, any rate above 80 Hz; the rate follows from the length.
    """
    found = windows_complexity(window[None])[0].tolist()
    return found[0], found[1]


def windows_complexity(windows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return complexity and ratio (see ``window_complexity``) of several windows, ``(n_windows, 2)``."""
    return surrogate_ratio(*band_limited_windows(windows))


def surrogate_ratio(own: NDArray[np.float64], surrogates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return complexity and ratio, ``(n_windows, 2)``, of what ``band_limited_windows`` returns."""
    values = lempel_ziv(own)
    references = lempel_ziv(surrogates.reshape(-1, own.shape[1])).reshape(len(own), N_SURROGATES)
    return np.column_stack([values, values / references.mean(axis=1)])


def band_limited_windows(windows: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return windows of 4 s at 125 Hz with 1 to 40 Hz alone, and ten phase-randomised surrogates of each.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, n_samples)
        Any unit, any rate above 80 Hz; the rate follows from the length.

    Returns
    -------
    own : ndarray, shape (n_windows, 500)
    surrogates : ndarray, shape (n_windows, 10, 500)

    Notes
    -----
    The linear trend is removed, then the signal is filtered to 1 to 40 Hz and resampled to 125 Hz in the Fourier
    domain. The surrogates' phases are the same for every window, so the same samples always give the same numbers.
    """
    spectra = [_band_spectrum(np.asarray(window, dtype=np.float64)) for window in windows]
    own = np.array([np.fft.irfft(spectrum, _N_SAMPLES) for spectrum in spectra]).reshape(-1, _N_SAMPLES)
    turned = [np.fft.irfft(np.abs(spectrum) * _surrogate_phases(), _N_SAMPLES) for spectrum in spectra]
    return own, np.array(turned).reshape(-1, N_SURROGATES, _N_SAMPLES)


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
    n_windows = data.shape[1] // n
    windows = data[:, : n_windows * n].reshape(len(data) * n_windows, n)
    return windows_complexity(windows).reshape(len(data), n_windows, 2).transpose(1, 0, 2)


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
        found[valid] = windows_complexity(window[valid])
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
