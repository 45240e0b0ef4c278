"""Learn how a packet counter runs and number the rows by it; skipped counts are lost samples. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MIN_RUNS = 8
_MODULI = (101, 128, 129, 201, 256, 65_536)  # Ganglion, Emotiv, Ganglion in the GUI, Cyton and Daisy, Muse
_MODULUS_TOLERANCE = 0.03
_STRUCTURE_CYCLES = 3
_STRUCTURE_SHARE = 0.2  # of a cycle's values; so many are not lost by chance in every cycle
_MIN_REGULAR_SHARE = 0.25
_MAX_TYPICAL_SKIP = 0.125  # of a cycle
_MAX_VALUES = 70_000
_RUN_QUANTILE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class PacketCounter:
    """A counter that was understood.

    Parameters
    ----------
    positions : ndarray of int, shape (n_rows,)
        Sample number of each row, from 0, with the fewest lost samples that explain the counter.
    rows_per_cycle : int
        Samples in one cycle; 0 if the counter never wrapped.
    """

    positions: NDArray[np.int64]
    rows_per_cycle: int

    @property
    def n_lost(self) -> int:
        """Samples the counter skipped."""
        return int(self.positions[-1]) + 1 - self.positions.size


@dataclass(frozen=True, slots=True, eq=False)
class _Cycle:
    """Values of a cycle in order, and the first row of each in the cycle; ``n_rows`` is 0 without a wrap."""

    values: NDArray[np.float64]
    first_rows: NDArray[np.int64]
    n_rows: int


def read_counter(counter: NDArray[np.float64]) -> PacketCounter | None:
    """Return the sample number of each row by its counter, or None if it does not count.

    The cycle is learned from the values: how far apart they are, how many rows each has, which never occur, and where
    they begin again. Any share of the rows may be lost.

    Examples
    --------
    >>> read_counter(np.delete(np.arange(1000.0) % 256, slice(300, 310))).n_lost
    10
    >>> no_accelerometer = np.tile([0, *np.repeat(np.arange(101, 201), 2)], 5).astype(float)
    >>> read_counter(no_accelerometer).n_lost, read_counter(no_accelerometer).rows_per_cycle
    (0, 201)
    >>> read_counter(np.zeros(1000)) is None
    True
    """
    if not np.isfinite(counter).all():
        return None
    starts = np.flatnonzero(np.diff(counter, prepend=np.nan) != 0)
    if starts.size < _MIN_RUNS:
        return None
    lengths = np.diff(starts, append=counter.size)
    cycle = _learn_cycle(counter[starts], lengths)
    return None if cycle is None else _number_rows(counter, starts, cycle)


def _learn_cycle(values: NDArray[np.float64], lengths: NDArray[np.int64]) -> _Cycle | None:
    seen, inverse = np.unique(values, return_inverse=True)
    spacing = _mode(np.diff(seen)) if seen.size > 1 else 0.0
    if seen.size < _MIN_RUNS or spacing <= 0 or not _mostly_forward(values):
        return None
    wraps = np.flatnonzero(np.diff(values) < 0)
    full_length = _run_length(lengths)
    if not _wraps_regularly(values, wraps, seen):
        first = np.round((seen - seen[0]) / spacing).astype(np.int64) * full_length
        return _Cycle(seen, first, 0)
    if wraps.size >= _STRUCTURE_CYCLES and _has_structure(seen, spacing):
        per_value = _lengths_by_value(inverse, lengths, seen.size, full_length)
        return _Cycle(seen, np.cumsum(per_value) - per_value, int(per_value.sum()))
    modulus = _modulus(seen, spacing)
    if modulus > _MAX_VALUES * spacing:
        return None
    all_values = np.arange(0.0 if seen[0] < spacing * 3 else seen[0], modulus, spacing) + seen[0] % spacing
    all_values = all_values[all_values < modulus]
    return _Cycle(all_values, np.arange(all_values.size) * full_length, all_values.size * full_length)


def _mode(values: NDArray[np.float64]) -> float:
    unique_values, counts = np.unique(values, return_counts=True)
    return float(unique_values[np.argmax(counts)])


def _mostly_forward(values: NDArray[np.float64]) -> bool:
    """Return whether one positive step is frequent and most steps forward are short beside the counter's range."""
    steps = np.diff(values)
    forward = steps[steps > 0]
    if forward.size < 0.5 * steps.size or not np.all(forward == np.round(forward)):
        return False
    return float(np.mean(forward == _mode(forward))) >= _MIN_REGULAR_SHARE and float(np.median(forward)) <= max(
        2.0, _MAX_TYPICAL_SKIP * float(np.ptp(values))
    )


def _run_length(lengths: NDArray[np.int64]) -> int:
    """Return how many rows a value has: a high quantile, as lost rows only shorten runs."""
    return max(1, int(np.quantile(lengths, _RUN_QUANTILE, method="lower")))


def _wraps_regularly(values: NDArray[np.float64], wraps: NDArray[np.int64], seen: NDArray[np.float64]) -> bool:
    """Return whether the counter begins again at its highest values, and not just once by a restart.

    One descent is a wrap only if the values end where a known counter does.
    """
    if wraps.size == 0:
        return False
    if wraps.size == 1:
        return any(abs(float(seen[-1]) + 1 - modulus) <= 2 for modulus in _MODULI)
    high = float(np.quantile(seen, 0.75))
    return float(np.mean(values[wraps] >= high)) > 0.5


def _has_structure(seen: NDArray[np.float64], spacing: float) -> bool:
    """Return whether a large block of values never occurs, as in a Ganglion without accelerometer (0, 101 to 200)."""
    n_values = round(float(np.ptp(seen)) / spacing) + 1
    return float(np.max(np.diff(seen))) / spacing > _STRUCTURE_SHARE * n_values


def _lengths_by_value(
    inverse: NDArray[np.int64], lengths: NDArray[np.int64], n_values: int, full_length: int
) -> NDArray[np.int64]:
    """Return the rows of each value: the full number, or one where a value never has more."""
    most = np.zeros(n_values, np.int64)
    np.maximum.at(most, inverse, lengths)
    return np.minimum(np.maximum(most, 1), full_length)


def _modulus(seen: NDArray[np.float64], spacing: float) -> float:
    """Return where the counter begins again: a known modulus just above the highest value, else the next value."""
    following = float(seen[-1]) + spacing
    near = [known for known in _MODULI if 0 <= known - float(seen[-1]) - 1 <= _MODULUS_TOLERANCE * known]
    return float(near[0]) if near and spacing <= 2 else following


def _number_rows(counter: NDArray[np.float64], starts: NDArray[np.int64], cycle: _Cycle) -> PacketCounter | None:
    places = np.searchsorted(cycle.values, counter[starts])
    places = np.minimum(places, cycle.values.size - 1)
    lengths = np.diff(starts, append=counter.size)
    following = np.append(cycle.first_rows[1:], cycle.n_rows or cycle.first_rows[-1] + int(lengths.max()))
    size = np.maximum(following - cycle.first_rows, 1)[places]
    within = np.arange(counter.size) - np.repeat(starts, lengths)
    within = np.minimum(within, np.repeat(size, lengths) - 1)
    in_cycle = np.repeat(cycle.first_rows[places], lengths) + within
    steps = np.diff(in_cycle)
    forward = steps % cycle.n_rows if cycle.n_rows else steps
    if float(np.mean(forward == 1)) < _MIN_REGULAR_SHARE:
        return None
    positions = np.concatenate([[0], np.cumsum(np.maximum(forward, 1))]).astype(np.int64)
    return PacketCounter(positions, cycle.n_rows)
