"""Keys of a terminal as they are pressed, or characters of a pipe, passed on to a sitting at once."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

from neurofeedback.session.keys import request_of
from neurofeedback.session.request import RunningSitting

_KEY = re.compile(r"\x1b\[[0-9;]*[~A-Za-z]|\x1bO[A-Za-z]|.", re.DOTALL)
_NAMES = {
    " ": "space",
    "\x1b[5~": "page_up",
    "\x1b[6~": "page_down",
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x1b[D": "left",
    "\x1bOD": "left",
}
_AT_ONCE = 256


def key_names(typed: str) -> list[str]:
    r"""Return the keys of what a terminal sent; line ends and unknown sequences are left out.

    Examples
    --------
    >>> key_names(" 2\n\x1b[6~\x1b[24~p")
    ['space', '2', 'page_down', 'p']
    """
    found: list[str] = _KEY.findall(typed)
    return [_NAMES.get(key, key) for key in found if key in _NAMES or key.isprintable()]


@contextlib.contextmanager
def listening(sitting: RunningSitting, stdin: TextIO | None = None) -> Iterator[None]:
    """Pass keys on to a sitting as long as this lasts, where there is a keyboard or a pipe to read."""
    fd = _readable(sys.stdin if stdin is None else stdin)
    if fd is None:
        yield
        return

    def press(key: str) -> None:
        if (request := request_of(key, sitting.mailbox.snapshot)) is not None:
            sitting.mailbox.request(request)

    with _as_pressed(fd), _stop() as (ended, end):
        reader = threading.Thread(target=_read, args=(fd, press, ended), name="keys", daemon=True)
        reader.start()
        try:
            yield
        finally:
            end()
            if sys.platform != "win32":
                reader.join()


@contextlib.contextmanager
def _stop() -> Iterator[tuple[int, Callable[[], object]]]:
    """Open what tells the reader to stop, so that whoever asks next finds all that is typed after the sitting."""
    ended, end = os.pipe()
    try:
        yield ended, lambda: os.write(end, b".")
    finally:
        os.close(end)
        if sys.platform != "win32":  # there the reader may still hold it
            os.close(ended)


def _readable(stdin: TextIO | None) -> int | None:
    """File descriptor to read keys from; None where there is none, or where a shell would stop us for reading."""
    try:
        fd = stdin.fileno() if stdin is not None else None
    except (OSError, ValueError):
        return None
    if fd is None or not os.isatty(fd) or sys.platform == "win32":
        return fd
    try:
        return fd if os.getpgrp() == os.tcgetpgrp(fd) else None
    except OSError:  # a terminal, but not the one that this program was started from
        return fd


@contextlib.contextmanager
def _as_pressed(fd: int) -> Iterator[None]:
    """Let a terminal hand over keys without waiting for the line's end, and put it back as it was."""
    if not os.isatty(fd) or sys.platform == "win32":
        yield
        return
    import termios  # noqa: PLC0415 - not on Windows
    import tty  # noqa: PLC0415

    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _read(fd: int, press: Callable[[str], None], ended: int) -> None:
    read = _windows_key if sys.platform == "win32" and os.isatty(fd) else lambda: _typed(fd, ended)
    while typed := read():
        for key in key_names(typed):
            press(key)


def _typed(fd: int, ended: int) -> str:
    try:
        if sys.platform != "win32" and ended in select.select([fd, ended], [], [])[0]:
            return ""
        return os.read(fd, _AT_ONCE).decode("utf-8", errors="replace")
    except OSError:  # the terminal is gone
        return ""


def _windows_key() -> str:  # pragma: no cover - Windows only
    import msvcrt  # noqa: PLC0415

    return msvcrt.getwch()  # pyright: ignore[reportAttributeAccessIssue]
