"""Standstills of a session: the program stopped, the computer asleep, a disk that does not answer, and late frames."""

from __future__ import annotations

from collections.abc import Callable

from neurofeedback.acquisition.placement.arrival_pace import EarliestArrival
from neurofeedback.session.clock import Clock
from neurofeedback.texts import session
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Chunk, Event, EventKind

MAX_AGE_S = 1.0
"""Age of a frame's last sample at its making from which the frame is late, s."""

_MIN_STOP_S = 1.0
_MIN_DISK_DELAY_S = 1.0
_MESSAGE_S = 20.0
_LASTING_S = 60.0


class SampleAge:
    """Age of samples by the earliest arrivals: a queue that the host works off does not make its samples young.

    Samples that stay late for ``_LASTING_S`` are no queue: the clock starts again.
    """

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._earliest = EarliestArrival(sfreq)
        self._in_time_at: float | None = None

    def update(self, chunk: Chunk) -> None:
        """Add the arrival of a chunk's last sample."""
        at = chunk.host_time - chunk.buffer_delay_s
        if self._in_time_at is None or at - self._in_time_at > _LASTING_S:
            self._earliest.restart()
        if self._earliest.lateness(chunk.stop, at) <= MAX_AGE_S * self._sfreq:
            self._earliest.update(chunk.stop, at)
            self._in_time_at = at

    def age_s(self, sample: int, now: float) -> float:
        """Return the time since a sample was taken, without the delay of a prompt arrival, s."""
        return self._earliest.lateness(sample, now) / self._sfreq


class StallMonitor:
    """Notices standstills from the times at which a loop asks; each becomes an event, and a message for a while.

    Parameters
    ----------
    clock : Clock
        The session's clock.
    disk_delay_s : callable
        For how long the disk has not answered, s.
    """

    def __init__(self, clock: Clock, disk_delay_s: Callable[[], float]) -> None:
        self._clock = clock
        self._disk_delay_s = disk_delay_s
        self._last = clock.now()
        self._suspended_s = clock.suspended_s()
        self._blocked_s = 0.0
        self._message, self._message_until = "", 0.0

    @property
    def message(self) -> str:
        """What has just stood still, in one sentence; empty if nothing has."""
        if self._blocked_s:
            return tr(session.DISK_BLOCKED)
        return self._message if self._clock.now() < self._message_until else ""

    def update(self, sample: int) -> tuple[float, tuple[Event, ...]]:
        """Return how long the loop stood still (s; 0 if it did not), and the events since the last call."""
        now = self._clock.now()
        stopped_s, self._last = now - self._last, now
        events = self._disk_events(sample)
        if stopped_s < _MIN_STOP_S:
            return 0.0, events
        return stopped_s, (self._stop_event(sample, now, stopped_s), *events)

    def _stop_event(self, sample: int, now: float, stopped_s: float) -> Event:
        suspended_s = self._clock.suspended_s()
        asleep, self._suspended_s = suspended_s - self._suspended_s > stopped_s / 2, suspended_s
        template = session.COMPUTER_WAS_ASLEEP if asleep else session.PROGRAM_STOOD_STILL
        self._message, self._message_until = tr(template, seconds=stopped_s), now + _MESSAGE_S
        return Event(sample, EventKind.SUSPENDED if asleep else EventKind.STOPPED, f"{stopped_s:.1f} s")

    def _disk_events(self, sample: int) -> tuple[Event, ...]:
        delay_s, before_s = self._disk_delay_s(), self._blocked_s
        self._blocked_s = max(delay_s, before_s) if delay_s >= _MIN_DISK_DELAY_S else 0.0
        if self._blocked_s and not before_s:
            return (Event(sample, EventKind.DISK_BLOCKED),)
        if before_s and not self._blocked_s:
            return (Event(sample, EventKind.DISK_BACK, f"{before_s:.1f} s"),)
        return ()
