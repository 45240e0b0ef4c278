"""Import of OpenBCI files: text of the GUI (Cyton, Daisy, Ganglion), and SD card logs, converted or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.tabular import marker_events, recording_from_table
from neurofeedback.formats.text.text_table import TextTable, read_lines, split_column_names
from neurofeedback.recording.recording import Recording
from neurofeedback.types import StreamInfo

_MONTAGES = {4: "ganglion", 8: "cyton", 16: "cyton-daisy"}
_MAX_CHANNELS = 64
_SD_SFREQ = 250.0  # with a Daisy too: docs.openbci.com/Cyton/CytonSDCard
_UV_PER_COUNT = 4.5e6 / 24 / (2**23 - 1)  # gain 24, assumed: the file does not store it


def read_openbci(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a text file of the OpenBCI GUI, versions 2 to 6.

    Raises
    ------
    RecordingError
        The header lacks the sampling rate or channels, or a row is damaged.
    """
    lines = read_lines(path)
    header = [line for line in lines if line.startswith("%")]
    headings = [line for line in lines if line.startswith("Sample Index")]
    rows = _rows(path, lines)
    n_channels = int(_header_value(header, r"Number of channels\s*=\s*(\d+)") or len(rows.lines[0].split(",")) - 4)
    sfreq = _header_value(header, r"Sample Rate\s*=\s*(\d+(?:\.\d+)?)")
    if sfreq is None or not 1 <= n_channels <= _MAX_CHANNELS:
        raise RecordingError(f"the header of {path} does not give the rate and channels", todo="export it again")
    columns = _Columns.detect(headings[0] if headings else "", rows.lines[-1], n_channels)
    table = rows.read_columns([*range(n_channels + 1), *columns.extra])
    # version 5 of the GUI writes a first row of zeros that is no sample
    first_row = 1 if _all_zero(rows.lines[0]) and table.shape[1] > 1 else 0
    table = table[:, first_row:]
    stream = make_stream(path, float(sfreq), n_channels, "OpenBCI GUI text")
    return recording_from_table(
        path,
        stream,
        table[1 : n_channels + 1],
        columns.times(table[n_channels + 1 :]),
        counter=table[0],
        events=marker_events(table[-1]) if columns.marker is not None else (),
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of the clock (with its unit in seconds) and the markers, which differ between GUI versions."""

    clock: int | None
    unit_s: float
    marker: int | None

    @classmethod
    def detect(cls, heading: str, row: str, n_channels: int) -> _Columns:
        clock = find_clock_column(row)
        marker_columns = (
            column for column, name in enumerate(split_column_names(heading)) if name.startswith("Marker")
        )
        marker = next((column for column in marker_columns if column > n_channels), None)
        return cls(clock[0] if clock else None, clock[1] if clock else 1.0, marker)

    @property
    def extra(self) -> list[int]:
        return [column for column in (self.clock, self.marker) if column is not None]

    def times(self, extra: np.ndarray) -> np.ndarray | None:
        return None if self.clock is None else extra[0] * self.unit_s


def _rows(path: Path, lines: list[str]) -> TextTable:
    first = next((i for i, line in enumerate(lines) if not line.startswith(("%", "Sample Index"))), len(lines))
    body = [line for line in lines[first:] if line and not line.startswith("%")]
    return TextTable(path, body, ",", first + 1).without_torn_row()


def find_clock_column(row: str) -> tuple[int, float] | None:
    """Return the column of Unix times and their unit in seconds, or None without such a column.

    Examples
    --------
    >>> find_clock_column("0, 61379.36, 0.040, 12:00:53.329, 1557936053329"), find_clock_column("0, 61379.36, 0.040")
    ((4, 0.001), None)
    """
    for column, cell in enumerate(row.split(",")):
        if match := re.fullmatch(r"\s*1\d{9}(\d{3})?(\.\d*)?\s*", cell):
            return column, 1e-3 if match.group(1) else 1.0
    return None


def _header_value(header: Sequence[str], pattern: str) -> str | None:
    match = next(filter(None, (re.search(pattern, line) for line in header)), None)
    return match.group(1) if match else None


def _all_zero(line: str) -> bool:
    return not line.strip("0., ")


def make_stream(path: Path, sfreq: float, n_channels: int, kind: str) -> StreamInfo:
    """Return the stream description of an OpenBCI board with ``n_channels`` channels."""
    return StreamInfo(
        device=f"playback:{path.name}",
        sfreq=sfreq,
        ch_names=tuple(f"X{i + 1}" for i in range(n_channels)),
        montage=_MONTAGES.get(n_channels, "auto"),
        placed_freely=n_channels in _MONTAGES,
        manufacturer="OpenBCI",
        facts={"format": kind},
    )


def read_converted_sd_card(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read an SD card log converted by the GUI: sample counter, then microvolts.

    Raises
    ------
    RecordingError
        A row is damaged.
    """
    rows = _rows(path, read_lines(path))
    width = len(rows.lines[0].split(","))
    n_channels = 16 if width >= 17 else min(8, width - 1)
    table = rows.read_columns(range(n_channels + 1))
    stream = make_stream(path, _SD_SFREQ, n_channels, "OpenBCI SD card, converted")
    return recording_from_table(path, stream, table[1:], counter=table[0])


def read_sd_card(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read an unconverted SD card log: an 8-bit counter, then hexadecimal 24-bit counts.

    Raises
    ------
    RecordingError
        A row is damaged.
    """
    rows = _rows(path, read_lines(path))
    cells = [line.split(",") for line in rows.lines]
    n_channels = sum(len(cell.strip()) == 6 for cell in cells[0])
    stream = make_stream(path, _SD_SFREQ, n_channels, "OpenBCI SD card")
    counts = [_parse_counts(rows, number, row, n_channels) for number, row in enumerate(cells, start=rows.first_line)]
    table = np.array(counts, dtype=np.float64).T
    return recording_from_table(path, stream, table[1:] * _UV_PER_COUNT, counter=table[0])


def _parse_counts(rows: TextTable, number: int, cells: list[str], n_channels: int) -> list[int]:
    try:
        values = [int(cell, 16) for cell in cells[: n_channels + 1]]
    except ValueError:
        values = []
    if len(values) <= n_channels or not all(0 <= value < 1 << 24 for value in values):
        raise RecordingError(
            f"{rows.path} is damaged",
            got=f"{','.join(cells)[:40]!r} in line {number}",
            todo="correct or remove that line",
        )
    return [values[0], *(value - (1 << 24) if value & 0x800000 else value for value in values[1:])]
