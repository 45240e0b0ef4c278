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
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{1,6}")
_TIME_OF_DAY = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)")


def parse_times(path: Path, cells: Sequence[str]) -> NDArray[np.float64]:
    """Return dates or times of day as seconds; an empty cell is NaN.

    Raises
    ------
    RecordingError
        A cell is neither; the error names it.
    """
    if (iso := _parse_iso_column(cells)) is not None:
        return iso
    parsed: dict[str, float] = {"": float("nan")}
    for number, cell in enumerate(cells, start=2):
        if cell not in parsed:
            parsed[cell] = _parse_time(path, cell.strip(), number)
    return np.array([parsed[cell] for cell in cells])


def _parse_iso_column(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Return seconds since 1970 of cells that are all like 2024-05-01 10:00:00.004, or None; fast for long columns."""
    first = cells[0] if cells else ""
    length = len(first)
    if _ISO_DATE.fullmatch(first) is None or any(len(cell) != length for cell in cells):
        return None
    try:
        characters = np.array(cells, f"S{length}").view(np.uint8).reshape(-1, length)
    except UnicodeEncodeError:
        return None
    is_digit = (characters >= ord("0")) & (characters <= ord("9"))
    same = np.where(is_digit[0], is_digit, characters == characters[0])
    if not np.all(same):
        return None
    try:
        times = np.array(cells, "datetime64[us]")
    except ValueError:
        return None
    return np.asarray(times.astype(np.int64) / 1e6, np.float64)


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
