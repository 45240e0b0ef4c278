"""A source that plays a recording at its original pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, StreamInfo

_PIECE_S = 0.02


class PlayableRecording(Protocol):
    """The part of a recording that playback uses."""

    @property
    def stream(self) -> StreamInfo:
        """The recorded stream."""
        ...

    def iter_chunks(self, n_samples: int) -> Iterator[Chunk]:
        """Return all samples from the first on, at most ``n_samples`` at a time, NaN where they were lost."""
        ...


class PlaybackSource:
    """Delivers each sample when it is due.

    Parameters
    ----------
    recording : PlayableRecording
        The recording to play.
    device : str
        Device name of the stream.
    now : callable
        Clock that sets the pace, s; one that runs faster plays faster.
    """

    def __init__(self, recording: PlayableRecording, device: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._recording = recording
        recorded = recording.stream
        self._stream = replace(recorded, device=device, facts={**recorded.facts, "recorded_with": recorded.device})
        self._now = now
        self._start_s = 0.0
        self._pieces: Iterator[Chunk] = iter(())
        self._next: Chunk | None = None
        self._is_open = False

    @property
    def stream(self) -> StreamInfo:
        """The recording's stream, under the device name of the playback."""
        return self._stream

    def open(self) -> None:
        """Start playing from the first sample."""
        if self._is_open:
            return
        self._pieces = self._recording.iter_chunks(max(1, round(_PIECE_S * self._stream.sfreq)))
        self._next = next(self._pieces, None)
        self._start_s = self._now()
        self._is_open = True

    def read(self) -> Chunk | None:
        """Return what is due, or None.

        Raises
        ------
        SourceEnded
            The recording has been played to its end.
        """
        if not self._is_open:
            raise SourceError(f"{self._stream.device} is not open")
        if self._next is None:
            raise SourceEnded
        now = self._now()
        due = self._due_chunks((now - self._start_s) * self._stream.sfreq)
        return _join(due, now) if due else None

    def _due_chunks(self, n_samples: float) -> list[Chunk]:
        due: list[Chunk] = []
        while self._next is not None and self._next.stop <= n_samples:
            due.append(self._next)
            self._next = next(self._pieces, None)
        return due

    def restart_numbering(self) -> None:
        """Start over from the first sample."""
        self.close()
        self.open()

    def close(self) -> None:
        """Stop playing."""
        self._is_open = False
        self._pieces, self._next = iter(()), None


def _join(chunks: Sequence[Chunk], host_time: float) -> Chunk:
    return Chunk(
        chunks[0].first_sample,
        np.concatenate([chunk.data for chunk in chunks], axis=1),
        tuple(run for chunk in chunks for run in chunk.lost),
        chunks[-1].device_time,
        host_time,
    )
