"""Import of CSV tables of Muse apps: muse-lsl, and Mind Monitor at its full rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.tabular import marker_events, recording_from_table
from neurofeedback.formats.text.text_table import TextTable, read_lines, split_column_names
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, StreamInfo

_CH_NAMES = ("TP9", "AF7", "AF8", "TP10")
_SFREQS = (256.0, 220.0)
_OFFSET_UV = 800.0  # baseline of Mind Monitor's RAW values, which range from 0 to 1682 uV
_MIN_RATE_SHARE = 0.7
_ELEMENTS = "/muse/elements/"


def read_muse_lsl(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a CSV of muse-lsl; the sampling rate is the nominal Muse rate nearest to that of its timestamps.

    Raises
    ------
    RecordingError
        The file lacks channels or rows, or a cell is not a number.
    """
    lines = read_lines(path)
    names = split_column_names(lines[0])
    _check_columns(path, names, _CH_NAMES)
    rows = TextTable(path, lines[1:], ",", 2).without_torn_row()
    marker_columns = [column for column, name in enumerate(names) if name.startswith("Marker")]
    table = rows.read_columns([0, *(names.index(name) for name in _CH_NAMES), *marker_columns])
    events = [event for codes in table[5:] for event in marker_events(codes)]
    stream = _stream(path, _sfreq(table[0]), "muse-lsl CSV")
    return recording_from_table(path, stream, table[1:5], table[0], events=events)


def read_mind_monitor(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a CSV of Mind Monitor, recorded at its interval "constant".

    Raises
    ------
    RecordingError
        The file lacks channels or rows, a cell is not a number, or it has too few rows per second.
    """
    lines = read_lines(path)
    names = split_column_names(lines[0])
    raw = tuple(f"RAW_{name}" for name in _CH_NAMES)
    _check_columns(path, names, ("TimeStamp", *raw))
    rows = TextTable(path, [line for line in lines[1:] if line], ",", 2).without_torn_row()
    split = _split_events(rows, names.index(raw[0]))
    table = TextTable(path, split.samples, ",", 2).read_columns([names.index(name) for name in raw])
    clock = _parse_clock(path, split.samples)
    _check_full_rate(path, clock)
    stream = _stream(path, _sfreq(clock), "Mind Monitor CSV")
    return recording_from_table(path, stream, table - _OFFSET_UV, clock, events=split.events)


@dataclass(frozen=True, slots=True)
class _SamplesAndEvents:
    samples: list[str]
    events: list[Event]


def _split_events(rows: TextTable, column: int) -> _SamplesAndEvents:
    """Separate the sample rows from the events between them: blinks, jaw clenches, markers."""
    split = _SamplesAndEvents([], [])
    for line in rows.lines:
        cells = line.split(",")
        element = cells[-1].strip()
        if element.startswith("/"):
            split.events.append(Event(len(split.samples), EventKind.MARK, element.removeprefix(_ELEMENTS)))
        if len(cells) > column and cells[column].strip():
            split.samples.append(line)
    if not split.samples:
        raise RecordingError(f"{rows.path} holds no samples", got="no row with RAW values")
    return split


def _parse_clock(path: Path, lines: list[str]) -> NDArray[np.float64]:
    parsed: dict[str, float] = {}
    for number, line in enumerate(lines, start=2):
        timestamp = line.split(",", 1)[0]
        if timestamp not in parsed:
            parsed[timestamp] = _parse_time(path, timestamp, number)
    return np.array([parsed[line.split(",", 1)[0]] for line in lines])


def _parse_time(path: Path, text: str, number: int) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        raise RecordingError(f"{path} is damaged", got=f"{text[:40]!r} as the time of sample row {number}") from None


def _check_full_rate(path: Path, clock: NDArray[np.float64]) -> None:
    rate = _rate(clock)
    if rate < _MIN_RATE_SHARE * min(_SFREQS):
        raise RecordingError(
            f"{path} holds no signal",
            got=f"{rate:.3g} rows per second: most samples are missing, so the EEG cannot be restored",
            allowed="Mind Monitor's recording interval `constant` (256 rows per second)",
            todo="choose it in the app's settings and record again",
        )


def _check_columns(path: Path, names: list[str], required: tuple[str, ...]) -> None:
    if any(name not in names for name in required):
        got = ", ".join(names)[:200]
        raise RecordingError(f"{path} lacks channels of a Muse", got=got, allowed=", ".join(required))


def _rate(clock: NDArray[np.float64]) -> float:
    span_s = float(np.max(clock) - np.min(clock))
    return (clock.size - 1) / span_s if span_s > 0 else float("inf")


def _sfreq(clock: NDArray[np.float64]) -> float:
    rate = _rate(clock)
    return min(_SFREQS, key=lambda sfreq: abs(sfreq - rate))


def _stream(path: Path, sfreq: float, kind: str) -> StreamInfo:
    return StreamInfo(
        device=f"playback:{path.name}",
        sfreq=sfreq,
        ch_names=_CH_NAMES,
        montage="muse",
        reference="Fpz",
        manufacturer="Interaxon",
        facts={"format": kind},
    )
