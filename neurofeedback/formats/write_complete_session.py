"""Write a complete recording as a session in one step: either the whole session is written, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.bids_sidecars import finalize_eeg_sidecar, write_sidecars
from neurofeedback.recording.dataset import publish_session
from neurofeedback.recording.live_files import LiveFiles
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, write_summary
from neurofeedback.recording.session_lock import lock_session
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.types import Chunk, Command, Event

ProgressCallback = Callable[[float], None]
_CHUNK_S = 1.0


def write_complete_session(
    root: Path,
    header: SessionHeader,
    recording: Recording,
    *,
    summary: SessionSummary,
    add_files: Callable[[SessionFiles], None] | None = None,
    progress: ProgressCallback = lambda _: None,
) -> SessionFiles:
    """Write a recording with its events into a dataset.

    Parameters
    ----------
    root : Path
        The dataset folder; it is set up as a dataset if it is not one yet.
    header : SessionHeader
        Description of the session; without columns, no frame log is written.
    recording : Recording
        Samples, events and commands to write.
    summary : SessionSummary
        Entries of ``summary.json`` besides those counted while writing.
    add_files : callable, optional
        Writes further files of the session before it is published.
    progress : callable
        Called with the share written, 0 to 1.

    Returns
    -------
    SessionFiles
        Paths of the written session.

    Raises
    ------
    RecordingError
        The recording cannot be read completely or cannot be written; no files remain.
    """
    files, lock = lock_session(root, header)
    staged = files.in_import_folder()
    try:
        with explain_disk_errors(
            f"the recording cannot be written to {root}",
            todo="free disk space or choose another folder; nothing was saved",
        ):
            counts = _write_files(staged, header, recording, progress)
            if add_files is not None:
                add_files(staged)
            write_summary(staged.derived_file("summary.json"), counts.merge(summary), finished=True)
            files.import_folder.rename(files.part_folder)
            publish_session(files)
    finally:
        shutil.rmtree(files.import_folder, ignore_errors=True)
        lock.release()
    return files


def _write_files(
    files: SessionFiles, header: SessionHeader, recording: Recording, progress: ProgressCallback
) -> SessionSummary:
    write_sidecars(files, header)
    live_files = LiveFiles(files, header.stream)
    pending = sorted((*recording.commands, *recording.events), key=lambda event: event.sample)[::-1]
    try:
        for chunk in recording.iter_chunks(max(1, round(_CHUNK_S * recording.stream.sfreq))):
            _append_events(live_files, pending, chunk.stop)
            live_files.append_chunk(_with_file_clock(chunk, recording))
            progress(chunk.stop / recording.n_samples)
        _append_events(live_files, pending, recording.n_samples + 1)
    finally:
        live_files.close()
    if not header.columns:
        files.frame_log.unlink()
        files.frame_log.with_suffix(".json").unlink()
    finalize_eeg_sidecar(files, recording.duration_s, header.mains_hz)
    return live_files.summarize().merge(SessionSummary(duration_s=recording.duration_s))


def _append_events(live_files: LiveFiles, pending: list[Event | Command], stop: int) -> None:
    """Append the pending events before sample ``stop``; ``pending`` is sorted with the latest first."""
    due: list[Event | Command] = []
    while pending and pending[-1].sample < stop:
        due.append(pending.pop())
    live_files.append_events(due)


def _with_file_clock(chunk: Chunk, recording: Recording) -> Chunk:
    """Return the chunk with the file's own time, s since its first sample, or NaN if the file has no clock."""
    times = recording.timestamps
    if times is None:
        return replace(chunk, host_time=float("nan"))
    return replace(chunk, host_time=float(times[chunk.stop - 1] - times[0]))
