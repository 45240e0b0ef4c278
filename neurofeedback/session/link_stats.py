"""Statistics of a headset's link: samples lost on each channel, and their age when read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from neurofeedback.types import Chunk

_LATENCY_READS = 500


@dataclass(frozen=True, slots=True)
class LinkStats:
    """Share of samples lost on each channel; age of a read's oldest sample when it was processed, ms.

    The delay of the radio itself is not included.
    """

    loss_rates: tuple[float, ...]
    latency_p50_ms: float
    latency_p95_ms: float


class LinkMonitor:
    """Counts losses over all reads and ages over the last reads."""

    def __init__(self, n_channels: int, sfreq: float) -> None:
        self._sfreq = sfreq
        self._n_lost = np.zeros(n_channels, dtype=np.int64)
        self._ages_ms: deque[float] = deque(maxlen=_LATENCY_READS)
        self.n_samples = 0

    def update(self, chunk: Chunk, now: float, *, after_silence: bool) -> None:
        """Take a chunk processed at ``now`` (s); the age of one that ends a silence is not counted."""
        self.n_samples += chunk.n_samples
        self._n_lost += np.isnan(chunk.data).sum(axis=1)
        if not after_silence:
            read_s = chunk.buffer_delay_s + chunk.n_samples / self._sfreq
            self._ages_ms.append(1000 * (now - chunk.host_time + read_s))

    @property
    def stats(self) -> LinkStats:
        """Statistics so far."""
        p50, p95 = np.percentile(self._ages_ms, (50, 95)).tolist() if self._ages_ms else (np.nan, np.nan)
        return LinkStats(tuple((self._n_lost / max(1, self.n_samples)).tolist()), p50, p95)
