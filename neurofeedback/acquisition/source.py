"""What every source of samples can do."""

from __future__ import annotations

from typing import Protocol

from neurofeedback.types import Chunk, StreamInfo


class SourceEnded(Exception):  # noqa: N818 - an orderly end, not an error
    """The recording played back, or the simulated sitting, is over."""


class Source(Protocol):
    """A stream of chunks. Opened, read until its end or the session's, closed in every path.

    Sample positions are the source's duty: ``Chunk.first_sample`` counts from 0 at the first sample it
    delivers, lost samples keep their place as NaN and are listed in ``Chunk.lost``, and chunks follow each
    other without hole or overlap.
    """

    @property
    def stream(self) -> StreamInfo:
        """What this source delivers; complete once it is open."""
        ...

    def open(self) -> None:
        """Connect and start streaming; may take seconds.

        Raises
        ------
        SourceError
            The device is not there or does not answer.
        """
        ...

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read, or None; never blocks longer than a few milliseconds.

        Raises
        ------
        SourceEnded
            There will be no more samples.
        SourceError
            The device answers nonsense.
        """
        ...

    def close(self) -> None:
        """Stop and release the device; safe to call twice, never raises for a device that is gone."""
        ...
