"""Blocks, frames and trailing windows by sample count."""

from __future__ import annotations

from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 0.25
"""Length of a gate block, s, also with a shorter hop."""

TINY = float(np.finfo(np.float64).tiny)
"""Smallest normal number, under which no logarithm is taken."""

Scalar = TypeVar("Scalar", bound=np.generic)


class FrameSchedule:
    """Ends of frames and blocks: floor((i + 1) sfreq hop), exactly, for any rate."""

    def __init__(self, sfreq: float, hop_s: float) -> None:
        step = Fraction(sfreq).limit_denominator(10**6) * Fraction(hop_s).limit_denominator(10**6)
        self._numerator, self._denominator = step.numerator, step.denominator
        self.min_hop_samples = int(step)

    def ends(self, first: int, count: int) -> NDArray[np.int64]:
        """Return the sample index just after each of ``count`` blocks, from block ``first`` on."""
        index = np.arange(first + 1, first + count + 1, dtype=np.int64)
        return index * self._numerator // self._denominator

    def count_complete(self, sample: int) -> int:
        """Count the blocks that end at or before ``sample``.

        Examples
        --------
        >>> [FrameSchedule(250.0, 0.25).count_complete(n) for n in (61, 62, 124, 125)]
        [0, 1, 1, 2]
        """
        return ((sample + 1) * self._denominator - 1) // self._numerator


def hops_per_block(hop_s: float) -> int:
    """Return the number of frames from one block to the next without overlap.

    Examples
    --------
    >>> [hops_per_block(hop_s) for hop_s in (0.05, 0.25, 1.0)]
    [5, 1, 1]
    """
    return max(1, round(BLOCK_S / hop_s))


class SlidingWindows(Generic[Scalar]):
    """Sliding windows over the last ``length`` rows of a quantity; independent of how rows are batched.

    The time before the start is filled with ``fill_value``, or with the first row if that is None.
    """

    def __init__(self, length: int, fill_value: float | None = None) -> None:
        self._length = length
        self._fill_value = fill_value
        self._last: NDArray[Scalar] | None = None

    def append(self, rows: NDArray[Scalar]) -> NDArray[Scalar]:
        """Add rows ``(n, ...)`` and return their windows ``(n, ..., length)``, newest last, in C order; read only."""
        last = self._last
        if last is None:
            first = rows[0][..., None]
            last = np.repeat(
                first if self._fill_value is None else np.full_like(first, self._fill_value), self._length, -1
            )
        if len(rows) == 1:
            windows = np.empty((1, *last.shape), dtype=last.dtype)
            windows[0, ..., :-1], windows[0, ..., -1] = last[..., 1:], rows[0]
        else:
            joined = np.concatenate([last[..., 1:], rows.transpose((*range(1, rows.ndim), 0))], axis=-1)
            windows = trailing_windows(joined, np.arange(self._length, self._length + len(rows)), self._length)
        self._last = windows[-1]
        return windows


def mean_of_last_axis(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return ``values.mean(axis=-1)``, bit by bit; NumPy's own checks cost more than the sum of a short axis.

    Examples
    --------
    >>> mean_of_last_axis(np.array([[True, False], [True, True]])).tolist()
    [0.5, 1.0]
    """
    return np.add.reduce(values, axis=-1, dtype=np.float64) / values.shape[-1]


def sum_of_last_axis(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values.sum(axis=-1)``, bit by bit, without NumPy's checks.

    Examples
    --------
    >>> sum_of_last_axis(np.array([[0.5, 1.0], [1.0, 1.0]])).tolist()
    [1.5, 2.0]
    """
    return np.add.reduce(values, axis=-1)


def trailing_windows(data: NDArray[Scalar], stops: NDArray[np.int64], n: int) -> NDArray[Scalar]:
    """Return the ``n`` columns before each stop, ``(len(stops), ..., n)``, in C order."""
    out = np.empty((len(stops), *data.shape[:-1], n), dtype=data.dtype)
    for window, stop in zip(out, stops.tolist(), strict=True):
        window[...] = data[..., stop - n : stop]
    return out
