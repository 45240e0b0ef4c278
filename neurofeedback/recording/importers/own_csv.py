"""The CSV this program exports: time, one column a channel in microvolts, marks; lost samples are empty cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.recording.importers.guards import reading
from neurofeedback.recording.importers.table import table_recording
from neurofeedback.recording.importers.text import Rows, read_lines, say_cut_off
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, Stream

SIGN = b"time_s,"
MARKS = "marks"
_UNIT = " (uV)"


def read_own_csv(path: Path) -> Recording:
    """Read a CSV that ``export --to csv`` wrote.

    Raises
    ------
    RecordingError
        A row is damaged, or the times do not tell the rate.
    """
    import csv  # noqa: PLC0415 - channel names and marks may hold commas

    with reading(path, "CSV"):
        table = [row for row in csv.reader(read_lines(path)) if row]
    names, rows = table[0], table[1:]
    if names[-1] != MARKS or len(names) < 3:
        raise RecordingError(f"{path} is damaged", got=",".join(names)[:80], allowed="time_s, channels, marks")
    if rows and len(rows[-1]) < len(names):
        rows = rows[:-1]
        say_cut_off(path, len(rows))
    lines = ["\t".join(cell or "nan" for cell in row[:-1]) for row in rows]
    values = Rows(path, lines, "\t", 2).whole().numbers(range(len(names) - 1))
    span_s = values[0, -1] - values[0, 0]
    sfreq = (values.shape[1] - 1) / span_s if span_s > 0 else 0.0
    channels = tuple(name.removesuffix(_UNIT) for name in names[1:-1])
    stream = Stream(f"playback:{path.name}", _tidy(sfreq), channels, facts={"format": "CSV of this program"})
    marks = [Event(row, EventKind.MARK, mark) for row, cells in enumerate(rows) for mark in _marks(cells[-1])]
    return table_recording(path, stream, values[1:], events=marks)


def _marks(cell: str) -> list[str]:
    return [mark for mark in cell.split("; ") if mark]


def _tidy(sfreq: float) -> float:
    """Take off what rounding the times did to the rate."""
    return float(np.round(sfreq, 3))
