"""Read dates and times of day as tables and spreadsheets write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError

_DATE_FORMATS = (
    "%d.%m.%Y %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S.%f",
    "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S:%f", "%d-%m-%Y %H:%M:%S.%f",
)  # fmt: skip
_TIME_OF_DAY = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)")


def parse_times(path: Path, cells: Sequence[str]) -> NDArray[np.float64]:
    """Return dates or times of day as seconds; an empty cell is NaN.

    Raises
    ------
    RecordingError
        A cell is neither; the error names it.
    """
    parsed: dict[str, float] = {"": float("nan")}
    for number, cell in enumerate(cells, start=2):
        if cell not in parsed:
            parsed[cell] = _parse_time(path, cell.strip(), number)
    return np.array([parsed[cell] for cell in cells])


def _parse_time(path: Path, text: str, number: int) -> float:
    """Return seconds since 1970, or since midnight for a time of day."""
    if match := _TIME_OF_DAY.fullmatch(text):
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        pass
    for date_format in _DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).replace(tzinfo=UTC).timestamp()
        except (ValueError, OverflowError):
            continue
    raise RecordingError(f"{path} is damaged", got=f"{text[:40]!r} as the time of sample row {number}")


def is_time_of_day(cell: str) -> bool:
    """Return whether a cell holds a time of day, such as 10:00:00.004.

    Examples
    --------
    >>> is_time_of_day(" 10:00:00.004"), is_time_of_day("0.004")
    (True, False)
    """
    return _TIME_OF_DAY.fullmatch(cell.strip()) is not None
