"""What the sound output asks of the operating system: silent ALSA, thread priority, machine load."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys

REALTIME_PRIORITY = 5  # sound servers use this value for themselves
_NICE = -11

# const char *file, int line, const char *function, int err, const char *format, ...
_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)


@_HANDLER
def _ignore_error(*_: object) -> None:
    pass


@functools.cache
def silence_alsa() -> None:
    """Keep ALSA from writing to stderr when it finds no sound card; the caller reports the failure."""
    if sys.platform != "linux":
        return
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        return
    alsa.snd_lib_error_set_handler(_ignore_error)


def raise_thread_priority() -> str:
    """Raise the calling thread's priority; return ``realtime``, ``high`` or ``normal``.

    Linux grants real time to root and to the users named in limits.conf; on other systems the sound library does it.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(REALTIME_PRIORITY))
            return "realtime"
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICE)
            return "high"
    return "normal"


def machine_load() -> float:
    """Return the mean number of runnable programs per core over the last minute; 0 if the system does not report it."""
    with contextlib.suppress(AttributeError, OSError):
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    return 0.0
