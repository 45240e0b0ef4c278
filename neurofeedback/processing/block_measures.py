"""Measures that the artifact gate judges: a few numbers for each block and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.processing.filters import CausalFilter, blink_sos, emg_sos
from neurofeedback.processing.framing import (
    BLOCK_S,
    TINY,
    FrameSchedule,
    SlidingWindows,
    hops_per_block,
    mean_of_last_axis,
    trailing_windows,
)
from neurofeedback.processing.gap_bridge import BridgedSamples
from neurofeedback.settings.model import Settings

_SLOW_SFREQ = 32.0  # enough for the spread of a signal below 7 Hz

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BlockMeasures:
    """Measures of blocks: one row a block, one column a channel, in uV unless stated.

    ``*_ptp`` are peak to peak over the trailing second, of the raw signal, of the filtered one (``wide``) and of its
    low-passed part (``slow``). ``raw_peak`` is the largest magnitude in the block. ``pop`` is the largest difference
    over the pop lag in the block and ``pop_typical`` its median. ``ln_emg`` is ln of the muscle band's density
    (uV^2/Hz), median of three blocks without overlap. ``lost_share`` is the lost share of the trailing second,
    ``long_gap_share`` the share in gaps too long to fill; ``in_long_gap`` is whether such a gap reaches into the block;
    ``samples_without_signal`` (one value a hop) is how long no channel has had a sample. ``slow_samples`` are the
    hop's low-passed samples at about 32 Hz, ``(n_blocks, n_channels, n)``.
    """

    raw_ptp: Rows
    raw_peak: Rows
    wide_ptp: Rows
    slow_ptp: Rows
    pop: Rows
    pop_typical: Rows
    ln_emg: Rows
    mean_square: Rows
    lost_share: Rows
    long_gap_share: Rows
    in_long_gap: NDArray[np.bool_]
    settling: NDArray[np.bool_]
    samples_without_signal: NDArray[np.int64]
    slow_samples: NDArray[np.float64]


class BlockMeasurer:
    """Computes measures from whole hops of raw and filtered signal; independent of how hops are batched."""

    def __init__(self, n_channels: int, sfreq: float, settings: Settings) -> None:
        gate = settings.gate
        self._sfreq = sfreq
        hop_s = settings.spectrum.hop_s
        self._n_hop = FrameSchedule(sfreq, hop_s).min_hop_samples
        self._n_block = FrameSchedule(sfreq, max(hop_s, BLOCK_S)).min_hop_samples
        self._n_lag = max(1, round(gate.pop_lag_s * sfreq))
        self._n_settling = round(settings.gaps.settling_s * sfreq)
        self._slow = CausalFilter(blink_sos(sfreq, gate), n_channels)
        emg = emg_sos(sfreq, gate)
        self._emg = CausalFilter(emg, n_channels)
        self._ln_emg_bandwidth = float(np.log(noise_bandwidth(emg, sfreq)))
        self._step = max(1, round(sfreq / _SLOW_SFREQ))
        second = max(1, round(1.0 / hop_s))
        self._extremes: SlidingWindows[np.float64] = SlidingWindows(second)
        self._missing_counts: SlidingWindows[np.int64] = SlidingWindows(second)
        self._hops_per_block = hops_per_block(hop_s)
        self._ln_emg: SlidingWindows[np.float64] = SlidingWindows(2 * self._hops_per_block + 1)
        self._largest: SlidingWindows[np.float64] = SlidingWindows(self._hops_per_block)
        self._in_long_gap: SlidingWindows[np.bool_] = SlidingWindows(self._hops_per_block)
        self._block_tail = np.zeros((4, n_channels, self._n_block))
        self._lag_tail: NDArray[np.float64] | None = None
        self._settling_until = np.zeros(n_channels, dtype=np.int64)
        self._samples_without_signal = 0
        self._at = 0

    def process(self, raw: BridgedSamples, filtered: NDArray[np.float64], ends: NDArray[np.int64]) -> BlockMeasures:
        """Measure whole hops, bridged and filtered, that end at the sample indices ``ends``."""
        starts = np.concatenate([[self._at], ends[:-1]]) - self._at
        stops = ends - self._at
        slow = self._slow.process(filtered, raw.resets)
        emg = self._emg.process(filtered, raw.resets)
        jump = np.abs(self._lagged(filtered))
        peaks, ptps = self._peak_to_peak(np.array([raw.data, filtered, slow]), starts)
        blocks = self._blocks(np.array([jump, filtered, emg, slow]), stops)
        jumps, filtered_block, emg_block, slow_block = blocks.transpose(1, 0, 2, 3)
        pops = np.maximum.reduceat(jump, starts, axis=1).T
        recent = self._largest.append(np.array([peaks[:, 0], pops]).transpose(1, 0, 2))
        raw_peak, pop = np.maximum.reduce(recent, axis=-1).transpose(1, 0, 2)
        lost_share, long_gap_share = self._shares(np.array([raw.lost, raw.in_long_gap]), starts)
        measures = BlockMeasures(
            raw_ptp=ptps[:, 0],
            raw_peak=raw_peak,
            wide_ptp=ptps[:, 1],
            slow_ptp=ptps[:, 2],
            pop=pop,
            pop_typical=np.partition(jumps, self._n_block // 2, axis=-1)[..., self._n_block // 2],
            ln_emg=self._muscle(mean_of_last_axis(emg_block**2)),
            mean_square=mean_of_last_axis(filtered_block**2),
            lost_share=lost_share,
            long_gap_share=long_gap_share,
            in_long_gap=np.logical_or.reduce(
                self._in_long_gap.append(np.logical_or.reduceat(raw.in_long_gap, starts, axis=1).T), axis=-1
            ),
            settling=self._settling(raw.resets, starts + self._at, ends),
            samples_without_signal=self._count_without_signal(np.asarray(raw.lost.all(axis=0), dtype=np.bool_), stops),
            slow_samples=slow_block[..., self._n_block - self._n_hop :: self._step],
        )
        self._at = int(ends[-1])
        return measures

    def _blocks(self, signals: NDArray[np.float64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cut the block that ends at each stop, ``(n_blocks, n_signals, n_channels, n_block)``."""
        joined = np.concatenate([self._block_tail, signals], axis=-1)
        blocks = trailing_windows(joined, stops + self._n_block, self._n_block)
        self._block_tail = blocks[-1]
        return blocks

    def _peak_to_peak(self, signals: NDArray[np.float64], starts: NDArray[np.int64]) -> tuple[Rows, Rows]:
        """Peak of each hop, and peak to peak of its trailing second, ``(n_blocks, n_signals, n_channels)``."""
        top = np.maximum.reduceat(signals, starts, axis=-1)
        bottom = np.minimum.reduceat(signals, starts, axis=-1)
        extremes = np.array([top, -bottom]).transpose(3, 0, 1, 2)
        highest = np.maximum.reduce(self._extremes.append(extremes), axis=-1)
        return np.maximum.reduce(extremes, axis=1), np.add.reduce(highest, axis=1)

    def _shares(self, flags: NDArray[np.bool_], starts: NDArray[np.int64]) -> Rows:
        """Share of the trailing second's samples that each of the flags marks, ``(n_flags, n_blocks, n_channels)``."""
        counts = np.add.reduceat(flags, starts, axis=-1, dtype=np.int64).transpose(2, 0, 1)
        return (np.add.reduce(self._missing_counts.append(counts), axis=-1) / self._sfreq).transpose(1, 0, 2)

    def _lagged(self, filtered: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._lag_tail is None:
            self._lag_tail = np.repeat(filtered[:, :1], self._n_lag, axis=1)
        joined = np.concatenate([self._lag_tail, filtered], axis=1)
        self._lag_tail = joined[:, -self._n_lag :].copy()
        return joined[:, self._n_lag :] - joined[:, : -self._n_lag]

    def _muscle(self, power: Rows) -> Rows:
        ln_density = np.log(np.maximum(power, TINY)) - self._ln_emg_bandwidth
        return np.sort(self._ln_emg.append(ln_density)[..., :: self._hops_per_block], axis=-1)[..., 1]

    def _settling(
        self, resets: Sequence[tuple[int, int]], starts: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        out = starts[:, None] < self._settling_until[None]
        for row, offset in resets:
            begins = self._at + offset
            self._settling_until[row] = begins + self._n_settling
            out[:, row] |= (stops > begins) & (starts < self._settling_until[row])
        return out

    def _count_without_signal(self, silent: NDArray[np.bool_], stops: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count the samples since the last one received, at each stop, continuing from the last batch."""
        place = np.arange(1, len(silent) + 1, dtype=np.int64)
        last_sound = np.maximum.accumulate(np.where(silent, -self._samples_without_signal, place))
        run = (place - last_sound)[stops - 1]
        self._samples_without_signal = int(run[-1])
        return run


def noise_bandwidth(sos: NDArray[np.float64], sfreq: float) -> float:
    """Bandwidth in Hz of the ideal filter that passes as much white noise as ``sos``."""
    freqs, response = signal.sosfreqz(sos, worN=4096, fs=sfreq)
    return float(np.sum(np.abs(response) ** 2) * (freqs[1] - freqs[0]))
