"""Small files that are replaced in one step, so that a crash leaves the old or the new content."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from neurofeedback.errors import RecordingError
from neurofeedback.storage.private_files import open_new, refuse_link, sync_folder


@contextmanager
def explain_disk_errors(what: str, *, allowed: str = "", todo: str) -> Iterator[None]:
    """Raise a ``RecordingError`` with this text in place of an ``OSError``."""
    try:
        yield
    except OSError as error:
        raise RecordingError(what, got=error.strerror or str(error), allowed=allowed, todo=todo) from None


@contextmanager
def open_replacement(path: Path) -> Iterator[BinaryIO]:
    """Open a draft that replaces ``path`` in one step at the end of the block, and is on the disk then.

    An error in the block leaves the old file. After a power cut there is the old or the new file, never a part.

    Raises
    ------
    OSError
        The disk cannot be written, or ``path`` is a link.
    """
    refuse_link(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    fd = open_new(draft)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(fd)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_atomic(path: Path, text: str) -> None:
    """Replace a file's content in one step: readers see the old or the new text, never a mixture."""
    with open_replacement(path) as file:
        file.write(text.encode("utf-8"))


def write_new(path: Path, text: str) -> None:
    """Create a file in a folder that is not published yet; ``sync_tree`` brings it to the disk."""
    with os.fdopen(open_new(path), "wb") as file:
        file.write(text.encode("utf-8"))


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


def is_blank(path: Path) -> bool:
    """Return whether a file is missing, or holds nothing or zeros alone, as a power cut leaves it."""
    return not path.exists() or not path.read_bytes().strip(b"\0")


def is_torn(path: Path) -> bool:
    """Return whether a small file is missing or torn: empty, with zeros as after a power cut, or cut off.

    A JSON file is torn if it holds no JSON; another text is torn if it does not end with a newline.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return True
    if not data or b"\0" in data:
        return True
    if path.suffix != ".json":
        return not data.endswith(b"\n")
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return True
    return False


def _unreadable_error(path: Path, got: str) -> RecordingError:
    todo = "restore the file from a copy, or check its permissions"
    return RecordingError(f"{path} cannot be read", got=got, allowed="a JSON object", todo=todo)
