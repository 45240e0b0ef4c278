"""Runs of lost samples, which are zeros on disk and NaN in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.types import Chunk, LostRun


def find_lost_runs(chunk: Chunk) -> tuple[LostRun, ...]:
    """Return the lost runs of a chunk, within its bounds. If they do not match its NaN values, the data decide.

    Examples
    --------
    >>> find_lost_runs(Chunk(10, np.array([[1, np.inf, 3]], np.float32)))
    (LostRun(start=11, n_samples=1, channels=None, cause='invalid'),)
    """
    bad = ~np.isfinite(chunk.data)
    runs = clip_runs(chunk.lost, chunk.first_sample, chunk.stop)
    if not runs and not bad.any():
        return ()
    if np.array_equal(bad, lost_mask(runs, chunk.first_sample, bad.shape)):
        return runs
    return runs_from_mask(bad, chunk.first_sample)


def lost_mask(runs: Iterable[LostRun], first_sample: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the mask of lost values for data of shape ``(n_channels, n_samples)`` that start at ``first_sample``."""
    mask = np.zeros(shape, bool)
    for run in runs:
        rows = slice(None) if run.channels is None else list(run.channels)
        mask[rows, max(0, run.start - first_sample) : max(0, run.start + run.n_samples - first_sample)] = True
    return mask


def clip_runs(runs: Iterable[LostRun], start: int, stop: int) -> tuple[LostRun, ...]:
    """Clip runs to the samples from ``start`` up to ``stop``. Runs outside are left out.

    Examples
    --------
    >>> clip_runs([LostRun(0, 5), LostRun(8, 5), LostRun(20, 1)], 3, 10)
    (LostRun(start=3, n_samples=2, channels=None, cause='lost'), LostRun(start=8, n_samples=2, channels=None, cause='lost'))
    """  # noqa: E501
    return tuple(
        replace(
            run, start=max(run.start, start), n_samples=min(run.start + run.n_samples, stop) - max(run.start, start)
        )
        for run in runs
        if run.start < stop and run.start + run.n_samples > start
    )


def runs_from_mask(bad: NDArray[np.bool_], first_sample: int) -> tuple[LostRun, ...]:
    """Return the runs of a ``(n_channels, n_samples)`` mask: one if all channels are lost, else one per channel."""
    if not bad.any():
        return ()
    all_channels = np.logical_and.reduce(bad, axis=0)
    runs = [LostRun(first_sample + a, n, None, "invalid") for a, n in _true_runs(all_channels)]
    some_channels = bad & ~all_channels
    for channel in np.flatnonzero(some_channels.any(axis=1)).tolist():
        runs += [LostRun(first_sample + a, n, (channel,), "invalid") for a, n in _true_runs(some_channels[channel])]
    return tuple(sorted(runs, key=lambda run: run.start))


def _true_runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return [(int(start), int(stop - start)) for start, stop in edges]


def count_lost_samples(runs: Iterable[LostRun]) -> int:
    """Count the samples that are lost on at least one channel. Overlapping runs count once."""
    total = counted_until = 0
    for run in sorted(runs, key=lambda run: run.start):
        stop = run.start + run.n_samples
        total += max(0, stop - max(run.start, counted_until))
        counted_until = max(counted_until, stop)
    return total
