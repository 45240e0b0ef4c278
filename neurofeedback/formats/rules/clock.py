"""Read a clock of any kind: its unit, its faults, and the sampling rate within its unbroken stretches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.import_report import ClockFault, ClockFaultKind, RateEstimate, RateSource

_UNITS_S = (1.0, 1e-3, 1e-6, 1e-9)
_UNIX_DECADES = ((9, 10, 1.0), (12, 13, 1e-3), (15, 16, 1e-6), (18, 19, 1e-9))  # of times after 2001
_MIN_SFREQ = 10.0
_MAX_STAMP = 1e20
_SHORT_ROWS = 32
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
_MIN_WINDOWS = 4
_STEADY = 0.005  # of the rate; lost packets vary the rate over 10 s by more
_KNOWN = 0.002  # of the rate; clocks of devices are better than this


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


def to_seconds(times: NDArray[np.float64], heading: str = "", expected_hz: float | None = None) -> NDArray[np.float64]:
    """Convert time stamps of any unit to seconds: by size if they are Unix times, else by heading or rate.

    Examples
    --------
    >>> float(to_seconds(np.array([1.6e12, 1.6e12 + 4]))[0])
    1600000000.0
    >>> np.round(np.diff(to_seconds(np.arange(500.0) * 4)), 6)[0], np.round(np.diff(to_seconds(np.arange(9) / 4)), 6)[0]
    (np.float64(0.004), np.float64(0.00025))
    """
    if not np.all(np.abs(times) < _MAX_STAMP):
        times = np.where(np.abs(times) < _MAX_STAMP, times, np.nan)
    finite = times[np.isfinite(times)]
    if finite.size < 2:
        return times
    early, late = np.quantile(finite[:: max(1, finite.size // 10_000)], [0.02, 0.98])
    for low, high, unit in _UNIX_DECADES:
        if 10.0**low <= early and late < 10.0**high:
            return times if unit == 1 else times * unit
    named = _unit_of_heading(heading)
    if named is not None:
        return times * named
    interval = _mean_interval(finite)
    if interval <= 0:
        return times
    rates = [1 / (interval * unit) for unit in _UNITS_S]
    if expected_hz:
        best = min(range(len(rates)), key=lambda i: abs(np.log(rates[i] / expected_hz)))
    else:
        best = next((i for i, rate in enumerate(rates) if rate >= _MIN_SFREQ), len(rates) - 1)
    return times * _UNITS_S[best]


def _unit_of_heading(heading: str) -> float | None:
    words = heading.lower().replace("(", " ").replace(")", " ").replace("[", " ").replace("]", " ").replace("_", " ")
    names = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "milliseconds": 1e-3, "millis": 1e-3}
    names |= {"us": 1e-6, "µs": 1e-6, "microseconds": 1e-6, "micros": 1e-6, "ns": 1e-9, "nanoseconds": 1e-9}
    return next((names[word] for word in words.split() if word in names), None)


def _mean_interval(times: NDArray[np.float64]) -> float:
    """Return the median over short windows of the mean time from row to row."""
    width = min(_SHORT_ROWS, times.size - 1)
    spans = times[width:] - times[:-width]
    forward = spans[spans > 0]
    if forward.size:
        return float(np.median(forward)) / width
    span = float(np.max(times) - np.min(times))
    return span / (times.size - 1)


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
    interval = _mean_interval(valid)
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
    return StampClock(repaired, ticks, base is not None, tuple(faults))


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


def _step_after_set_back(step: float, usual: float) -> float:
    zones = np.ceil(-step / _ZONE_S)
    remainder = step + zones * _ZONE_S
    if remainder < _ZONE_TOLERANCE_S or zones * _ZONE_S == _DAY_S:
        return max(remainder, 1e-9)
    return usual


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
    first = _median_slope(numbers, times, np.zeros(0, np.int64), _SHORT_ROWS)
    if first is None:
        return None
    breaks = _find_breaks(numbers, times, first.sfreq)
    long = _median_slope(numbers, times, breaks, max(_SHORT_ROWS, round(_LONG_S * first.sfreq)))
    best = _steady_rate(numbers, times, known) or long or first
    return RateEstimate(source, best.sfreq, best.error_hz)


def _steady_rate(numbers: NDArray[np.int64], times: NDArray[np.float64], known: Sequence[float]) -> RateEstimate | None:
    """Return the rate over 10 s, breaks included, if it is always the same and a known one; else None.

    Stamps that run too fast within each packet and pause between packets look like constant loss, but lost packets are
    not spread so evenly.
    """
    span_s = float(times[-1] - times[0])
    if not known or span_s < _MIN_WINDOWS * _LONG_S:
        return None
    width = round(_LONG_S * times.size / span_s)
    if not width:
        return None
    spans = times[width::width] - times[:-width:width]
    if spans.size < _MIN_WINDOWS or np.any(spans <= 0):
        return None
    rates = (numbers[width::width] - numbers[:-width:width]) / spans
    middle = float(np.median(rates))
    nearest = min(known, key=lambda sfreq: abs(sfreq - middle))
    error = 1.25 * float(np.std(rates)) / rates.size**0.5
    steady = np.all(np.abs(rates - middle) < _STEADY * middle)
    return (
        RateEstimate(RateSource.CLOCK, middle, error) if steady and abs(middle - nearest) < _KNOWN * nearest else None
    )


def _find_breaks(numbers: NDArray[np.int64], times: NDArray[np.float64], sfreq: float) -> NDArray[np.int64]:
    excess = np.abs(np.diff(times - numbers / sfreq))
    interval = float(np.median(np.diff(times)))
    return np.flatnonzero(excess > max(0.6 / sfreq, 0.6 * interval, 6 * float(np.median(excess)))) + 1


def _median_slope(
    numbers: NDArray[np.int64], times: NDArray[np.float64], breaks: NDArray[np.int64], n_samples: int
) -> RateEstimate | None:
    """Return the median of samples per second over windows of about ``n_samples`` without a break inside."""
    edges = np.concatenate([[0], breaks, [times.size]]).astype(np.int64)
    per_tick = max(1.0, float(np.median(np.diff(numbers))))
    width = int(min(max(1, round(n_samples / per_tick)), _usual_length(np.diff(edges)) - 1, max(1, times.size // 4)))
    if width < 1:
        return None
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


def _usual_length(lengths: NDArray[np.int64]) -> int:
    """Return the length that half of all rows have at least in one piece."""
    ordered = np.sort(lengths)[::-1]
    return int(ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)])
