"""Place rows on the sample axis by clock and counter: holes of any length become gaps in their place. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.formats.rules.clock import StampClock

_WINDOW_S = 2.0
_JITTER_FACTOR = 6.0  # of the median deviation, about 4 standard deviations
_MIN_STEP = 0.6  # samples
_BACKWARD_QUANTILE, _BACKWARD_FACTOR = 0.9995, 0.8  # of steps by which stamps fall behind: jitter, never loss
_TAIL_FACTOR = 1.5  # of the scatter of delays before
_MIN_COUNTED = 8  # samples
_MAX_STEP = 1e12  # samples; longer than any recording, and the sum over all rows fits into int64
_CLUMP_QUANTILE = 0.9
_CLUMP_SLACK = 1.2  # of a clump: with lost rows, the first row of a clump is any of it
_CYCLE_TOLERANCE = 0.25  # of a cycle of the counter


def place_by_clock(clock: StampClock, sfreq: float, rate_hz: float) -> NDArray[np.int64]:
    """Return the sample number of each row by its time alone, from 0.

    Parameters
    ----------
    clock : StampClock
        Repaired time stamps.
    sfreq : float
        Sampling rate of the recording, Hz: a hole of 1 s becomes ``sfreq`` samples.
    rate_hz : float
        Rate by this clock, Hz; a small difference to ``sfreq`` makes no gap.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Sample numbers; the gaps between them are lost samples.
    """
    rows = np.arange(clock.times.size)
    if clock.countable:
        return rows + _lost_by_counting(clock.times, sfreq, rate_hz)
    return rows + np.cumsum(_lost_by_delay(clock, rows, sfreq, rate_hz)).astype(np.int64)


def _lost_by_counting(times: NDArray[np.float64], sfreq: float, rate_hz: float) -> NDArray[np.int64]:
    """Return the samples lost before each row in all; a late stamp that the next 2 s make good is no loss."""
    steps_s = np.diff(times)
    steps = np.round(_limit(steps_s * np.where(steps_s > _WINDOW_S, sfreq, rate_hz)))
    lost = np.concatenate([[0], np.cumsum(steps - 1)])
    if not lost.any():
        return lost.astype(np.int64)
    from scipy.ndimage import minimum_filter1d  # half a second, needed only for irregular stamps

    width = 2 * round(_WINDOW_S * rate_hz / 2) + 1
    lasting = minimum_filter1d(lost, width, mode="nearest", origin=-(width // 2))  # of this row and later ones
    return np.maximum.accumulate(np.maximum(lasting, 0)).astype(np.int64)


def place_by_counter_and_clock(
    clock: StampClock, positions: NDArray[np.int64], rows_per_cycle: int, sfreq: float, rate_hz: float
) -> NDArray[np.int64]:
    """Return the sample number of each row by its counter, with what the clock adds.

    Whole cycles that the counter cannot show are added. Where the counter jumped further than the clock, or less and
    not by a whole cycle, it began anew and the clock decides.

    Parameters
    ----------
    clock : StampClock
        Repaired time stamps.
    positions : ndarray of int, shape (n_rows,)
        Sample number of each row by the counter alone.
    rows_per_cycle : int
        Samples in a cycle of the counter; 0 if it does not wrap.
    sfreq, rate_hz : float
        Rate of the recording and rate by this clock, Hz.
    """
    clump_s = float(np.quantile(np.diff(positions[clock.ticks]), _CLUMP_QUANTILE)) / rate_hz if clock.clumped else 0.0
    added = _lost_by_delay(
        clock, positions, sfreq, rate_hz, rows_per_cycle=rows_per_cycle, least_s=_CLUMP_SLACK * clump_s
    )
    placed = positions + np.cumsum(added).astype(np.int64)
    steps = np.maximum(np.diff(placed), 1)
    return np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)


def _limit(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(samples, -_MAX_STEP, _MAX_STEP)


def _lost_by_delay(
    clock: StampClock,
    positions: NDArray[np.int64],
    sfreq: float,
    rate_hz: float,
    *,
    rows_per_cycle: int = 0,
    least_s: float = 0.0,
) -> NDArray[np.float64]:
    """Return the samples to add before each row, from lasting steps of the delay of its stamp.

    The least delay of the 2 s after a row is compared with that of the 2 s before it, back to the last step, so that a
    late burst whose following rows catch up counts as no loss. With ``positions`` of a counter a step may be negative.
    A step below ``least_s`` is none.
    """
    ticks, added = clock.ticks, np.zeros(positions.size)
    delay = clock.times[ticks] - positions[ticks] / rate_hz
    excess = np.diff(delay)
    jitter = float(np.median(np.abs(excess - np.median(excess))))
    backward = float(np.quantile(-excess, _BACKWARD_QUANTILE))
    limit = max(least_s, _MIN_STEP / rate_hz, _JITTER_FACTOR * jitter, _BACKWARD_FACTOR * backward)
    jumped = np.diff(positions[ticks]) > np.diff(ticks)  # only a counter jumps
    counted = bool(rows_per_cycle or jumped.any())
    if counted:  # a counter shows short holes better than the clock
        limit = max(limit, _MIN_COUNTED / rate_hz, 2 * float(np.median(np.diff(clock.times[ticks]))))
    candidates = np.flatnonzero((excess > limit) | (jumped & (excess < -limit))) + 1
    width = max(1, round(_WINDOW_S * ticks.size / max(1e-9, positions[-1] / rate_hz)))
    interval_s = float(np.median(np.diff(clock.times[ticks]))) if clock.clumped else 0.0
    partial = int(clock.clumped)  # the first clump, and that after a hole, may be the rest of one
    last = partial
    for tick in candidates.tolist():
        if tick <= last and excess[tick - 1] < 2 * interval_s:
            continue
        start = min(tick + partial, ticks.size - 1)
        before = delay[max(min(last, tick - 1), tick - width) : tick]
        after = delay[start : start + width]
        jump = float(after.min()) - float(before.min())
        if not counted and not _lasts(jump, before, after, width):
            continue
        lost = _whole_samples(jump, limit, sfreq, rows_per_cycle)
        if lost > 0 or (lost < 0 and jumped[tick - 1]):
            added[ticks[tick]] = lost
            last = tick + partial
    return added


def _lasts(jump: float, before: NDArray[np.float64], after: NDArray[np.float64], width: int) -> bool:
    """Return whether most rows follow a jump of the least delay, and enough of them to judge by."""
    if after.size < width / 2 and abs(jump) < _TAIL_FACTOR * float(np.ptp(before)):
        return False
    return (float(np.median(after)) - float(np.median(before))) * np.sign(jump) >= abs(jump) / 2


def _whole_samples(jump_s: float, limit_s: float, sfreq: float, rows_per_cycle: int) -> float:
    if abs(jump_s) < 0.6 * limit_s:
        return 0.0
    samples = float(np.clip(jump_s * sfreq, -_MAX_STEP, _MAX_STEP))
    if rows_per_cycle and samples > 0:
        cycles = round(samples / rows_per_cycle)
        if abs(samples - cycles * rows_per_cycle) <= min(_CYCLE_TOLERANCE * rows_per_cycle, max(4.0, limit_s * sfreq)):
            return float(cycles * rows_per_cycle)
    return float(round(samples))
