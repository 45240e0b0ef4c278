"""Replace stale blocks in the table of a Muse's driver by NaN. No I/O, no clock.

The driver stores one block of each channel and delivers all of them once each is new. A packet that comes twice
counts as new twice, so its block is in the table twice, the second time in place of another one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MIN_DISTINCT = 4


class StalePacketFilter:
    """Passes on whole blocks of a driver's table, with NaN where a channel's block equals the previous one.

    Twelve samples of a real signal never equal the twelve before them. Flat blocks do, and so do blocks of a few
    values, as on a railed electrode: they are kept, because they are a matter of contact quality. Incomplete blocks
    are held until the next call.

    Parameters
    ----------
    channel_rows : sequence of int
        Rows of the table that hold channels.
    counter_row : int
        Row that holds the block counter.
    block_size : int
        Samples in a block.

    Attributes
    ----------
    n_stale : int
        Blocks of single channels replaced so far.

    Examples
    --------
    >>> stale_filter = StalePacketFilter([0], 1, 4)
    >>> table = np.array([[1, 7, 3, 5, 1, 7, 3, 5, 2], [0, 0, 0, 0, 1, 1, 1, 1, 2]], float)
    >>> stale_filter.process(table)[0]
    array([ 1.,  7.,  3.,  5., nan, nan, nan, nan])
    """

    def __init__(self, channel_rows: Sequence[int], counter_row: int, block_size: int) -> None:
        self._channel_rows = list(channel_rows)
        self._counter_row = counter_row
        self._block_size = block_size
        self._pending: NDArray[np.float64] | None = None
        self._previous = np.empty((len(self._channel_rows), 0))
        self.n_stale = 0

    def restart(self) -> None:
        """Forget earlier blocks, as after a reconnect."""
        self._pending = None
        self._previous = self._previous[:, :0]

    def process(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add columns of the table ``(n_rows, n_samples)``; return those of whole blocks."""
        table = table.copy() if self._pending is None else np.concatenate([self._pending, table], axis=1)
        start = 0
        while (stop := self._end_of_block(table, start)) is not None:
            self._mark_stale(table, start, stop)
            start = stop
        self._pending = table[:, start:]
        return table[:, :start]

    def _end_of_block(self, table: NDArray[np.float64], start: int) -> int | None:
        """Return the end of the block at ``start``: after ``block_size`` samples, or where the counter changes."""
        counts = table[self._counter_row, start : start + self._block_size]
        changed = np.flatnonzero(counts != counts[:1])
        if changed.size:
            return start + int(changed[0])
        return start + self._block_size if counts.size == self._block_size else None

    def _mark_stale(self, table: NDArray[np.float64], start: int, stop: int) -> None:
        block = table[self._channel_rows, start:stop].copy()
        if block.shape == self._previous.shape:
            for channel in np.flatnonzero((block == self._previous).all(axis=1)):
                if np.unique(block[channel]).size >= _MIN_DISTINCT:
                    table[self._channel_rows[channel], start:stop] = np.nan
                    self.n_stale += 1
        self._previous = block
