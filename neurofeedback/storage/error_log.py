"""The last errors of the program, without what they were about: kind and place in the code, for a report.

An error's message may name a folder, a device or a person, so no message is stored. With the version, the place in the
code identifies the error. The file lies in the user's folder for state and leaves the computer only in a report that
the person sends.
"""

from __future__ import annotations

import traceback
from contextlib import suppress
from datetime import date
from pathlib import Path, PurePath
from types import TracebackType

from neurofeedback._version import __version__
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.storage.private_files import make_folder

_PACKAGE = "neurofeedback"
_MAX_ERRORS = 20
_MAX_PLACES = 6
_MAX_FILE_BYTES = 20_000


def error_log_path() -> Path:
    """Return the file of the last errors."""
    from platformdirs import user_state_path  # slow import

    return user_state_path("neurofeedback") / "errors.txt"


def describe_error(error: BaseException, trace: TracebackType | None = None) -> str:
    """Return kind and place of an error as one line, without its message.

    The places are the calls within this package, the innermost first, with file, line and function; of other packages
    only the name of the innermost file is given.

    Examples
    --------
    >>> describe_error(ValueError("sub-anna"))
    'ValueError'
    """
    frames = traceback.extract_tb(trace or error.__traceback__)
    places = [
        f"{'/'.join(parts[_last_index(parts) + 1 :])}:{frame.lineno} {frame.name}"
        for frame in reversed(frames)
        if _PACKAGE in (parts := PurePath(frame.filename).parts)
    ][:_MAX_PLACES]
    if frames and _PACKAGE not in PurePath(frames[-1].filename).parts:
        places.insert(0, f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}")
    return " < ".join((type(error).__name__, *places))


def _last_index(parts: tuple[str, ...]) -> int:
    return len(parts) - 1 - parts[::-1].index(_PACKAGE)


def record_error(error: BaseException, trace: TracebackType | None = None, path: Path | None = None) -> None:
    """Add an error to the last ones, with date and version; a folder that cannot be written is no second error."""
    file = path or error_log_path()
    line = f"{date.today().isoformat()}  {__version__}  {describe_error(error, trace)}"
    with suppress(OSError):
        make_folder(file.parent)
        write_atomic(file, "\n".join([*read_errors(file), line][-_MAX_ERRORS:]) + "\n")


def read_errors(path: Path | None = None) -> list[str]:
    """Return the last errors, the newest last; none if the file cannot be read."""
    file = path or error_log_path()
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return lines.read(_MAX_FILE_BYTES).splitlines()
    except OSError:
        return []
