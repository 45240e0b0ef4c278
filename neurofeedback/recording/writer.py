"""A session written to disk while it happens: raw first, nothing buffered, valid BIDS at every moment."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording import physio
from neurofeedback.recording.claim import claim_session
from neurofeedback.recording.completion import complete
from neurofeedback.recording.dataset import place
from neurofeedback.recording.events import in_order
from neurofeedback.recording.files import rewrite_json
from neurofeedback.recording.growing import Growing, Syncer
from neurofeedback.recording.header import SessionHeader
from neurofeedback.recording.sidecars import complete_channels, complete_sidecar, write_descriptions
from neurofeedback.types import Chunk, Command, Event, Frame

__all__ = ["SessionHeader", "SessionWriter"]

_log = logging.getLogger(__name__)


class SessionWriter:
    """Writes one session. Made before the device is opened, it refuses at once what could not be recorded.

    Nothing of the session is on disk until its first chunk. After a ``RecordingError`` nothing more can be
    written, ``close`` excepted.

    Parameters
    ----------
    root : Path
        The recordings folder; made a BIDS dataset if it is none.
    header : SessionHeader
        What is known beforehand.
    sync : callable
        Syncs one file descriptor; called in a helper thread.

    Raises
    ------
    SettingsError
        The participant or task label is no BIDS label.
    RecordingError
        The folder cannot be written to, or its disk is full.
    """

    def __init__(self, root: Path, header: SessionHeader, *, sync: Callable[[int], None] = os.fsync) -> None:
        self._header = header
        self._sync = sync
        self.files, self._lock = claim_session(root, header)
        self._early: list[Event | Command] = []
        self._growing: Growing | None = None
        self._syncer: Syncer | None = None
        self._error: RecordingError | None = None
        self._closed = False

    @property
    def raw(self) -> Path:
        """Folder of the raw recording; there once the first chunk is."""
        return self.files.raw

    @property
    def derived(self) -> Path:
        """Folder of what was computed; there once the first chunk is."""
        return self.files.derived

    @property
    def n_samples(self) -> int:
        """Samples on disk."""
        return self._growing.n_samples if self._growing else 0

    def samples(self, chunk: Chunk) -> None:
        """Append a chunk; it is with the operating system when this returns.

        Raises
        ------
        RecordingError
            The disk is full or gone, or the chunk does not follow the one before.
        """
        if not chunk.n_samples:
            return
        with self._writing():
            self._check_follows(chunk)
            if self._growing is None:
                self._begin(chunk)
            else:
                self._growing.samples(chunk)

    def frames(self, frames: Sequence[Frame]) -> None:
        """Append frames to the frame log."""
        with self._writing():
            if self._growing:
                self._growing.frames(frames)

    def event(self, event: Event | Command) -> None:
        """Append an event or command; before the first chunk it is kept until there is one."""
        with self._writing():
            if self._growing:
                self._growing.event(event)
            else:
                self._early.append(event)

    def close(self, summary: Mapping[str, object]) -> Path | None:
        """End the session in order, or after a failure as far as the disk allows.

        Parameters
        ----------
        summary : mapping
            What ``summary.json`` is to hold; what the writer itself counted is added.

        Returns
        -------
        Path or None
            The session's folder of computed files; None if no sample ever came, or if it was removed.
        """
        if not self._closed:
            self._closed = True
            try:
                self._finish(summary)
            finally:
                self._lock.release()
        return self.derived if self._growing and not self.files.gone else None

    def _check_follows(self, chunk: Chunk) -> None:
        if chunk.first_sample != self.n_samples:
            raise RecordingError(
                "a chunk does not follow the one before it",
                got=f"sample {chunk.first_sample}",
                allowed=f"sample {self.n_samples}",
                todo="report this as a fault of the source",
            )

    def _begin(self, chunk: Chunk) -> None:
        """Build the session with its first chunk in a dot-folder, since an empty recording is no valid one."""
        part = self.files.in_part()
        write_descriptions(part, self._header)
        growing = Growing(part, self._header.stream)
        try:
            for event in self._early:
                growing.event(event)
            growing.samples(chunk)
        finally:
            growing.close()  # an open file would keep its folder from moving on Windows
        place(self.files)
        growing.open(self.files)
        self._growing = growing
        self._syncer = Syncer(lambda: growing.descriptors, sync=self._sync)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._error:
            raise self._error
        try:
            if self._syncer and self._syncer.error:
                raise self._syncer.error
            yield
        except OSError as error:
            self._error = self._broken_off(error)
            self._stop()
            raise self._error from None

    def _finish(self, summary: Mapping[str, object]) -> None:
        try:
            self._stop()
            if self._growing and self._error and not self.files.gone:
                complete(self.files, summary)
            elif self._growing and not self._error:
                self._sum_up(self._growing, summary)
        except OSError as error:
            if self._error is None:
                self._error = self._broken_off(error)
                raise self._error from None
            _log.warning("the session is left to the next start to complete: %s", error)

    def _stop(self) -> None:
        """Sync what is written and close the files; does nothing the second time."""
        syncer, self._syncer = self._syncer, None
        if self._growing is None or syncer is None:
            return
        syncer.stop()
        self._growing.close()
        if syncer.error and self._error is None:
            raise syncer.error

    def _sum_up(self, growing: Growing, summary: Mapping[str, object]) -> None:
        stream = self._header.stream
        physio.finish(self.files)
        mains_hz = summary.get("mains_hz", self._header.mains_hz)
        complete_sidecar(self.files, growing.n_samples / stream.sfreq, mains_hz)
        in_order(self.files.eeg("events.tsv"))
        complete_channels(self.files, stream, growing.contact.status())
        counted = {
            "device": stream.device,
            "sfreq": stream.sfreq,
            "n_samples": growing.n_samples,
            "n_lost": growing.n_lost,
            "n_gaps": growing.n_gaps,
            "n_frames": growing.n_frames,
        }
        rewrite_json(self.files.computed("summary.json"), {**counted, **summary, "finished": True})

    def _broken_off(self, error: OSError) -> RecordingError:
        if self._growing and (gone := self.files.gone) is not None:
            return RecordingError(
                "the session's folder was removed while it was recorded",
                got=f"no {gone}",
                todo="put it back if it was moved or is in the bin, and start again",
            )
        seconds = self.n_samples / self._header.stream.sfreq
        kept = (
            f"{self.n_samples} samples ({seconds:.1f} s) are kept in {self.raw}"
            if self._growing
            else "nothing was kept"
        )
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        return RecordingError(
            "the disk is full, so the recording ended" if full else "the recording cannot be written, so it ended",
            got=error.strerror or str(error),
            todo=f"{kept}; make room on the disk and start again",
        )
