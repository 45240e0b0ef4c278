"""Where each sample belongs in time: packet counters and arrival times in, sample positions out. No I/O, no clock.

A counter says exactly how many samples are missing, but only up to a whole turn; the host's clock says
roughly how many, but a delayed burst looks to it like a gap. Together they are exact: while samples keep
coming the counter is followed, and where it cannot be (after a long silence, or where it jumps) the samples
are held back for a quarter of a second until the host's clock can tell the candidates apart. A sample may
arrive late, never early, so the promptest ones before and after are compared, not the nearest.
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
        The counter starts anew at this value.
    step : int
        Counts from one sample to the next.
    repeat : int
        Successive samples that carry the same count.
    """

    modulus: int
    step: int = 1
    repeat: int = 1

    @property
    def cycle(self) -> int:
        """Samples until the counter repeats itself.

        Examples
        --------
        >>> CounterRule(256).cycle, CounterRule(256, step=2).cycle, CounterRule(65536, repeat=12).cycle
        (256, 128, 786432)
        """
        return self.modulus // self.step * self.repeat


@dataclass(frozen=True, slots=True)
class SamplePosition:
    """Sample index, and what a hole before it is called."""

    position: int
    cause: str = "lost"


@dataclass(frozen=True, slots=True)
class _KnownSample:
    """A sample whose place is known, at least relative to others: the sequence goes on from it."""

    position: int
    phase: int
    time: float


class _EarliestArrival:
    """The moment sample 0 was taken by the promptest arrival of late; the clocks' drift forbids older ones."""

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._span = round(_EARLIEST_WINDOW_S * sfreq)
        self._before = self._now = inf
        self._until = 0

    @property
    def origin(self) -> float:
        """Earliest moment that sample 0 can have arrived by what was pushed, s."""
        return min(self._before, self._now)

    def update(self, position: int, time: float) -> None:
        """Take the arrival time (s) of a sample in its place."""
        if position >= self._until:
            self._before, self._now, self._until = self._now, inf, position + self._span
        self._now = min(self._now, time - position / self._sfreq)


class CounterTracker:
    """Places one sequence of counts. Each sample gets its verdict in order, held ones later: a place, or None."""

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
        """Samples are held back until their place is known."""
        return bool(self._pending)

    def restart(self) -> list[SamplePosition | None]:
        """Forget the counter: the next samples' place is by time alone. Held samples are given up."""
        self._restarted, self._count = True, None
        return self._drop_pending()

    def update(self, counter: int, time: float) -> list[SamplePosition | None]:
        """Take one sample's count and arrival time (s); return the verdicts that are now due, oldest first."""
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
        """Place within the counter's cycle, in samples."""
        if self._rule is None:
            return 0
        count = counter % self._rule.modulus // self._rule.step
        within = 0
        if self._count is not None and self._count[0] == count:
            within = (self._count[1] + 1) % self._rule.repeat
        self._count = (count, within)
        return count * self._rule.repeat + within

    def _count_steps(self, mark: _KnownSample, phase: int, time: float) -> int | None:
        """Count the samples from a mark: 0 for one seen before, None when the counter cannot be believed."""
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
        dismissed: list[SamplePosition | None] = [None] * len(self._pending)
        self._pending = []
        return dismissed

    def _hold(self, phase: int, time: float) -> list[SamplePosition | None]:
        """Hold a sample back; its position counts from the first one held until that one's place is known."""
        newest = next((mark for mark in reversed(self._pending) if mark), None)
        steps = self._count_steps(newest, phase, time) if newest else None
        if newest is None or steps is None:
            due = self._place_backlog() or self._drop_pending()
            self._pending = [_KnownSample(0, phase, time)]
            return due
        self._pending.append(_KnownSample(newest.position + steps, phase, time) if steps else None)
        return self._place_by_clock()

    def _place_backlog(self) -> list[SamplePosition | None]:
        """Place held samples that go on counting and came faster than they were taken: the host had kept them back."""
        marks = [mark for mark in self._pending if mark]
        came_in = (marks[-1].time - marks[0].time) * self._sfreq if marks else 0.0
        if not marks or marks[-1].position <= max(1, _BACKLOG_RATE * came_in):
            return []
        return self._place_by_counter(before=self._slack + marks[-1].position)

    def _place_by_counter(self, before: int) -> list[SamplePosition | None]:
        """Place held samples where their counts say, if those lie between the last one's and ``before`` from it on."""
        marks = [mark for mark in self._pending if mark]
        if self._last is None or self._cycle is None or self._restarted or not marks:
            return []
        ahead = (marks[0].phase - self._last.phase) % self._cycle
        if not 0 < ahead < before - marks[-1].position:
            return []
        return self._place_pending(self._last.position + ahead, "lost")

    def _place_by_clock(self) -> list[SamplePosition | None]:
        """Place what is held, once it spans long enough for the clock to tell a gap from a burst."""
        marks = [mark for mark in self._pending if mark]
        first, newest = marks[0], marks[-1]
        if self._last is None or newest.time - first.time < MAX_HOLD_S:
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
        """Choose the counter's candidate that the clock allows, or where there is none the clock's own.

        Samples come late, never early: what the clock expects is the most there can be, and the counter's last
        candidate before it is the one.
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
    """Arrival times on the host's monotonic clock from a driver's timestamps, whatever epoch those count from.

    A read delivers what arrived since the last read, so a clock that was set in between cannot mislead by more.

    Parameters
    ----------
    stamps : ndarray, shape (n_samples,)
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
