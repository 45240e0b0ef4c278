"""A file lock that the operating system releases when its process dies. It marks a session as live."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock_descriptor(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock_descriptor(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """A locked file, as returned by ``create_lock`` and ``acquire_lock``."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    def release(self) -> None:
        """Release the lock and remove its file."""
        if sys.platform == "win32":  # Windows cannot remove an open file
            os.close(self._fd)
            self._path.unlink(missing_ok=True)
        else:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)


def create_lock(path: Path) -> FileLock | None:
    """Create and lock a file. Return None if the file exists, locked or not."""
    try:
        return _open_locked(path, os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return None


def acquire_lock(path: Path) -> FileLock | None:
    """Lock a file, creating it if it is missing. Return None if a live process has locked it."""
    return _open_locked(path, os.O_CREAT)


def is_locked(path: Path) -> bool:
    """Return whether a live process has locked the file. A stale lock file is removed."""
    if not path.exists():
        return False
    lock = acquire_lock(path)
    if lock is not None:
        lock.release()
    return lock is None


def _open_locked(path: Path, flags: int) -> FileLock | None:
    fd = os.open(path, os.O_RDWR | flags, 0o644)
    try:
        _lock_descriptor(fd)
    except (BlockingIOError, PermissionError):  # locked by another process, on POSIX and on Windows
        os.close(fd)
        return None
    if not _is_same_file(path, fd):  # another process removed it between opening and locking
        os.close(fd)
        return None
    return FileLock(path, fd)


def _is_same_file(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False
