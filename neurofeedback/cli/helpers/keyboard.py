"""Pass keys pressed in a terminal, or characters of a pipe, on to a session at once."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from neurofeedback.session.config import RunningSession
from neurofeedback.session.keymap import request_for_key

if TYPE_CHECKING:
    from neurofeedback.cli.helpers.attendant_keys import AttendantKeys

_KEY = re.compile(r"\r\n|\x1b\[[0-9;]*[~A-Za-z]|\x1bO[A-Za-z]|.", re.DOTALL)
_NAMES = {
    " ": "space",
    "\r\n": "enter",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x1b": "escape",
    "\x1b[5~": "page_up",
    "\x1b[6~": "page_down",
    "\x1b[C": "right",
    "\x1bOC": "right",
    "\x1b[D": "left",
    "\x1bOD": "left",
}
_READ_BYTES = 256


def key_names(typed: str) -> list[str]:
    r"""Return the names of the keys that a terminal sent; unknown sequences are left out.

    Examples
    --------
    >>> key_names(" 2\n\x1b[6~\x1b[24~p")
    ['space', '2', 'enter', 'page_down', 'p']
    """
    keys: list[str] = _KEY.findall(typed)
    return [_NAMES.get(key, key) for key in keys if key in _NAMES or key.isprintable()]


@contextlib.contextmanager
def forward_keys(
    session: RunningSession, stdin: TextIO | None = None, attendant: AttendantKeys | None = None
) -> Iterator[None]:
    """Pass keys on to a session within this context, where there is a keyboard or a pipe to read.

    Those of an attendant's entry are not passed on.
    """
    fd = _readable_fd(sys.stdin if stdin is None else stdin)
    if fd is None:
        yield
        return

    def press(key: str) -> None:
        if attendant is not None and attendant.press(key):
            return
        if (request := request_for_key(key, session.live_state.snapshot)) is not None:
            session.live_state.send_request(request)

    with _cbreak_mode(fd), _stop_pipe() as (ended, end):
        reader = threading.Thread(target=_read_keys, args=(fd, press, ended), name="keys", daemon=True)
        reader.start()
        try:
            yield
        finally:
            end()
            if sys.platform != "win32":
                reader.join()


@contextlib.contextmanager
def _stop_pipe() -> Iterator[tuple[int, Callable[[], object]]]:
    """Open a pipe that stops the reader at once, so that it takes no input typed after the session."""
    ended, end = os.pipe()
    try:
        yield ended, lambda: os.write(end, b".")
    finally:
        os.close(end)
        if sys.platform != "win32":  # there the reader may still use it
            os.close(ended)


def _readable_fd(stdin: TextIO | None) -> int | None:
    """Return the descriptor to read keys from; None where there is none, or where a shell would stop the reader."""
    try:
        fd = stdin.fileno() if stdin is not None else None
    except (OSError, ValueError):
        return None
    if fd is None or not os.isatty(fd) or sys.platform == "win32":
        return fd
    try:
        return fd if os.getpgrp() == os.tcgetpgrp(fd) else None
    except OSError:  # not the terminal that this program was started from
        return fd


@contextlib.contextmanager
def _cbreak_mode(fd: int) -> Iterator[None]:
    """Make a terminal deliver keys without waiting for the end of the line, and restore it afterwards."""
    if not os.isatty(fd) or sys.platform == "win32":
        yield
        return
    import termios  # not on Windows
    import tty

    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _read_keys(fd: int, press: Callable[[str], None], stop_fd: int) -> None:
    read = _windows_key if sys.platform == "win32" and os.isatty(fd) else lambda: _read_input(fd, stop_fd)
    while typed := read():
        for key in key_names(typed):
            press(key)


def _read_input(fd: int, stop_fd: int) -> str:
    try:
        if sys.platform != "win32" and stop_fd in select.select([fd, stop_fd], [], [])[0]:
            return ""
        return os.read(fd, _READ_BYTES).decode("utf-8", errors="replace")
    except OSError:  # the terminal is gone
        return ""


def _windows_key() -> str:  # pragma: no cover - Windows only
    import msvcrt

    return msvcrt.getwch()  # pyright: ignore[reportAttributeAccessIssue]
