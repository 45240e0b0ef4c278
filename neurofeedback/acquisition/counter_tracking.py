"""Compute sample positions from packet counters and arrival times. No I/O, no clock.

A counter gives the exact number of missing samples, but only modulo its cycle. The host's clock gives the
approximate number, but a delayed burst looks like a gap. Together they are exact: while samples keep coming the
counter is followed; after a long silence or a jump of the counter, samples are held for a quarter of a second
until the host's clock can choose among the counter's candidates. A sample may arrive late, never early, so the
earliest arrivals before and after a gap are compared, not the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

MAX_HOLD_S = 0.25
_EARLIEST_WINDOW_S = 10.0
_BACKLOG_RATE = 2


@dataclass(frozen=True, slots=True)
class CounterRule:
    """How a board counts its packets.

    Parameters
    ----------
    modulus : int
        The counter wraps to 0 at this value.
    step : int
        Increase of the counter from one sample to the next.
    repeat : int
        Number of successive samples that carry the same count.
    """

    modulus: int
    step: int = 1
    repeat: int = 1

    @property
    def cycle(self) -> int:
        """Number of samples until the counter repeats itself.

        Examples
        --------
        >>> CounterRule(256).cycle, CounterRule(256, step=2).cycle, CounterRule(65536, repeat=12).cycle
        (256, 128, 786432)
        """
        return self.modulus // self.step * self.repeat


@dataclass(frozen=True, slots=True)
class SamplePosition:
    """Position of a sample, and the cause of a gap before it."""

    position: int
    cause: str = "lost"


@dataclass(frozen=True, slots=True)
class _KnownSample:
    """A sample with a known position, at least relative to others; later ones are counted from it."""

    position: int
    phase: int
    time: float


class _EarliestArrival:
    """Estimate of when sample 0 was taken, from the earliest recent arrivals; older ones are wrong by clock drift."""

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._span = round(_EARLIEST_WINDOW_S * sfreq)
        self._before = self._now = inf
        self._until = 0

    @property
    def origin(self) -> float:
        """Earliest time at which sample 0 can have arrived, by the last samples, s."""
        return min(self._before, self._now)

    def update(self, position: int, time: float) -> None:
        """Add the arrival time (s) of a sample at its position."""
        if position >= self._until:
            self._before, self._now, self._until = self._now, inf, position + self._span
        self._now = min(self._now, time - position / self._sfreq)


class CounterTracker:
    """Finds the position of each sample of one sequence of counts, in order; None for a sample to drop."""

    def __init__(self, sfreq: float, rule: CounterRule | None) -> None:
        self._sfreq = sfreq
        self._rule = rule
        self._cycle = rule.cycle if rule else None
        self._max_silence = self._cycle / 2 if self._cycle else sfreq
        self._slack = min(self._cycle // 4, round(sfreq)) if self._cycle else round(sfreq / 2)
        self._last: _KnownSample | None = None
        self._count: tuple[int, int] | None = None
        self._pending: list[_KnownSample | None] = []
        self._restarted = False
        self._earliest = _EarliestArrival(sfreq)

    @property
    def has_pending(self) -> bool:
        """Whether samples are held until their position is known."""
        return bool(self._pending)

    def restart(self) -> list[SamplePosition | None]:
        """Forget the counter: the next position is found by time alone. Held samples are dropped."""
        self._restarted, self._count = True, None
        return self._drop_pending()

    def update(self, counter: int, time: float) -> list[SamplePosition | None]:
        """Add one sample's count and arrival time (s); return the positions that are now known, oldest first."""
        phase = self._phase(counter)
        if self._last is None:
            return [self._place(_KnownSample(0, phase, time))]
        if self._restarted:
            return self._hold(phase, time)
        steps = self._count_steps(self._last, phase, time)
        if steps is not None and (steps > 0 or not self._pending):
            mark = _KnownSample(self._last.position + steps, phase, time)
            due = self._place_by_counter(before=steps) or self._drop_pending()
            return [*due, self._place(mark) if steps else None]
        return self._hold(phase, time)

    def _phase(self, counter: int) -> int:
        """Return the position within the counter's cycle, in samples."""
        if self._rule is None:
            return 0
        count = counter % self._rule.modulus // self._rule.step
        within = 0
        if self._count is not None and self._count[0] == count:
            within = (self._count[1] + 1) % self._rule.repeat
        self._count = (count, within)
        return count * self._rule.repeat + within

    def _count_steps(self, mark: _KnownSample, phase: int, time: float) -> int | None:
        """Return the number of samples since a mark: 0 for a duplicate, None if the counter is not plausible."""
        elapsed = (time - mark.time) * self._sfreq
        if elapsed > self._max_silence:
            return None
        if self._cycle is None:
            return 1
        steps = (phase - mark.phase) % self._cycle
        if 0 < steps <= elapsed + self._slack:
            return steps
        return 0 if steps == 0 or steps >= self._cycle - self._slack else None

    def _place(self, mark: _KnownSample, cause: str = "lost") -> SamplePosition:
        self._last, self._restarted = mark, False
        self._earliest.update(mark.position, mark.time)
        return SamplePosition(mark.position, cause)

    def _drop_pending(self) -> list[SamplePosition | None]:
        dropped: list[SamplePosition | None] = [None] * len(self._pending)
        self._pending = []
        return dropped

    def _hold(self, phase: int, time: float) -> list[SamplePosition | None]:
        """Hold a sample; its position counts from the first held one until that one's position is known."""
        newest = next((mark for mark in reversed(self._pending) if mark), None)
        steps = self._count_steps(newest, phase, time) if newest else None
        if newest is None or steps is None:
            due = self._place_backlog() or self._place_before_silence(time) or self._drop_pending()
            self._pending = [_KnownSample(0, phase, time)]
            return due
        self._pending.append(_KnownSample(newest.position + steps, phase, time) if steps else None)
        return self._place_by_clock()

    def _place_backlog(self) -> list[SamplePosition | None]:
        """Place held samples that continue the count and came faster than they were taken: the host had queued them."""
        marks = [mark for mark in self._pending if mark]
        arrival_span = (marks[-1].time - marks[0].time) * self._sfreq if marks else 0.0
        if not marks or marks[-1].position <= max(1, _BACKLOG_RATE * arrival_span):
            return []
        return self._place_by_counter(before=self._slack + marks[-1].position)

    def _place_by_counter(self, before: int) -> list[SamplePosition | None]:
        """Place held samples by their counts, if these lie less than ``before`` samples after the last position."""
        marks = [mark for mark in self._pending if mark]
        if self._last is None or self._cycle is None or self._restarted or not marks:
            return []
        ahead = (marks[0].phase - self._last.phase) % self._cycle
        if not 0 < ahead < before - marks[-1].position:
            return []
        return self._place_pending(self._last.position + ahead, "lost")

    def _place_before_silence(self, time: float) -> list[SamplePosition | None]:
        """Place held samples that a long silence ends: a host that reads in rare bursts would drop them all."""
        marks = [mark for mark in self._pending if mark]
        if len(marks) < 2 or (time - marks[-1].time) * self._sfreq <= self._max_silence:
            return []
        return self._place_by_clock(min_span_s=0.0)

    def _place_by_clock(self, min_span_s: float = MAX_HOLD_S) -> list[SamplePosition | None]:
        """Place held samples by time, once they span long enough to distinguish a gap from a burst."""
        marks = [mark for mark in self._pending if mark]
        first, newest = marks[0], marks[-1]
        if self._last is None or newest.time - first.time < min_span_s:
            return []
        taken = min(mark.time - mark.position / self._sfreq for mark in marks)
        expected = (taken - self._earliest.origin) * self._sfreq - self._last.position
        steps, cause = self._choose_steps(first.phase - self._last.phase, expected)
        return self._place_pending(self._last.position + steps, cause)

    def _place_pending(self, offset: int, cause: str) -> list[SamplePosition | None]:
        places: list[SamplePosition | None] = []
        for mark in self._pending:
            settled = mark and replace(mark, position=offset + mark.position)
            places.append(settled and self._place(settled, cause))
        self._pending = []
        return places

    def _choose_steps(self, difference: int, expected: float) -> tuple[int, str]:
        """Return the counter's candidate that the clock allows, or the clock's own number if there is none.

        Samples come late, never early: the clock gives the largest possible number, and the counter's last candidate
        below it is right.
        """
        by_clock = max(1, round(expected)), "gap"
        if self._restarted:
            return by_clock
        if self._cycle is None:
            return (1, "lost") if abs(1 - expected) <= self._slack else by_clock
        steps = difference % self._cycle
        steps += self._cycle * int((expected + self._slack - steps) // self._cycle)
        return (steps, "lost") if steps >= 1 else by_clock


def arrival_times(timestamps: NDArray[np.float64], since: float, now: float) -> list[float]:
    """Convert a driver's timestamps of any epoch to arrival times on the host's monotonic clock.

    All samples of a read arrived since the previous read, which limits the error of a clock that was set in between.

    Parameters
    ----------
    timestamps : ndarray, shape (n_samples,)
        The driver's time of each sample, s.
    since, now : float
        When the previous and this read returned, s.

    Examples
    --------
    >>> arrival_times(np.array([100.0, 100.5, 101.0]), since=7.25, now=8.0)
    [7.25, 7.5, 8.0]
    """
    times = np.clip(now + (timestamps - timestamps[-1]), since, now)
    return np.maximum.accumulate(times).tolist()
