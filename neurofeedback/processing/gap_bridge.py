"""Bridging of lost samples, so that filters and windows always see numbers.

Short gaps are interpolated from the signal before them (linearly until there is enough of it), longer ones hold the
last value, and after still longer ones the filters restart. A gap is bridged only once its length is known, so up to
``interpolate_s`` of signal is delayed, more only if gaps of several channels overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.gap_interpolation import interpolate_gap
from neurofeedback.settings.signal import GapSettings

_PAST_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class GapFill:
    """An interpolated gap: channel, offset of its middle, and error (see ``GapInterpolation``)."""

    row: int
    middle: int
    error_autocovariance: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BridgedSamples:
    """Samples without NaN, ``(n_channels, n_samples)``; ``resets`` are (row, offset) pairs in order of offset.

    ``lost`` marks missing samples, ``in_long_gap`` those in gaps too long to interpolate; at a reset the filters of
    that row restart. ``fills`` are the gaps filled by a model, in order of offset.
    """

    data: NDArray[np.float64]
    lost: NDArray[np.bool_]
    in_long_gap: NDArray[np.bool_]
    resets: tuple[tuple[int, int], ...] = ()
    fills: tuple[GapFill, ...] = ()

    def split(self, n: int) -> tuple[BridgedSamples, BridgedSamples]:
        """Split after ``n`` samples."""
        before = tuple((row, at) for row, at in self.resets if at < n)
        after = tuple((row, at - n) for row, at in self.resets if at >= n)
        early = tuple(gap for gap in self.fills if gap.middle < n)
        late = tuple(replace(gap, middle=gap.middle - n) for gap in self.fills if gap.middle >= n)
        return (
            BridgedSamples(self.data[:, :n], self.lost[:, :n], self.in_long_gap[:, :n], before, early),
            BridgedSamples(self.data[:, n:], self.lost[:, n:], self.in_long_gap[:, n:], after, late),
        )


def join_bridged(pieces: Sequence[BridgedSamples]) -> BridgedSamples:
    """Join consecutive pieces."""
    pieces = [piece for piece in pieces if piece.data.shape[1]] or pieces[:1]
    if len(pieces) == 1:
        return pieces[0]
    starts = [0, *accumulate(piece.data.shape[1] for piece in pieces)]
    return BridgedSamples(
        np.concatenate([piece.data for piece in pieces], axis=1),
        np.concatenate([piece.lost for piece in pieces], axis=1),
        np.concatenate([piece.in_long_gap for piece in pieces], axis=1),
        tuple((row, start + at) for start, piece in zip(starts, pieces, strict=False) for row, at in piece.resets),
        tuple(
            replace(gap, middle=start + gap.middle)
            for start, piece in zip(starts, pieces, strict=False)
            for gap in piece.fills
        ),
    )


class GapBridge:
    """Fills gaps channel by channel; independent of how samples are chunked."""

    def __init__(self, n_channels: int, sfreq: float, settings: GapSettings) -> None:
        self._n_short = int(settings.interpolate_s * sfreq)
        self._n_reset = int(settings.reset_s * sfreq)
        self._n_past = round(_PAST_S * sfreq)
        self._pending = np.empty((n_channels, 0))
        self._past = np.zeros((n_channels, self._n_past))
        self._age = np.zeros(n_channels, dtype=np.int64)  # samples since each channel's filters started
        # the time before the first sample is one long gap, so the first number of each channel warm-starts its filters
        self._open_gap = np.full(n_channels, self._n_reset + 1, dtype=np.int64)

    def process(self, data: NDArray[np.floating]) -> BridgedSamples:
        """Bridge ``(n_channels, n_samples)``, lost where not finite; return the samples whose gaps are resolved."""
        data = np.concatenate([self._pending, data], axis=1, dtype=np.float64)
        lost = ~np.isfinite(data)
        if lost.any() or self._open_gap.any():
            return self._bridge_gaps(data, lost)
        self._pending = data[:, :0]
        self._age += data.shape[1]
        self._append_past(data)
        return BridgedSamples(data, lost, lost)

    def _append_past(self, bridged: NDArray[np.float64]) -> None:
        recent = bridged[:, -self._n_past :]
        self._past = np.concatenate([self._past[:, recent.shape[1] :], recent], axis=1)

    def _bridge_gaps(self, data: NDArray[np.float64], lost: NDArray[np.bool_]) -> BridgedSamples:
        runs = [_true_runs(row) for row in lost]
        limit = self._resolved_until(runs, data.shape[1])
        self._pending = data[:, limit:].copy()
        bridged = data[:, :limit].copy()
        held = np.zeros(bridged.shape, dtype=np.bool_)
        resets: list[tuple[int, int]] = []
        fills: list[GapFill] = []
        if limit:
            for row, row_runs in enumerate(runs):
                places = [(start, stop) for start, stop in row_runs if start < limit]
                begins = self._hold_long_gaps(row, bridged[row], held[row], places)
                short = [(start, stop) for start, stop in places if not held[row, start]]
                fills += self._fill_short_gaps(row, bridged[row], data[row], short, begins)
                resets += [(row, at) for at in begins]
        self._append_past(bridged)
        return BridgedSamples(
            bridged,
            lost[:, :limit],
            held,
            tuple(sorted(resets, key=lambda pair: pair[1])),
            tuple(sorted(fills, key=lambda gap: gap.middle)),
        )

    def _resolved_until(self, runs: list[list[tuple[int, int]]], n_samples: int) -> int:
        """Return the offset up to which all gaps have a known length, without splitting a short gap."""
        limit = min(self._row_resolved_until(row, row_runs, n_samples) for row, row_runs in enumerate(runs))
        gaps = [gap for row, row_runs in enumerate(runs) for gap in row_runs if self._is_short(row, *gap)]
        for start, stop in sorted(gaps, reverse=True):
            if start < limit < stop:
                limit = start
        return limit

    def _gap_length(self, row: int, start: int, stop: int) -> int:
        """Return the length of a gap, including samples already returned."""
        return stop - start + (int(self._open_gap[row]) if start == 0 else 0)

    def _is_short(self, row: int, start: int, stop: int) -> bool:
        return self._gap_length(row, start, stop) <= self._n_short

    def _row_resolved_until(self, row: int, runs: list[tuple[int, int]], n_samples: int) -> int:
        """Return the offset up to which this channel's gaps have a known length."""
        if not runs or runs[-1][1] < n_samples:
            return n_samples
        return runs[-1][0] if self._is_short(row, *runs[-1]) else n_samples

    def _hold_long_gaps(
        self, row: int, out: NDArray[np.float64], in_long_gap: NDArray[np.bool_], runs: list[tuple[int, int]]
    ) -> list[int]:
        """Hold the last value through long gaps, in place; return the offsets where the filters restart."""
        back_at_once = int(self._open_gap[row]) > self._n_reset and (not runs or runs[0][0] > 0)
        resets = [0] if back_at_once else []
        carried = 0
        for start, stop in runs:
            length, end = self._gap_length(row, start, stop), min(stop, len(out))
            if length > self._n_short:
                out[start:end] = out[start - 1] if start else self._past[row, -1]
                in_long_gap[start:end] = True
            if length > self._n_reset and stop < len(out):
                resets.append(stop)
            if end == len(out):
                carried = self._gap_length(row, start, end)
        self._open_gap[row] = carried
        return resets

    def _fill_short_gaps(
        self,
        row: int,
        out: NDArray[np.float64],
        data: NDArray[np.float64],
        runs: list[tuple[int, int]],
        restarts: list[int],
    ) -> list[GapFill]:
        """Fill short gaps in place, by a model once there is enough signal since the filters started."""
        fills: list[GapFill] = []
        for start, stop in runs:
            begin = max((at for at in restarts if at <= start), default=-int(self._age[row]))
            past = np.concatenate([self._past[row], out[:start]])[-self._n_past :]
            filled = interpolate_gap(past, stop - start, data[stop]) if start - begin >= self._n_past else None
            if filled is None:
                out[start:stop] = np.linspace(past[-1], data[stop], stop - start + 2)[1:-1]
            else:
                out[start:stop] = filled.values
                fills.append(GapFill(row, (start + stop) // 2, filled.error_autocovariance))
        self._age[row] = len(out) - max(restarts, default=-int(self._age[row]))
        return fills


def _true_runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and stop of each run of true values."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
