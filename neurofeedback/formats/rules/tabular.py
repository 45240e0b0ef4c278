"""Build a recording from a table in memory: lost rows, clock, markers, and checks of rate and channels."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.packet_counters import detect_pattern, place_rows
from neurofeedback.recording.lost_runs import runs_from_mask
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

_log = logging.getLogger(__name__)
_SFREQ_LIMITS_HZ = (10.0, 100_000.0)
_MAX_LOST_SAMPLES = 4_000_000
_BACKWARD_TOLERANCE_S = 1e-3


def recording_from_table(
    path: Path,
    stream: StreamInfo,
    data: NDArray[np.float64],
    times: NDArray[np.float64] | None = None,
    *,
    counter: NDArray[np.float64] | None = None,
    sample_index: NDArray[np.int64] | None = None,
    events: Iterable[Event] = (),
) -> Recording:
    """Build a recording from the rows of a table.

    Parameters
    ----------
    path : Path
        The file the table was read from.
    stream : StreamInfo
        Channels and sampling rate.
    data : ndarray, shape (n_channels, n_rows)
        Microvolts.
    times : ndarray, shape (n_rows,), optional
        Time of each row, s.
    counter : ndarray, shape (n_rows,), optional
        The device's own counter; rows it skips are lost samples.
    sample_index : ndarray of int, shape (n_rows,), optional
        Sample number of each row; by default it follows from ``counter`` and ``times``.
    events : iterable of Event
        Markers whose ``sample`` is a row; it is replaced by the row's sample number.

    Raises
    ------
    RecordingError
        There is no row, the rate or channels are invalid, or too many samples are missing.
    """
    check_stream(path, stream)
    if data.shape[1] == 0:
        raise RecordingError(f"{path} holds no samples")
    _warn_of_backward_time(path, times)
    if sample_index is None:
        sample_index = _row_samples(stream.sfreq, counter, times, data.shape[1])
    _check_lost(path, sample_index)
    values = np.full((data.shape[0], int(sample_index[-1]) + 1), np.nan, np.float32)
    with np.errstate(over="ignore"):  # values beyond float32 become infinite and are listed as lost
        values[:, sample_index] = data

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        return values[:, start:stop].copy()

    return Recording(
        path,
        stream,
        values.shape[1],
        read_samples,
        lost=_find_lost(values, sample_index),
        events=tuple(
            Event(int(sample_index[event.sample]), event.kind, event.value, event.duration_s)
            for event in events
            if event.sample < sample_index.size
        ),
        timestamps=None if times is None else np.interp(np.arange(values.shape[1]), sample_index, times),
    )


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


def _warn_of_backward_time(path: Path, times: NDArray[np.float64] | None) -> None:
    backward_rows = np.flatnonzero(np.diff(times) < -_BACKWARD_TOLERANCE_S) if times is not None else np.empty(0, int)
    if times is not None and backward_rows.size:
        row = int(backward_rows[0])
        _log.warning(
            "%s: time goes backwards %d times, first by %.6g s at row %d; the rows stay in the file's order",
            path,
            backward_rows.size,
            times[row] - times[row + 1],
            row + 2,
        )


def _row_samples(
    sfreq: float,
    counter: NDArray[np.float64] | None,
    times: NDArray[np.float64] | None,
    n_rows: int,
) -> NDArray[np.int64]:
    pattern = None if counter is None else detect_pattern(counter)
    if counter is None or pattern is None:
        return np.arange(n_rows)
    clock = None if times is None or not np.isfinite(times).all() else times
    return place_rows(counter, pattern, sfreq, clock)


def _check_lost(path: Path, sample_index: NDArray[np.int64]) -> None:
    n_lost = int(sample_index[-1]) + 1 - sample_index.size
    if n_lost > _MAX_LOST_SAMPLES:
        raise RecordingError(
            f"the counter or clock of {path} is wrong",
            got=f"{n_lost:,} lost samples and only {sample_index.size:,} present",
        )
    if n_lost:
        _log.warning("%s: %d samples were lost; they are marked as gaps", path, n_lost)


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
    """Return the marks of a column of marker codes, with the row as sample; 0 means no marker.

    Examples
    --------
    >>> [(event.sample, event.value) for event in marker_events(np.array([0.0, 2.0, 0.0]))]
    [(1, '2')]
    """
    rows = np.flatnonzero(np.nan_to_num(codes) != 0)
    return [Event(int(row), EventKind.MARK, f"{codes[row]:g}") for row in rows]
