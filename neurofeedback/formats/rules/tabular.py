"""Build a recording from a table in memory: lost rows, clock, markers, and checks of rate and channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.rate import ExpectedRates
from neurofeedback.formats.rules.timing import RowTiming, time_rows
from neurofeedback.recording.import_report import (
    ChannelUse,
    ImportedChannel,
    ImportedGaps,
    ImportedMarks,
    ImportReport,
)
from neurofeedback.recording.lost_runs import runs_from_mask
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

_SFREQ_LIMITS_HZ = (10.0, 100_000.0)
_MAX_LOST_SAMPLES = 4_000_000
_NO_MARK = {"", "n/a", "na", "none", "null"}


def recording_from_table(
    path: Path,
    stream: StreamInfo,
    data: NDArray[np.float64],
    times: NDArray[np.float64] | None = None,
    *,
    expected: ExpectedRates | None = None,
    counter: NDArray[np.float64] | None = None,
    timing: RowTiming | None = None,
    heading: str = "",
    events: Iterable[Event] = (),
    n_marks_outside: int = 0,
    channels: Sequence[ImportedChannel] = (),
    notices: Sequence[str] = (),
) -> Recording:
    """Build a recording, with its import report, from the rows of a table.

    Parameters
    ----------
    path : Path
        The file the table was read from.
    stream : StreamInfo
        Channels and the rate to expect; the rate is replaced by what clock and counter show.
    data : ndarray, shape (n_channels, n_rows)
        Microvolts.
    times : ndarray, shape (n_rows,), optional
        Time of each row, in any unit.
    expected : ExpectedRates, optional
        Rates by the user, the header and the device; by default the rate of ``stream`` is the device's.
    counter : ndarray, shape (n_rows,), optional
        The device's own counter; rows it skips are lost samples.
    timing : RowTiming, optional
        Rate and sample number of each row, if they are known; by default they follow from ``times`` and ``counter``.
    heading : str
        Heading of ``times``, which may give their unit.
    events : iterable of Event
        Markers whose ``sample`` is a row; it is replaced by the row's sample number.
    n_marks_outside : int
        Markers before the first or after the last row, which were left out.
    channels : sequence of ImportedChannel
        Every column of the file and what became of it; by default the channels of ``stream``, all EEG.
    notices : sequence of str
        What the reader has to report.

    Raises
    ------
    RecordingError
        There is no row, the rate or channels are invalid, or too many samples are missing.
    """
    if data.shape[1] == 0:
        raise RecordingError(f"{path} holds no samples")
    if timing is None:
        expected = expected or ExpectedRates(nominal=(stream.sfreq,))
        timing = time_rows(path, data.shape[1], expected, times, counter, heading=heading)
    stream = replace(stream, sfreq=timing.rate.sfreq)
    check_stream(path, stream)
    sample_index = timing.sample_index
    _check_lost(path, sample_index)
    values = np.full((data.shape[0], int(sample_index[-1]) + 1), np.nan, np.float32)
    with np.errstate(over="ignore"):  # values beyond float32 become infinite and are listed as lost
        values[:, sample_index] = data

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        return values[:, start:stop].copy()

    lost = _find_lost(values, sample_index)
    placed, n_outside = _place_events(events, sample_index)
    report = ImportReport(
        stream.facts.get("format", "n/a"),
        timing.rate,
        tuple(channels) or tuple(ImportedChannel(name, ChannelUse.EEG, unit="uV") for name in stream.ch_names),
        ImportedGaps.from_runs(lost, stream.sfreq),
        ImportedMarks(len(placed), n_outside + n_marks_outside),
        timing.faults,
        (*notices, *timing.notices, *marks_outside_notice(n_outside + n_marks_outside)),
    )
    return Recording(
        path,
        stream,
        values.shape[1],
        read_samples,
        lost=lost,
        events=placed,
        timestamps=None if timing.times is None else np.interp(np.arange(values.shape[1]), sample_index, timing.times),
        import_report=report,
    )


def _place_events(events: Iterable[Event], sample_index: NDArray[np.int64]) -> tuple[tuple[Event, ...], int]:
    """Return the events at the sample numbers of their rows, and how many are outside."""
    listed = list(events)
    inside = [event for event in listed if 0 <= event.sample < sample_index.size]
    samples = sample_index[np.array([event.sample for event in inside], np.int64)].tolist()
    placed = tuple(
        Event(sample, event.kind, event.value, event.duration_s) for sample, event in zip(samples, inside, strict=True)
    )
    return placed, len(listed) - len(inside)


def marks_outside_notice(n_outside: int) -> tuple[str, ...]:
    """Return the notice about marks outside the recording, or nothing."""
    return (english(texts.MARKS_OUTSIDE, n=n_outside),) if n_outside else ()


def check_stream(path: Path, stream: StreamInfo) -> None:
    """Refuse sampling rates outside 10 Hz to 100 kHz, and missing or duplicate channel names.

    Raises
    ------
    RecordingError
        The rate or a name is not allowed; the error gives it.
    """
    low, high = _SFREQ_LIMITS_HZ
    if not low <= stream.sfreq <= high:
        raise RecordingError(
            f"the sampling rate of {path} is not possible",
            got=f"{stream.sfreq:g} Hz",
            allowed=f"{low:g} to {high:g} Hz",
        )
    duplicates = sorted({name for name in stream.ch_names if stream.ch_names.count(name) > 1})
    if duplicates or not stream.ch_names:
        raise RecordingError(
            f"the channel names of {path} are not unique",
            got=", ".join(duplicates) + " more than once" if duplicates else "no channel",
            todo="give each channel a name of its own",
        )


def _check_lost(path: Path, sample_index: NDArray[np.int64]) -> None:
    n_lost = int(sample_index[-1]) + 1 - sample_index.size
    if n_lost > _MAX_LOST_SAMPLES:
        raise RecordingError(
            f"the counter or clock of {path} is wrong",
            got=f"{n_lost:,} lost samples and only {sample_index.size:,} present",
        )


def _find_lost(values: NDArray[np.float32], sample_index: NDArray[np.int64]) -> tuple[LostRun, ...]:
    invalid = runs_from_mask(~np.isfinite(values), 0)
    missing = np.ones(values.shape[1], bool)
    missing[sample_index] = False
    if not missing.any():
        return invalid
    return tuple(
        LostRun(run.start, run.n_samples) if run.channels is None and missing[run.start] else run for run in invalid
    )


def marker_events(codes: NDArray[np.float64]) -> list[Event]:
    """Return the marks of a column of marker codes, with the row as sample.

    0 means no marker, and a code that several rows in succession have is one mark.

    Examples
    --------
    >>> [(event.sample, event.value) for event in marker_events(np.array([0.0, 2.0, 2.0, 0.0, 2.0]))]
    [(1, '2'), (4, '2')]
    """
    codes = np.nan_to_num(codes)
    rows = np.flatnonzero((codes != 0) & (np.diff(codes, prepend=0) != 0))
    return [
        Event(row, EventKind.MARK, f"{code:g}") for row, code in zip(rows.tolist(), codes[rows].tolist(), strict=True)
    ]


def text_marker_events(cells: Iterable[str]) -> list[Event]:
    """Return the marks of a column of texts or codes, with the row as sample; repeated texts are one mark.

    Examples
    --------
    >>> [(event.sample, event.value) for event in text_marker_events(["", "open", "open", "0", "2.0"])]
    [(1, 'open'), (4, '2')]
    """
    events: list[Event] = []
    before = ""
    for row, cell in enumerate(cells):
        value = _mark_value(cell)
        if value and value != before:
            events.append(Event(row, EventKind.MARK, value))
        before = value
    return events


def _mark_value(cell: str) -> str:
    text = cell.strip()
    try:
        number = float(text)
    except ValueError:
        return "" if text.lower() in _NO_MARK else text
    return f"{number:g}" if number and np.isfinite(number) else ""
