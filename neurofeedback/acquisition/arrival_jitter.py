"""The uncertainty of a gap's length that only the host's clock has measured. No I/O, no clock."""

from __future__ import annotations

from collections import deque

from neurofeedback.types import Chunk

_N_CHUNKS = 250


class ArrivalJitter:
    """Spread of the arrival times of the last chunks around the device's nominal rate.

    A gap is measured from the arrival of the sample before it to that of the sample after it. Each of the two can
    have been as early or as late as any arrival before.

    Examples
    --------
    >>> import numpy as np
    >>> jitter = ArrivalJitter(250.0)
    >>> for stop, host_time in ((25, 0.1), (50, 0.205), (75, 0.3)):
    ...     jitter.update(Chunk(stop - 25, np.zeros((1, 25), np.float32), host_time=host_time))
    >>> round(jitter.spread_s, 6)
    0.005
    """

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._lateness_s: deque[float] = deque(maxlen=_N_CHUNKS)

    @property
    def spread_s(self) -> float:
        """Latest minus earliest arrival, s."""
        return max(self._lateness_s, default=0.0) - min(self._lateness_s, default=0.0)

    def update(self, chunk: Chunk) -> None:
        """Add a chunk; after a gap of uncertain length only later arrivals count."""
        if any(run.cause == "gap" for run in chunk.lost):
            self._lateness_s.clear()
        self._lateness_s.append(chunk.host_time - chunk.stop / self._sfreq)
