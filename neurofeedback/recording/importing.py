"""Another program's recording made a session of ours, with what is known of where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from neurofeedback import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.header import SessionHeader
from neurofeedback.recording.reader import open_recording
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.whole import Progress, write_whole
from neurofeedback.types import Event, EventKind

DEVICE = "imported:"
_BESIDE = (".eeg", ".vmrk", ".fdt")
_PIECE = 1 << 20
_AT_ONCE = 10_000
_FIRST_YEAR = 1_000_000_000  # seconds: timestamps below are no date
_LAST_YEAR = 10_000_000_000


def import_recording(
    path: Path,
    root: Path,
    *,
    participant: str,
    task: str = "imported",
    board: str | None = None,
    progress: Progress = lambda _: None,
) -> SessionFiles:
    """Import a file, or the one recording of a BIDS folder.

    Parameters
    ----------
    root : Path
        The recordings folder to add the session to.
    participant, task : str
        BIDS labels.
    board : str, optional
        The BrainFlow board of a BrainFlow file whose columns do not tell.
    progress : callable
        Told how far it is, 0 to 1.

    Raises
    ------
    RecordingError
        The file cannot be read, holds no signal, or is a session of this program; nothing is left behind.
    SettingsError
        A label cannot be in file names.
    """
    recording = open_recording(path, board=board)
    if recording.start:
        raise RecordingError(
            f"{path} is a session of this program already", todo="copy its dataset, or use `neurofeedback export`"
        )
    _check_measured(recording)
    source = recording.path
    stream = replace(recording.stream, device=f"{DEVICE}{source.name}")
    header = SessionHeader(
        participant=participant,
        stream=stream,
        profile_toml="",
        start={"imported_from": _provenance(recording)},
        columns=(),
        started=_began(recording),
        task=task,
    )
    begun = Event(0, EventKind.START, f"imported from {source.name}")
    return write_whole(
        root,
        header,
        replace(recording, events=(begun, *recording.events)),
        summary={"participant": participant, "phases": {}, "reconnects": 0, "imported": True},
        progress=progress,
    )


def _check_measured(recording: Recording) -> None:
    """Refuse a file without a single measured value; one with any is found so at its first chunks."""
    if any(np.isfinite(chunk.data).any() for chunk in recording.chunks(_AT_ONCE)):
        return
    raise RecordingError(
        f"{recording.path} holds no signal",
        got="no number on any channel, from beginning to end",
        allowed="measured samples",
        todo="check how the file was exported",
    )


def _provenance(recording: Recording) -> dict[str, object]:
    return {
        "files": [{"name": path.name, "sha256": _sha256(path)} for path in _files(recording.path)],
        "format": recording.stream.facts.get("format", "n/a"),
        "imported_by": f"neurofeedback {__version__}",
    }


def _files(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_suffix(suffix) for suffix in _BESIDE if path.with_suffix(suffix).is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _began(recording: Recording) -> datetime:
    """Say when it was recorded: as the file tells, by its clock, or when the file was last written."""
    if recording.started is not None:
        return recording.started
    times = recording.timestamps
    if times is not None and _FIRST_YEAR < times[0] < _LAST_YEAR:
        return datetime.fromtimestamp(float(times[0]), UTC)
    return datetime.fromtimestamp(recording.path.stat().st_mtime, UTC)
