"""Keep ALSA from filling stderr when it finds no sound card."""

from __future__ import annotations

import ctypes
import functools
import sys

# const char *file, int line, const char *function, int err, const char *format, ...
_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)


@_HANDLER
def _ignore_error(*_: object) -> None:
    pass


@functools.cache
def silence_alsa() -> None:
    """Hand ALSA's library an error handler that is silent; what failed is reported by who asked for it."""
    if sys.platform != "linux":
        return
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        return
    alsa.snd_lib_error_set_handler(_ignore_error)
