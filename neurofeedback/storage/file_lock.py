"""A file lock that the operating system releases when its process dies. It marks a session as live."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurofeedback.storage.private_files import open_existing, open_new, open_or_create

if sys.platform == "win32":
    import msvcrt

    def _lock_descriptor(fd: int, *, wait: bool = False) -> None:
        msvcrt.locking(fd, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock_descriptor(fd: int, *, wait: bool = False) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class FileLock:
    """A locked file, as returned by ``create_lock`` and ``acquire_lock``."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    def release(self) -> None:
        """Release the lock and remove its file; on a read-only disk the file stays."""
        if sys.platform == "win32":  # Windows cannot remove an open file
            os.close(self._fd)
            self._remove_file()
        else:
            self._remove_file()
            os.close(self._fd)

    def _remove_file(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise


def create_lock(path: Path) -> FileLock | None:
    """Create and lock a file. Return None if the file exists, locked or not."""
    try:
        return _lock_opened(path, open_new(path, os.O_RDWR))
    except FileExistsError:
        return None


def acquire_lock(path: Path) -> FileLock | None:
    """Lock a file, creating it if it is missing. Return None if a live process has locked it."""
    return _lock_opened(path, open_or_create(path, os.O_RDWR))


def is_locked(path: Path) -> bool:
    """Return whether a live process has locked the file. A stale lock file is removed, unless the disk is read-only."""
    if path.is_symlink():  # planted: this program makes none
        return False
    try:
        fd = _open_for_test(path)
    except FileNotFoundError:
        return False
    lock = _lock_opened(path, fd)
    if lock is not None:
        lock.release()
    return lock is None


def _open_for_test(path: Path) -> int:
    try:
        return open_existing(path, os.O_RDWR)
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
    return open_existing(path, os.O_RDONLY)


@contextmanager
def waited_lock(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock file, and hold it for the block."""
    lock = None
    while lock is None:
        lock = _lock_opened(path, open_or_create(path, os.O_RDWR), wait=True)
    try:
        yield
    finally:
        lock.release()


def _lock_opened(path: Path, fd: int, *, wait: bool = False) -> FileLock | None:
    try:
        _lock_descriptor(fd, wait=wait)
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
