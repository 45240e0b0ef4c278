"""Files that grow by whole lines or whole samples, and removal of an incomplete end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from neurofeedback.storage.private_files import open_or_create, truncate_file

_BLOCK_BYTES = 1 << 20


class AppendOnlyFile:
    """A file that grows by whole lines, or by whole samples of ``unit_bytes`` bytes.

    Each append is one unbuffered write, so a kill leaves at most one incomplete write. If the disk accepts only a part
    of the data, the file is cut back to its last whole unit before the error is raised.

    Parameters
    ----------
    path : Path
        The file; created if it is missing.
    unit_bytes : int, optional
        Size of one sample over all channels, bytes; None for a text file of lines.
    """

    def __init__(self, path: Path, unit_bytes: int | None = None) -> None:
        self._unit_bytes = unit_bytes
        self._fd = open_or_create(path, os.O_WRONLY | os.O_APPEND)
        self.size = os.fstat(self._fd).st_size

    def fileno(self) -> int:
        """File descriptor, for syncing."""
        return self._fd

    def append(self, data: bytes) -> None:
        """Write ``data``, whole lines or samples, at the end.

        Raises
        ------
        OSError
            The disk is full or gone. The whole units that were written stay in the file.
        """
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
        except OSError:
            written = complete_length(data[:written], self._unit_bytes)
            os.ftruncate(self._fd, self.size + written)
            raise
        finally:
            self.size += written

    def close(self) -> None:
        """Close the file. Nothing is buffered, so no data can be lost here."""
        os.close(self._fd)


def complete_length(data: bytes, unit_bytes: int | None) -> int:
    r"""Return the length of the whole lines (``unit_bytes`` None) or whole units at the start of ``data``, in bytes.

    Examples
    --------
    >>> complete_length(b"one\ntwo\nthr", None), complete_length(b"12345678901", 4)
    (8, 8)
    """
    return data.rfind(b"\n") + 1 if unit_bytes is None else len(data) - len(data) % unit_bytes


def cut_torn_line(path: Path) -> None:
    """Cut a text file back to its last newline. A missing file is not created."""
    if not path.exists():
        return
    size = path.stat().st_size
    start, tail = size, b""
    with path.open("rb") as file:
        while start > 0 and b"\n" not in tail:
            start = max(0, start - _BLOCK_BYTES)
            file.seek(start)
            tail = file.read(_BLOCK_BYTES)
    _truncate(path, size, start + complete_length(tail, None))


def cut_at_zeros(path: Path) -> None:
    """Cut a text file back to its last whole line before a zero byte, which a power cut leaves for lost text."""
    position = _find_zero(path) if path.exists() else None
    if position is not None:
        truncate_file(path, position)
        cut_torn_line(path)


def _find_zero(path: Path) -> int | None:
    start = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            if (position := block.find(b"\0")) >= 0:
                return start + position
            start += len(block)
    return None


def cut_torn_sample(path: Path, unit_bytes: int) -> int:
    """Cut a binary file back to whole samples of ``unit_bytes`` bytes and return their number."""
    size = path.stat().st_size
    _truncate(path, size, size - size % unit_bytes)
    return size // unit_bytes


def _truncate(path: Path, size: int, complete_size: int) -> None:
    if complete_size < size:
        truncate_file(path, complete_size)


def read_complete_lines(path: Path) -> list[str]:
    """Return the complete lines of a text file without their newlines. A missing file has no lines."""
    if not path.exists():
        return []
    data = path.read_bytes()
    return data[: complete_length(data, None)].decode("utf-8", errors="replace").split("\n")[:-1]


def iter_complete_lines(path: Path) -> Iterator[str]:
    """Yield the complete lines of a text file without their newlines, without holding them all in memory."""
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1].decode("utf-8", errors="replace")
