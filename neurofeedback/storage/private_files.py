"""Files and folders for their owner alone, or for a group in a shared folder. A planted link is never followed.

A folder is shared if its group may write to it and its set-group-ID bit is set, as an administrator sets up a folder of
a group (``chmod 2770``). What is created below it gets the same rights; everything else is for its owner alone,
whatever the umask. Windows has no such bits: there the rights are those of the folder, by default in the user's
profile.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_O_BINARY: int = getattr(os, "O_BINARY", 0)
_O_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_O_DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
_SHARED_FOLDER = stat.S_ISGID | stat.S_IWGRP
_GROUP_RIGHTS = stat.S_IRWXG
_RIGHTS_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = sys.platform != "win32"


def open_new(path: Path, flags: int = os.O_WRONLY) -> int:
    """Create a file and return its descriptor.

    Raises
    ------
    FileExistsError
        There is a file or a link of this name.
    """
    fd = os.open(path, flags | os.O_CREAT | os.O_EXCL | _O_NOFOLLOW | _O_BINARY, 0o600)
    if _HAS_MODES and is_shared(path.parent):
        os.fchmod(fd, 0o660)
    return fd


def open_existing(path: Path, flags: int) -> int:
    """Open a file that has no other name and return its descriptor.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    OSError
        It is a link, a file with a second name, or no file.
    """
    refuse_link(path)
    fd = os.open(path, flags | _O_NOFOLLOW | _O_BINARY)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(fd)
        raise OSError(errno.EPERM, f"{path.name} is no plain file, or a file with a second name")
    return fd


def open_or_create(path: Path, flags: int) -> int:
    """Open a file, creating it if it is missing, and return its descriptor. A link raises an ``OSError``."""
    while True:  # another process may create or remove it between the two attempts
        with suppress(FileNotFoundError):
            return open_existing(path, flags)
        with suppress(FileExistsError):
            return open_new(path, flags)


def truncate_file(path: Path, size: int) -> None:
    """Cut a file to ``size`` bytes. A link, or a file with a second name, raises an ``OSError``."""
    fd = open_existing(path, os.O_RDWR)
    try:
        os.ftruncate(fd, size)
    finally:
        os.close(fd)


def refuse_links_below(folder: Path) -> None:
    """Check that a folder has no link in it. A link raises an ``OSError``."""
    for path in sorted(folder.rglob("*")):
        refuse_link(path)


def refuse_link(path: Path) -> None:
    """Check that a path is no link.

    Raises
    ------
    OSError
        It is a link, which another user may have planted.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, f"{path.name} is a link, and links are not followed")


def make_folder(path: Path, *, sync: bool = True) -> None:
    """Create a folder and the missing ones above it, for the owner alone or for the group of a shared one.

    An existing folder is not changed. Without ``sync`` the caller brings the names to the disk.
    """
    if path.is_dir():
        return
    make_folder(path.parent, sync=sync)
    try:
        path.mkdir(0o700)
    except FileExistsError:
        refuse_link(path)
        if path.is_dir():  # another process was faster
            return
        raise
    if _HAS_MODES and is_shared(path.parent):
        path.chmod(0o2770)
    if sync:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a new or replaced file is found after a power cut.

    Windows and some network disks have no such call; there the names follow when the system writes them.
    """
    if not _O_DIRECTORY:
        return
    try:
        _sync(folder, os.O_RDONLY | _O_DIRECTORY)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def sync_tree(folder: Path) -> None:
    """Bring all files and names below a folder to the disk."""
    for path in _walk(folder):
        if path.is_file():
            sync_file(path)
        else:
            sync_folder(path)
    sync_folder(folder)


def sync_file(path: Path) -> None:
    """Bring the content of a file to the disk."""
    _sync(path, os.O_RDWR)


def _sync(path: Path, flags: int) -> None:
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def is_shared(folder: Path) -> bool:
    """Return whether a folder is for a group: its group may write, and its set-group-ID bit is set."""
    return _HAS_MODES and folder.stat().st_mode & _SHARED_FOLDER == _SHARED_FOLDER


def is_readable_by_others(folder: Path) -> bool:
    """Return whether accounts other than the owner may enter or read a folder that is not shared on purpose."""
    if not _HAS_MODES:
        return False
    mode = folder.stat().st_mode
    allowed = _GROUP_RIGHTS if is_shared(folder) else 0
    return bool(mode & _RIGHTS_OF_OTHERS & ~allowed)


def restrict_file(path: Path) -> None:
    """Take the rights of others from a file, where its file system knows rights."""
    if _HAS_MODES:
        with suppress(PermissionError):
            path.chmod(0o600)


def restrict_tree(folder: Path, *, shared: bool = False) -> None:
    """Take the rights of others from a folder and all below it; with ``shared`` the group gets the owner's rights.

    Raises
    ------
    OSError
        A file belongs to another user, or the disk cannot be written.
    """
    if _HAS_MODES:
        for path in (folder, *_walk(folder)):
            is_folder = path.is_dir()
            path.chmod((0o2770 if is_folder else 0o660) if shared else (0o700 if is_folder else 0o600))


def _walk(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_symlink())
