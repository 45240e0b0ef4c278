"""Bridging of lost samples, so that filters and windows always see numbers.

Short gaps are interpolated, longer ones hold the last value, and after still longer ones the filters start
anew. A gap's length must be known before it is bridged, so at most ``interpolate_s`` of signal is held back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.settings.model import GapSettings


@dataclass(frozen=True, slots=True, eq=False)
class Bridged:
    """Numbers only. ``data`` and ``lost`` are ``(n_channels, n_samples)``; ``resets`` are (row, offset) pairs.

    ``lost`` is true where a sample was missing; at a reset the filters of that row start anew.
    """

    data: NDArray[np.float64]
    lost: NDArray[np.bool_]
    resets: tuple[tuple[int, int], ...]


class Bridge:
    """Fills gaps channel by channel; same output however the samples are cut into chunks."""

    def __init__(self, n_channels: int, sfreq: float, settings: GapSettings) -> None:
        self._n_short = int(settings.interpolate_s * sfreq)
        self._n_reset = int(settings.reset_s * sfreq)
        self._held = np.empty((n_channels, 0))
        self._anchor = np.zeros(n_channels)  # the last number of each channel
        # before the first sample is one long gap, so the first number of each channel warm-starts its filters
        self._run = np.full(n_channels, self._n_reset + 1, dtype=np.int64)

    def push(self, data: NDArray[np.floating]) -> Bridged:
        """Take ``(n_channels, n_samples)`` with NaN for lost samples; return what can be judged by now."""
        data = np.concatenate([self._held, data], axis=1, dtype=np.float64)
        lost = np.isnan(data)
        if not lost.any() and not self._run.any():
            self._held = data[:, :0]
            if data.shape[1]:
                self._anchor = data[:, -1].copy()
            return Bridged(data, lost, ())
        return self._bridge(data, lost)

    def _bridge(self, data: NDArray[np.float64], lost: NDArray[np.bool_]) -> Bridged:
        runs = [_runs(row) for row in lost]
        limit = min((self._judged(row, runs[row], data.shape[1]) for row in range(len(data))), default=0)
        self._held = data[:, limit:].copy()
        resets: list[tuple[int, int]] = []
        bridged = data[:, :limit].copy()
        for row, row_runs in enumerate(runs):
            resets += [(row, at) for at in self._fill(row, bridged[row], data[row], row_runs)]
        return Bridged(bridged, lost[:, :limit], tuple(sorted(resets, key=lambda pair: pair[1])))

    def _judged(self, row: int, runs: list[tuple[int, int]], n_samples: int) -> int:
        """Offset up to which this channel's gaps have a known length."""
        if not runs or runs[-1][1] < n_samples:
            return n_samples
        start, stop = runs[-1]
        before = int(self._run[row]) if start == 0 else 0
        return start if before + stop - start <= self._n_short else n_samples

    def _fill(
        self, row: int, out: NDArray[np.float64], data: NDArray[np.float64], runs: list[tuple[int, int]]
    ) -> list[int]:
        """Fill one channel in place; return the offsets where its filters start anew."""
        resets: list[int] = []
        if len(out) and int(self._run[row]) > self._n_reset and (not runs or runs[0][0] > 0):
            resets.append(0)
        trailing = 0
        for start, stop in runs:
            if start >= len(out):
                break
            before = int(self._run[row]) if start == 0 else 0
            length = before + stop - start
            anchor = self._anchor[row] if start == 0 else out[start - 1]
            end = min(stop, len(out))
            out[start:end] = anchor
            if length <= self._n_short:
                out[start:end] += (data[stop] - anchor) * np.arange(before + 1, before + end - start + 1) / (length + 1)
            if length > self._n_reset and stop < len(out):
                resets.append(stop)
            if end == len(out):
                trailing, self._anchor[row] = before + end - start, anchor
        if len(out):
            self._run[row] = trailing
            if not trailing:
                self._anchor[row] = out[-1]
        return resets


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and stop of each stretch of true values."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
