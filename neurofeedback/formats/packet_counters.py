"""Where the rows of a table belong, by the counter each row carries: what the counter skips was lost. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MIN_REGULAR_SHARE = 0.8
_MIN_RUNS = 8
_ENVELOPE_S = 2.0
_DELAY_FRACTION = 0.75
_MAX_DELAY_SAMPLES = 1e12  # samples; no clock of a recording goes further, and whole numbers hold the sum over all rows


@dataclass(frozen=True, slots=True)
class CounterPattern:
    """How a counter runs: ``rows`` rows share a value, values go up by ``step``, after ``modulus`` they begin anew.

    ``modulus`` is 0 where no turn was seen.
    """

    rows_per_value: int
    step: int
    modulus: int

    @property
    def rows_per_cycle(self) -> int:
        """Rows in one turn of the counter; 0 where no turn was seen."""
        return self.modulus // self.step * self.rows_per_value


def detect_pattern(counter: NDArray[np.float64]) -> CounterPattern | None:
    """Find out how a counter runs; None where it does not run regularly.

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
    back = _mode(steps[steps < 0])
    if step < 1:
        return None
    modulus = step - back if back else 0
    regular = (steps == step) | (steps == back) if back else steps == step
    if regular.mean() < _MIN_REGULAR_SHARE or modulus % step:
        return None
    return CounterPattern(max(1, _mode(np.diff(starts))), step, modulus)


def _run_starts(counter: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.diff(counter, prepend=np.nan) != 0)


def _mode(values: NDArray[np.float64] | NDArray[np.int64]) -> int:
    if values.size == 0:
        return 0
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])


def place_rows(
    counter: NDArray[np.float64], pattern: CounterPattern, sfreq: float, times: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Place each row: the sample it is, from 0, with holes where the counter skips.

    A clock tells whole turns that are missing, and how long the silence was before a counter that began anew;
    without one the fewest samples that explain the counter are taken.

    Parameters
    ----------
    counter, times : ndarray, shape (n_rows,)
        The counter of each row, and when it came, s.

    Examples
    --------
    >>> rule = CounterPattern(rows_per_value=1, step=1, modulus=256)
    >>> place_rows(np.array([254.0, 255.0, 2.0, 3.0]), rule, 250.0).tolist()
    [0, 1, 4, 5]
    """
    starts = _run_starts(counter)
    skipped = _count_skipped(np.diff(counter[starts]), pattern)
    lost = np.zeros(counter.size, np.int64)
    lost[starts[1:]] = np.maximum(skipped, 0) * pattern.rows_per_value
    placed = np.arange(counter.size) + np.cumsum(lost)
    if times is None:
        return placed
    late = times - placed / sfreq
    anew = starts[1:][skipped < 0]
    turns = (
        _find_unseen_cycles(late, starts, pattern.rows_per_cycle / sfreq)
        if pattern.rows_per_cycle
        else np.empty(0, np.int64)
    )
    missed = _count_missed(late, sfreq, anew, 1) + _count_missed(
        late, sfreq, np.setdiff1d(turns, anew), pattern.rows_per_cycle
    )
    return placed + np.cumsum(missed)


def _count_skipped(steps: NDArray[np.float64], pattern: CounterPattern) -> NDArray[np.int64]:
    """Count the packets missing at each step of the counter; -1 where it began anew."""
    forward = steps % pattern.modulus if pattern.modulus else steps
    packets = np.floor(forward / pattern.step)
    odd = (forward % pattern.step != 0) | (packets < 1)
    return np.where(odd, -1, packets - 1).astype(np.int64)


def _find_unseen_cycles(delay_s: NDArray[np.float64], starts: NDArray[np.int64], cycle_s: float) -> NDArray[np.int64]:
    """Find the rows before which so much time went by that the counter may have turned unseen."""
    return starts[1:][np.diff(delay_s[starts]) > _DELAY_FRACTION * cycle_s]


def _count_missed(delay_s: NDArray[np.float64], sfreq: float, rows: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    """Count what was lost before each of ``rows``, in whole ``unit`` samples; ``late`` is each row's delay in s.

    All rows of the next seconds must be later than those before: a burst that catches up lost nothing.
    """
    width = max(1, round(_ENVELOPE_S * sfreq))
    missed = np.zeros(delay_s.size, np.int64)
    for row in rows.tolist():
        jump = float(delay_s[row : row + width].min()) - float(delay_s[max(0, row - width) : row].min())
        if jump * sfreq > _DELAY_FRACTION * unit:
            missed[row] = round(min(jump * sfreq, _MAX_DELAY_SAMPLES) / unit) * unit
    return missed
