"""A recording opened for reading, wherever it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.documents import SessionSummary, StartState
from neurofeedback.recording.lost_runs import clip_runs, lost_mask, runs_from_mask
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.types import Chunk, Command, Event, LostRun, StreamInfo

SampleReader = Callable[[int, int], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording's samples and all that is known about them.

    Parameters
    ----------
    path : Path
        The file the samples are in.
    samples : callable
        ``samples(start, stop)`` reads a fresh float32 array ``(n_channels, stop - start)`` in microvolts.
    lost : tuple of LostRun
        Lost runs known beforehand; ``chunks`` puts NaN there.
    profile : Profile, optional
        The resolved settings the session was recorded with.
    start_state : StartState, optional
        What the session started from; None for other programs' files.
    commands : tuple of Command
        What besides the samples changed its frames, for replay.
    columns : tuple of str
        Names of the engine's values in the frame log.
    summary : SessionSummary
        Empty for a session that broke off and is not completed yet, and for other programs' files.
    timestamps : ndarray, shape (n_samples,), optional
        When each sample was taken by another program's clock, s; None where the file has no clock.
    started : datetime, optional
        When the first sample was taken, with its time zone; None where nothing tells.
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

    @property
    def duration_s(self) -> float:
        """Length in seconds, by sample count."""
        return self.n_samples / self.stream.sfreq

    def iter_chunks(self, n_samples: int) -> Iterator[Chunk]:
        """Yield the recording in chunks of ``n_samples`` (the last may be shorter), NaN where samples are lost."""
        starts = range(0, self.n_samples, n_samples)
        for start, runs in zip(starts, _runs_by_chunk(self.lost, starts, n_samples), strict=True):
            stop = min(start + n_samples, self.n_samples)
            yield _make_chunk(start, self.read_samples(start, stop), clip_runs(runs, start, stop))

    def read_chunk(self, start: int, stop: int) -> Chunk:
        """Return the samples from ``start`` up to ``stop``, NaN where samples are lost."""
        return _make_chunk(start, self.read_samples(start, stop), clip_runs(self.lost, start, stop))


def _make_chunk(start: int, data: NDArray[np.float32], runs: tuple[LostRun, ...]) -> Chunk:
    mask = lost_mask(runs, start, data.shape)
    bad = ~np.isfinite(data)
    data[mask | bad] = np.nan
    return Chunk(start, data, runs + runs_from_mask(bad & ~mask, start))


def _runs_by_chunk(lost: Iterable[LostRun], starts: range, n_samples: int) -> Iterator[list[LostRun]]:
    """Yield the runs that touch each chunk, in one pass over both."""
    waiting = sorted(lost, key=lambda run: run.start, reverse=True)
    active: list[LostRun] = []
    for start in starts:
        active = [run for run in active if run.start + run.n_samples > start]
        while waiting and waiting[-1].start < start + n_samples:
            active.append(waiting.pop())
        yield active
