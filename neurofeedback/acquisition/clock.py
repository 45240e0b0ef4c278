"""Where each sample belongs in time: packet counters and arrival times in, sample positions out. No I/O, no clock.

A counter says exactly how many samples are missing, but only up to a whole turn; the host's clock says
roughly how many, but a delayed burst looks to it like a gap. Together they are exact: while samples keep
coming the counter is followed, and where it cannot be (after a long silence, or where it jumps) the samples
are held back for a quarter of a second until the host's clock can tell the candidates apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

HOLD_S = 0.25


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
class Place:
    """Sample index, and what a hole before it is called."""

    position: int
    cause: str = "lost"


@dataclass(frozen=True, slots=True)
class _Mark:
    """A sample whose place is known, at least relative to others: the sequence goes on from it."""

    position: int
    phase: int
    time: float


class Tracker:
    """Places one sequence of counts. Each sample gets its verdict in order, held ones later: a place, or None."""

    def __init__(self, sfreq: float, rule: CounterRule | None) -> None:
        self._sfreq = sfreq
        self._rule = rule
        self._cycle = rule.cycle if rule else None
        self._silence = self._cycle / 2 if self._cycle else sfreq
        self._slack = min(self._cycle // 4, round(sfreq)) if self._cycle else round(sfreq / 2)
        self._last: _Mark | None = None
        self._count: tuple[int, int] | None = None
        self._held: list[_Mark | None] = []
        self._restarted = False

    @property
    def in_doubt(self) -> bool:
        """Samples are held back until their place is known."""
        return bool(self._held)

    def restart(self) -> list[Place | None]:
        """Forget the counter: the next sample's place is by time alone. Held samples are given up."""
        self._restarted, self._count = True, None
        return self._dismiss()

    def push(self, counter: int, time: float) -> list[Place | None]:
        """Take one sample's count and arrival time (s); return the verdicts that are now due, oldest first."""
        phase = self._phase(counter)
        if self._last is None:
            return [self._settle(_Mark(0, phase, time))]
        if self._restarted:
            gap = max(1, round((time - self._last.time) * self._sfreq))
            return [self._settle(_Mark(self._last.position + gap, phase, time), "gap")]
        steps = self._steps(self._last, phase, time)
        if steps is not None and (steps > 0 or not self._held):
            place = self._settle(_Mark(self._last.position + steps, phase, time)) if steps else None
            return [*self._dismiss(), place]
        return self._doubt(phase, time)

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

    def _steps(self, mark: _Mark, phase: int, time: float) -> int | None:
        """Count the samples from a mark: 0 for one seen before, None when the counter cannot be believed."""
        elapsed = (time - mark.time) * self._sfreq
        if elapsed > self._silence:
            return None
        if self._cycle is None:
            return 1
        steps = (phase - mark.phase) % self._cycle
        if 0 < steps <= elapsed + self._slack:
            return steps
        return 0 if steps == 0 or steps >= self._cycle - self._slack else None

    def _settle(self, mark: _Mark, cause: str = "lost") -> Place:
        self._last, self._restarted = mark, False
        return Place(mark.position, cause)

    def _dismiss(self) -> list[Place | None]:
        dismissed: list[Place | None] = [None] * len(self._held)
        self._held = []
        return dismissed

    def _doubt(self, phase: int, time: float) -> list[Place | None]:
        """Hold a sample back; its position counts from the first one held until that one's place is known."""
        newest = next((mark for mark in reversed(self._held) if mark), None)
        steps = self._steps(newest, phase, time) if newest else None
        if newest is None or steps is None:
            dismissed = self._dismiss()
            self._held = [_Mark(0, phase, time)]
            return dismissed
        self._held.append(_Mark(newest.position + steps, phase, time) if steps else None)
        return self._resolve()

    def _resolve(self) -> list[Place | None]:
        """Place what is held, once it spans long enough for the clock to tell a gap from a burst."""
        marks = [mark for mark in self._held if mark]
        first, newest = marks[0], marks[-1]
        if self._last is None or newest.time - first.time < HOLD_S:
            return []
        expected = (newest.time - self._last.time) * self._sfreq - newest.position
        steps, cause = self._nearest(first.phase - self._last.phase, expected)
        offset = self._last.position + steps
        places = [mark and Place(offset + mark.position, cause) for mark in self._held]
        self._held = []
        self._last = replace(newest, position=offset + newest.position)
        return places

    def _nearest(self, difference: int, expected: float) -> tuple[int, str]:
        """Choose the counter's candidate nearest to the clock's, or where they disagree the clock's own."""
        steps = 1
        if self._cycle is not None:
            steps = difference % self._cycle
            steps += self._cycle * round((expected - steps) / self._cycle)
        if steps >= 1 and abs(steps - expected) <= self._slack:
            return steps, "lost"
        return max(1, round(expected)), "gap"


def arrival_times(stamps: NDArray[np.float64], since: float, now: float) -> list[float]:
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
    times = np.clip(now + (stamps - stamps[-1]), since, now)
    return np.maximum.accumulate(times).tolist()
