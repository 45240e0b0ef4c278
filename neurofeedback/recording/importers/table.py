"""A table in memory as a recording: places of lost rows, clock, markers, and what no table may hold."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.recording.importers.counters import counting_of, places
from neurofeedback.recording.lost import find_runs
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, LostRun, Stream

_log = logging.getLogger(__name__)
_SFREQS = (10.0, 100_000.0)
_MOST_LOST = 4_000_000
_MOST_BACK_S = 1e-3


def table_recording(
    path: Path,
    stream: Stream,
    data: NDArray[np.float64],
    times: NDArray[np.float64] | None = None,
    *,
    counter: NDArray[np.float64] | None = None,
    at: NDArray[np.int64] | None = None,
    events: Iterable[Event] = (),
) -> Recording:
    """Build a recording from rows read.

    Parameters
    ----------
    data : ndarray, shape (n_channels, n_rows)
        Microvolts.
    times : ndarray, shape (n_rows,), optional
        When each row was taken, s.
    counter : ndarray, shape (n_rows,), optional
        The device's own counter; rows it skips are lost samples.
    at : ndarray, shape (n_rows,), optional
        Which sample each row is, where something else than a counter tells.
    events : iterable of Event
        Markers; their ``sample`` is a row, moved along with it.

    Raises
    ------
    RecordingError
        There is no row, or the rate or channels cannot be.
    """
    check_stream(path, stream)
    if data.shape[1] == 0:
        raise RecordingError(f"{path} holds no samples")
    _warn_of_backward_time(path, times)
    if at is None:
        at = _places(stream.sfreq, counter, times, data.shape[1])
    _check_lost(path, at)
    values = np.full((data.shape[0], int(at[-1]) + 1), np.nan, np.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and listed as lost
        values[:, at] = data

    def samples(start: int, stop: int) -> NDArray[np.float32]:
        return values[:, start:stop].copy()

    return Recording(
        path,
        stream,
        values.shape[1],
        samples,
        lost=_lost(values, at),
        events=tuple(Event(int(at[e.sample]), e.kind, e.value, e.duration_s) for e in events if e.sample < at.size),
        timestamps=None if times is None else np.interp(np.arange(values.shape[1]), at, times),
    )


def check_stream(path: Path, stream: Stream) -> None:
    """Refuse rates no headset has, and channels that share a name.

    Raises
    ------
    RecordingError
        It names what cannot be.
    """
    low, high = _SFREQS
    if not low <= stream.sfreq <= high:
        raise RecordingError(
            f"the sampling rate of {path} cannot be", got=f"{stream.sfreq:g} Hz", allowed=f"{low:g} to {high:g} Hz"
        )
    twice = sorted({name for name in stream.ch_names if stream.ch_names.count(name) > 1})
    if twice or not stream.ch_names:
        raise RecordingError(
            f"the channels of {path} cannot be told apart",
            got=", ".join(twice) + " more than once" if twice else "no channel",
            todo="give each channel a name of its own",
        )


def _warn_of_backward_time(path: Path, times: NDArray[np.float64] | None) -> None:
    back = np.flatnonzero(np.diff(times) < -_MOST_BACK_S) if times is not None else np.empty(0, int)
    if times is not None and back.size:
        row = int(back[0])
        _log.warning(
            "%s: time goes backwards %d times, first by %.6g s at row %d; the rows are kept in the file's order",
            path,
            back.size,
            times[row] - times[row + 1],
            row + 2,
        )


def _places(
    sfreq: float,
    counter: NDArray[np.float64] | None,
    times: NDArray[np.float64] | None,
    n_rows: int,
) -> NDArray[np.int64]:
    counting = None if counter is None else counting_of(counter)
    if counter is None or counting is None:
        return np.arange(n_rows)
    clock = None if times is None or not np.isfinite(times).all() else times
    return places(counter, counting, sfreq, clock)


def _check_lost(path: Path, at: NDArray[np.int64]) -> None:
    n_lost = int(at[-1]) + 1 - at.size
    if n_lost > _MOST_LOST:
        raise RecordingError(
            f"the counter or clock of {path} cannot be",
            got=f"{n_lost:,} lost samples beside {at.size:,} that are there",
        )
    if n_lost:
        _log.warning("%s: %d samples were lost; they are marked as gaps", path, n_lost)


def _lost(values: NDArray[np.float32], at: NDArray[np.int64]) -> tuple[LostRun, ...]:
    invalid = find_runs(~np.isfinite(values), 0)
    missing = np.ones(values.shape[1], bool)
    missing[at] = False
    if not missing.any():
        return invalid
    return tuple(
        LostRun(run.start, run.n_samples) if run.channels is None and missing[run.start] else run for run in invalid
    )


def markers(codes: NDArray[np.float64]) -> list[Event]:
    """Turn a column of marker codes, 0 for none, into marks at its rows.

    Examples
    --------
    >>> [(event.sample, event.value) for event in markers(np.array([0.0, 2.0, 0.0]))]
    [(1, '2')]
    """
    rows = np.flatnonzero(np.nan_to_num(codes) != 0)
    return [Event(int(row), EventKind.MARK, f"{codes[row]:g}") for row in rows]
