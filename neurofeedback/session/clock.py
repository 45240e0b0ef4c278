"""Clocks of a session: the host's, and a virtual one for simulated sessions."""

from __future__ import annotations

import sys
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time in seconds."""

    def now(self) -> float:
        """Return the time in seconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait for some seconds."""
        ...

    def suspended_s(self) -> float:
        """Return how long the computer has been asleep since it was started, as far as the system tells, s."""
        ...


class RealClock:
    """The host's monotonic clock, which goes on while the computer is asleep where the system has such a clock."""

    def now(self) -> float:
        """Return the monotonic time in seconds."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()

    def suspended_s(self) -> float:
        """Return how long the computer has been asleep since it was started, s."""
        return self.now() - time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class VirtualClock:
    """Time that passes only by waiting, so that a session runs as fast as the machine can."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def suspended_s(self) -> float:
        """Return 0."""
        return 0.0

    def wait(self, seconds: float) -> None:
        """Advance at once."""
        self._now += seconds
