"""Import of CSV tables of Mind Monitor, recorded at its full rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.channels import classify_channel
from neurofeedback.formats.rules.clock import measure_rate, read_clock
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates
from neurofeedback.formats.rules.tabular import recording_from_table
from neurofeedback.formats.text.text_table import TextTable, read_table_lines, split_column_names
from neurofeedback.formats.text.time_cells import parse_times
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, EventKind, StreamInfo

_CH_NAMES = ("TP9", "AF7", "AF8", "TP10")
_SFREQS = (256.0, 220.0)
_OFFSET_UV = 800.0  # baseline of Mind Monitor's RAW values, which range from 0 to 1682 uV
_MIN_ROWS_PER_S = 10.0
_ELEMENTS = "/muse/elements/"
_EVENTS = "/muse/event/"


def read_mind_monitor(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a CSV of Mind Monitor, recorded at its interval "constant".

    Raises
    ------
    RecordingError
        The file lacks channels or rows, a cell is not a number, or it has too few rows per second.
    """
    lines = read_table_lines(path)
    names = split_column_names(lines[0])
    raw = tuple(f"RAW_{name}" for name in _CH_NAMES)
    if any(name not in names for name in ("TimeStamp", *raw)):
        got = ", ".join(names)[:200]
        raise RecordingError(f"{path} lacks channels of a Muse", got=got, allowed=", ".join(("TimeStamp", *raw)))
    rows = TextTable(path, [line for line in lines[1:] if line], ",", 2).without_torn_row()
    split = _split_events(rows, names.index(raw[0]))
    table = TextTable(path, split.samples, ",", 2).read_columns([names.index(name) for name in raw])
    clock = parse_times(path, [line.split(",", 1)[0] for line in split.samples])
    if options.sfreq is None:
        _check_full_rate(path, clock)
    n_stale = _blank_disconnected(table, split.events)
    return recording_from_table(
        path,
        _stream(path),
        table - _OFFSET_UV,
        clock,
        expected=ExpectedRates(options.sfreq, None, _SFREQS),
        events=split.events,
        channels=[_describe(name) for name in names],
        notices=(*rows.notices, *((english(texts.DISCONNECTED_ROWS, n=n_stale),) if n_stale else ())),
    )


@dataclass(frozen=True, slots=True)
class _SamplesAndEvents:
    samples: list[str]
    events: list[Event]


def _split_events(rows: TextTable, column: int) -> _SamplesAndEvents:
    """Separate the sample rows from the events between them: blinks, jaw clenches, markers, lost connections."""
    split = _SamplesAndEvents([], [])
    for line in rows.lines:
        cells = line.split(",", column + 1)
        element = line.rpartition(",")[2].strip()
        if element.startswith("/"):
            value = element.removeprefix(_ELEMENTS).removeprefix(_EVENTS)
            split.events.append(Event(len(split.samples), EventKind.MARK, value))
        if len(cells) > column and cells[column].strip():
            split.samples.append(line)
    if not split.samples:
        raise RecordingError(f"{rows.path} holds no samples", got="no row with RAW values")
    last = len(split.samples) - 1
    clipped = [Event(min(event.sample, last), event.kind, event.value) for event in split.events]
    return _SamplesAndEvents(split.samples, clipped)


def _blank_disconnected(table: NDArray[np.float64], events: list[Event]) -> int:
    """Set the rows between a disconnected and a connected row to NaN; return how many there are."""
    n_rows, start = 0, None
    for event in [*events, Event(table.shape[1], EventKind.MARK, "connected")]:
        if event.value.startswith("disconnected") and start is None:
            start = event.sample
        elif event.value.startswith("connected") and start is not None:
            n_rows += event.sample - start
            table[:, start : event.sample] = np.nan
            start = None
    return n_rows


def _check_full_rate(path: Path, times: NDArray[np.float64]) -> None:
    """Refuse averages: rows much rarer than the samples of any Muse within the unbroken stretches."""
    clock = read_clock(times)
    rate = None if clock is None else measure_rate(clock)
    if rate is None or rate.sfreq >= _MIN_ROWS_PER_S:
        return
    raise RecordingError(
        f"{path} holds no signal",
        got=f"{rate.sfreq:.3g} rows per second: most samples are missing, so the EEG cannot be restored",
        allowed="Mind Monitor's recording interval `constant` (256 rows per second)",
        todo="choose it in the app's settings and record again",
    )


def _describe(name: str) -> ImportedChannel:
    if name.removeprefix("RAW_") in _CH_NAMES:
        return ImportedChannel(name.removeprefix("RAW_"), ChannelUse.EEG, unit="uV")
    if name == "TimeStamp":
        return ImportedChannel(name, ChannelUse.CLOCK)
    if name == "Elements":
        return ImportedChannel(name, ChannelUse.MARKS)
    reason = classify_channel(name).reason or english(texts.UNUSED_COLUMN)
    return ImportedChannel(name, ChannelUse.LEFT_OUT, reason)


def _stream(path: Path) -> StreamInfo:
    return StreamInfo(
        device=f"playback:{path.name}",
        sfreq=_SFREQS[0],
        ch_names=_CH_NAMES,
        montage="muse",
        reference="Fpz",
        manufacturer="Interaxon",
        facts={"format": "Mind Monitor CSV"},
    )
