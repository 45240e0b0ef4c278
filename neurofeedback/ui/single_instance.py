"""One window at a time for each person: a lock the operating system gives back when its holder dies."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import SettingsError
from neurofeedback.recording.file_lock import FileLock, acquire_lock

LOCK = ".window.lock"


def lock_single_window(folder: Path) -> FileLock | None:
    """Hold the place of the one window; None where no lock can be held at all, such as on a read-only disk.

    Raises
    ------
    SettingsError
        Another window of this program is open.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = acquire_lock(folder / LOCK)
    except OSError:
        return None
    if lock is None:
        raise SettingsError(
            "the program is open already", todo="go on in its window, or close that one and start again"
        )
    return lock
