"""Live recording of a session to disk: raw data first, unbuffered, valid BIDS at every moment."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording import physio
from neurofeedback.recording.bids_sidecars import finalize_eeg_sidecar, write_channel_status, write_sidecars
from neurofeedback.recording.brainvision.event_markers import add_event_markers
from neurofeedback.recording.dataset import publish_session
from neurofeedback.recording.events import sort_events
from neurofeedback.recording.live_files import LiveFiles
from neurofeedback.recording.masking.played_feedback import SealChunk, summarize_sealed
from neurofeedback.recording.repair.complete_interrupted import finalize_session
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, write_summary
from neurofeedback.recording.session_lock import lock_session
from neurofeedback.storage.disk_queue import DiskQueue, Job
from neurofeedback.storage.disk_syncer import DiskSyncer
from neurofeedback.storage.private_files import refuse_links_below, sync_tree
from neurofeedback.types import Chunk, Command, Event, Frame

__all__ = ["SessionHeader", "SessionWriter"]

_log = logging.getLogger(__name__)

_FRAME_BYTES = 2048
_SLOW_SYNC_S = 3.0


class SessionWriter:
    """Writes one session. It is created before the device is opened, so that recording errors appear at once.

    The session is on disk from its first chunk on. After a ``RecordingError`` only ``close`` may be called.

    Parameters
    ----------
    root : Path
        The recordings folder; the BIDS dataset is created if it is missing.
    header : SessionHeader
        Metadata of the session.
    sync : callable
        Syncs one file descriptor; called in another thread.
    in_background : bool
        Write in a thread, so that a disk that does not answer delays nobody.
    seal : SealChunk, optional
        Seals what is played; None outside a study with sham.

    Raises
    ------
    SettingsError
        The participant or task label is not a BIDS label.
    RecordingError
        The folder cannot be written to, or its disk is full.
    """

    def __init__(
        self,
        root: Path,
        header: SessionHeader,
        *,
        sync: Callable[[int], None] = os.fsync,
        in_background: bool = False,
        seal: SealChunk | None = None,
    ) -> None:
        self._seal = seal
        self._header = header
        self._sync = sync
        self.files, self._lock = lock_session(root, header)
        self._pending_events: list[Event | Command] = []
        self._live_files: LiveFiles | None = None
        self._syncer: DiskSyncer | None = None
        self._in_background = in_background
        self._queue: DiskQueue | None = None
        self._next_sample = 0
        self._error: RecordingError | None = None
        self._closed = self._abandoned = False

    @property
    def raw(self) -> Path:
        """Folder of the raw recording; it exists from the first chunk on."""
        return self.files.raw

    @property
    def derived(self) -> Path:
        """Folder of the computed files; it exists from the first chunk on."""
        return self.files.derived

    @property
    def n_samples(self) -> int:
        """Number of samples on disk."""
        return self._live_files.n_samples if self._live_files else 0

    @property
    def disk_delay_s(self) -> float:
        """For how long the disk has not answered, s; 0 if it does."""
        sync_s = self._syncer.delay_s if self._syncer else 0.0
        return max(self._queue.delay_s if self._queue else 0.0, sync_s if sync_s >= _SLOW_SYNC_S else 0.0)

    def process_chunk(self, chunk: Chunk) -> None:
        """Append a chunk. When this returns, the operating system has the data, or the thread that writes.

        Raises
        ------
        RecordingError
            The disk is full or gone, or the chunk does not follow the previous one.
        """
        if not chunk.n_samples:
            return
        with self._writing():
            self._check_contiguous(chunk)
            if (live_files := self._live_files) is None:
                self._begin(chunk)
            else:
                self._write(lambda: live_files.append_chunk(chunk), chunk.data.nbytes)
            self._next_sample = chunk.stop

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Append frames to the frame log."""
        with self._writing():
            if live_files := self._live_files:
                self._write(lambda: live_files.append_frames(frames), _FRAME_BYTES * len(frames))

    def process_event(self, event: Event | Command) -> None:
        """Append an event or command. Before the first chunk it is held in memory."""
        with self._writing():
            if live_files := self._live_files:
                self._write(lambda: live_files.append_event(event), len(event.value))
            else:
                self._pending_events.append(event)

    def close(self, summary: SessionSummary | None = None) -> Path | None:
        """End the session: normally, or after an error as completely as the disk allows.

        Parameters
        ----------
        summary : SessionSummary, optional
            Entries for ``summary.json``; the writer adds its own counts.

        Returns
        -------
        Path or None
            The session's folder of computed files; None if there was no sample, or if the folder was removed.
        """
        if not self._closed:
            self._closed = True
            try:
                self._finish(summary or SessionSummary())
            finally:
                self._lock.release()
        return self.derived if self._live_files and not self.files.missing_folder else None

    def _check_contiguous(self, chunk: Chunk) -> None:
        if chunk.first_sample != self._next_sample:
            raise RecordingError(
                "a chunk does not follow the previous one",
                got=f"sample {chunk.first_sample}",
                allowed=f"sample {self._next_sample}",
                todo="report this as an error of the source",
            )

    def _begin(self, chunk: Chunk) -> None:
        """Build the session with its first chunk in a hidden folder, because BIDS does not allow an empty recording."""
        part = self.files.in_part_folder()
        write_sidecars(part, self._header)
        live_files = LiveFiles(part, self._header.stream, self._seal)
        try:
            for event in self._pending_events:
                live_files.append_event(event)
            live_files.append_chunk(chunk)
        finally:
            live_files.close()  # Windows cannot move a folder with open files
        publish_session(self.files)
        live_files.open(self.files)
        self._live_files = live_files
        self._syncer = DiskSyncer(lambda: live_files.descriptors, sync=self._sync)
        self._queue = DiskQueue() if self._in_background else None

    def _write(self, job: Job, n_bytes: int) -> None:
        if self._queue is None:
            job()
        else:
            self._queue.put(job, n_bytes)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._error:
            raise self._error
        try:
            if self._syncer and self._syncer.error:
                raise self._syncer.error
            yield
        except OSError as error:
            self._error = self._disk_error(error)
            self._stop(disk_answers=not isinstance(error, TimeoutError))
            raise self._error from None

    def _finish(self, summary: SessionSummary) -> None:
        try:
            self._stop()
            if self._live_files and self._error and not self.files.missing_folder and not self._abandoned:
                finalize_session(self.files, summary)
            elif self._live_files and not self._error:
                self._write_summary(self._live_files, summary)
        except OSError as error:
            if self._error is None:
                self._error = self._disk_error(error)
                raise self._error from None
            _log.warning("the session will be completed at the next start: %s", error)

    def _stop(self, *, disk_answers: bool = True) -> None:
        """Write what waits, sync and close the files. A second call does nothing.

        Nothing waits for a disk that does not answer; the session is completed at the next start.
        """
        syncer, self._syncer = self._syncer, None
        queue, self._queue = self._queue, None
        if self._live_files is None or syncer is None:
            return
        if queue is not None:
            queue.close()
        sealed_error: OSError | None = None
        if self._error is None and (queue is None or queue.error is None):
            try:
                self._live_files.finish_sealed()
            except OSError as caught:  # raised once the files are closed
                sealed_error = caught
        if not disk_answers:
            self._abandoned = True
            return
        syncer.stop()
        self._live_files.close()
        error = sealed_error or (queue.error if queue is not None else None) or syncer.error
        if error is not None and self._error is None:
            raise error

    def _write_summary(self, live_files: LiveFiles, summary: SessionSummary) -> None:
        stream = self._header.stream
        physio.write_bids_physio(self.files)
        mains_hz = summary.mains_hz if "mains_hz" in summary.model_fields_set else self._header.mains_hz
        finalize_eeg_sidecar(self.files, live_files.n_samples / stream.sfreq, mains_hz)
        rows = sort_events(self.files.eeg_file("events.tsv"))
        add_event_markers(self.files.eeg_file("eeg.vmrk"), rows, stream.sfreq, live_files.n_samples)
        write_channel_status(self.files, stream, live_files.contact_counter.channel_status())
        for folder in (self.files.raw, self.files.derived):
            sync_tree(folder)  # a summary says that all else is whole
        counted = live_files.summarize().merge(summarize_sealed(self.files)).merge(summary)
        write_summary(self.files.derived_file("summary.json"), counted, finished=True)
        for folder in (self.files.raw, self.files.derived):
            refuse_links_below(folder)  # also at names that are written later, or were written before

    def _disk_error(self, error: OSError) -> RecordingError:
        if self._live_files and (missing := self.files.missing_folder) is not None:
            return RecordingError(
                "the session's folder was removed while it was recorded",
                got=f"no {missing}",
                todo="restore the folder if it was moved or deleted, and start again",
            )
        seconds = self.n_samples / self._header.stream.sfreq
        saved = (
            f"{self.n_samples} samples ({seconds:.1f} s) are saved in {self.raw}"
            if self._live_files
            else "nothing was saved"
        )
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        return RecordingError(
            "the disk is full, so the recording ended" if full else "the recording cannot be written, so it ended",
            got=error.strerror or str(error),
            todo=f"{saved}; {'remove the link' if error.errno == errno.ELOOP else 'free disk space'} and start again",
        )
