"""A lock the operating system gives back when its holder dies: how a live session is told from a broken-off one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _hold(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock_descriptor(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """A held lock; ``claim`` and ``take`` make one."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if sys.platform == "win32":  # an open file cannot be removed there
            os.close(self._fd)
            self._path.unlink(missing_ok=True)
        else:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)


def create_lock(path: Path) -> FileLock | None:
    """Create and hold a lock file; None if there is one already, held or left behind."""
    try:
        return _open_locked(path, os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return None


def acquire_lock(path: Path) -> FileLock | None:
    """Hold a lock file, made if missing; None if a live process holds it."""
    return _open_locked(path, os.O_CREAT)


def is_locked(path: Path) -> bool:
    """Tell whether a live process holds the lock file; one left behind is removed."""
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
    except (BlockingIOError, PermissionError):  # held: what POSIX and Windows say
        os.close(fd)
        return None
    if not _is_same_file(path, fd):  # another process removed it between opening and holding
        os.close(fd)
        return None
    return FileLock(path, fd)


def _is_same_file(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False
