"""Place table rows on the sample axis by the packet counter of each row; skipped counts are lost samples. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MIN_REGULAR_SHARE = 0.8
_MIN_RUNS = 8
_ENVELOPE_S = 2.0
_DELAY_FRACTION = 0.75
_MAX_DELAY_SAMPLES = 1e12  # samples; longer than any recording, and the sum over all rows fits into int64


@dataclass(frozen=True, slots=True)
class CounterPattern:
    """How a counter runs: ``rows_per_value`` rows share a value, values rise by ``step`` and wrap at ``modulus``.

    ``modulus`` is 0 if the counter never wrapped.
    """

    rows_per_value: int
    step: int
    modulus: int

    @property
    def rows_per_cycle(self) -> int:
        """Rows in one cycle of the counter; 0 if it never wrapped."""
        return self.modulus // self.step * self.rows_per_value


def detect_pattern(counter: NDArray[np.float64]) -> CounterPattern | None:
    """Return how a counter runs, or None if it does not run regularly.

    Examples
    --------
    >>> detect_pattern(np.arange(1000.0) % 256)
    CounterPattern(rows_per_value=1, step=1, modulus=256)
    >>> detect_pattern(np.repeat(np.arange(60.0), 12))
    CounterPattern(rows_per_value=12, step=1, modulus=0)
    >>> detect_pattern(np.zeros(1000)) is None
    True
    """
    starts = _run_starts(counter)
    if starts.size < _MIN_RUNS or not np.isfinite(counter).all():
        return None
    steps = np.diff(counter[starts])
    step = _mode(steps[steps > 0])
    wrap_step = _mode(steps[steps < 0])
    if step < 1:
        return None
    modulus = step - wrap_step if wrap_step else 0
    regular = (steps == step) | (steps == wrap_step) if wrap_step else steps == step
    if regular.mean() < _MIN_REGULAR_SHARE or modulus % step:
        return None
    return CounterPattern(max(1, _mode(np.diff(starts))), step, modulus)


def _run_starts(counter: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.diff(counter, prepend=np.nan) != 0)


def _mode(values: NDArray[np.float64] | NDArray[np.int64]) -> int:
    if values.size == 0:
        return 0
    unique_values, counts = np.unique(values, return_counts=True)
    return int(unique_values[np.argmax(counts)])


def place_rows(
    counter: NDArray[np.float64], pattern: CounterPattern, sfreq: float, times: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Return the sample number of each row, from 0, with gaps where the counter skips.

    With ``times``, whole missing cycles of the counter and the pause before a counter restart are counted too;
    without, each gap is the shortest that explains the counter.

    Parameters
    ----------
    counter, times : ndarray, shape (n_rows,)
        The counter of each row, and its time, s.
    pattern : CounterPattern
        How the counter runs.
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Sample number of each row.

    Examples
    --------
    >>> pattern = CounterPattern(rows_per_value=1, step=1, modulus=256)
    >>> place_rows(np.array([254.0, 255.0, 2.0, 3.0]), pattern, 250.0).tolist()
    [0, 1, 4, 5]
    """
    starts = _run_starts(counter)
    skipped = _count_skipped(np.diff(counter[starts]), pattern)
    lost = np.zeros(counter.size, np.int64)
    lost[starts[1:]] = np.maximum(skipped, 0) * pattern.rows_per_value
    sample_index = np.arange(counter.size) + np.cumsum(lost)
    if times is None:
        return sample_index
    delay_s = times - sample_index / sfreq
    restarts = starts[1:][skipped < 0]
    long_delays = (
        _find_unseen_cycles(delay_s, starts, pattern.rows_per_cycle / sfreq)
        if pattern.rows_per_cycle
        else np.empty(0, np.int64)
    )
    missed = _count_missed(delay_s, sfreq, restarts, 1) + _count_missed(
        delay_s, sfreq, np.setdiff1d(long_delays, restarts), pattern.rows_per_cycle
    )
    return sample_index + np.cumsum(missed)


def _count_skipped(steps: NDArray[np.float64], pattern: CounterPattern) -> NDArray[np.int64]:
    """Return the number of packets missing at each step of the counter; -1 where it restarted."""
    forward = steps % pattern.modulus if pattern.modulus else steps
    packets = np.floor(forward / pattern.step)
    restarted = (forward % pattern.step != 0) | (packets < 1)
    return np.where(restarted, -1, packets - 1).astype(np.int64)


def _find_unseen_cycles(delay_s: NDArray[np.float64], starts: NDArray[np.int64], cycle_s: float) -> NDArray[np.int64]:
    """Return the rows preceded by a pause long enough for a whole unseen cycle of the counter."""
    return starts[1:][np.diff(delay_s[starts]) > _DELAY_FRACTION * cycle_s]


def _count_missed(delay_s: NDArray[np.float64], sfreq: float, rows: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    """Return the samples lost before each of ``rows``, in multiples of ``unit``; 0 for all other rows.

    The least delay of the 2 s after a row is compared with that of the 2 s before it, so that a late burst whose
    following rows catch up counts as no loss.
    """
    width = max(1, round(_ENVELOPE_S * sfreq))
    missed = np.zeros(delay_s.size, np.int64)
    for row in rows.tolist():
        jump = float(delay_s[row : row + width].min()) - float(delay_s[max(0, row - width) : row].min())
        if jump * sfreq > _DELAY_FRACTION * unit:
            missed[row] = round(min(jump * sfreq, _MAX_DELAY_SAMPLES) / unit) * unit
    return missed
