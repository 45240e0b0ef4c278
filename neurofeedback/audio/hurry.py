"""Let the thread that feeds the sound device run before others, as far as this system allows."""

from __future__ import annotations

import contextlib
import os

REALTIME_PRIORITY = 5  # what sound servers take for themselves
_NICE = -11


def raise_thread_priority() -> str:
    """Raise the calling thread's priority; returns ``realtime``, ``high`` or ``usual``.

    Linux grants real time to root and to those whom limits.conf names; elsewhere the sound library has seen to it.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(REALTIME_PRIORITY))
            return "realtime"
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICE)
            return "high"
    return "usual"
