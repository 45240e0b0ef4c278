"""What the gate looks at: a few numbers for each block and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.processing.blocks import History, Schedule
from neurofeedback.processing.filters import CausalFilter, blink_sos, emg_sos
from neurofeedback.settings.model import Settings

_LP_SFREQ = 32.0

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """One row a block, one column a channel. All in uV unless named otherwise.

    ``*_ptp`` are peak to peak over the trailing second, of the raw signal, of the filtered one (``wide``) and
    of its low-passed part (``slow``). ``pop`` is the largest difference over the pop lag in the block and
    ``pop_typical`` its median. ``ln_emg`` is ln of the muscle band's density (uV^2/Hz), median of three blocks.
    ``lost_run`` (samples, one value a block) is how long nothing has come on any channel at the block's end.
    ``slow_samples`` are the block's low-passed samples at about 32 Hz, ``(n_blocks, n_channels, n)``.
    """

    raw_ptp: Rows
    raw_peak: Rows
    lost_share: Rows
    gap_s: Rows
    wide_ptp: Rows
    slow_ptp: Rows
    pop: Rows
    pop_typical: Rows
    ln_emg: Rows
    mean_square: Rows
    settling: NDArray[np.bool_]
    lost_run: NDArray[np.int64]
    slow_samples: NDArray[np.float64]


class Measurer:
    """Turns whole blocks of raw and filtered signal into measures; independent of how many blocks come at once."""

    def __init__(self, n_channels: int, sfreq: float, settings: Settings) -> None:
        gate = settings.gate
        self._sfreq = sfreq
        self._n_block = Schedule(sfreq, settings.spectrum.hop_s).shortest
        self._n_lag = max(1, round(gate.pop_lag_s * sfreq))
        self._n_settling = round(settings.gaps.settling_s * sfreq)
        self._slow = CausalFilter(blink_sos(sfreq, gate), n_channels)
        emg = emg_sos(sfreq, gate)
        self._emg = CausalFilter(emg, n_channels)
        self._ln_emg_bandwidth = float(np.log(noise_bandwidth(emg, sfreq)))
        self._step = max(1, round(sfreq / _LP_SFREQ))
        second = max(1, round(1.0 / settings.spectrum.hop_s))
        names = ("raw_max", "raw_min", "wide_max", "wide_min", "slow_max", "slow_min")
        self._trailing: dict[str, History[np.float64]] = {name: History(second) for name in names}
        self._lost_counts: History[np.int64] = History(second)
        self._emg_three: History[np.float64] = History(3)
        self._lag_tail: NDArray[np.float64] | None = None
        self._settled_at = np.zeros(n_channels, dtype=np.int64)
        self._lost_run = np.zeros(n_channels, dtype=np.int64)
        self._at = 0

    def push(
        self,
        raw: NDArray[np.float64],
        lost: NDArray[np.bool_],
        filtered: NDArray[np.float64],
        resets: Sequence[tuple[int, int]],
        ends: NDArray[np.int64],
    ) -> Measures:
        """Take whole blocks, ``(n_channels, n_samples)`` each, that end at the sample indices ``ends``."""
        starts = np.concatenate([[self._at], ends[:-1]]) - self._at
        stops = ends - self._at
        slow = self._slow.push(filtered, resets)
        emg = self._emg.push(filtered, resets)
        difference = np.abs(self._lagged(filtered))
        gap_runs = self._gap_runs(lost)
        measures = Measures(
            raw_ptp=self._ptp("raw", raw, starts),
            raw_peak=np.maximum.reduceat(np.abs(raw), starts, axis=1).T,
            lost_share=self._lost_share(lost, starts),
            gap_s=np.maximum.reduceat(gap_runs, starts, axis=1).T / self._sfreq,
            wide_ptp=self._ptp("wide", filtered, starts),
            slow_ptp=self._ptp("slow", slow, starts),
            pop=np.maximum.reduceat(difference, starts, axis=1).T,
            pop_typical=np.median(self._blocks(difference, stops), axis=-1),
            ln_emg=self._ln_emg(emg, stops),
            mean_square=np.mean(self._blocks(filtered, stops) ** 2, axis=-1),
            settling=self._settling(resets, starts + self._at, stops + self._at),
            lost_run=gap_runs[:, stops - 1].min(axis=0),
            slow_samples=self._blocks(slow, stops)[..., :: self._step],
        )
        self._at = int(ends[-1])
        return measures

    def _blocks(self, data: NDArray[np.float64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
        """Trailing samples of each block, ``(n_blocks, n_channels, n)``, the same number for every block."""
        return np.stack([data[:, stop - self._n_block : stop] for stop in stops])

    def _ptp(self, name: str, data: NDArray[np.float64], starts: NDArray[np.int64]) -> Rows:
        top = self._trailing[f"{name}_max"].push(np.maximum.reduceat(data, starts, axis=1).T)
        bottom = self._trailing[f"{name}_min"].push(np.minimum.reduceat(data, starts, axis=1).T)
        return top.max(axis=-1) - bottom.min(axis=-1)

    def _lost_share(self, lost: NDArray[np.bool_], starts: NDArray[np.int64]) -> Rows:
        counts = np.add.reduceat(lost, starts, axis=1, dtype=np.int64).T
        second = self._lost_counts.push(counts)
        return second.sum(axis=-1) / self._sfreq

    def _lagged(self, filtered: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._lag_tail is None:
            self._lag_tail = np.repeat(filtered[:, :1], self._n_lag, axis=1)
        joined = np.concatenate([self._lag_tail, filtered], axis=1)
        self._lag_tail = joined[:, -self._n_lag :].copy()
        return joined[:, self._n_lag :] - joined[:, : -self._n_lag]

    def _ln_emg(self, emg: NDArray[np.float64], stops: NDArray[np.int64]) -> Rows:
        power = np.mean(self._blocks(emg, stops) ** 2, axis=-1)
        ln_density = np.log(np.maximum(power, np.finfo(float).tiny)) - self._ln_emg_bandwidth
        return np.median(self._emg_three.push(ln_density), axis=-1)

    def _settling(
        self, resets: Sequence[tuple[int, int]], starts: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        out = starts[:, None] < self._settled_at[None]
        for row, offset in resets:
            begins = self._at + offset
            self._settled_at[row] = begins + self._n_settling
            out[:, row] |= (stops > begins) & (starts < self._settled_at[row])
        return out

    def _gap_runs(self, lost: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count, for each sample, how long the gap it ends has lasted; 0 outside gaps."""
        if not lost.any():
            self._lost_run[:] = 0
            return np.zeros(lost.shape, dtype=np.int64)
        run = _run_lengths(lost, self._lost_run)
        self._lost_run = run[:, -1].copy()
        return run


def _run_lengths(mask: NDArray[np.bool_], before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count, for each sample, how many true values in a row end there, going on from ``before``."""
    position: NDArray[np.int64] = np.arange(1, mask.shape[1] + 1, dtype=np.int64)
    last_false: NDArray[np.int64] = np.maximum.accumulate(np.where(mask, 0, position), axis=1)
    carried = np.where(last_false == 0, before[:, None], 0)
    return np.where(mask, position - last_false + carried, 0)


def noise_bandwidth(sos: NDArray[np.float64], sfreq: float) -> float:
    """Bandwidth in Hz of the ideal filter that passes as much white noise as ``sos``."""
    freqs, response = signal.sosfreqz(sos, worN=4096, fs=sfreq)
    return float(np.sum(np.abs(response) ** 2) * (freqs[1] - freqs[0]))
