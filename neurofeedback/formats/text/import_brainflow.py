"""Import of files by BrainFlow's ``DataFilter.write_file`` or file streamer: one column per board row, no header."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.clock import measure_rate, read_clock
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.packet_counters import read_counter
from neurofeedback.formats.rules.rate import ExpectedRates, differs_by
from neurofeedback.formats.rules.tabular import marker_events, recording_from_table
from neurofeedback.formats.text.athena_scale import (
    ATHENA,
    FIRST_CORRECT,
    check_version,
    correct_scale,
    has_old_scale,
    looks_old,
)
from neurofeedback.formats.text.text_table import HEAD_BYTES, LONG_BYTES, TextTable, read_long_columns, read_table_lines
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import StreamInfo

if TYPE_CHECKING:
    from neurofeedback.formats.text.brainflow_layouts import BoardLayout

_RATE_TOLERANCE = 0.02
_MIN_UNIX_TIME = 1e8


def read_brainflow(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a BrainFlow file; ``options.board`` names the board if the columns fit several.

    The version of BrainFlow may follow the board's name, as in ``MuseAthena:5.22.2``: up to 5.22.2 it gave an Athena's
    samples 4.55 times too large.

    Raises
    ------
    RecordingError
        The board cannot be determined, a row is damaged, or an Athena's samples are too large and no version is stated.
    """
    from neurofeedback.formats.text.brainflow_layouts import find_layout, find_layouts  # loads native libraries

    table, notices = _read_rows(path)
    width = table.shape[0]
    board, _, version = (options.board or "").partition(":")
    layout = find_layout(board) if board else _detect_layout(path, table, find_layouts(width))
    _check_width(path, width, layout)
    data, scale_notices = _in_microvolts(path, layout, table[list(layout.eeg_rows)], version)
    stream = StreamInfo(
        device=f"playback:{path.name}",
        sfreq=layout.sfreq,
        ch_names=layout.ch_names,
        montage=layout.montage,
        placed_freely=layout.placed_freely,
        model=layout.name,
        facts={"format": "BrainFlow CSV"},
    )
    return recording_from_table(
        path,
        stream,
        data,
        table[layout.timestamp_row],
        expected=ExpectedRates(options.sfreq, None, (layout.sfreq,)),
        counter=None if layout.counter_row is None else table[layout.counter_row],
        events=() if layout.marker_row is None else marker_events(table[layout.marker_row]),
        channels=_describe(layout),
        notices=(*notices, *scale_notices),
    )


def _read_rows(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the numbers, shape (n_columns, n_rows), and the notices about them."""
    if path.stat().st_size > LONG_BYTES:
        with path.open("rb") as file:
            line = file.readline(HEAD_BYTES).decode("ascii", errors="replace")
        delimiter = "\t" if "\t" in line else ","
        width = line.count(delimiter) + 1
        if (numbers := read_long_columns(path, range(width), 0, width, delimiter)) is not None:
            return numbers, ()
    rows = TextTable(path, [line for line in read_table_lines(path) if line], ",").without_torn_row()
    return rows.read_columns(range(rows.lines[0].count(",") + 1)), rows.notices


def _in_microvolts(
    path: Path, layout: BoardLayout, data: NDArray[np.float64], version: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return a board's EEG in microvolts and the notices about it; an old Athena file needs BrainFlow's version."""
    stated = check_version(version) if version else ""
    if layout.name != ATHENA:
        return data, ()
    if has_old_scale(stated):
        return correct_scale(data), (english(texts.ATHENA_SCALED, version=stated),)
    if not stated and looks_old(data):
        raise RecordingError(
            f"{path} seems to come from BrainFlow 5.22.2 or older, which gave an Athena's samples 4.55 times too large",
            got=f"values up to {np.nanmax(np.abs(data)):.0f} uV",
            allowed="up to 725 uV from an Athena",
            todo=f"state the version that recorded it: --board {ATHENA}:5.22.2 corrects the size, "
            f"{ATHENA}:{FIRST_CORRECT} leaves it",
        )
    return data, ()


def _describe(layout: BoardLayout) -> list[ImportedChannel]:
    uses = {
        layout.timestamp_row: ChannelUse.CLOCK,
        layout.counter_row: ChannelUse.COUNTER,
        layout.marker_row: ChannelUse.MARKS,
    }
    names = dict(zip(layout.eeg_rows, layout.ch_names, strict=True))
    channels: list[ImportedChannel] = []
    for row in range(layout.n_rows):
        if row in names:
            channels.append(ImportedChannel(names[row], ChannelUse.EEG, unit="uV"))
        elif row in uses:
            channels.append(ImportedChannel(f"row {row}", uses[row]))
        else:
            channels.append(ImportedChannel(f"row {row}", ChannelUse.LEFT_OUT, english(texts.UNUSED_COLUMN)))
    return channels


def _check_width(path: Path, width: int, layout: BoardLayout) -> None:
    if width != layout.n_rows:
        raise RecordingError(
            f"{path} is not from the board {layout.name}", got=f"{width} columns", allowed=f"{layout.n_rows} columns"
        )


def _detect_layout(path: Path, table: NDArray[np.float64], layouts: list[BoardLayout]) -> BoardLayout:
    """Return the layout whose columns hold times, and whose rate fits them if there are several.

    Boards with equal layouts count as one.
    """
    timed = [layout for layout in layouts if _has_times(table[layout.timestamp_row])]
    for matches in (timed, [layout for layout in timed if _rate_fits(layout, table)]):
        if len({(layout.sfreq, layout.eeg_rows, layout.ch_names) for layout in matches}) == 1:
            return matches[0]
    raise RecordingError(
        f"the columns of {path} do not show which board recorded it",
        got=f"{table.shape[0]} columns"
        + (f" at {_format_rates(layouts, table)} samples per second" if layouts else ""),
        allowed=", ".join(layout.name for layout in layouts) or "the column count of a BrainFlow board",
        todo="name the board with --board",
    )


def _has_times(values: NDArray[np.float64]) -> bool:
    return bool(np.ptp(values) > 0) and float(np.median(values)) > _MIN_UNIX_TIME


def _rate_fits(layout: BoardLayout, table: NDArray[np.float64]) -> bool:
    """Return whether a layout's rate fits its timestamps, or its timestamps and counter together."""
    clock = read_clock(table[layout.timestamp_row])
    counter = None if layout.counter_row is None else read_counter(table[layout.counter_row])
    if clock is None:
        return False
    rates = [measure_rate(clock), None if counter is None else measure_rate(clock, counter.positions)]
    return any(rate is not None and differs_by(rate.sfreq, layout.sfreq) < _RATE_TOLERANCE for rate in rates)


def _rate(layout: BoardLayout, table: NDArray[np.float64]) -> float:
    """Return the mean rate in Hz from the layout's timestamp column, or 0 if time does not increase."""
    times = table[layout.timestamp_row]
    span_s = times[-1] - times[0]
    return float((times.size - 1) / span_s) if span_s > 0 else 0.0


def _format_rates(layouts: Sequence[BoardLayout], table: NDArray[np.float64]) -> str:
    return " or ".join(sorted({f"{_rate(layout, table):.4g}" for layout in layouts}))
