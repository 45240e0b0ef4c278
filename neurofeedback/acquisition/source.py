"""The interface of every source of samples."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from neurofeedback.types import Chunk, StreamInfo


class SourceEnded(Exception):  # noqa: N818 - the regular end, no error
    """The recording or the simulated session is over."""


class Source(Protocol):
    """A stream of chunks: opened, read until its end or the session's, and always closed.

    The source numbers the samples: ``Chunk.first_sample`` counts from 0 at the first sample it delivers, lost
    samples are NaN in ``Chunk.data`` and listed in ``Chunk.lost``, and chunks follow each other without gap or
    overlap.
    """

    @property
    def stream(self) -> StreamInfo:
        """The stream's rate, channels and device; complete once the source is open."""
        ...

    def open(self) -> None:
        """Connect and start streaming; may take seconds.

        Raises
        ------
        SourceError
            The device is missing or does not answer.
        """
        ...

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read, or None; never blocks longer than a few milliseconds.

        Raises
        ------
        SourceEnded
            There will be no more samples.
        SourceError
            The device sends invalid data.
        """
        ...

    def restart_numbering(self) -> None:
        """Count samples from 0 again: the next one is number 0, and so is the next of each auxiliary signal.

        A device goes on streaming; what this program plays itself starts over, so that sessions are repeatable.
        """
        ...

    def close(self) -> None:
        """Stop and release the device; may be called twice, and never raises for a device that is gone."""
        ...


@runtime_checkable
class HoldingSource(Protocol):
    """A source that may hold the samples of a read until their position is known."""

    def pop_received(self) -> bool:
        """Return whether samples were read since the last call."""
        ...

    def flush(self) -> Chunk | None:
        """Return the samples that are held, placed by what is known now; called once, after the last read."""
        ...


@runtime_checkable
class ImpedanceSource(Source, Protocol):
    """A source that may measure the electrodes' impedance instead of a signal."""

    @property
    def measures_impedance(self) -> bool:
        """Whether the device can measure impedance."""
        ...

    def start_impedance(self) -> None:
        """Measure impedance from now on; the open device sends no samples meanwhile.

        Raises
        ------
        SourceError
            The device is not open, or does not answer.
        """
        ...

    def stop_impedance(self) -> None:
        """Let the device send samples again; those between are a gap."""
        ...

    @property
    def impedances(self) -> tuple[float, ...]:
        """Newest impedance of each electrode and of the reference, kOhm; 0 where none has been measured."""
        ...


def flush_source(source: Source) -> Chunk | None:
    """Return the samples that a source holds after its last read, or None."""
    return source.flush() if isinstance(source, HoldingSource) else None
