"""Import of CSV tables with a heading: muse-lsl, EEG-ExPy, Emotiv, Muse Direct and others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.channels import classify_channel
from neurofeedback.formats.rules.choose_eeg import ChosenEeg, choose_eeg
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates
from neurofeedback.formats.rules.tabular import marker_events, recording_from_table, text_marker_events
from neurofeedback.formats.text.text_table import (
    HEAD_BYTES,
    LONG_BYTES,
    TextTable,
    detect_delimiter,
    read_long_columns,
    read_table_lines,
    split_column_names,
)
from neurofeedback.formats.text.time_cells import parse_times
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, StreamInfo

_MUSE = {"TP9", "AF7", "AF8", "TP10"}
_MUSE_SFREQS = (256.0, 220.0)
_HEADING_LINES = 6
_JUDGED_ROWS = 100_000
_PROBED_LINES = 50
_UNIT_SUFFIX = re.compile(r"\s*[\[(]\s*([^\])]*?)\s*[\])]$")
_EEG_NAME = re.compile(
    r"(eeg|exg|raw)?[\s_.:-]*((fp|af|f|fc|ft|c|t|tp|cp|p|po|o|i)(z|\d{1,2})h?|[am][12])|"
    r"(eeg|exg|ch|chan|channel|electrode|x)[\s_.:-]*(ch|channel)?[\s_.:-]*\d{1,3}",
    re.IGNORECASE,
)
_EMOTIV_LABELS = re.compile(r"labels\s*:\s*([^,]+)", re.IGNORECASE)
_EMOTIV_RATE = re.compile(r"sampling(?: rate)?\s*:\s*(?:eeg_)?(\d+(?:\.\d+)?)", re.IGNORECASE)
_CLOCK, _COUNTER, _MARKS = english(texts.IS_CLOCK), english(texts.IS_COUNTER), english(texts.IS_TRIGGER)


@dataclass(frozen=True, slots=True)
class TableHeading:
    """The heading of a CSV table: column names and the line they stand in, from 0, with the rate if it is given."""

    names: tuple[str, ...]
    line: int
    kind: str
    sfreq: float | None = None


def find_heading(lines: Sequence[str]) -> TableHeading | None:
    """Return the heading among the first lines that names EEG channels, or None.

    Examples
    --------
    >>> find_heading(["timestamps,TP9,AF7,AF8,TP10,Right AUX"]).kind
    'muse-lsl CSV'
    >>> find_heading(["title:x, sampling:128, labels:COUNTER AF3 F7 MARKER, chan:4"]).names
    ('COUNTER', 'AF3', 'F7', 'MARKER')
    >>> find_heading(["a,b", "1,2"]) is None
    True
    """
    sfreq = None
    for number, line in enumerate(lines[:_HEADING_LINES]):
        if match := _EMOTIV_RATE.search(line):
            sfreq = float(match.group(1))
        if match := _EMOTIV_LABELS.search(line):
            return TableHeading(tuple(match.group(1).split()), number, "Emotiv CSV", sfreq)
        names = tuple(split_column_names(line))
        n_eeg = sum(_EEG_NAME.fullmatch(_split_unit(name)[0]) is not None for name in names)
        if n_eeg >= 2 or (n_eeg == 1 and len(names) > 1 and number == 0 and "time" in line.lower()):
            return TableHeading(names, number, _kind_of(names), sfreq)
    return None


def _kind_of(names: Sequence[str]) -> str:
    if any(name.startswith("EEG.") for name in names):
        return "Emotiv CSV"
    return "muse-lsl CSV" if names[0] == "timestamps" and set(names) >= _MUSE else "CSV"


def _split_unit(name: str) -> tuple[str, str]:
    match = _UNIT_SUFFIX.search(name)
    return (name[: match.start()], match.group(1)) if match else (name, "")


def read_csv(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a CSV table whose heading names EEG channels; its other columns are clock, counter, marks or left out.

    Raises
    ------
    RecordingError
        The file lacks rows, a row is damaged, the rate is unknown, or the unit cannot be judged.
    """
    table = _read_table(path)
    values, chosen, channels = _to_microvolts(path, table, options)
    stream = _stream(path, table.heading, chosen.names)
    nominal = _MUSE_SFREQS if stream.montage == "muse" else ()
    return recording_from_table(
        path,
        stream,
        values,
        table.times,
        expected=ExpectedRates(options.sfreq, table.heading.sfreq, nominal),
        counter=table.counter,
        heading="" if table.columns.clock is None else table.heading.names[table.columns.clock],
        events=table.events,
        channels=channels,
        notices=(*table.notices, *chosen.notices),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _CsvTable:
    """The numbers and marks of a file, without its text."""

    heading: TableHeading
    columns: _Columns
    values: NDArray[np.float64]
    times: NDArray[np.float64] | None
    counter: NDArray[np.float64] | None
    events: list[Event]
    notices: tuple[str, ...]


def _read_table(path: Path) -> _CsvTable:
    if path.stat().st_size > LONG_BYTES and (numbers := _read_numbers(path)) is not None:
        return numbers
    lines = read_table_lines(path)
    heading = _find_heading(path, lines)
    while lines and not lines[-1].strip(", "):
        lines.pop()
    del lines[: heading.line + 1]
    if "" in lines:
        lines = list(filter(None, lines))
    rows = TextTable(path, lines, ",", heading.line + 2).without_torn_row(_n_cells(heading))
    columns = _Columns.choose(heading.names)
    extra = [column for column in (columns.clock, columns.counter) if column is not None]
    try:
        table = rows.read_columns([*columns.eeg, *extra])
        others = dict(zip(extra, table[len(columns.eeg) :], strict=True))
    except RecordingError:  # a clock of dates
        table = rows.read_columns(columns.eeg)
        others = {column: _read_times(rows, column) for column in extra}
    times = None if columns.clock is None else others[columns.clock]
    counter = None if columns.counter is None else others[columns.counter]
    events = _read_marks(rows, columns.marks, len(heading.names))
    return _CsvTable(heading, columns, table[: len(columns.eeg)], times, counter, events, rows.notices)


def _read_numbers(path: Path) -> _CsvTable | None:
    """Read a long file whose rows are all complete and numbers, in half the time; None if it is not one."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    lines = head.decode("ascii", errors="replace").splitlines()[:_PROBED_LINES]
    if not head.isascii() or detect_delimiter(lines) != ",":
        return None
    heading = _find_heading(path, lines)
    columns = _Columns.choose(heading.names)
    places = [*columns.eeg, *columns.marks, *(c for c in (columns.clock, columns.counter) if c is not None)]
    table = read_long_columns(path, places, heading.line + 1, len(heading.names))
    if table is None:
        return None
    others = dict(zip(places, table, strict=True))
    events = [event for column in columns.marks for event in marker_events(others[column])]
    return _CsvTable(
        heading,
        columns,
        table[: len(columns.eeg)],
        None if columns.clock is None else others[columns.clock],
        None if columns.counter is None else others[columns.counter],
        sorted(events, key=lambda event: event.sample),
        (),
    )


def _find_heading(path: Path, lines: Sequence[str]) -> TableHeading:
    heading = find_heading(lines)
    if heading is None:
        raise RecordingError(f"{path} holds no EEG", got="no column with an electrode's name", allowed="such as Cz")
    if heading.kind == "CSV" and heading.names[0] == "timestamps" and _MUSE & set(heading.names):
        _check_muse(path, heading.names)
    return heading


def _check_muse(path: Path, names: Sequence[str]) -> None:
    got = ", ".join(names)[:200]
    raise RecordingError(f"{path} lacks channels of a Muse", got=got, allowed=", ".join(sorted(_MUSE)))


def _n_cells(heading: TableHeading) -> int:
    """Return the cells of a complete row: those up to the last column, or up to the marks that some rows lack."""
    n_cells = len(heading.names)
    while n_cells > 1 and classify_channel(heading.names[n_cells - 1]).reason == _MARKS:
        n_cells -= 1
    return n_cells


@dataclass(frozen=True, slots=True)
class _Columns:
    """Column numbers by use."""

    channels: tuple[ImportedChannel, ...]
    eeg: tuple[int, ...]
    clock: int | None
    counter: int | None
    marks: tuple[int, ...]

    @classmethod
    def choose(cls, names: Sequence[str]) -> _Columns:
        """Choose from the names; a column that no rule knows is EEG only if its name is that of an electrode."""
        found = [_classify(name) for name in names]
        clocks = [i for i, channel in enumerate(found) if channel.reason == _CLOCK]
        counters = [i for i, channel in enumerate(found) if channel.reason == _COUNTER]
        marks = [i for i, channel in enumerate(found) if channel.reason == _MARKS]
        values = [i for i in marks if "value" in names[i].lower() or "hardware" in names[i].lower()]
        marks = values[:1] or marks  # Emotiv writes index, type and value of each marker
        uses = {**dict.fromkeys(clocks[:1], ChannelUse.CLOCK), **dict.fromkeys(counters[:1], ChannelUse.COUNTER)}
        uses |= dict.fromkeys(marks, ChannelUse.MARKS)
        channels = tuple(replace(channel, use=uses.get(i, channel.use)) for i, channel in enumerate(found))
        eeg = tuple(i for i, channel in enumerate(channels) if channel.use is ChannelUse.EEG)
        return cls(channels, eeg, next(iter(clocks), None), next(iter(counters), None), tuple(marks))


def _classify(name: str) -> ImportedChannel:
    bare, unit = _split_unit(name)
    channel = classify_channel(bare, "", unit)
    if channel.use is ChannelUse.EEG and not _EEG_NAME.fullmatch(bare):
        return replace(channel, use=ChannelUse.LEFT_OUT, reason=english(texts.UNUSED_COLUMN))
    return channel


def _to_microvolts(
    path: Path, table: _CsvTable, options: ImportOptions
) -> tuple[NDArray[np.float64], ChosenEeg, list[ImportedChannel]]:
    """Return the EEG in microvolts, how it was chosen, and every column and its use."""
    channels = [replace(channel, name=_bare_name(channel.name)) for channel in table.columns.channels]
    eeg = [channels[column] for column in table.columns.eeg]
    if table.heading.kind == "CSV":
        chosen = choose_eeg(path, eeg, table.values[:, :_JUDGED_ROWS], options)
    else:  # muse-lsl and Emotiv: the columns are known, in microvolts
        known = tuple(replace(channel, unit="uV") for channel in eeg)
        names = tuple(channel.name for channel in known)
        chosen = ChosenEeg(tuple(range(len(eeg))), names, np.ones(len(eeg)), known, ())
    for column, channel in zip(table.columns.eeg, chosen.channels, strict=True):
        channels[column] = channel
    values = table.values if len(chosen.rows) == len(eeg) else table.values[list(chosen.rows)]
    return (values * chosen.scales[:, np.newaxis] if np.any(chosen.scales != 1) else values), chosen, channels


def _bare_name(name: str) -> str:
    return _split_unit(name)[0].removeprefix("EEG.") if _EEG_NAME.fullmatch(_split_unit(name)[0]) else name


def _read_times(rows: TextTable, column: int) -> NDArray[np.float64]:
    try:
        return rows.read_columns([column])[0]
    except RecordingError:
        return parse_times(rows.path, rows.read_texts(column))


def _read_marks(rows: TextTable, columns: Sequence[int], n_names: int) -> list[Event]:
    """Return the marks of the marker columns, and of cells beyond the last heading, as muse-lsl writes them."""
    events: list[Event] = []
    for column in columns:
        try:
            events += marker_events(rows.read_columns([column])[0])
        except RecordingError:
            events += text_marker_events(rows.read_texts(column))
    if rows.count_delimiters() > len(rows.lines) * (n_names - 1):
        cells = (line.split(",", n_names)[n_names:] for line in rows.lines)
        events += text_marker_events(cell[0] if cell else "" for cell in cells)
    return sorted(events, key=lambda event: event.sample)


def _stream(path: Path, heading: TableHeading, names: tuple[str, ...]) -> StreamInfo:
    muse = set(names) >= _MUSE
    emotiv = heading.kind == "Emotiv CSV"
    return StreamInfo(
        device=f"playback:{path.name}",
        sfreq=0.0,
        ch_names=names,
        montage="muse" if muse else "auto",
        reference="Fpz" if muse else "n/a",
        manufacturer="Interaxon" if muse else "Emotiv" if emotiv else "n/a",
        facts={"format": heading.kind},
    )
