"""The clock of a session, injected so that a simulated sitting can run as fast as it goes."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and a wait that can be cut short."""

    def now(self) -> float:
        """Return the time in seconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        ...


class RealClock:
    """The host's monotonic clock."""

    def __init__(self) -> None:
        self._wake = threading.Event()

    def now(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep, unless woken."""
        self._wake.wait(seconds)

    def wake(self) -> None:
        """End the wait under way, and make all later ones return at once."""
        self._wake.set()


class VirtualClock:
    """Time that passes only by waiting: a sitting as fast as the machine can make it."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Advance at once."""
        self._now += seconds
