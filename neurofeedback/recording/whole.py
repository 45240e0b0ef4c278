"""A recording that is complete already, written as a session in one step: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.claim import claim_session
from neurofeedback.recording.dataset import place
from neurofeedback.recording.files import explained, rewrite_json
from neurofeedback.recording.growing import Growing
from neurofeedback.recording.header import SessionHeader
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.sidecars import complete_sidecar, write_descriptions
from neurofeedback.types import Chunk, Command, Event

Progress = Callable[[float], None]
_CHUNK_S = 1.0


def write_whole(
    root: Path,
    header: SessionHeader,
    recording: Recording,
    *,
    summary: Mapping[str, object],
    add: Callable[[SessionFiles], None] | None = None,
    progress: Progress = lambda _: None,
) -> SessionFiles:
    """Write a recording with its events into a dataset.

    Parameters
    ----------
    root : Path
        The dataset; made one if it is none.
    header : SessionHeader
        What the session is to say of itself; one without columns gets no frame log.
    summary : mapping
        What ``summary.json`` is to hold besides what is counted here.
    add : callable, optional
        Writes further files of the session, before it is placed.
    progress : callable
        Told how far it is, 0 to 1.

    Raises
    ------
    RecordingError
        The recording cannot be read to its end, or not be written; nothing of it is left behind.
    """
    files, lock = claim_session(root, header)
    building = files.being_imported()
    try:
        with explained(
            f"the recording cannot be written to {root}",
            todo="make room, or choose another folder; nothing of it was kept",
        ):
            counted = _write(building, header, recording, progress)
            if add is not None:
                add(building)
            rewrite_json(building.computed("summary.json"), {**counted, **summary, "finished": True})
            files.importing.rename(files.part)
            place(files)
    finally:
        shutil.rmtree(files.importing, ignore_errors=True)
        lock.release()
    return files


def _write(files: SessionFiles, header: SessionHeader, recording: Recording, progress: Progress) -> dict[str, object]:
    write_descriptions(files, header)
    growing = Growing(files, header.stream)
    waiting = sorted((*recording.commands, *recording.events), key=lambda event: event.sample)[::-1]
    try:
        for chunk in recording.chunks(max(1, round(_CHUNK_S * recording.stream.sfreq))):
            _happened(growing, waiting, chunk.stop)
            growing.samples(_timed(chunk, recording))
            progress(chunk.stop / recording.n_samples)
        _happened(growing, waiting, recording.n_samples + 1)
    finally:
        growing.close()
    if not header.columns:
        files.frames.unlink()
        files.frames.with_suffix(".json").unlink()
    complete_sidecar(files, recording.duration_s, header.mains_hz)
    return {
        "device": header.stream.device,
        "sfreq": header.stream.sfreq,
        "n_samples": growing.n_samples,
        "n_lost": growing.n_lost,
        "n_gaps": growing.n_gaps,
        "n_frames": growing.n_frames,
        "duration_s": recording.duration_s,
    }


def _happened(growing: Growing, waiting: list[Event | Command], stop: int) -> None:
    """Write what happened before ``stop``, so that the table is in the order of time; the last waits in front."""
    while waiting and waiting[-1].sample < stop:
        growing.event(waiting.pop())


def _timed(chunk: Chunk, recording: Recording) -> Chunk:
    """Give a chunk the file's own clock, or none."""
    times = recording.timestamps
    if times is None:
        return replace(chunk, host_time=float("nan"))
    return replace(chunk, host_time=float(times[chunk.stop - 1] - times[0]))
