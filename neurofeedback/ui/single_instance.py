"""A lock that allows one window at a time; the operating system releases it when the process dies."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import SettingsError
from neurofeedback.storage.file_lock import FileLock, acquire_lock
from neurofeedback.storage.private_files import make_folder

LOCK = ".window.lock"


def lock_single_window(folder: Path) -> FileLock | None:
    """Return the lock of the window, or None where locks are impossible, such as on a read-only disk.

    Raises
    ------
    SettingsError
        Another window of this program is open.
    """
    try:
        make_folder(folder)
        lock = acquire_lock(folder / LOCK)
    except OSError:
        return None
    if lock is None:
        raise SettingsError(
            "the program is open already", todo="go on in its window, or close that one and start again"
        )
    return lock
