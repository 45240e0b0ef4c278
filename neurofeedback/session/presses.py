"""Presses of "I was away": one for each time the key goes down, however long it is held or stuck."""

from __future__ import annotations

from collections import deque

from neurofeedback.settings.sitting import ProbeSettings
from neurofeedback.types import Event, EventKind

STUCK = 'The key for "I was away" seems to be held or stuck; it counts as one press until it is let go.'
_HELD_FROM = 5  # a hand that trembles repeats less often
_LET_GO_S = 5.0
_MINUTE_S = 60.0


class Presses:
    """Logs a press after some silence of the key and counts what it leaves out; knows samples and no clock."""

    def __init__(self, settings: ProbeSettings, sfreq: float) -> None:
        self._silence = settings.press_apart_s * sfreq
        self._let_go = max(settings.press_apart_s, _LET_GO_S) * sfreq
        self._minute = _MINUTE_S * sfreq
        self._taken: deque[int] = deque(maxlen=settings.presses_per_minute)
        self._last: int | None = None
        self._ignored = 0
        self.n_presses = 0

    @property
    def message(self) -> str:
        """One sentence while the key seems stuck, else empty."""
        return STUCK if self._ignored >= _HELD_FROM else ""

    def push(self, sample: int) -> tuple[Event, ...]:
        """Take one press of the key at ``sample``."""
        closed = self.look(sample)
        fresh = self._last is None or sample - self._last >= self._silence
        self._last = sample
        full = len(self._taken) == self._taken.maxlen and sample - self._taken[0] < self._minute
        if not fresh or full:
            self._ignored += 1
            return closed
        self._taken.append(sample)
        self.n_presses += 1
        return (*closed, Event(sample, EventKind.PRESS))

    def look(self, sample: int) -> tuple[Event, ...]:
        """Say how many were left out, once the key has been let go for a while."""
        if self._last is None or not self._ignored or sample - self._last < self._let_go:
            return ()
        event = Event(self._last, EventKind.PRESSES_IGNORED, str(self._ignored))
        self._ignored = 0
        return (event,)

    def end(self) -> tuple[Event, ...]:
        """Say how many were left out by the end."""
        return () if self._last is None else self.look(self._last + int(self._let_go) + 1)
