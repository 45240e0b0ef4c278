"""The clock of a session, injected so that a simulated sitting can run as fast as it goes."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and a wait."""

    def now(self) -> float:
        """Return the time in seconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        ...


class RealClock:
    """The host's monotonic clock."""

    def now(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


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
