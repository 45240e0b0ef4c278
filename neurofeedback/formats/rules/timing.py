"""Time the rows of a table: clock and counter together give the rate and the place of every row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.formats.rules.clock import StampClock, measure_rate, read_clock
from neurofeedback.formats.rules.packet_counters import PacketCounter, read_counter
from neurofeedback.formats.rules.place import place_by_clock, place_by_counter_and_clock
from neurofeedback.formats.rules.rate import ExpectedRates, choose_rate, differs_by, is_common
from neurofeedback.formats.rules.time_units import to_seconds
from neurofeedback.recording.import_report import ClockFault, ClockFaultKind, ImportedRate, RateEstimate, RateSource
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts

_AGREE = 0.015
_REGULAR = 0.02
_EARLY = 0.1  # share of the interval by which a stamp is early
_EARLY_S = 0.0015  # more than stamps in ms are rounded by
_MIN_EARLY = 0.01  # share of early stamps from which an unusual rate is doubtful
_MIN_SHORT = 0.005
_MAX_SHORT = 0.9
_FAULT_TEXTS = {
    ClockFaultKind.SET_BACK: texts.CLOCK_SET_BACK,
    ClockFaultKind.SET_FORWARD: texts.CLOCK_SET_FORWARD,
    ClockFaultKind.INVALID: texts.CLOCK_INVALID,
}


@dataclass(frozen=True, slots=True, eq=False)
class RowTiming:
    """Where each row belongs.

    Parameters
    ----------
    sample_index : ndarray of int, shape (n_rows,)
        Sample number of each row.
    times : ndarray, shape (n_rows,), optional
        Repaired time of each row, s; None without a clock that runs.
    rate : ImportedRate
        The sampling rate.
    faults : tuple of ClockFault
        Faults of the clock.
    notices : tuple of str
        Sentences a person should read.
    scatter_s : float
        By how much the stamps scatter about the samples, s; what is placed by time is exact to that.
    """

    sample_index: NDArray[np.int64]
    times: NDArray[np.float64] | None
    rate: ImportedRate
    faults: tuple[ClockFault, ...] = ()
    notices: tuple[str, ...] = ()
    scatter_s: float = 0.0

    @property
    def scatter_notice(self) -> tuple[str, ...]:
        """The notice about stamps that scatter by more than a sample, or nothing."""
        if self.scatter_s * self.rate.sfreq <= 1:
            return ()
        return (english(texts.SCATTERED_STAMPS, scatter_ms=1000 * self.scatter_s),)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    clock: StampClock | None
    counter: PacketCounter | None
    by_clock: RateEstimate | None
    by_counter: RateEstimate | None
    notices: tuple[str, ...]

    @property
    def best(self) -> RateEstimate | None:
        """The rate by the counter where it is used and the clock cannot count lost samples itself."""
        if self.counter is None or self.by_counter is None or (self.clock is not None and self.clock.countable):
            return self.by_clock
        return self.by_counter


def time_rows(
    path: Path,
    n_rows: int,
    expected: ExpectedRates,
    times: NDArray[np.float64] | None = None,
    counter: NDArray[np.float64] | None = None,
    *,
    heading: str = "",
) -> RowTiming:
    """Return the sampling rate and the sample number of each row.

    Parameters
    ----------
    path : Path
        The file.
    n_rows : int
        Number of rows.
    expected : ExpectedRates
        Rates by the user, the header and the device.
    times : ndarray, shape (n_rows,), optional
        Time stamps in any unit.
    counter : ndarray, shape (n_rows,), optional
        The device's packet counter.
    heading : str
        Heading of the time stamps, which may give their unit.

    Raises
    ------
    RecordingError
        Nothing gives the sampling rate.
    """
    clock = None if times is None else read_clock(to_seconds(times, heading, expected.likely))
    measured = _measure(clock, counter, expected)
    others = [one for one in (measured.by_clock, measured.by_counter) if one is not None and one is not measured.best]
    rate, rate_notices = choose_rate(path, measured.best, expected, others)
    sample_index = _place(measured, n_rows, rate.sfreq)
    faults = clock.faults if clock is not None else ()
    notices = (*rate_notices, *map(_describe, (f for f in faults if f.kind in _FAULT_TEXTS)), *measured.notices)
    if clock is not None:
        notices = (*notices, *_doubts(clock, measured, rate), *_unexplained(clock, sample_index, rate.sfreq))
    if clock is None:
        return RowTiming(sample_index, None, rate, faults, notices)
    timing = RowTiming(sample_index, clock.times, rate, faults, notices, _scatter(clock, sample_index, rate.sfreq))
    has_gaps = int(sample_index[-1]) + 1 > n_rows
    return replace(timing, notices=(*notices, *timing.scatter_notice)) if has_gaps and not measured.counter else timing


def _scatter(clock: StampClock, sample_index: NDArray[np.int64], sfreq: float) -> float:
    """Return by how much the delay of most stamps varies within a second, s; 0 for stamps of whole packets."""
    width = round(sfreq)
    n_seconds = clock.times.size // width
    if clock.clumped or not n_seconds:
        return 0.0
    delay = (clock.times - sample_index / sfreq)[: n_seconds * width].reshape(n_seconds, width)
    low, high = np.quantile(delay, [0.05, 0.95], axis=1)
    return float(np.median(high - low))


def _measure(clock: StampClock | None, counter: NDArray[np.float64] | None, expected: ExpectedRates) -> _Measured:
    counted = None if counter is None else read_counter(counter)
    known = [rate for rate in (expected.stated, expected.header, *expected.nominal) if rate is not None]
    by_clock = None if clock is None else measure_rate(clock, known=known)
    by_nothing = texts.BY_NOTHING if by_clock is None else texts.BY_CLOCK
    if counted is None:
        if counter is not None:
            reason = english(
                texts.COUNTER_UNUSABLE, reason=english(texts.COUNTER_IRREGULAR), source=english(by_nothing)
            )
        else:
            reason = english(texts.NO_CLOCK_OR_COUNTER) if by_clock is None else ""
        return _Measured(clock, None, by_clock, None, (reason,) if reason else ())
    if clock is None or by_clock is None:
        notices = (english(texts.COUNTER_ALONE),) if counted.rows_per_cycle else ()
        return _Measured(None, counted, None, None, notices)
    by_counter = measure_rate(clock, counted.positions, RateSource.COUNTER)
    if by_counter is None or not _counter_fits(clock, by_clock, by_counter, expected):
        by_time = place_by_clock(clock, by_clock.sfreq, by_clock.sfreq)
        n_clock = int(by_time[-1]) + 1 - by_time.size
        against = english(texts.COUNTER_AGAINST_CLOCK, n=counted.n_lost, n_clock=n_clock)
        notice = english(texts.COUNTER_UNUSABLE, reason=against, source=english(texts.BY_CLOCK))
        return _Measured(clock, None, by_clock, by_counter, (notice,))
    return _Measured(clock, counted, by_clock, by_counter, ())


def _counter_fits(clock: StampClock, by_clock: RateEstimate, by_counter: RateEstimate, expected: ExpectedRates) -> bool:
    """Return whether the counter agrees with the clock, or explains a known rate that the clock alone does not show."""
    if differs_by(by_clock.sfreq, by_counter.sfreq) <= _AGREE:
        return True
    known = [rate for rate in (expected.stated, expected.header, *expected.nominal) if rate is not None]
    counter_known = any(differs_by(rate, by_counter.sfreq) <= _AGREE for rate in known)
    clock_known = any(differs_by(rate, by_clock.sfreq) <= _AGREE for rate in known)
    if counter_known != clock_known:
        return counter_known
    return not clock.countable


def _place(measured: _Measured, n_rows: int, sfreq: float) -> NDArray[np.int64]:
    clock, counter, best = measured.clock, measured.counter, measured.best
    if clock is None or best is None:
        return np.arange(n_rows) if counter is None else counter.positions
    exact = abs(best.sfreq - sfreq) > 3 * best.error_hz
    rate_hz = best.sfreq if exact or differs_by(best.sfreq, sfreq) > _AGREE else sfreq
    if counter is None:
        return place_by_clock(clock, sfreq, rate_hz)
    return place_by_counter_and_clock(clock, counter.positions, counter.rows_per_cycle, sfreq, rate_hz)


def _describe(fault: ClockFault) -> str:
    return english(_FAULT_TEXTS[fault.kind], n=fault.n, seconds=fault.largest_s, row=fault.first_row + 1)


def _doubts(clock: StampClock, measured: _Measured, rate: ImportedRate) -> tuple[str, ...]:
    """Return notices about what irregular stamps cannot show: the rate, and single rows lost of a packet."""
    notices: list[str] = []
    unclear = not clock.countable or _has_early_stamps(clock)
    if rate.source is RateSource.CLOCK and unclear and not is_common(rate.sfreq):
        notices.append(english(texts.UNUSUAL_RATE, sfreq=rate.sfreq))
    if clock.clumped and measured.counter is None:
        sizes, intervals_s = np.diff(clock.ticks)[1:], np.diff(clock.times[clock.ticks])[1:]
        median_s = float(np.median(intervals_s))
        full = int(np.quantile(sizes, 0.9, method="lower"))
        regular = float(np.median(np.abs(intervals_s - median_s))) < _REGULAR * median_s
        short = float(np.mean(sizes[intervals_s > 0.5 * median_s] < full))
        if regular and full > 3 and _MIN_SHORT < short < _MAX_SHORT:
            notices.append(english(texts.SHORT_PACKETS, share=short, n=full))
    return tuple(notices)


def _has_early_stamps(clock: StampClock) -> bool:
    """Whether stamps follow their neighbours too soon for rounding to explain it; lost samples only delay them."""
    steps_s = np.diff(clock.times)
    median_s = float(np.median(steps_s))
    early = steps_s < median_s - max(_EARLY * median_s, _EARLY_S)
    return float(np.mean(early)) > _MIN_EARLY


def _unexplained(clock: StampClock, sample_index: NDArray[np.int64], sfreq: float) -> tuple[str, ...]:
    """Return a notice if time and samples differ by more than a clump of stamps and 0.5 %."""
    clock_s = float(clock.times[-1] - clock.times[0])
    samples_s = float(sample_index[-1] - sample_index[0]) / sfreq
    clump_s = float(np.max(np.diff(clock.ticks))) / sfreq
    if abs(clock_s - samples_s) <= 0.1 + 2 * clump_s + 0.005 * clock_s:
        return ()
    return (english(texts.CLOCK_UNEXPLAINED, clock_s=clock_s, samples_s=samples_s),)
