"""Import of this program's CSV export: time, one column per channel in microvolts, marks; empty cells are lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import convert_library_errors
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates, choose_rate
from neurofeedback.formats.rules.tabular import recording_from_table
from neurofeedback.formats.rules.timing import RowTiming
from neurofeedback.formats.text.text_table import TextTable, read_lines, torn_notice
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel, RateEstimate, RateSource
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, StreamInfo

SIGNATURE = b"time_s,"
MARKS_COLUMN = "marks"
_UNIT_SUFFIX = " (uV)"


def read_neurofeedback_csv(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a CSV that ``export --to csv`` wrote.

    Raises
    ------
    RecordingError
        A row is damaged, or the times give no sampling rate.
    """
    import csv  # channel names and marks may hold commas

    with convert_library_errors(path, "CSV"):
        table = [row for row in csv.reader(read_lines(path)) if row]
    names, rows = table[0], table[1:]
    if names[-1] != MARKS_COLUMN or len(names) < 3:
        raise RecordingError(f"{path} is damaged", got=",".join(names)[:80], allowed="time_s, channels, marks")
    notices: list[str] = []
    if rows and len(rows[-1]) < len(names):
        rows = rows[:-1]
        notices = [torn_notice(len(rows))]
    lines = ["\t".join(cell or "nan" for cell in row[:-1]) for row in rows]
    values = TextTable(path, lines, "\t", 2).without_torn_row().read_columns(range(len(names) - 1))
    span_s = values[0, -1] - values[0, 0]
    sfreq = (values.shape[1] - 1) / span_s if span_s > 0 else 0.0
    channels = tuple(name.removesuffix(_UNIT_SUFFIX) for name in names[1:-1])
    stream = StreamInfo(f"playback:{path.name}", _round_rate(sfreq), channels, facts={"format": "CSV of this program"})
    marks = [Event(row, EventKind.MARK, mark) for row, cells in enumerate(rows) for mark in _split_marks(cells[-1])]
    rate = choose_rate(path, RateEstimate(RateSource.CLOCK, stream.sfreq), ExpectedRates(options.sfreq))[0]
    timing = RowTiming(np.arange(values.shape[1]), None, rate)
    listed = (
        ImportedChannel(names[0], ChannelUse.CLOCK),
        *(ImportedChannel(name, ChannelUse.EEG, unit="uV") for name in channels),
        ImportedChannel(MARKS_COLUMN, ChannelUse.MARKS),
    )
    return recording_from_table(path, stream, values[1:], timing=timing, events=marks, channels=listed, notices=notices)


def _split_marks(cell: str) -> list[str]:
    return [mark for mark in cell.split("; ") if mark]


def _round_rate(sfreq: float) -> float:
    """Round the sampling rate to 0.001 Hz, which removes the rounding error of the times."""
    return float(np.round(sfreq, 3))
