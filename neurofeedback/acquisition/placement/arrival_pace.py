"""When samples were taken, by their arrival: the earliest arrivals, and how late the others are. No I/O, no clock.

A sample may arrive late, never early. So the earliest arrivals show the device's clock, and the smallest lateness of a
stretch of samples is what delays it all: samples that the host had queued, or samples that were lost unnoticed.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import inf

_EARLIEST_WINDOW_S = 10.0
_MAX_BLOCKS = 8


class EarliestArrival:
    """Estimate of when sample 0 was taken, from the earliest recent arrivals; older ones are wrong by clock drift."""

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._span = round(_EARLIEST_WINDOW_S * sfreq)
        self.restart()

    @property
    def origin(self) -> float:
        """Earliest time at which sample 0 can have arrived, by the last samples, s."""
        return min(self._before, self._now)

    def restart(self) -> None:
        """Forget all arrivals: the device's samples are later than before, for good."""
        self._before = self._now = inf
        self._until = 0

    def lateness(self, position: int, time: float) -> float:
        """Return how much later than the earliest ones a sample arrived at this time (s), in samples."""
        return (time - self.origin) * self._sfreq - position

    def update(self, position: int, time: float) -> None:
        """Add the arrival time (s) of a sample at its position."""
        if position >= self._until:
            self._before, self._now, self._until = self._now, inf, position + self._span
        self._now = min(self._now, time - position / self._sfreq)


class LatenessBlocks:
    """Smallest lateness in blocks of successive samples, which shows the pace at which they arrive.

    While a host works off a queue of samples, each block is less late than the one before. At the device's own pace
    the blocks are equally late.

    Parameters
    ----------
    block_size : int
        Samples in a block.

    Examples
    --------
    >>> blocks = LatenessBlocks(2)
    >>> for lateness in (9.0, 8.5, 5.0, 5.5, 5.0, 7.0):
    ...     _ = blocks.update(lateness)
    >>> blocks.steady_level(2, 0.5), blocks.steady_level(3, 0.5), blocks.minimum
    (5.0, None, 5.0)
    """

    def __init__(self, block_size: int) -> None:
        self._block_size = block_size
        self._minima: deque[float] = deque(maxlen=_MAX_BLOCKS)
        self._current = inf
        self._count = 0
        self.minimum = inf

    def update(self, lateness: float) -> bool:
        """Add the next sample's lateness, in samples; return whether it completes a block."""
        if lateness < self._current:
            self._current = lateness
            self.minimum = min(self.minimum, lateness)
        self._count += 1
        if self._count < self._block_size:
            return False
        self._minima.append(self._current)
        self._current, self._count = inf, 0
        return True

    def steady_level(self, n_blocks: int, tolerance: float) -> float | None:
        """Return the lateness of the last whole blocks, in samples; None if they are too few or differ by more."""
        if len(self._minima) < n_blocks:
            return None
        last = list(islice(reversed(self._minima), n_blocks))
        return min(last) if max(last) - min(last) <= tolerance else None
