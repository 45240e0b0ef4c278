"""Bridging of lost samples, so that filters and windows always see numbers.

Short gaps are interpolated, longer ones hold the last value, and after still longer ones the filters start
anew. A gap's length must be known before it is bridged, so at most ``interpolate_s`` of signal is held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.settings.signal import GapSettings


@dataclass(frozen=True, slots=True, eq=False)
class Bridged:
    """Numbers only; arrays are ``(n_channels, n_samples)``, ``resets`` are (row, offset) pairs in rising offset.

    ``lost`` is true where a sample was missing, ``held`` where its gap was too long to interpolate; at a
    reset the filters of that row start anew.
    """

    data: NDArray[np.float64]
    lost: NDArray[np.bool_]
    held: NDArray[np.bool_]
    resets: tuple[tuple[int, int], ...] = ()

    def split(self, n: int) -> tuple[Bridged, Bridged]:
        """Cut after ``n`` samples."""
        before = tuple((row, at) for row, at in self.resets if at < n)
        after = tuple((row, at - n) for row, at in self.resets if at >= n)
        return (
            Bridged(self.data[:, :n], self.lost[:, :n], self.held[:, :n], before),
            Bridged(self.data[:, n:], self.lost[:, n:], self.held[:, n:], after),
        )


def joined(pieces: Sequence[Bridged]) -> Bridged:
    """Put pieces that follow each other together."""
    starts = np.cumsum([0, *(piece.data.shape[1] for piece in pieces)]).tolist()
    return Bridged(
        np.concatenate([piece.data for piece in pieces], axis=1),
        np.concatenate([piece.lost for piece in pieces], axis=1),
        np.concatenate([piece.held for piece in pieces], axis=1),
        tuple((row, start + at) for start, piece in zip(starts, pieces, strict=False) for row, at in piece.resets),
    )


class Bridge:
    """Fills gaps channel by channel; same output however the samples are cut into chunks."""

    def __init__(self, n_channels: int, sfreq: float, settings: GapSettings) -> None:
        self._n_short = int(settings.interpolate_s * sfreq)
        self._n_reset = int(settings.reset_s * sfreq)
        self._waiting = np.empty((n_channels, 0))
        self._anchor = np.zeros(n_channels)  # the last number of each channel
        # before the first sample is one long gap, so the first number of each channel warm-starts its filters
        self._run = np.full(n_channels, self._n_reset + 1, dtype=np.int64)

    def push(self, data: NDArray[np.floating]) -> Bridged:
        """Take ``(n_channels, n_samples)``, lost where it is no number; return what can be judged by now."""
        data = np.concatenate([self._waiting, data], axis=1, dtype=np.float64)
        lost = ~np.isfinite(data)
        if lost.any() or self._run.any():
            return self._bridge(data, lost)
        self._waiting = data[:, :0]
        if data.shape[1]:
            self._anchor = data[:, -1].copy()
        return Bridged(data, lost, lost)

    def _bridge(self, data: NDArray[np.float64], lost: NDArray[np.bool_]) -> Bridged:
        runs = [_runs(row) for row in lost]
        limit = min(self._judged(row, runs[row], data.shape[1]) for row in range(len(data)))
        self._waiting = data[:, limit:].copy()
        bridged = data[:, :limit].copy()
        held = np.zeros(bridged.shape, dtype=np.bool_)
        resets: list[tuple[int, int]] = []
        if limit:
            for row, row_runs in enumerate(runs):
                resets += [(row, at) for at in self._fill(row, bridged[row], held[row], data[row], row_runs)]
        return Bridged(bridged, lost[:, :limit], held, tuple(sorted(resets, key=lambda pair: pair[1])))

    def _judged(self, row: int, runs: list[tuple[int, int]], n_samples: int) -> int:
        """Offset up to which this channel's gaps have a known length."""
        if not runs or runs[-1][1] < n_samples:
            return n_samples
        start, stop = runs[-1]
        before = int(self._run[row]) if start == 0 else 0
        return start if before + stop - start <= self._n_short else n_samples

    def _fill(
        self,
        row: int,
        out: NDArray[np.float64],
        held: NDArray[np.bool_],
        data: NDArray[np.float64],
        runs: list[tuple[int, int]],
    ) -> list[int]:
        """Fill one channel in place; return the offsets where its filters start anew."""
        back_at_once = int(self._run[row]) > self._n_reset and (not runs or runs[0][0] > 0)
        resets = [0] if back_at_once else []
        anchor, carried = float(out[-1]), 0
        for start, stop in runs:
            if start >= len(out):
                break
            before, last = (int(self._run[row]), float(self._anchor[row])) if start == 0 else (0, float(out[start - 1]))
            length, end = before + stop - start, min(stop, len(out))
            out[start:end] = last
            if length > self._n_short:
                held[start:end] = True
            else:
                out[start:end] += (data[stop] - last) * np.arange(before + 1, before + end - start + 1) / (length + 1)
            if length > self._n_reset and stop < len(out):
                resets.append(stop)
            if end == len(out):
                anchor, carried = last, before + end - start
        self._anchor[row], self._run[row] = anchor, carried
        return resets


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and stop of each stretch of true values."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
