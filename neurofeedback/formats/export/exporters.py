"""Export a recording to another format, or sessions to a zipped BIDS dataset."""

from __future__ import annotations

import filecmp
import itertools
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.anonymize import anonymize_recording
from neurofeedback.formats.export.export_bids_zip import write_bids_zip
from neurofeedback.formats.export.export_csv import write_csv
from neurofeedback.formats.export.export_edf import write_bdf, write_edf
from neurofeedback.formats.export.export_fif import write_fif
from neurofeedback.formats.export.export_mat import write_mat, write_set
from neurofeedback.formats.reader import find_sessions, open_recording
from neurofeedback.formats.write_complete_session import ProgressCallback
from neurofeedback.recording.recording import Recording
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.private_files import restrict_file


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """An export format: its file name suffix and the function that writes it."""

    suffix: str
    write: Callable[[Recording, Path], None]


EXPORT_TARGETS: dict[str, ExportTarget] = {
    "edf": ExportTarget(".edf", write_edf),
    "bdf": ExportTarget(".bdf", write_bdf),
    "fif": ExportTarget("_raw.fif", write_fif),
    "csv": ExportTarget(".csv", write_csv),
    "set": ExportTarget(".set", write_set),
    "mat": ExportTarget(".mat", write_mat),
}
BIDS_ZIP = "bids-zip"


def export_recording(
    path: Path,
    to: str,
    out: Path | None = None,
    *,
    anonymize: bool = False,
    progress: ProgressCallback = lambda _: None,
) -> list[Path]:
    """Export a recording with a table of its frames, or export sessions as a zipped dataset.

    Parameters
    ----------
    path : Path
        A recording; for ``bids-zip`` a session, participant or dataset of this program.
    to : str
        A key of ``EXPORT_TARGETS``, or ``bids-zip``.
    out : Path, optional
        The file to write; by default a file in the current folder, named after the session.
    anonymize : bool
        Leave out dates, names, notes and serial numbers.
    progress : callable
        Called with the share done, 0 to 1; an exception it raises cancels the export, and no files remain.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RecordingError
        The recording cannot be read, the export cannot be written, or an output file already exists.
    """
    destination = f" to {out}" if out else ""
    with explain_disk_errors(
        f"the export cannot be written{destination}", todo="free disk space or choose another folder"
    ):
        if to == BIDS_ZIP:
            return _export_zip(path, out, anonymize, progress)
        return _export_file(path, to, out, anonymize, progress)


def _export_file(path: Path, to: str, out: Path | None, anonymize: bool, progress: ProgressCallback) -> list[Path]:
    target, recording = EXPORT_TARGETS[to], _with_progress(open_recording(path), progress)
    if out is None:
        name = recording.path.stem.removesuffix("_eeg")
        out = _anonymous_path(target.suffix, recording) if anonymize else Path(f"{name}{target.suffix}")
    frame_copies = _frame_tables(recording, out)
    _check_not_existing(out, frame_copies)
    temporary = out.with_name(f".draft-{os.getpid()}-{out.name}")
    try:
        target.write(anonymize_recording(recording) if anonymize else recording, temporary)
        progress(1.0)
        restrict_file(temporary)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    for table, copy in frame_copies.items():
        shutil.copyfile(table, copy)
        restrict_file(copy)
    return [out, *frame_copies.values()]


def _with_progress(recording: Recording, progress: ProgressCallback) -> Recording:
    """Return the recording with progress reported whenever samples are read, as every format reads them."""

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        progress(start / recording.n_samples)
        return recording.read_samples(start, stop)

    return replace(recording, read_samples=read_samples)


def _frame_tables(recording: Recording, out: Path) -> dict[Path, Path]:
    """Map the frame log and its column description to the files they are copied to."""
    log = recording.frames_path
    files = [] if log is None else [path for path in (log, log.with_suffix(".json")) if path.exists()]
    return {path: out.with_name(f"{out.stem}_frames{path.suffix}") for path in files}


def _anonymous_path(suffix: str, recording: Recording | None = None) -> Path:
    """Return the first free numbered file name; a name or a date would identify the person."""
    names = (f"anonymous-{number}{suffix}" for number in itertools.count(2))
    candidates = map(Path, itertools.chain([f"anonymous{suffix}"], names))
    return next(
        out
        for out in candidates
        if _find_existing_output(out, _frame_tables(recording, out) if recording else {}) is None
    )


def _export_zip(path: Path, out: Path | None, anonymize: bool, progress: ProgressCallback) -> list[Path]:
    sessions = find_sessions(path.expanduser().absolute())
    if not sessions:
        raise RecordingError(f"{path} holds no session of this program", todo="import it first")
    if out is None:
        name = sessions[0].stem if len(sessions) == 1 else sessions[0].root.name
        out = _anonymous_path(".zip") if anonymize else Path(f"{name}.zip")
    out = out.absolute()
    _check_not_existing(out, {})
    write_bids_zip(sessions, out, anonymize=anonymize, progress=progress)
    return [out]


def _check_not_existing(out: Path, frame_copies: Mapping[Path, Path]) -> None:
    existing = _find_existing_output(out, frame_copies)
    if existing is not None:
        raise RecordingError(f"{existing} already exists", allowed="a new file", todo="choose another name or folder")


def _find_existing_output(out: Path, frame_copies: Mapping[Path, Path]) -> Path | None:
    """Return an output file that already exists, or None; an identical frame table may stay and is no conflict."""
    changed_tables = (
        copy for table, copy in frame_copies.items() if copy.exists() and not filecmp.cmp(table, copy, shallow=False)
    )
    return out if out.exists() else next(changed_tables, None)
