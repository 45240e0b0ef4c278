"""How busy this machine is."""

from __future__ import annotations

import contextlib
import os


def machine_load() -> float:
    """Return how many programs wanted to run in the last minute, for each core; 0 where the system does not tell."""
    with contextlib.suppress(AttributeError, OSError):
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    return 0.0
