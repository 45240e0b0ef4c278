"""Read a clock of any kind: its faults, and the sampling rate within its unbroken stretches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.formats.rules.time_units import SHORT_ROWS, mean_interval
from neurofeedback.recording.import_report import ClockFault, ClockFaultKind, RateEstimate, RateSource

_LONG_S = 10.0
_NEIGHBOURHOOD_S = 2.0
_CLUMP_FRACTION = 0.1  # of the mean interval; rows closer in time came together
_CLUMPED_SHARE = 0.2
_INTEGER_RESIDUAL = 0.25  # of a sample
_INTEGER_SHARE = 0.95
_MAX_INTEGER_STEP = 50
_MIN_QUANTA = 2.5  # steps of the clock's resolution in one sample, so that lost samples can be counted singly
_SET_BACK_S = 0.15
_ZONE_S = 900.0  # time zones and daylight saving differ by quarters of an hour
_ZONE_TOLERANCE_S = 2.0
_HOUR_TOLERANCE_S = 0.5
_DAY_S = 86_400.0
_MIN_ROWS = 16
_MIN_BURSTS = 8
_BURST_TOLERANCE = 0.25  # of a burst; one in six stretches between losses by chance is so near to their median
_MIN_REGULAR_BURSTS = 0.7
_MAX_PAUSE = 0.1  # of a burst
_KNOWN = 0.003  # of the rate; stamps that run at a known rate do not run too fast


@dataclass(frozen=True, slots=True, eq=False)
class StampClock:
    """Repaired time stamps.

    Parameters
    ----------
    times : ndarray, shape (n_rows,)
        Time of each row, s, without the faults.
    ticks : ndarray of int
        Rows at which a new stamp begins; all rows unless stamps clump.
    countable : bool
        The stamps are so regular that single lost samples show as whole multiples of the interval.
    faults : tuple of ClockFault
        What was repaired.
    """

    times: NDArray[np.float64]
    ticks: NDArray[np.int64]
    countable: bool
    faults: tuple[ClockFault, ...] = ()

    @property
    def clumped(self) -> bool:
        """Whether several rows share a stamp."""
        return self.ticks.size < self.times.size


def read_clock(times: NDArray[np.float64]) -> StampClock | None:
    """Repair time stamps in seconds; None if they do not run.

    Invalid and outlying stamps are interpolated. A clock set back continues from the row before, or from where a shift
    by whole quarters of an hour puts it; so does a clock set forward by whole hours.
    """
    valid, n_invalid = _drop_outliers(times)
    if valid is None:
        return None
    faults: list[ClockFault] = []
    if n_invalid:
        first = int(np.flatnonzero(valid != times)[0])
        faults.append(ClockFault(ClockFaultKind.INVALID, n_invalid, first, 0.0))
    interval = mean_interval(valid)
    if interval <= 0:
        return None
    repaired = _undo_shifts(valid, interval, faults)
    ticks = _find_ticks(repaired, interval)
    if ticks.size < 3:
        return None
    if ticks.size < repaired.size:
        longest = float(np.max(np.diff(ticks))) * interval
        faults.append(ClockFault(ClockFaultKind.CLUMPED, int(ticks.size), int(ticks[1]), longest))
    base = _countable_interval(repaired) if ticks.size == repaired.size else None
    countable = base is not None and _burst_rate(np.arange(repaired.size), repaired, 1 / base, ()) is None
    return StampClock(repaired, ticks, countable, tuple(faults))


def _drop_outliers(times: NDArray[np.float64]) -> tuple[NDArray[np.float64] | None, int]:
    """Interpolate stamps that are no number, or that only one row has and that both its neighbours contradict."""
    good = np.isfinite(times)
    if times.size < _MIN_ROWS or good.mean() < 0.5:
        return None, 0
    before, here, after = times[:-2], times[1:-1], times[2:]
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(after - before) < 1.0
        good[1:-1] &= ~(close & ((here < np.minimum(before, after) - 1.0) | (here > np.maximum(before, after) + 1.0)))
    if good.all():
        return times, 0
    rows = np.arange(times.size)
    return np.interp(rows, rows[good], times[good]), int((~good).sum())


def _undo_shifts(times: NDArray[np.float64], interval: float, faults: list[ClockFault]) -> NDArray[np.float64]:
    steps = np.diff(times)
    width = max(4, round(1.0 / interval))
    back = [row for row in np.flatnonzero(steps < -_SET_BACK_S).tolist() if _stays_back(times, row, width, interval)]
    near_hour = np.round(steps / 3600)
    forward = np.flatnonzero((near_hour >= 1) & (np.abs(steps - near_hour * 3600) < _HOUR_TOLERANCE_S)).tolist()
    for kind, rows in ((ClockFaultKind.SET_BACK, back), (ClockFaultKind.SET_FORWARD, forward)):
        if rows:
            faults.append(ClockFault(kind, len(rows), rows[0] + 1, float(np.max(np.abs(steps[rows])))))
    if not back and not forward:
        return times
    step = max(interval, float(np.median(steps[steps > 0]))) if np.any(steps > 0) else interval
    corrected = steps.copy()
    for row in back:
        corrected[row] = _step_after_set_back(float(steps[row]), step)
    for row in forward:
        remainder = float(steps[row] - near_hour[row] * 3600)
        corrected[row] = remainder if remainder > 0 else step
    return np.concatenate([times[:1], times[0] + np.cumsum(corrected)])


def _stays_back(times: NDArray[np.float64], row: int, width: int, interval: float) -> bool:
    """Return whether time stays behind after a backward step, instead of a late packet before it."""
    before = times[max(0, row + 1 - width) : row + 1]
    after = times[row + 1 : row + 1 + width]
    rows = np.arange(row + 1 - before.size, row + 1 + after.size)
    delay = np.concatenate([before, after]) - rows * interval
    shift = float(np.median(delay[before.size :]) - np.median(delay[: before.size]))
    return shift < 0.5 * float(times[row + 1] - times[row])


def _step_after_set_back(step: float, interval: float) -> float:
    zones = np.ceil(-step / _ZONE_S)
    remainder = step + zones * _ZONE_S
    if remainder < _ZONE_TOLERANCE_S or zones * _ZONE_S == _DAY_S:
        return max(remainder, 1e-9)
    return interval


def _find_ticks(times: NDArray[np.float64], interval: float) -> NDArray[np.int64]:
    steps = np.diff(times)
    together = steps < _CLUMP_FRACTION * interval
    if together.mean() < _CLUMPED_SHARE:
        return np.arange(times.size)
    latest = np.maximum.accumulate(times)  # a stamp that is not later than one before starts no clump
    new = np.diff(latest, prepend=-np.inf) >= _CLUMP_FRACTION * interval
    return np.flatnonzero(new)


def _countable_interval(times: NDArray[np.float64]) -> float | None:
    """Return the interval of which all steps are whole multiples, or None."""
    steps = np.diff(times)
    forward = steps[steps > 0]
    if forward.size < _MIN_ROWS:
        return None
    base = float(np.quantile(forward, 0.2))
    for _ in range(4):
        counts = np.round(steps / base)
        small = (counts >= 1) & (counts <= _MAX_INTEGER_STEP)
        if small.mean() < _INTEGER_SHARE:
            return None
        base = float(steps[small].sum() / counts[small].sum())
    resolution = _resolution(forward)
    residual = np.abs(steps / base - np.round(steps / base))
    allowed = max(_INTEGER_RESIDUAL, 0.6 * resolution / base)
    few_contradict = float(np.mean(residual > allowed)) <= 1 - _INTEGER_SHARE
    return base if few_contradict and base >= _MIN_QUANTA * resolution else None


def _resolution(steps: NDArray[np.float64]) -> float:
    """Return the resolution of the stamps, s: the largest of 1 ms, 10 ms and 1 s that divides all steps, or 0."""

    def divides(unit: float) -> bool:
        parts = steps[:4096] / unit
        return bool(np.all(np.abs(parts - np.round(parts)) < 1e-3 + 1e-6 / unit))

    return max(filter(divides, (1e-3, 1e-2, 1.0)), default=0.0)


def measure_rate(
    clock: StampClock,
    positions: NDArray[np.int64] | None = None,
    source: RateSource = RateSource.CLOCK,
    known: Sequence[float] = (),
) -> RateEstimate | None:
    """Measure the sampling rate: the median over windows in unbroken stretches.

    Parameters
    ----------
    clock : StampClock
        The time of each row.
    positions : ndarray of int, shape (n_rows,), optional
        Sample number of each row by a packet counter; the row number by default.
    source : RateSource
        What the estimate is called.
    known : sequence of float
        Rates of the header and the device, Hz.

    Returns
    -------
    RateEstimate or None
        Rate and its standard error, Hz; None if time does not rise.
    """
    if positions is None and clock.countable and (base := _countable_interval(clock.times)) is not None:
        return RateEstimate(source, 1 / base, 0.0)
    index = np.arange(clock.times.size) if positions is None else positions
    ticks = clock.ticks[1:] if clock.clumped and clock.ticks.size > 4 else clock.ticks
    numbers, times = index[ticks], clock.times[ticks]
    first = _median_slope(numbers, times, np.zeros(0, np.int64), SHORT_ROWS)
    if first is None:
        return None
    breaks = _find_breaks(numbers, times, first.sfreq)
    long = _median_slope(numbers, times, breaks, max(SHORT_ROWS, round(_LONG_S * first.sfreq)))
    best = _burst_rate(numbers, times, first.sfreq, known) or long or first
    return RateEstimate(source, best.sfreq, best.error_hz)


def _burst_rate(
    numbers: NDArray[np.int64], times: NDArray[np.float64], first_hz: float, known: Sequence[float]
) -> RateEstimate | None:
    """Return the rate over whole bursts where stamps run too fast and pause at regular intervals; else None.

    The stamps of a Muse by Bluetooth do so: its packets arrive faster than they were measured, then wait. Lost packets
    make pauses, too, but not at regular intervals, or they are long beside the time between them.
    """
    late_s = np.diff(times - numbers / first_hz)
    pauses = np.flatnonzero(late_s > _break_limit(late_s, times, first_hz)) + 1
    lengths = np.diff(numbers[pauses])
    if lengths.size < _MIN_BURSTS or any(abs(sfreq / first_hz - 1) < _KNOWN for sfreq in known):
        return None
    length, pause = float(np.median(lengths)), float(np.median(late_s[pauses - 1])) * first_hz
    regular = float(np.mean(np.abs(lengths - length) <= _BURST_TOLERANCE * length))
    if regular < _MIN_REGULAR_BURSTS or pause > _MAX_PAUSE * length:
        return None
    width = max(1, min(round(_NEIGHBOURHOOD_S * first_hz / length), lengths.size // 4))
    spans_s = times[pauses[width:]] - times[pauses[:-width]]
    rates = ((numbers[pauses[width:]] - numbers[pauses[:-width]])[spans_s > 0]) / spans_s[spans_s > 0]
    return _from_windows(rates, width) if rates.size else None


def _from_windows(rates: NDArray[np.float64], width: int) -> RateEstimate:
    """Return the median rate of windows of ``width`` steps that begin one step apart, with its standard error."""
    middle = float(np.median(rates))
    spread = 1.4826 * float(np.median(np.abs(rates - middle)))
    return RateEstimate(RateSource.CLOCK, middle, 1.25 * spread / max(1.0, rates.size / width) ** 0.5)


def _find_breaks(numbers: NDArray[np.int64], times: NDArray[np.float64], sfreq: float) -> NDArray[np.int64]:
    excess_s = np.diff(times - numbers / sfreq)
    return np.flatnonzero(np.abs(excess_s) > _break_limit(excess_s, times, sfreq)) + 1


def _break_limit(excess_s: NDArray[np.float64], times: NDArray[np.float64], sfreq: float) -> float:
    interval_s = float(np.median(np.diff(times)))
    return max(0.6 / sfreq, 0.6 * interval_s, 6 * float(np.median(np.abs(excess_s))))


def _median_slope(
    numbers: NDArray[np.int64], times: NDArray[np.float64], breaks: NDArray[np.int64], n_samples: int
) -> RateEstimate | None:
    """Return the median of samples per second over windows of about ``n_samples`` without a break inside."""
    edges = np.concatenate([[0], breaks, [times.size]]).astype(np.int64)
    per_tick = max(1.0, float(np.median(np.diff(numbers))))
    width = max(1, int(min(round(n_samples / per_tick), _typical_length(np.diff(edges)) - 1, times.size // 4)))
    segment = np.searchsorted(edges, np.arange(times.size), side="right")
    inside = segment[width:] == segment[:-width]
    spans = (times[width:] - times[:-width])[inside]
    counts = (numbers[width:] - numbers[:-width])[inside]
    rates = counts[spans > 0] / spans[spans > 0]
    if not rates.size:
        return None
    middle = float(np.median(rates))
    spread = 1.4826 * float(np.median(np.abs(rates - middle)))
    jitter_s = float(np.median(np.abs(np.diff(times - numbers / middle))))
    spread = max(spread, middle * jitter_s / float(np.median(spans)))
    return RateEstimate(RateSource.CLOCK, middle, 1.25 * spread / max(1.0, rates.size / width) ** 0.5)


def _typical_length(lengths: NDArray[np.int64]) -> int:
    """Return the length that half of all rows have at least in one piece."""
    ordered = np.sort(lengths)[::-1]
    return int(ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)])
