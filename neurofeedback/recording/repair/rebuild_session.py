"""Rebuild the small files of a session that a power cut emptied or tore, from the copy of its header or its samples."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from neurofeedback.errors import RecordingError
from neurofeedback.recording import frame_log
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.bids_sidecars import finalize_eeg_sidecar, growing_headers, sidecar_texts
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionStart, StartState, read_start
from neurofeedback.storage.append_only import cut_at_zeros, read_complete_lines
from neurofeedback.storage.atomic_files import is_torn, read_json, write_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.types import StreamInfo

_REBUILT_SUFFIXES = {".json", ".tsv", ".toml", ".vhdr", ".vmrk"}
_CHANNEL = re.compile(r"^Ch\d+=([^,]*),", re.MULTILINE)
_INTERVAL = re.compile(r"^SamplingInterval=([0-9.eE+-]+)$", re.MULTILINE)


def find_copied_stems(root: Path) -> set[str]:
    """Return the sessions whose header has a copy in the raw folder, also where their ``start.json`` is missing."""
    return {path.name[1:].removesuffix("_header.json") for path in root.glob("sub-*/ses-*/.*_header.json")}


def has_torn_files(files: SessionFiles) -> bool:
    """Return whether ``summary.json`` or ``start.json`` is missing or torn, or another small file emptied."""
    if any(is_torn(files.derived_file(name)) for name in ("summary.json", "start.json")):
        return True
    folders = (files.raw, files.eeg_file("").parent, files.derived)
    return any(_is_emptied(path) for folder in folders if folder.is_dir() for path in folder.iterdir())


def _is_emptied(path: Path) -> bool:
    if path.suffix not in _REBUILT_SUFFIXES or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(1) in {b"", b"\0"}


def rebuild_session(files: SessionFiles) -> None:
    """Write the small files of a session that are missing, empty or torn, and cut zeros from those that grow.

    Raises
    ------
    RecordingError
        Neither ``start.json`` nor its copy nor the BrainVision header can be read.
    OSError
        The disk cannot be written.
    """
    make_folder(files.derived)
    header = _header(files)
    growing = growing_headers(files, header)
    for path in growing:
        cut_at_zeros(path)
    texts = sidecar_texts(files, header) | growing
    if not header.columns:
        del texts[files.frame_log], texts[files.frame_log.with_suffix(".json")]
    torn = [path for path in texts if (_is_missing(path) if path in growing else is_torn(path))]
    for path in torn:
        write_atomic(path, texts[path])
    if files.eeg_file("eeg.json") in torn:
        n_samples = files.eeg_file("eeg.eeg").stat().st_size // (4 * header.stream.n_channels)
        finalize_eeg_sidecar(files, n_samples / header.stream.sfreq, None)


def _is_missing(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def read_start_or_copy(files: SessionFiles) -> SessionStart:
    """Return the start of a session, from its file, the copy, or the BrainVision header.

    Raises
    ------
    RecordingError
        None of them can be read.
    """
    path = files.derived_file("start.json")
    if not is_torn(path):
        return read_start(path)
    try:
        return SessionStart.model_validate(read_json(files.header_copy)["start"])
    except (RecordingError, LookupError, TypeError, ValidationError):
        return _start_from_brainvision(files)


def _header(files: SessionFiles) -> SessionHeader:
    start, settings = read_start_or_copy(files), files.derived_file("settings.toml")
    return SessionHeader(
        participant=start.participant,
        stream=start.stream,
        profile_toml=_copied_settings(files) if is_torn(settings) else settings.read_text(encoding="utf-8"),
        start_state=start.start_state,
        columns=start.columns,
        started=start.started,
        task=start.task,
    )


def _copied_settings(files: SessionFiles) -> str:
    try:
        copied = read_json(files.header_copy).get("settings")
    except RecordingError:  # of an earlier version, or lost too
        return ""
    return copied if isinstance(copied, str) else ""


def _start_from_brainvision(files: SessionFiles) -> SessionStart:
    """Return what the BrainVision header and the names of the session say; the device is unknown."""
    path = files.eeg_file("eeg.vhdr")
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    names, interval = _CHANNEL.findall(text), _INTERVAL.search(text)
    if not names or interval is None or float(interval[1]) <= 0:
        raise RecordingError(
            f"the session {files.stem} has lost its description",
            got="no start.json, no copy of it and no BrainVision header that can be read",
            todo="restore one of them from a backup; the samples are unchanged",
        )
    participant, session, task = (part.split("-", 1)[1] for part in files.stem.split("_")[:3])
    columns = (read_complete_lines(files.frame_log) or [""])[0].split("\t")[len(frame_log.FIXED_COLUMNS) :]
    return SessionStart(
        participant=participant,
        task=task,
        started=datetime.strptime(session, "%Y%m%dT%H%M%S").astimezone(),
        stream=StreamInfo(
            device="unknown",
            sfreq=1e6 / float(interval[1]),
            ch_names=tuple(name.replace(r"\1", ",") for name in names),
        ),
        columns=tuple(columns),
        start_state=StartState(),
    )
