"""A recording opened for reading, of this or another program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.import_report import ImportReport
from neurofeedback.recording.lost_runs import clip_runs, lost_mask, runs_from_mask
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.types import Chunk, Command, Event, LostRun, StreamInfo

SampleReader = Callable[[int, int], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Samples and metadata of a recording.

    Parameters
    ----------
    path : Path
        The file that contains the samples.
    stream : StreamInfo
        Channels, sampling rate and device.
    n_samples : int
        Number of samples.
    read_samples : callable
        ``read_samples(start, stop)`` returns a new float32 array ``(n_channels, stop - start)`` in microvolts.
    lost : tuple of LostRun
        Lost runs from the recording's files; their samples are returned as NaN.
    profile : Profile, optional
        The resolved settings of the recorded session.
    start_state : StartState, optional
        State at the start of the session; None for other programs' files.
    commands : tuple of Command
        Commands that changed the frames, for replay.
    events : tuple of Event
        Events of the session.
    columns : tuple of str
        Names of the engine's values in the frame log.
    frames_path : Path, optional
        The frame log; None if the recording has none.
    summary : SessionSummary
        Empty for an interrupted session that is not yet completed, and for other programs' files.
    timestamps : ndarray, shape (n_samples,), optional
        Time of each sample by another program's clock, s; None if the file has no times.
    started : datetime, optional
        Time of the first sample, with its time zone; None if it is unknown.
    import_report : ImportReport, optional
        What the reader of another program's file did; None for a session of this program.
    """

    path: Path
    stream: StreamInfo
    n_samples: int
    read_samples: SampleReader
    lost: tuple[LostRun, ...] = ()
    profile: Profile | None = None
    start_state: StartState | None = None
    commands: tuple[Command, ...] = ()
    events: tuple[Event, ...] = ()
    columns: tuple[str, ...] = ()
    frames_path: Path | None = None
    summary: SessionSummary = field(default_factory=SessionSummary)
    timestamps: NDArray[np.float64] | None = None
    started: datetime | None = None
    import_report: ImportReport | None = None

    @property
    def duration_s(self) -> float:
        """Duration by sample count, s."""
        return self.n_samples / self.stream.sfreq

    def iter_chunks(self, n_samples: int) -> Iterator[Chunk]:
        """Yield the recording in chunks of ``n_samples``; the last may be shorter. Lost samples are NaN."""
        starts = range(0, self.n_samples, n_samples)
        for start, runs in zip(starts, _runs_by_chunk(self.lost, starts, n_samples), strict=True):
            stop = min(start + n_samples, self.n_samples)
            yield _make_chunk(start, self.read_samples(start, stop), clip_runs(runs, start, stop))

    def read_chunk(self, start: int, stop: int) -> Chunk:
        """Return the samples from ``start`` up to ``stop``. Lost samples are NaN."""
        return _make_chunk(start, self.read_samples(start, stop), clip_runs(self.lost, start, stop))


def _make_chunk(start: int, data: NDArray[np.float32], runs: tuple[LostRun, ...]) -> Chunk:
    bad = ~np.isfinite(data)
    if not runs and not bad.any():
        return Chunk(start, data)
    mask = lost_mask(runs, start, data.shape)
    data[mask | bad] = np.nan
    return Chunk(start, data, runs + runs_from_mask(bad & ~mask, start))


def _runs_by_chunk(lost: Iterable[LostRun], starts: range, n_samples: int) -> Iterator[list[LostRun]]:
    """Yield the runs that overlap each chunk, in one pass over both."""
    pending = sorted(lost, key=lambda run: run.start, reverse=True)
    active: list[LostRun] = []
    for start in starts:
        active = [run for run in active if run.start + run.n_samples > start]
        while pending and pending[-1].start < start + n_samples:
            active.append(pending.pop())
        yield active
