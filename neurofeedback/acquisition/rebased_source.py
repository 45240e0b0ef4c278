"""A source that is already streaming, handed on: no second connection, and positions that begin anew."""

from __future__ import annotations

from dataclasses import replace

from neurofeedback.acquisition.source import Source
from neurofeedback.types import AuxChunk, Chunk, StreamInfo


class RebasedSource:
    """An open source whose next sample counts as the first.

    Parameters
    ----------
    source : Source
        Open, and read up to ``first_sample``.
    first_sample : int
        Position of its next sample.
    """

    def __init__(self, source: Source, first_sample: int) -> None:
        self._source = source
        self._first_sample = first_sample
        self._aux_origins: dict[str, int] = {}

    @property
    def stream(self) -> StreamInfo:
        """What the source delivers."""
        return self._source.stream

    def open(self) -> None:
        """Nothing to do: it is open."""

    def read(self) -> Chunk | None:
        """Return what has arrived since the last read, or None.

        Raises
        ------
        SourceEnded
            There will be no more samples.
        SourceError
            The device answers nonsense.
        """
        chunk = self._source.read()
        if chunk is None:
            return None
        shift = self._first_sample
        lost = tuple(replace(run, start=run.start - shift) for run in chunk.lost)
        auxiliary = tuple(map(self._rebase, chunk.auxiliary))
        return replace(chunk, first_sample=chunk.first_sample - shift, lost=lost, auxiliary=auxiliary)

    def _rebase(self, stretch: AuxChunk) -> AuxChunk:
        """Count the other signals anew as well, each from its first sample after the taking over."""
        origin = self._aux_origins.setdefault(stretch.label, stretch.first_sample)
        start_s = stretch.start_s + origin / stretch.sfreq - self._first_sample / self.stream.sfreq
        return replace(stretch, first_sample=stretch.first_sample - origin, start_s=start_s)

    def close(self) -> None:
        """Stop and release the device."""
        self._source.close()
