"""Duplicate samples: stretches saved twice, and blocks a driver repeated for a lost packet. Pure.

Real EEG never repeats itself: 12-bit samples of four channels that equal others for an eighth of a second are copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MUSE_BLOCK = 12
WINDOW_SAMPLES = 1 << 20
"""Samples that are compared with each other: 68 minutes at 256 Hz."""

_MIN_DUPLICATE_S = 0.125
_MIN_VALUES = 128
_PATTERN_VALUES = 8
_MIN_DISTINCT = 4


@dataclass(frozen=True, slots=True)
class DuplicateRun:
    """Samples ``start`` up to ``start + n_samples`` equal those ``lag`` samples before."""

    start: int
    n_samples: int
    lag: int


@dataclass(frozen=True, slots=True)
class StaleBlockRun:
    """On a channel (row), ``n_blocks`` blocks from ``start`` repeat the block before."""

    start: int
    n_blocks: int
    channel: int


def hash_samples(pieces: Iterable[NDArray[np.float32]]) -> NDArray[np.uint64]:
    """Hash each sample of all channels; 0 for one that is lost on any channel.

    Parameters
    ----------
    pieces : iterable of ndarray, shape (n_channels, n_samples)
        The recording in order, NaN where samples are lost.
    """
    hashed = [_hash_piece(piece) for piece in pieces]
    return np.concatenate(hashed) if hashed else np.empty(0, np.uint64)


def _hash_piece(data: NDArray[np.float32]) -> NDArray[np.uint64]:
    bits = (data + np.float32(0)).view(np.uint32).astype(np.uint64)  # -0.0 becomes 0.0
    hashed = _weights(data.shape[0]) @ bits
    hashed = _mix_bits(hashed) | np.uint64(1)
    hashed[np.isnan(data).any(axis=0)] = 0
    return hashed


def _weights(count: int) -> NDArray[np.uint64]:
    """Return odd random numbers, the same in every run."""
    return np.random.default_rng(0).integers(0, 2**64, count, np.uint64, endpoint=False) | np.uint64(1)


def _mix_bits(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all others (the finaliser of splitmix64)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def min_duplicate_length(sfreq: float, n_channels: int) -> int:
    """Return the number of equal samples that cannot be due to chance.

    Examples
    --------
    >>> min_duplicate_length(256.0, 4), min_duplicate_length(256.0, 1)
    (32, 128)
    """
    return max(round(_MIN_DUPLICATE_S * sfreq), -(-_MIN_VALUES // n_channels))


def find_duplicates(hashes: NDArray[np.uint64], n_channels: int, sfreq: float) -> tuple[DuplicateRun, ...]:
    """Find repeated stretches with their nearest earlier copy; see ``min_duplicate_length``.

    Stretches that are flat, or alternate between a few values like a railed electrode, are left out.

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(size=(2, 500)).astype(np.float32)
    >>> twice = np.concatenate([noise[:, :300], noise[:, 200:]], axis=1)
    >>> find_duplicates(hash_samples([twice]), 2, 256.0)
    (DuplicateRun(start=300, n_samples=100, lag=100),)
    """
    shortest = min_duplicate_length(sfreq, n_channels)
    if hashes.size < 2 * shortest:
        return ()
    usable = (_window_sums(hashes == 0, shortest) == 0) & _is_varied(hashes, shortest, n_channels)
    return _merge_lags(_lags(_hash_windows(hashes, shortest), usable, hashes.size), shortest)


def find_duplicates_in_pieces(
    pieces: Iterable[NDArray[np.float32]], n_channels: int, sfreq: float, window: int = WINDOW_SAMPLES
) -> tuple[DuplicateRun, ...]:
    """Find repeated stretches in overlapping windows, so that memory does not grow with the recording.

    Copies are found up to half a window apart, and up to a window apart by luck.

    Parameters
    ----------
    pieces : iterable of ndarray, shape (n_channels, n_samples)
        The recording in order, NaN where samples are lost.
    n_channels : int
        Number of rows.
    sfreq : float
        Sampling frequency, Hz.
    window : int
        Samples that are compared with each other.
    """
    found: list[DuplicateRun] = []
    held, first, n_seen = np.empty(0, np.uint64), 0, 0
    for piece in _with_end(map(_hash_piece, pieces)):
        held = held if piece is None else np.concatenate([held, piece])
        if piece is not None and held.size < window:
            continue
        for run in find_duplicates(held, n_channels, sfreq):
            start = run.start + first
            if start + run.n_samples > n_seen:
                if found and (found[-1].start, found[-1].lag) == (start, run.lag):
                    found.pop()  # the beginning of this one, cut at the end of the window before
                found.append(DuplicateRun(start, run.n_samples, run.lag))
        n_seen = first + held.size
        dropped = max(0, held.size - window // 2)
        held, first = held[dropped:], first + dropped
    return tuple(found)


def _with_end(pieces: Iterable[NDArray[np.uint64]]) -> Iterator[NDArray[np.uint64] | None]:
    yield from pieces
    yield None


def _is_varied(hashes: NDArray[np.uint64], length: int, n_channels: int) -> NDArray[np.bool_]:
    """Return for each run of ``length`` samples whether at least half of its short patterns are new within it."""
    pattern = -(-_PATTERN_VALUES // n_channels)
    patterns = _hash_windows(hashes, pattern)
    is_repeated = _lags(patterns, np.ones(patterns.size, np.bool_), length - 1) > 0
    n_patterns = length - pattern + 1
    return _window_sums(is_repeated, n_patterns) <= n_patterns // 2


def _hash_windows(hashes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Hash every run of ``length`` samples."""
    total = np.zeros(hashes.size - length + 1, np.uint64)
    for offset, weight in enumerate(_weights(length)):
        total += weight * hashes[offset : offset + total.size]
    return total


def _window_sums(flags: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    sums = np.concatenate([[0], np.cumsum(flags)])
    return sums[length:] - sums[:-length]


def _lags(values: NDArray[np.uint64], usable: NDArray[np.bool_], longest: int) -> NDArray[np.int64]:
    """Return the distance to the last equal value, up to ``longest``; 0 for none."""
    positions = np.flatnonzero(usable)
    positions = positions[_occurs_twice(values[positions])]
    order = positions[np.argsort(values[positions], kind="stable")]
    same = values[order[1:]] == values[order[:-1]]
    distance = order[1:] - order[:-1]
    lags = np.zeros(values.size, np.int64)
    lags[order[1:]] = np.where(same & (distance <= longest), distance, 0)
    return lags


def _occurs_twice(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which values occur more than once; sorting values alone is much faster than sorting positions."""
    ordered = np.sort(values)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not repeated.size:
        return np.zeros(values.size, np.bool_)
    return repeated[np.minimum(np.searchsorted(repeated, values), repeated.size - 1)] == values


def _merge_lags(lags: NDArray[np.int64], shortest: int) -> tuple[DuplicateRun, ...]:
    edges = np.flatnonzero(np.diff(lags, prepend=0, append=0))
    runs = [
        DuplicateRun(int(start), int(stop - start) + shortest - 1, int(lags[start]))
        for start, stop in pairwise(edges)
        if lags[start]
    ]
    return tuple(runs)


def count_duplicates(runs: Iterable[DuplicateRun]) -> int:
    """Count the repeated samples; those of overlapping stretches once.

    Examples
    --------
    >>> count_duplicates([DuplicateRun(10, 50, 9), DuplicateRun(40, 50, 9), DuplicateRun(200, 5, 9)])
    85
    """
    total = end = 0
    for run in runs:
        stop = run.start + run.n_samples
        total += max(0, stop - max(end, run.start))
        end = max(end, stop)
    return total


def find_stale_blocks(data: NDArray[np.float32], block: int = MUSE_BLOCK) -> tuple[StaleBlockRun, ...]:
    """Find blocks that equal the one before, at any alignment; flat stretches are left out.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_samples)
        NaN where samples are lost.

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(size=(2, 96)).astype(np.float32)
    >>> noise[1, 36:48] = noise[1, 24:36]
    >>> find_stale_blocks(noise)
    (StaleBlockRun(start=36, n_blocks=1, channel=1),)
    """
    same = np.zeros(data.shape, np.int8)
    same[:, block:] = data[:, block:] == data[:, :-block]
    found: list[StaleBlockRun] = []
    for channel, row in enumerate(same):
        edges = np.flatnonzero(np.diff(row, prepend=0, append=0)).reshape(-1, 2)
        for start, stop in edges[np.diff(edges, axis=1)[:, 0] >= block].tolist():
            if np.unique(data[channel, start : start + block]).size >= _MIN_DISTINCT:
                found.append(StaleBlockRun(start, (stop - start) // block, channel))
    return tuple(sorted(found, key=lambda blocks: blocks.start))
