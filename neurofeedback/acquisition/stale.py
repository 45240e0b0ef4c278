"""Blocks that a Muse's driver gives out a second time on some channel: marked as no measurement. No I/O, no clock.

The driver keeps one block of each channel and gives all out once each is new. A packet that came twice counts as
new twice, and so its block stands in the table twice, the second time where another should be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LEAST_DISTINCT = 4


class StaleBlocks:
    """Passes on a driver's table by whole blocks, NaN where a channel's block equals the one given out before it.

    Twelve samples of a real signal never equal the twelve before them. Flat blocks do, and those that swing between
    a few values, as on a railed electrode: they are left to be judged as contact. How reads cut the blocks
    does not matter: what is not whole yet is held back.

    Parameters
    ----------
    columns : sequence of int
        Rows of the table that are channels in such blocks.
    counter : int
        Row that counts blocks.
    block : int
        Samples in a block.

    Attributes
    ----------
    n_stale : int
        Blocks of single channels marked so far.

    Examples
    --------
    >>> stale = StaleBlocks([0], 1, 4)
    >>> table = np.array([[1, 7, 3, 5, 1, 7, 3, 5, 2], [0, 0, 0, 0, 1, 1, 1, 1, 2]], float)
    >>> stale.push(table)[0]
    array([ 1.,  7.,  3.,  5., nan, nan, nan, nan])
    """

    def __init__(self, columns: Sequence[int], counter: int, block: int) -> None:
        self._columns = list(columns)
        self._counter = counter
        self._block = block
        self._held: NDArray[np.float64] | None = None
        self._before = np.empty((len(self._columns), 0))
        self.n_stale = 0

    def restart(self) -> None:
        """Forget what was before, as after a reconnect."""
        self._held = None
        self._before = self._before[:, :0]

    def push(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take rows of the table ``(n_columns, n_samples)``; return those of whole blocks."""
        table = table.copy() if self._held is None else np.concatenate([self._held, table], axis=1)
        start = 0
        while (stop := self._end_of_block(table, start)) is not None:
            self._mark(table, start, stop)
            start = stop
        self._held = table[:, start:]
        return table[:, :start]

    def _end_of_block(self, table: NDArray[np.float64], start: int) -> int | None:
        """Find where the block that begins here ends: after its samples, or before where the count changes."""
        counts = table[self._counter, start : start + self._block]
        changed = np.flatnonzero(counts != counts[:1])
        if changed.size:
            return start + int(changed[0])
        return start + self._block if counts.size == self._block else None

    def _mark(self, table: NDArray[np.float64], start: int, stop: int) -> None:
        block = table[self._columns, start:stop].copy()
        if block.shape == self._before.shape:
            for channel in np.flatnonzero((block == self._before).all(axis=1)):
                if np.unique(block[channel]).size >= _LEAST_DISTINCT:
                    table[self._columns[channel], start:stop] = np.nan
                    self.n_stale += 1
        self._before = block
