"""What an emulated headset is fed: columns of microvolts, one for each sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Columns = Iterator[NDArray[np.float64]]


def columns(chunks: Iterable[NDArray[np.floating]], n_channels: int) -> Columns:
    """Cut chunks ``(any number of channels, n_samples)`` into samples of ``n_channels``, repeating rows if too few.

    Examples
    --------
    >>> [column.tolist() for column in columns([np.array([[1.0, 2.0]])], 3)]
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    for chunk in chunks:
        rows = np.arange(n_channels) % chunk.shape[0]
        yield from np.asarray(chunk, float)[rows].T


def alpha_rhythm(n_channels: int, sfreq: float, seed: int) -> Iterator[NDArray[np.float64]]:
    """Endless seconds of a 10 Hz, 20 uV sine on white noise, for a headset that is fed nothing better."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(round(sfreq)) / sfreq
    while True:
        yield 20 * np.sin(2 * np.pi * 10 * seconds) + rng.normal(0, 5, (n_channels, seconds.size))
