"""What a link to a headset is worth: samples lost on each channel, and how old they are when they are read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from neurofeedback.types import Chunk

_LATENCY_READS = 500


@dataclass(frozen=True, slots=True)
class LinkStats:
    """Share of samples lost on each channel so far; age of a read's oldest sample by the time it was judged, ms.

    What the radio itself adds to the age cannot be known here.
    """

    loss_rates: tuple[float, ...]
    latency_p50_ms: float
    latency_p95_ms: float


class LinkMonitor:
    """Counts over all reads; latency over the last ones."""

    def __init__(self, n_channels: int, sfreq: float) -> None:
        self._sfreq = sfreq
        self._n_lost = np.zeros(n_channels, dtype=np.int64)
        self._ages_ms: deque[float] = deque(maxlen=_LATENCY_READS)
        self.n_samples = 0

    def update(self, chunk: Chunk, now: float, *, after_silence: bool) -> None:
        """Take a chunk judged at the moment ``now`` (s); one that fills a long gap says nothing of a usual age."""
        self.n_samples += chunk.n_samples
        self._n_lost += np.isnan(chunk.data).sum(axis=1)
        if not after_silence:
            read_s = chunk.buffer_delay_s + chunk.n_samples / self._sfreq
            self._ages_ms.append(1000 * (now - chunk.host_time + read_s))

    @property
    def stats(self) -> LinkStats:
        """How the samples have arrived so far."""
        p50, p95 = np.percentile(self._ages_ms, (50, 95)).tolist() if self._ages_ms else (np.nan, np.nan)
        return LinkStats(tuple((self._n_lost / max(1, self.n_samples)).tolist()), p50, p95)
