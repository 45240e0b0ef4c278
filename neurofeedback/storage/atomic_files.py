"""Small files that are replaced in one step, so that a crash leaves the old or the new content."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurofeedback.errors import RecordingError


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
