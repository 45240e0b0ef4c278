"""One window at a time for each person: a lock the operating system gives back when its holder dies."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import SettingsError
from neurofeedback.recording.locks import Lock, take

LOCK = ".window.lock"


def only_window(folder: Path) -> Lock | None:
    """Hold the place of the one window; None where no lock can be held at all, such as on a read-only disk.

    Raises
    ------
    SettingsError
        Another window of this program is open.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = take(folder / LOCK)
    except OSError:
        return None
    if lock is None:
        raise SettingsError(
            "the program is open already", todo="go on in its window, or close that one and start again"
        )
    return lock
