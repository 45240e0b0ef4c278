"""The append-only files of a live session, and the thread that syncs them to disk."""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Sequence

import numpy as np

from neurofeedback.recording import events, frame_log, physio, timing
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.brainvision.headers import format_gap_markers
from neurofeedback.recording.channels import ContactCounter
from neurofeedback.recording.lost_runs import count_lost_samples, find_lost_runs
from neurofeedback.recording.masking.played_feedback import CHUNK_BYTES, ChunkSealer, SealChunk
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.storage.append_only import AppendOnlyFile
from neurofeedback.types import AuxChunk, Chunk, Command, Event, Frame, StreamInfo

_log = logging.getLogger(__name__)


class LiveFiles:
    """Open files for the samples, markers, events, frames and timing of one live session.

    Lost runs are written before their samples, so that after a kill no stored zero can pass as a measurement.

    Parameters
    ----------
    files : SessionFiles
        Paths of the session.
    stream : StreamInfo
        Channels and sampling rate.
    seal : SealChunk, optional
        Seals what is played; None outside a study with sham.
    """

    def __init__(self, files: SessionFiles, stream: StreamInfo, seal: SealChunk | None = None) -> None:
        self._stream = stream
        self._sealer = None if seal is None else ChunkSealer(seal, files.stem)
        self._unit_bytes = 4 * stream.n_channels
        self._n_markers = 1
        self._auxiliary: dict[str, AppendOnlyFile] = {}
        self.contact_counter = ContactCounter()
        self.n_lost = self.n_gaps = self.n_frames = 0
        self.open(files)

    def open(self, files: SessionFiles) -> None:
        """Open the files; after ``close``, at their new paths."""
        self._data = AppendOnlyFile(files.eeg_file("eeg.eeg"), unit_bytes=self._unit_bytes)
        self._markers = AppendOnlyFile(files.eeg_file("eeg.vmrk"))
        self._events = AppendOnlyFile(files.eeg_file("events.tsv"))
        self._frames = AppendOnlyFile(files.frame_log)
        self._timing = AppendOnlyFile(files.derived_file("timing.tsv"))
        self._sealed = None if self._sealer is None else AppendOnlyFile(files.sealed_feedback, unit_bytes=CHUNK_BYTES)
        self._session_files = files
        self._synced_sizes: dict[int, int] = {}
        self._auxiliary = {label: AppendOnlyFile(physio.live_path(files, label)) for label in self._auxiliary}

    @property
    def _files(self) -> tuple[AppendOnlyFile, ...]:
        tables = list(self._auxiliary.values())  # atomic copy: the sync thread reads this while tables are added
        tables += [] if self._sealed is None else [self._sealed]
        return self._data, self._markers, self._events, self._frames, self._timing, *tables

    @property
    def n_samples(self) -> int:
        """Number of samples on disk."""
        return self._data.size // self._unit_bytes

    @property
    def descriptors(self) -> tuple[int, ...]:
        """File descriptors of the files that have grown since the last call, samples last.

        What describes the samples, such as their loss, is on the disk before them.

        Raises
        ------
        FileNotFoundError
            A folder of the session was removed, so that writes to its open files are lost.
        """
        if (missing := self._session_files.missing_folder) is not None:
            raise FileNotFoundError(errno.ENOENT, "the folder is gone", str(missing))
        grown = [file for file in self._files if self._synced_sizes.get(file.fileno()) != file.size]
        self._synced_sizes |= {file.fileno(): file.size for file in grown}
        return tuple(file.fileno() for file in reversed(grown))

    def append_chunk(self, chunk: Chunk) -> None:
        """Append a chunk: its lost runs, the samples (float32, uV; zeros if lost), the read, and auxiliary signals.

        A chunk of a file without a clock has a host time of NaN; its read is not written.
        """
        runs = find_lost_runs(chunk)
        if runs:
            self._timing.append(timing.format_lost_rows(runs).encode())
            lines = format_gap_markers(runs, self._n_markers + 1)
            self._markers.append("".join(lines).encode())
            self._events.append(events.format_gap_rows(runs, self._stream.ch_names, self._stream.sfreq).encode())
            self._n_markers += len(lines)
        values = np.where(np.isfinite(chunk.data), chunk.data, np.float32(0)).T
        self._data.append(values.astype("<f4", order="C").tobytes())
        if not math.isnan(chunk.host_time):
            self._timing.append(timing.format_read_row(chunk).encode())
        self.n_lost += count_lost_samples(runs)
        self.n_gaps += len(runs)
        for signal in chunk.auxiliary:
            self._append_auxiliary(signal)

    def _append_auxiliary(self, signal: AuxChunk) -> None:
        if signal.label not in self._auxiliary:
            self._auxiliary[signal.label] = physio.create_table(self._session_files, signal)
        self._auxiliary[signal.label].append(physio.format_rows(signal))

    def append_event(self, event: Event | Command) -> None:
        """Append an event or command to the event table."""
        self.append_events([event])

    def append_events(self, new: Sequence[Event | Command]) -> None:
        """Append events or commands to the event table."""
        if new:
            rows = [events.format_event_row(event, self._stream.sfreq) for event in new]
            self._events.append("".join(rows).encode())

    def append_frames(self, new: Sequence[Frame]) -> None:
        """Append frames to the frame log."""
        if new:
            self._frames.append("".join(map(frame_log.format_row, new)).encode())
            if self._sealer is not None and self._sealed is not None:
                self._sealed.append(self._sealer.add(new))
            self.n_frames += len(new)
            self.contact_counter.update(new)

    def finish_sealed(self) -> None:
        """Append the last frames of what was played."""
        if self._sealer is not None and self._sealed is not None:
            self._sealed.append(self._sealer.finish())

    def summarize(self) -> SessionSummary:
        """Return the device and the counts of what was written."""
        return SessionSummary(
            device=self._stream.device,
            sfreq=self._stream.sfreq,
            n_samples=self.n_samples,
            n_lost=self.n_lost,
            n_gaps=self.n_gaps,
            n_frames=self.n_frames,
        )

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()
