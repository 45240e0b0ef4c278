"""Debouncing of the key "I was away": one press for each time it goes down."""

from __future__ import annotations

from collections import deque

from neurofeedback.settings.session import ProbeSettings
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Event, EventKind

_STUCK_FROM_REPEATS = 5  # more than a trembling hand makes
_RELEASE_S = 5.0
_MINUTE_S = 60.0


class PressDebouncer:
    """Logs presses that follow a pause of the key, and counts the ignored ones, by samples."""

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
        """Notice while the key seems stuck, else empty."""
        return tr(session_notices.STUCK_KEY) if self._n_ignored >= _STUCK_FROM_REPEATS else ""

    def process(self, sample: int) -> tuple[Event, ...]:
        """Take a press at ``sample``; return the events to log."""
        events = self.tick(sample)
        is_new = self._last_press is None or sample - self._last_press >= self._min_interval
        self._last_press = sample
        is_limit_reached = len(self._accepted) == self._accepted.maxlen and sample - self._accepted[0] < self._minute
        if not is_new or is_limit_reached:
            self._n_ignored += 1
            return events
        self._accepted.append(sample)
        self.n_presses += 1
        return (*events, Event(sample, EventKind.PRESS))

    def tick(self, sample: int) -> tuple[Event, ...]:
        """Return the event about ignored presses, once the key has been released for a while."""
        if self._last_press is None or not self._n_ignored or sample - self._last_press < self._release:
            return ()
        event = Event(self._last_press, EventKind.PRESSES_IGNORED, str(self._n_ignored))
        self._n_ignored = 0
        return (event,)

    def end(self) -> tuple[Event, ...]:
        """Return the event about ignored presses at the end of the session."""
        return () if self._last_press is None else self.tick(self._last_press + int(self._release) + 1)
