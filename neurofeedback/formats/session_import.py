"""Import another program's recording as a session of this program, with a record of its source files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from neurofeedback._version import __version__
from neurofeedback.errors import RecordingError
from neurofeedback.formats.write_complete_session import ProgressCallback, write_complete_session
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import ImportSource, SessionSummary, SourceFile, StartState
from neurofeedback.types import Event, EventKind

DEVICE_PREFIX = "imported:"
_COMPANION_SUFFIXES = (".eeg", ".vmrk", ".amrk", ".fdt")
_BLOCK_BYTES = 1 << 20
_CHUNK_SAMPLES = 10_000
_MIN_UNIX_TIME = 1_000_000_000  # seconds; smaller timestamps are not Unix times
_MAX_UNIX_TIME = 10_000_000_000


def refuse_own_session(recording: Recording) -> None:
    """Refuse a session of this program.

    Raises
    ------
    RecordingError
        It is one.
    """
    if recording.start_state is not None:
        raise RecordingError(
            f"{recording.path} is a session of this program already",
            todo="copy its dataset, or use `neurofeedback export`",
        )


def import_opened(
    recording: Recording,
    root: Path,
    *,
    participant: str,
    task: str = "imported",
    progress: ProgressCallback = lambda _: None,
) -> SessionFiles:
    """Write an opened recording of another program as a session.

    Parameters
    ----------
    recording : Recording
        The recording.
    root : Path
        The recordings folder to add the session to.
    participant, task : str
        BIDS labels.
    progress : callable
        Called with the share written, 0 to 1.

    Raises
    ------
    RecordingError
        It holds no signal, or is a session of this program; no files remain.
    SettingsError
        A label has characters that BIDS file names do not allow.
    """
    refuse_own_session(recording)
    _check_has_signal(recording)
    source = recording.path
    stream = replace(recording.stream, device=f"{DEVICE_PREFIX}{source.name}")
    header = SessionHeader(
        participant=participant,
        stream=stream,
        profile_toml="",
        start_state=StartState(imported_from=_import_source(recording)),
        columns=(),
        started=_recording_date(recording),
        task=task,
    )
    start_event = Event(0, EventKind.START, f"imported from {source.name}")
    return write_complete_session(
        root,
        header,
        replace(recording, events=(start_event, *recording.events)),
        summary=SessionSummary(participant=participant, phases={}, reconnects=0, imported=True),
        progress=progress,
    )


def _check_has_signal(recording: Recording) -> None:
    """Refuse a recording without a single finite value; usually only the first chunk is read."""
    if any(np.isfinite(chunk.data).any() for chunk in recording.iter_chunks(_CHUNK_SAMPLES)):
        return
    raise RecordingError(
        f"{recording.path} holds no signal",
        got="no number on any channel, from beginning to end",
        allowed="measured samples",
        todo="check how the file was exported",
    )


def _import_source(recording: Recording) -> ImportSource:
    source = ImportSource(
        files=tuple(SourceFile(name=path.name, sha256=_sha256(path)) for path in _source_files(recording.path)),
        format=recording.stream.facts.get("format", "n/a"),
        imported_by=f"neurofeedback {__version__}",
        report=recording.import_report,
    )
    return source.without_none()


def _source_files(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_suffix(suffix) for suffix in _COMPANION_SUFFIXES if path.with_suffix(suffix).is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _recording_date(recording: Recording) -> datetime:
    """Return the start time from the file's header, else from its timestamps, else the file's modification time."""
    if recording.started is not None:
        return recording.started
    times = recording.timestamps
    if times is not None and _MIN_UNIX_TIME < times[0] < _MAX_UNIX_TIME:
        return datetime.fromtimestamp(float(times[0]), UTC)
    return datetime.fromtimestamp(recording.path.stat().st_mtime, UTC)
