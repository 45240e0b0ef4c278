"""Signals for an emulated headset: one column of microvolts per sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

SampleIterator = Iterator[NDArray[np.float64]]


def iter_samples(chunks: Iterable[NDArray[np.floating]], n_channels: int) -> SampleIterator:
    """Cut chunks ``(any number of channels, n_samples)`` into samples of ``n_channels``, repeating rows if too few.

    Examples
    --------
    >>> [column.tolist() for column in iter_samples([np.array([[1.0, 2.0]])], 3)]
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    for chunk in chunks:
        rows = np.arange(n_channels) % chunk.shape[0]
        yield from np.asarray(chunk, float)[rows].T


def resample(data: NDArray[np.floating], sfreq: float, new_sfreq: float) -> NDArray[np.float64]:
    """Resample a whole recording ``(n_channels, n_samples)``; lost samples (NaN) stay lost.

    Examples
    --------
    >>> resample(np.array([[5.0, 5.0, np.nan, np.nan, 5.0, 5.0]]), 250.0, 125.0).round(1).tolist()
    [[5.0, nan, 5.0]]
    """
    if sfreq == new_sfreq:
        return np.asarray(data, float)
    from scipy.signal import resample_poly  # 0.2 s, seldom needed

    ratio = Fraction(new_sfreq / sfreq).limit_denominator(10_000)
    lost = np.isnan(data)
    # lost samples are filled with the channel's median, so that their edges do not ring
    filled = np.where(lost, np.nanmedian(np.where(lost.all(axis=1, keepdims=True), 0, data), axis=1)[:, None], data)
    resampled = resample_poly(filled, ratio.numerator, ratio.denominator, axis=1, padtype="median")
    nearest = np.minimum(np.arange(resampled.shape[1]) * ratio.denominator // ratio.numerator, data.shape[1] - 1)
    resampled[lost[:, nearest]] = np.nan
    return resampled


def select_rows(ch_names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return the rows of the wanted channels, or all rows in order if one is missing.

    Examples
    --------
    >>> select_rows(["Fz", "TP10", "TP9"], ["TP9", "TP10"]), select_rows(["Fz", "Pz"], ["TP9", "TP10"])
    ([2, 1], [0, 1])
    """
    if set(wanted) <= set(ch_names):
        return [ch_names.index(name) for name in wanted]
    return list(range(len(ch_names)))


def alpha_rhythm(n_channels: int, sfreq: float, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield endless seconds of a 10 Hz, 20 uV sine with white noise."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(round(sfreq)) / sfreq
    while True:
        yield 20 * np.sin(2 * np.pi * 10 * seconds) + rng.normal(0, 5, (n_channels, seconds.size))
