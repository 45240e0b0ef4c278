"""Crash-safe file access: append-only files, atomic replacement, and removal of incomplete ends."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurofeedback.errors import RecordingError

_O_BINARY: int = getattr(os, "O_BINARY", 0)


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
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _O_BINARY, 0o644)
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
    if path.exists():
        data = path.read_bytes()
        _truncate(path, len(data), complete_length(data, None))


def cut_torn_sample(path: Path, unit_bytes: int) -> int:
    """Cut a binary file back to whole samples of ``unit_bytes`` bytes and return their number."""
    size = path.stat().st_size
    _truncate(path, size, size - size % unit_bytes)
    return size // unit_bytes


def _truncate(path: Path, size: int, complete_size: int) -> None:
    if complete_size < size:
        os.truncate(path, complete_size)


def read_complete_lines(path: Path) -> list[str]:
    """Return the complete lines of a text file without their newlines. A missing file has no lines."""
    if not path.exists():
        return []
    data = path.read_bytes()
    return data[: complete_length(data, None)].decode("utf-8", errors="replace").split("\n")[:-1]


@contextmanager
def explain_disk_errors(what: str, *, allowed: str = "", todo: str) -> Iterator[None]:
    """Raise a ``RecordingError`` with this text in place of an ``OSError``."""
    try:
        yield
    except OSError as error:
        raise RecordingError(what, got=error.strerror or str(error), allowed=allowed, todo=todo) from None


def write_atomic(path: Path, text: str) -> None:
    """Replace a file's content in one step: readers see the old or the new text, never a mixture."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def write_json_atomic(path: Path, document: Mapping[str, object]) -> None:
    """Replace a JSON file in one step."""
    write_atomic(path, to_json(document))


def to_json(document: Mapping[str, object]) -> str:
    """Return indented JSON text. NaN and infinity become null; other types without a JSON form become text."""
    return json.dumps(_json_safe(document), indent=2, ensure_ascii=False, default=str) + "\n"


def _json_safe(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    RecordingError
        The file is missing or unreadable, or does not contain a JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable_error(path, error.strerror or str(error)) from None
    except json.JSONDecodeError as error:
        raise _unreadable_error(path, f"a damaged file: invalid JSON at line {error.lineno}") from None
    except (ValueError, RecursionError):  # not UTF-8, a number of 5,000 digits, too deep nesting
        raise _unreadable_error(path, "a damaged file") from None
    if not isinstance(document, dict):
        raise _unreadable_error(path, f"a JSON {type(document).__name__}")
    return document


def _unreadable_error(path: Path, got: str) -> RecordingError:
    todo = "restore the file from a copy, or check its permissions"
    return RecordingError(f"{path} cannot be read", got=got, allowed="a JSON object", todo=todo)
