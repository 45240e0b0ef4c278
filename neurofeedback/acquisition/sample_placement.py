"""A device's samples put in their places, with a list of what is missing. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurofeedback.acquisition.sample_clock import CounterRule, CounterTracker, SamplePosition
from neurofeedback.types import LostRun


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSamples:
    """Samples in their places: float32 microvolts ``(n_channels, n_samples)``, NaN exactly where ``lost`` says."""

    first_sample: int
    data: NDArray[np.float32]
    lost: tuple[LostRun, ...]


class SamplePlacer:
    """Puts a device's samples in their places; lost ones keep theirs as NaN.

    Samples seen before are dropped, and so are single ones whose counter jumps (garbage on the line). The
    cause of a lost run is ``lost`` where the counter says how many are missing, ``gap`` where only the
    host's clock does, ``invalid`` where the values are no numbers. The result does not depend on how
    the samples were cut into pushes.

    Parameters
    ----------
    n_channels : int
        Rows of the data.
    sfreq : float
        Nominal sampling frequency, Hz.
    rule : CounterRule, optional
        How the device counts; without one only a silence of more than a second shows that samples are missing.

    Examples
    --------
    >>> ledger = SamplePlacer(1, 250.0, CounterRule(256))
    >>> placed = ledger.push(np.array([[1.0, 2.0, 5.0]]), [254, 255, 2], [0.0, 0.004, 0.016])
    >>> placed.data.tolist(), placed.lost
    ([[1.0, 2.0, nan, nan, 5.0]], (LostRun(start=2, n_samples=2, channels=None, cause='lost'),))
    """

    def __init__(self, n_channels: int, sfreq: float, rule: CounterRule | None = None) -> None:
        self._tracker = CounterTracker(sfreq, rule)
        self._pending = np.empty((n_channels, 0), np.float32)
        self._next = self._origin = 0
        self.n_dropped = 0

    @property
    def has_pending(self) -> bool:
        """Samples are held back until their place is known."""
        return self._tracker.has_pending

    def restart(self) -> None:
        """Take the device's counter as started anew, as after a reconnect: the next sample is placed by time."""
        self.n_dropped += len(self._tracker.restart())
        self._pending = self._pending[:, :0]

    def restart_numbering(self) -> int:
        """Count samples from 0 again; return the number the next one would have had."""
        shift, self._origin = self._next - self._origin, self._next
        return shift

    def place(self, data: ArrayLike, counters: Iterable[int], times: Iterable[float]) -> PlacedSamples | None:
        """Take samples in the order they arrived.

        Parameters
        ----------
        data : array_like, shape (n_channels, n_samples)
            Microvolts.
        counters : iterable of int, length n_samples
            The device's counter at each sample.
        times : iterable of float, length n_samples
            When each sample arrived, host's monotonic clock, s, never falling.

        Returns
        -------
        Placed or None
            What has its place now; it follows the previous one without hole or overlap.
        """
        held = np.concatenate([self._pending, _float32(data)], axis=1)
        places = [place for row in zip(counters, times, strict=True) for place in self._tracker.update(*row)]
        settled, self._pending = held[:, : len(places)], held[:, len(places) :]
        kept = [place for place in places if place]
        self.n_dropped += len(places) - len(kept)
        if not kept:
            return None
        return self._to_array(kept, settled[:, [place is not None for place in places]])

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
    """Keep what runs say of the first rows.

    Examples
    --------
    >>> restrict_to_channels([LostRun(0, 2), LostRun(5, 1, (1, 4)), LostRun(7, 1, (4,))], 4)[1:]
    (LostRun(start=5, n_samples=1, channels=(1,), cause='lost'),)
    """
    kept: list[LostRun] = []
    for run in runs:
        channels = run.channels and tuple(row for row in run.channels if row < n_channels)
        if channels != ():
            kept.append(replace(run, channels=channels))
    return tuple(kept)


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
    """List runs of invalid samples; channels that share a run share its entry."""
    runs: dict[tuple[int, int], list[int]] = {}
    for channel in np.flatnonzero(invalid.any(axis=1)).tolist():
        edges = np.flatnonzero(np.diff(invalid[channel], prepend=False, append=False)).tolist()
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            runs.setdefault((first + start, stop - start), []).append(channel)
    return [LostRun(start, n, tuple(channels), "invalid") for (start, n), channels in runs.items()]


def _sort_key(run: LostRun) -> tuple[int, tuple[int, ...]]:
    return run.start, run.channels or ()
