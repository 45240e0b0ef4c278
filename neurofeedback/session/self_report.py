"""Presses of "I was away": one for each time the key goes down, however long it is held or stuck."""

from __future__ import annotations

from collections import deque

from neurofeedback.settings.session import ProbeSettings
from neurofeedback.types import Event, EventKind

STUCK_KEY_TEXT = 'The key for "I was away" seems to be held or stuck; it counts as one press until it is let go.'
_STUCK_FROM_REPEATS = 5  # a hand that trembles repeats less often
_RELEASE_S = 5.0
_MINUTE_S = 60.0


class PressDebouncer:
    """Logs a press after some silence of the key and counts what it leaves out; knows samples and no clock."""

    def __init__(self, settings: ProbeSettings, sfreq: float) -> None:
        self._min_interval = settings.press_min_interval_s * sfreq
        self._release = max(settings.press_min_interval_s, _RELEASE_S) * sfreq
        self._minute = _MINUTE_S * sfreq
        self._accepted: deque[int] = deque(maxlen=settings.max_logged_presses_per_min)
        self._last_press: int | None = None
        self._n_ignored = 0
        self.n_presses = 0

    @property
    def message(self) -> str:
        """One sentence while the key seems stuck, else empty."""
        return STUCK_KEY_TEXT if self._n_ignored >= _STUCK_FROM_REPEATS else ""

    def process(self, sample: int) -> tuple[Event, ...]:
        """Take one press of the key at ``sample``."""
        closed = self.tick(sample)
        fresh = self._last_press is None or sample - self._last_press >= self._min_interval
        self._last_press = sample
        full = len(self._accepted) == self._accepted.maxlen and sample - self._accepted[0] < self._minute
        if not fresh or full:
            self._n_ignored += 1
            return closed
        self._accepted.append(sample)
        self.n_presses += 1
        return (*closed, Event(sample, EventKind.PRESS))

    def tick(self, sample: int) -> tuple[Event, ...]:
        """Say how many were left out, once the key has been let go for a while."""
        if self._last_press is None or not self._n_ignored or sample - self._last_press < self._release:
            return ()
        event = Event(self._last_press, EventKind.PRESSES_IGNORED, str(self._n_ignored))
        self._n_ignored = 0
        return (event,)

    def end(self) -> tuple[Event, ...]:
        """Say how many were left out by the end."""
        return () if self._last_press is None else self.tick(self._last_press + int(self._release) + 1)
