"""Number a device's samples and list the missing ones. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurofeedback.acquisition.placement.counter_rules import CounterRule
from neurofeedback.acquisition.placement.counter_tracking import CounterTracker, SamplePosition
from neurofeedback.types import LostRun

_MIN_BLOCKS, _MAX_WITHOUT_BLOCKS = 4, 256


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSamples:
    """Numbered samples: float32 microvolts ``(n_channels, n_samples)``, NaN exactly in the runs of ``lost``."""

    first_sample: int
    data: NDArray[np.float32]
    lost: tuple[LostRun, ...]


class SamplePlacer:
    """Numbers a device's samples and fills lost ones with NaN.

    Duplicates are dropped, and so are isolated samples with an implausible counter (corrupt packets). The cause of a
    lost run is ``lost`` where the counter gives its length, ``gap`` where only the host's clock does or its place is
    uncertain, and ``invalid`` where values are not finite. The result does not depend on how the samples are split
    into calls.

    Parameters
    ----------
    n_channels : int
        Rows of the data.
    sfreq : float
        Nominal sampling frequency, Hz.
    rule : CounterRule, optional
        How the device's counter runs; without one only a silence of more than a second is seen as a loss. Where its
        ``repeat`` is 0, samples are held until the first whole blocks show how many have the same count.

    Examples
    --------
    >>> placer = SamplePlacer(1, 250.0, CounterRule(256))
    >>> placed = placer.place(np.array([[1.0, 2.0, 5.0]]), [254, 255, 2], [0.0, 0.004, 0.016])
    >>> placed.data.tolist(), placed.lost
    ([[1.0, 2.0, nan, nan, 5.0]], (LostRun(start=2, n_samples=2, channels=None, cause='lost'),))
    """

    def __init__(self, n_channels: int, sfreq: float, rule: CounterRule | None = None) -> None:
        self._rule, self._sfreq = rule, sfreq
        self._tracker = CounterTracker(sfreq, rule)
        self._waiting: list[tuple[int, float]] | None = [] if rule is not None and not rule.repeat else None
        self._pending = np.empty((n_channels, 0), np.float32)
        self._newest = np.full((n_channels, 1), np.nan, np.float32)
        self._next = self._origin = 0
        self.n_dropped = 0

    @property
    def has_pending(self) -> bool:
        """Whether samples are held until their position is known."""
        return self._tracker.has_pending or bool(self._waiting)

    def restart(self) -> None:
        """Expect the counter to start again, as after a reconnect: the next sample is placed by time."""
        if self._waiting is not None:
            self._drop_waiting(self._waiting)
        self._tracker.restart()

    def restart_numbering(self) -> int:
        """Count samples from 0 again; return the number the next one would have had."""
        shift, self._origin = self._next - self._origin, self._next
        return shift

    def place(self, data: ArrayLike, counters: Iterable[int], times: Iterable[float]) -> PlacedSamples | None:
        """Assign numbers to samples, given in the order of their arrival.

        Parameters
        ----------
        data : array_like, shape (n_channels, n_samples)
            Microvolts.
        counters : iterable of int, length n_samples
            The device's counter at each sample.
        times : iterable of float, length n_samples
            Arrival time of each sample on the host's monotonic clock, s, never decreasing.

        Returns
        -------
        PlacedSamples or None
            The samples whose position is now known; they follow the previous ones without gap or overlap.
        """
        held, n_known = np.concatenate([self._pending, _float32(data)], axis=1), self._pending.shape[1]
        if self._waiting is not None:
            self._waiting += zip(counters, times, strict=True)
            if not self._find_block_size(self._waiting):
                self._pending = held
                return None
            counters, times = zip(*self._waiting, strict=True)
            self._waiting, n_known = None, 0
        repeated = self._find_repeated(held[:, n_known:])
        places = [
            place
            for counter, time, same in zip(counters, times, repeated, strict=True)
            for place in self._tracker.update(counter, time, repeated=same)
        ]
        return self._settle(held, places)

    def _find_block_size(self, first: Sequence[tuple[int, float]]) -> bool:
        """Find how many samples have the same count: the smallest of the first blocks, as one may come twice."""
        sizes = [len(list(block)) for _, block in groupby(counter for counter, _ in first)][:-1]
        if len(sizes) < _MIN_BLOCKS and len(first) < _MAX_WITHOUT_BLOCKS:
            return False
        if self._rule is not None and len(sizes) >= _MIN_BLOCKS:
            self._tracker = CounterTracker(self._sfreq, replace(self._rule, repeat=min(sizes)))
        else:  # it does not count
            self._tracker = CounterTracker(self._sfreq, None)
        return True

    def flush(self) -> PlacedSamples | None:
        """Return the samples that are held, placed by what is known now: no more samples will come.

        A few samples that do not show how their counter runs are dropped.
        """
        if self._waiting:
            self._drop_waiting(self._waiting)
        return self._settle(self._pending, self._tracker.flush())

    def _drop_waiting(self, waiting: Sequence[tuple[int, float]]) -> None:
        self.n_dropped += len(waiting)
        self._pending, self._waiting = self._pending[:, :0], []

    def _settle(self, held: NDArray[np.float32], places: Sequence[SamplePosition | None]) -> PlacedSamples | None:
        """Return the samples of these places, the first ones of those held."""
        settled, self._pending = held[:, : len(places)], held[:, len(places) :]
        known = [place for place in places if place]
        self.n_dropped += len(places) - len(known)
        if not known:
            return None
        return self._to_array(known, settled[:, [place is not None for place in places]])

    def _find_repeated(self, data: NDArray[np.float32]) -> list[bool]:
        """Return for each sample whether it has the values of the one before it."""
        before = np.concatenate([self._newest, data[:, :-1]], axis=1)
        self._newest = data[:, -1:] if data.shape[1] else self._newest
        return ((before == data) | (np.isnan(before) & np.isnan(data))).all(axis=0).tolist()

    def _to_array(self, places: Sequence[SamplePosition], samples: NDArray[np.float32]) -> PlacedSamples:
        first, self._next = self._next, places[-1].position + 1
        data = np.full((samples.shape[0], self._next - first), np.nan, np.float32)
        invalid = np.zeros(data.shape, bool)
        positions = np.array([place.position for place in places]) - first
        data[:, positions] = samples
        invalid[:, positions] = ~np.isfinite(samples)
        data[invalid] = np.nan
        runs = sorted([*_missing_runs(first, places), *_invalid_runs(first, invalid)], key=_sort_key)
        lost = tuple(replace(run, start=run.start - self._origin) for run in runs)
        return PlacedSamples(first - self._origin, data, lost)


def restrict_to_channels(runs: Iterable[LostRun], n_channels: int) -> tuple[LostRun, ...]:
    """Return the runs that concern the first ``n_channels`` rows, restricted to these.

    Examples
    --------
    >>> restrict_to_channels([LostRun(0, 2), LostRun(5, 1, (1, 4)), LostRun(7, 1, (4,))], 4)[1:]
    (LostRun(start=5, n_samples=1, channels=(1,), cause='lost'),)
    """
    restricted: list[LostRun] = []
    for run in runs:
        channels = run.channels and tuple(row for row in run.channels if row < n_channels)
        if channels != ():
            restricted.append(replace(run, channels=channels))
    return tuple(restricted)


def _float32(data: ArrayLike) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(data).astype(np.float32)


def _missing_runs(first: int, places: Sequence[SamplePosition]) -> list[LostRun]:
    before = SamplePosition(first - 1)
    return [
        LostRun(left.position + 1, right.position - left.position - 1, cause=right.cause)
        for left, right in pairwise([before, *places])
        if right.position > left.position + 1
    ]


def _invalid_runs(first: int, invalid: NDArray[np.bool_]) -> list[LostRun]:
    """Return the runs of invalid samples; channels with the same run share one entry."""
    runs: dict[tuple[int, int], list[int]] = {}
    for channel in np.flatnonzero(invalid.any(axis=1)).tolist():
        edges = np.flatnonzero(np.diff(invalid[channel], prepend=False, append=False)).tolist()
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            runs.setdefault((first + start, stop - start), []).append(channel)
    return [LostRun(start, n, tuple(channels), "invalid") for (start, n), channels in runs.items()]


def _sort_key(run: LostRun) -> tuple[int, tuple[int, ...]]:
    return run.start, run.channels or ()
