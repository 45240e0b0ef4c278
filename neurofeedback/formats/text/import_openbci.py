"""Import of OpenBCI files: text of the GUI (Cyton, Daisy, Ganglion), and SD card logs, converted or not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.channels import classify_channel
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates
from neurofeedback.formats.rules.tabular import marker_events, recording_from_table
from neurofeedback.formats.text.text_table import (
    HEAD_BYTES,
    LONG_BYTES,
    TextTable,
    read_lines,
    read_long_columns,
    read_table_lines,
    split_column_names,
    to_table_lines,
)
from neurofeedback.formats.text.time_cells import is_time_of_day, parse_times
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import StreamInfo

_MONTAGES = {4: "ganglion", 8: "cyton", 16: "cyton-daisy"}
_MAX_CHANNELS = 64
_UNIX_TIME = re.compile(r"\s*1\d{9}(\d{3})?(\.\d*)?\s*")
_MIN_WIDTH_SHARE = 0.02
_SD_SFREQ = 250.0  # with a Daisy too: docs.openbci.com/Cyton/CytonSDCard
_UV_PER_COUNT = 4.5e6 / 24 / (2**23 - 1)  # gain 24, assumed: the file does not store it


def read_openbci(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a text file of the OpenBCI GUI, versions 1 to 6.

    Raises
    ------
    RecordingError
        The header lacks the channels, nothing gives the sampling rate, or a row is damaged.
    """
    text = _read_long_text(path) or _read_text(path)
    sfreq = _header_value(text.header, r"Sample Rate\s*=\s*(\d+(?:\.\d+)?)")
    n_channels = text.n_channels
    return recording_from_table(
        path,
        make_stream(path, n_channels, "OpenBCI GUI text"),
        text.table[1 : n_channels + 1],
        text.times,
        expected=ExpectedRates(options.sfreq, None if sfreq is None else float(sfreq)),
        counter=text.table[0],
        events=marker_events(text.table[-1]) if text.columns.marker is not None else (),
        channels=text.columns.describe(text.names, n_channels, text.width),
        notices=text.notices,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _GuiText:
    """A file of the GUI: header, column names, numbers of counter, EEG and ``columns.numeric``, and times."""

    header: list[str]
    names: list[str]
    n_channels: int
    width: int
    columns: _Columns
    table: NDArray[np.float64]
    times: NDArray[np.float64] | None
    notices: tuple[str, ...] = ()


def _read_text(path: Path) -> _GuiText:
    lines = read_table_lines(path)
    rows = _rows(path, lines)
    header, names = _split_header(lines)
    n_channels, columns = _detect_columns(path, header, names, rows.lines[0], rows.lines[-1])
    # version 5 of the GUI writes a first row of zeros that is no sample
    if _all_zero(rows.lines[0]) and len(rows.lines) > 1:
        rows = replace(rows, lines=rows.lines[1:], first_line=rows.first_line + 1)
    table = rows.read_columns([*range(n_channels + 1), *columns.numeric])
    times = columns.times(rows, table[n_channels + 1 :])
    width = rows.lines[0].count(",") + 1
    return _GuiText(header, names, n_channels, width, columns, table, times, rows.notices)


def _read_long_text(path: Path) -> _GuiText | None:
    """Read a long file whose rows are all complete, without its text in memory; None if it is not one."""
    if path.stat().st_size <= LONG_BYTES:
        return None
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(-min(HEAD_BYTES, path.stat().st_size), 2)
        end = file.read()
    lines = head.decode("ascii", errors="replace").splitlines()
    if not head.isascii() or to_table_lines(lines) is not lines:
        return None
    first = next((i for i, line in enumerate(lines) if not line.startswith(("%", "Sample Index"))), len(lines) - 1)
    header, names = _split_header(lines[:first])
    last = end.decode("ascii", errors="replace").splitlines()[-1]
    n_channels, columns = _detect_columns(path, header, names, lines[first], last)
    if columns.is_text:
        return None
    width = lines[first].count(",") + 1
    table = read_long_columns(path, [*range(n_channels + 1), *columns.numeric], first, width)
    if table is None:
        return None
    table = table[:, int(_all_zero(lines[first])) :]
    times = None if columns.clock is None else table[n_channels + 1]
    return _GuiText(header, names, n_channels, width, columns, table, times)


def _split_header(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the lines of the header and the names of the columns."""
    headings = [line for line in lines if line.startswith("Sample Index")]
    return [line for line in lines if line.startswith("%")], split_column_names(headings[0]) if headings else []


def _detect_columns(
    path: Path, header: Sequence[str], names: Sequence[str], first: str, last: str
) -> tuple[int, _Columns]:
    n_channels = _count_channels(header, names, first.split(","))
    if not 1 <= n_channels <= _MAX_CHANNELS:
        raise RecordingError(f"the header of {path} does not give the channels", todo="export it again")
    return n_channels, _Columns.detect(names, last, n_channels)


def _count_channels(header: Sequence[str], names: Sequence[str], cells: Sequence[str]) -> int:
    """Return the number of EEG channels by header or heading, else by the columns before accelerometer and clock."""
    stated = _header_value(header, r"Number of channels\s*=\s*(\d+)")
    if stated is not None:
        return int(stated)
    named = sum(name.startswith(("EXG", "EEG")) for name in names)
    width = len(cells) - sum(is_time_of_day(cell) or bool(_UNIX_TIME.fullmatch(cell)) for cell in cells)
    return named or next((n for n in sorted(_MONTAGES, reverse=True) if width > n), width - 4)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of the clock and the markers, which differ between GUI versions; ``is_text`` is a time of day."""

    clock: int | None
    is_text: bool
    marker: int | None

    @classmethod
    def detect(cls, names: Sequence[str], row: str, n_channels: int) -> _Columns:
        clock = find_clock_column(row)
        marker_columns = (column for column, name in enumerate(names) if name.lower().startswith(("marker", "stim")))
        marker = next((column for column in marker_columns if column > n_channels), None)
        text_columns = [column for column, cell in enumerate(row.split(",")) if is_time_of_day(cell)]
        if clock is None and text_columns:
            return cls(text_columns[0], True, marker)
        return cls(clock, False, marker)

    @property
    def numeric(self) -> list[int]:
        clock = None if self.is_text else self.clock
        return [column for column in (clock, self.marker) if column is not None]

    def times(self, rows: TextTable, extra: np.ndarray) -> np.ndarray | None:
        if self.clock is None:
            return None
        return parse_times(rows.path, rows.read_texts(self.clock)) if self.is_text else extra[0]

    def describe(self, names: Sequence[str], n_channels: int, width: int) -> list[ImportedChannel]:
        """Return every column and its use."""
        uses = {0: ChannelUse.COUNTER, self.clock: ChannelUse.CLOCK, self.marker: ChannelUse.MARKS}
        channels: list[ImportedChannel] = []
        for column in range(width):
            name = names[column] if column < len(names) else f"column {column + 1}"
            if 1 <= column <= n_channels:
                channels.append(ImportedChannel(f"X{column}", ChannelUse.EEG, unit="uV"))
            elif column in uses:
                channels.append(ImportedChannel(name, uses[column]))
            else:
                reason = classify_channel(name).reason or english(texts.UNUSED_COLUMN)
                channels.append(ImportedChannel(name, ChannelUse.LEFT_OUT, reason))
        return channels


def _rows(path: Path, lines: list[str], n_cells: int | None = None) -> TextTable:
    first = next((i for i, line in enumerate(lines) if not line.startswith(("%", "Sample Index"))), len(lines))
    body = [line for line in lines[first:] if line and not line.startswith("%")]
    return TextTable(path, body, ",", first + 1).without_torn_row(n_cells)


def find_clock_column(row: str) -> int | None:
    """Return the column of Unix times in s or ms, or None without such a column.

    Examples
    --------
    >>> find_clock_column("0, 61379.36, 0.040, 12:00:53.329, 1557936053329"), find_clock_column("0, 61379.36, 0.040")
    (4, None)
    """
    return next((column for column, cell in enumerate(row.split(",")) if _UNIX_TIME.fullmatch(cell)), None)


def _header_value(header: Sequence[str], pattern: str) -> str | None:
    match = next(filter(None, (re.search(pattern, line) for line in header)), None)
    return match.group(1) if match else None


def _all_zero(line: str) -> bool:
    return not line.strip("0., ")


def make_stream(path: Path, n_channels: int, kind: str) -> StreamInfo:
    """Return the stream description of an OpenBCI board with ``n_channels`` channels."""
    return StreamInfo(
        device=f"playback:{path.name}",
        sfreq=_SD_SFREQ,
        ch_names=tuple(f"X{i + 1}" for i in range(n_channels)),
        montage=_MONTAGES.get(n_channels, "auto"),
        placed_freely=n_channels in _MONTAGES,
        manufacturer="OpenBCI",
        facts={"format": kind},
    )


def read_converted_sd_card(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read an SD card log converted by the GUI: sample counter, microvolts, and accelerations in some rows.

    Raises
    ------
    RecordingError
        A row is damaged.
    """
    lines = read_table_lines(path)
    header = [line for line in lines if line.startswith("%")]
    rows = _rows(path, lines, 2)
    widths = Counter(line.rstrip(", ").count(",") for line in rows.lines[:-1] or rows.lines)
    width = min(width for width, n in widths.items() if n >= _MIN_WIDTH_SHARE * widths.total())
    n_channels = 16 if width >= 16 else min(8, width)
    if rows.lines[-1].count(",") < n_channels:
        rows = rows.without_torn_row(n_channels + 1)
    table = rows.read_columns(range(n_channels + 1))
    sfreq = _header_value(header, r"Sample Rate\s*=\s*(\d+(?:\.\d+)?)")
    expected = ExpectedRates(options.sfreq, None if sfreq is None else float(sfreq), (_SD_SFREQ,))
    stream = make_stream(path, n_channels, "OpenBCI SD card, converted")
    return recording_from_table(
        path,
        stream,
        table[1:],
        expected=expected,
        counter=table[0],
        channels=_describe_sd_card(n_channels, max(widths) + 1),
        notices=rows.notices,
    )


def _describe_sd_card(n_channels: int, width: int) -> list[ImportedChannel]:
    """Return the columns of an SD card: the counter, the EEG, and accelerations in some rows."""
    eeg = [ImportedChannel(f"X{i + 1}", ChannelUse.EEG, unit="uV") for i in range(n_channels)]
    motion = [
        ImportedChannel(f"column {i + 1}", ChannelUse.LEFT_OUT, english(texts.IS_MOTION))
        for i in range(n_channels + 1, min(width, n_channels + 4))
    ]
    return [ImportedChannel("column 1", ChannelUse.COUNTER), *eeg, *motion]


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
    stream = make_stream(path, n_channels, "OpenBCI SD card")
    counts = [_parse_counts(rows, number, row, n_channels) for number, row in enumerate(cells, start=rows.first_line)]
    table = np.array(counts, dtype=np.float64).T
    expected = ExpectedRates(options.sfreq, None, (_SD_SFREQ,))
    values = table[1:] * _UV_PER_COUNT
    return recording_from_table(
        path,
        stream,
        values,
        expected=expected,
        counter=table[0],
        channels=_describe_sd_card(n_channels, max(map(len, cells))),
        notices=rows.notices,
    )


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
